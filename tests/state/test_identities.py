"""Server identities by address, and two instances under one of them."""

from __future__ import annotations

from nfsanalyze.state.identities import clashes, identities
from scenarios.cluster import A1, A2
from scenarios.facts import inferred, owners_of
from scenarios.judged import judged, rows
from scenarios.server import Head
from scenarios.stories import BOOTED_1, BOOTED_2, MAC_1, MAC_2, balanced, one_server, pair, taken_over
from wire.dialogue import Wire, op


def twins() -> tuple[Head, Head]:
    return (
        Head(name=b"nas", mac=MAC_1, booted=BOOTED_1, counter=0x5A010000),
        Head(name=b"nas", mac=MAC_2, booted=BOOTED_2, counter=0x11770000),
    )


class TestRuns:
    def test_what_an_address_repeats_is_one_run(self) -> None:
        (one, two) = identities(owners_of(pair(minor=1).cluster))
        assert [(r.address, r.major, r.scope, r.answers) for r in (one, two)] == [
            (A1, b"hn1", b"hn1", 2),
            (A2, b"hn2", b"hn2", 2),
        ]
        assert one.before is None and one.first.frame < one.last.frame

    def test_a_takeover_begins_another_that_knows_the_one_before(self) -> None:
        p = pair(minor=1)
        taken_over(p)
        runs = [r for r in identities(owners_of(p.cluster)) if r.address == A2]
        assert [r.major for r in runs] == [b"hn2", b"hn1"]
        assert runs[1].before is runs[0]
        (row,) = rows(judged(p.cluster), "server_identities", scope_changed=True)
        assert (row["before_scope_text"], row["scope_text"], row["takeover_kind"]) == ("hn2", "hn1", "takeover")

    def test_each_turn_of_a_load_balancer_is_a_run(self) -> None:
        assert len(identities(owners_of(balanced(minor=1, turns=4)))) >= 4

    def test_a_scope_alone_and_a_minor_id_alone(self) -> None:
        w = Wire()
        c = w.connect("10.0.0.11:700", "10.0.0.1:2049", minor=1)
        for scope, minor in ((b"a", 0), (b"b", 0), (b"b", 1)):
            c.call("EXCHANGE_ID", owner=b"x", verifier=1).reply(
                clientid=7, major_id=b"nas", scope=scope, minor_id=minor
            )
        told = rows(judged(w), "server_identities")
        assert [(r["scope_changed"], r["major_changed"]) for r in told] == [
            (False, False),
            (True, False),
            (False, False),
        ]

    def test_nothing_of_v40(self) -> None:
        assert identities(owners_of(pair().cluster)) == []


class TestClashes:
    def test_two_instances_that_live_side_by_side(self) -> None:
        head_1, head_2 = twins()
        case = inferred(pair(minor=1, head_1=head_1, head_2=head_2).cluster)
        (clash,) = clashes(identities(case.owners), case.heads, case.seen, case.verifiers)
        assert (clash.addresses, clash.identity, clash.proof) == ((A1, A2), (b"nas", b"nas"), "instance")
        assert clash.first < clash.last
        assert len(set(clash.values)) == 2

    def test_one_server_is_none(self) -> None:
        case = inferred(one_server(minor=1).cluster)
        assert clashes(identities(case.owners), case.heads, case.seen, case.verifiers) == []

    def test_after_a_takeover_they_are_one_but_they_were_two(self) -> None:
        head_1, head_2 = twins()
        p = pair(minor=1, head_1=head_1, head_2=head_2)
        taken_over(p)
        case = inferred(p.cluster)
        (clash,) = clashes(identities(case.owners), case.heads, case.seen, case.verifiers)
        assert clash.last < min(c.episode.time for c in case.changes)

    def test_two_names_are_two_servers(self) -> None:
        case = inferred(pair(minor=1).cluster)
        assert clashes(identities(case.owners), case.heads, case.seen, case.verifiers) == []

    def wrote(self, verifiers: dict[str, list[int]]) -> list[tuple[str, str]]:
        """Two addresses of one name whose ids tell nothing, and what they wrote with."""
        w = Wire()
        cs = {a: w.connect(f"10.0.0.11:{700 + n}", f"{a}:2049", minor=1) for n, a in enumerate(verifiers)}
        for number, c in enumerate(cs.values()):
            c.call("EXCHANGE_ID", owner=b"x", verifier=1).reply(
                clientid=0xE1F2D3C455667788 - number * 0x1101110322017705, major_id=b"nas", scope=b"nas"
            )
        for turn in range(max(map(len, verifiers.values()))):
            for address, values in verifiers.items():
                w.wait(1)
                write = op("WRITE", stateid=(1, b"stateid-1234"))
                cs[address].compound(["PUTROOTFH", write]).reply([{}, {"verifier": values[turn]}])
        case = inferred(w)
        found = clashes(identities(case.owners), case.heads, case.seen, case.verifiers)
        return [(c.proof, c.values[0].hex()) for c in found]

    def test_write_verifiers_side_by_side(self) -> None:
        assert self.wrote({A1: [5, 5, 5], A2: [6, 6, 6]}) == [("write-verifier", "0000000000000005")]

    def test_write_verifiers_one_after_the_other_are_a_restart(self) -> None:
        w = Wire()
        cs = [w.connect(f"10.0.0.11:{700 + n}", f"{a}:2049", minor=1) for n, a in enumerate((A1, A2))]
        for number, c in enumerate(cs):
            c.call("EXCHANGE_ID", owner=b"x", verifier=1).reply(
                clientid=0xE1F2D3C455667788 - number * 0x1101110322017705, major_id=b"nas", scope=b"nas"
            )
        for c, value in ((cs[0], 5), (cs[0], 5), (cs[1], 6), (cs[1], 6)):
            w.wait(1)
            c.compound(["PUTROOTFH", op("WRITE", stateid=(1, b"stateid-1234"))]).reply([{}, {"verifier": value}])
        case = inferred(w)
        assert clashes(identities(case.owners), case.heads, case.seen, case.verifiers) == []

    def test_a_verifier_of_zeros_tells_nothing(self) -> None:
        assert self.wrote({A1: [0, 0, 0], A2: [6, 6, 6]}) == []

    def test_a_verifier_that_both_wrote_with_is_one_server(self) -> None:
        assert self.wrote({A1: [5, 5, 7], A2: [6, 6, 5]}) == []
