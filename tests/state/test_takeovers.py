"""What moved, what came back, what was only started anew, and what cannot be told."""

from __future__ import annotations

from typing import Any

import pytest

from nfsanalyze.analysis import Analysis
from scenarios.cluster import A1, A2
from scenarios.hosts import renewals
from scenarios.judged import fired, found, judged, moves, rows, signals
from scenarios.layouts import FREEBSD, GANESHA, ILLUMOS, LINUX, NFS4J, RANDOM, Layout
from scenarios.stories import (
    both_restarted,
    emptied,
    given_back,
    heads,
    moved_alone,
    one_address,
    one_server,
    outage,
    pair,
    restarted_in_place,
    restarted_while_away,
    returned,
    started_anew,
    taken_over,
)

SHOWS_INSTANCE = {"linux": LINUX, "freebsd": FREEBSD, "ganesha": GANESHA, "illumos": ILLUMOS}
SHOWS_NOTHING = {"nfs4j": NFS4J, "random": RANDOM}
ALL = SHOWS_INSTANCE | SHOWS_NOTHING
CLIENTS: dict[str, dict[str, Any]] = {
    "v4.0 with an owner for each address": {"minor": 0},
    "v4.0 with one owner": {"minor": 0, "uniform": True},
    "v4.1": {"minor": 1},
}
MOVES = {"NFS301", "NFS302", "NFS303"}
ACCUSING = MOVES | {"NFS103", "NFS115", "NFS201", "NFS202", "NFS208", "NFS209"}
"""Of the rules, those that a move wrongly told, or not told, would set off."""

every_client = pytest.mark.parametrize("client", CLIENTS)
every_layout = pytest.mark.parametrize("layout", ALL.values(), ids=ALL)
instance_layout = pytest.mark.parametrize("layout", SHOWS_INSTANCE.values(), ids=SHOWS_INSTANCE)
on_the_link = pytest.mark.parametrize("adjacent", [True, False], ids=["on the link", "behind a router"])


def accusations(done: Analysis) -> set[str]:
    return fired(done) & ACCUSING


class TestTakeover:
    @every_client
    @every_layout
    def test_on_the_link_every_takeover_is_told(self, client: str, layout: Layout) -> None:
        p = pair(layout=layout, **CLIENTS[client])
        announced = taken_over(p)
        done = judged(p.cluster)
        assert moves(done) == [(A2, "takeover")]
        assert {"S1", "S2", "S3", "S5", "S14"} <= signals(done)
        (move,) = rows(done, "takeovers")
        assert (move["from_head"], move["to_head"], move["to_address"]) == (2, 1, A1)
        assert move["first_frame"] == announced
        assert move["outage_s"] == pytest.approx(30, abs=35)
        expected = {"NFS302", "NFS208"} | (
            {"NFS201"} if client == "v4.0 with an owner for each address" else {"NFS301"}
        )
        assert accusations(done) == expected

    @every_client
    @instance_layout
    def test_behind_a_router_the_ids_tell_it(self, client: str, layout: Layout) -> None:
        p = pair(layout=layout, adjacent=False, **CLIENTS[client])
        taken_over(p)
        done = judged(p.cluster)
        assert moves(done) == [(A2, "takeover")]
        assert not {"S1", "S2", "S3"} & signals(done)
        assert {"S4", "S5", "S14"} <= signals(done)
        (move,) = rows(done, "takeovers")
        assert (move["from_head"], move["to_head"], move["to_address"]) == (2, 1, A1)
        expected = {"NFS302", "NFS208"} | (
            {"NFS201"} if client == "v4.0 with an owner for each address" else {"NFS301"}
        )
        assert accusations(done) == expected

    @pytest.mark.parametrize("layout", SHOWS_NOTHING.values(), ids=SHOWS_NOTHING)
    def test_refusals_alone_prove_no_move(self, layout: Layout) -> None:
        p = pair(layout=layout, adjacent=False)
        taken_over(p)
        done = judged(p.cluster)
        assert moves(done) == [(A2, "undetermined")]
        assert accusations(done) == {"NFS208"}
        assert {each.rule for each in done.not_evaluable if "ambiguous" in each.kinds} >= MOVES

    @pytest.mark.parametrize("layout", SHOWS_NOTHING.values(), ids=SHOWS_NOTHING)
    def test_an_answer_with_a_clientid_held_elsewhere_tells_even_where_ids_say_nothing(self, layout: Layout) -> None:
        p = pair(layout=layout, adjacent=False, uniform=True)
        taken_over(p)
        done = judged(p.cluster)
        assert moves(done) == [(A2, "takeover")]
        assert "S11" in signals(done)
        assert accusations(done) == {"NFS301", "NFS302", "NFS208"}

    @pytest.mark.parametrize("renewed", [True, False], ids=["went on", "was unmounted in the outage"])
    def test_a_port_alone_tells_no_move_and_no_stay_of_what_was_unmounted(self, renewed: bool) -> None:
        """Ids say nothing, and those from before are given up: all that is left is the MAC of the other head."""
        p = pair(layout=RANDOM)
        outage(p, p.second)
        p.cluster.serve(A2, p.head_2 if renewed else p.head_1, mac=p.head_1.mac)
        if renewed:
            returned(p, p.second)
        else:
            renewals(p.cluster, p.host.mount(A2, name=None))
        done = judged(p.cluster)
        assert moves(done) == []
        assert not MOVES & fired(done)
        doubted = {each.rule for each in done.not_evaluable if each.kinds == ("ambiguous",)}
        assert doubted & MOVES == (set() if renewed else MOVES)
        assert all(A2 in each.reason and "port" in each.reason for each in done.not_evaluable)

    @every_client
    @on_the_link
    def test_ganesha_heads_that_know_v41_clients_by_address(self, client: str, adjacent: bool) -> None:
        head_1, head_2 = heads(GANESHA, per_address=True)
        p = pair(layout=GANESHA, head_1=head_1, head_2=head_2, adjacent=adjacent, **CLIENTS[client])
        taken_over(p)
        done = judged(p.cluster)
        assert moves(done) == [(A2, "takeover")]
        told = {"v4.0 with one owner": "NFS301"}.get(client, "NFS201")
        assert accusations(done) == {"NFS302", "NFS208", told}

    @every_client
    @every_layout
    def test_a_client_that_notices_late_makes_no_second_move(self, client: str, layout: Layout) -> None:
        p = pair(layout=layout, **CLIENTS[client])
        p.cluster.fail(A2)
        p.cluster.wait(60)
        p.first.renew()
        p.cluster.serve(A2, p.head_1)
        for _ in range(5):
            p.cluster.wait(60)
            p.first.renew()
        p.second.connection.reset(by="server")
        p.second.reconnect()
        p.second.renew()
        p.second.recover()
        p.second.renew()
        done = judged(p.cluster)
        assert moves(done) == [(A2, "takeover")]
        assert "NFS303" not in fired(done)

    def test_another_server_owner_at_the_moved_address_counts(self) -> None:
        p = pair(minor=1, adjacent=False)
        taken_over(p)
        done = judged(p.cluster)
        assert {"S9", "S11", "S12"} <= signals(done)
        notes = {row["signal"]: row["note"] for row in rows(done, "signals")}
        assert "hn2" in notes["S12"] and "hn1" in notes["S12"]


class TestFailback:
    @every_client
    @instance_layout
    def test_to_a_head_that_was_restarted(self, client: str, layout: Layout) -> None:
        p = pair(layout=layout, **CLIENTS[client])
        taken_over(p)
        given_back(p, restarted_while_away(p))
        done = judged(p.cluster)
        expected = [(A2, "takeover"), (A2, "failback")]
        if CLIENTS[client] != {"minor": 0, "uniform": True} or layout is LINUX:
            expected.append((A2, "restart"))
        assert moves(done) == expected
        assert ("NFS303" in fired(done)) == ((A2, "restart") in expected)

    @every_client
    @instance_layout
    def test_planned_to_an_instance_that_never_stopped(self, client: str, layout: Layout) -> None:
        p = pair(layout=layout, **CLIENTS[client])
        taken_over(p)
        given_back(p, emptied(p.head_2))
        done = judged(p.cluster)
        assert moves(done) == [(A2, "takeover"), (A2, "failback")]
        assert "NFS303" not in fired(done)
        out, back = rows(done, "takeovers")
        assert (out["from_head"], out["to_head"]) == (back["to_head"], back["from_head"])

    @pytest.mark.parametrize("layout", SHOWS_NOTHING.values(), ids=SHOWS_NOTHING)
    def test_behind_a_router_nothing_is_made_up(self, layout: Layout) -> None:
        p = pair(layout=layout, adjacent=False)
        taken_over(p)
        given_back(p, restarted_while_away(p))
        done = judged(p.cluster)
        assert {kind for _, kind in moves(done)} == {"undetermined"}
        assert not MOVES & fired(done)

    def test_both_moves_stand_in_the_finding_of_the_address(self) -> None:
        p = pair()
        taken_over(p)
        given_back(p, emptied(p.head_2))
        done = judged(p.cluster)
        (told,) = found(done, "NFS302")
        assert {row["first_frame"] for row in rows(done, "takeovers")} <= set(told.frames)


class TestRestart:
    @every_client
    @on_the_link
    def test_in_place_is_a_restart(self, client: str, adjacent: bool) -> None:
        p = pair(adjacent=adjacent, **CLIENTS[client])
        restarted_in_place(p)
        done = judged(p.cluster)
        assert moves(done) == [(A2, "restart")]
        assert accusations(done) == {"NFS303"}

    @every_client
    @every_layout
    @on_the_link
    def test_whatever_ids_say_it_is_no_move(self, client: str, layout: Layout, adjacent: bool) -> None:
        p = pair(layout=layout, adjacent=adjacent, **CLIENTS[client])
        restarted_in_place(p)
        done = judged(p.cluster)
        assert [address for address, _ in moves(done)] == [A2]
        assert moves(done)[0][1] in ("restart", "undetermined")
        assert accusations(done) <= {"NFS303"}

    @every_client
    @instance_layout
    @on_the_link
    @pytest.mark.parametrize("pause", [0, 40, 240])
    def test_of_a_head_with_two_addresses_is_one_finding(
        self, client: str, layout: Layout, adjacent: bool, pause: float
    ) -> None:
        p = one_server(layout=layout, adjacent=adjacent, **CLIENTS[client])
        both_restarted(p, p.head_1, pause=pause)
        done = judged(p.cluster)
        assert "NFS302" not in fired(done)
        assert {kind for _, kind in moves(done)} <= {"restart", "undetermined"}
        if layout is LINUX or CLIENTS[client] != {"minor": 0, "uniform": True}:
            (told,) = found(done, "NFS303")
            assert set(told.servers) == {A1, A2}

    @every_client
    @pytest.mark.parametrize("layout", SHOWS_NOTHING.values(), ids=SHOWS_NOTHING)
    @on_the_link
    def test_of_both_addresses_where_ids_say_nothing(self, client: str, layout: Layout, adjacent: bool) -> None:
        p = one_server(layout=layout, adjacent=adjacent, **CLIENTS[client])
        both_restarted(p, p.head_1)
        done = judged(p.cluster)
        assert {kind for _, kind in moves(done)} <= {"restart", "undetermined"}
        assert not {"NFS302", "NFS301"} & fired(done)

    @pytest.mark.parametrize("uniform", [False, True], ids=["an owner for each address", "one owner"])
    @every_layout
    @on_the_link
    def test_answers_without_state_before_the_first_refusal_are_of_the_new_instance(
        self, layout: Layout, adjacent: bool, uniform: bool
    ) -> None:
        """A client that only lists directories until its next RENEW is answered by the new instance all that time."""
        p = one_server(layout=layout, adjacent=adjacent, uniform=uniform)
        outage(p, p.first, p.second)
        new = started_anew(p.head_1, p.cluster)
        for mount in p.mounts:
            p.cluster.serve(mount.server, new)
            mount.reconnect()
        for _ in range(8):
            p.cluster.wait(10)
            for mount in p.mounts:
                mount.lease_time()
        for mount in p.mounts:
            mount.renew()
            mount.recover()
            p.cluster.wait(20)
            p.second.lease_time()
        done = judged(p.cluster)
        assert {kind for _, kind in moves(done)} <= {"restart", "undetermined"}
        assert not {"NFS301", "NFS302"} & fired(done)


class TestRestartedHeadThatAlsoTakesAnAddress:
    @every_client
    @pytest.mark.parametrize("layout", [LINUX, GANESHA], ids=["linux", "ganesha"])
    def test_gives_both(self, client: str, layout: Layout) -> None:
        p = pair(layout=layout, **CLIENTS[client])
        both_restarted(p, p.head_1)
        done = judged(p.cluster)
        if layout is LINUX or CLIENTS[client] != {"minor": 0, "uniform": True}:
            assert sorted(moves(done)) == [(A1, "restart"), (A2, "takeover")]
            assert {"NFS302", "NFS303"} <= fired(done)
            (restart,) = found(done, "NFS303")
            assert restart.servers == (A1,)
        else:
            assert not MOVES & fired(done)

    def test_behind_a_router_server_owners_tell_which_address_moved(self) -> None:
        p = pair(minor=1, adjacent=False)
        both_restarted(p, p.head_1)
        done = judged(p.cluster)
        assert sorted(moves(done)) == [(A1, "restart"), (A2, "takeover")]

    def test_behind_a_router_without_owners_nothing_tells_which_address_moved(self) -> None:
        p = pair(adjacent=False)
        both_restarted(p, p.head_1)
        done = judged(p.cluster)
        assert moves(done) == [(A1, "undetermined"), (A2, "undetermined")]
        assert not MOVES & fired(done)
        assert "NFS201" in fired(done)  # that they are one head now is shown all the same


class TestOneAddressInTheCapture:
    @pytest.mark.parametrize("minor", [0, 1])
    @every_layout
    def test_on_the_link_the_port_tells(self, layout: Layout, minor: int) -> None:
        cluster, mount = one_address(layout, minor=minor)
        moved_alone(cluster, mount, heads(layout)[0])
        assert moves(judged(cluster)) == [(A2, "takeover")]

    @pytest.mark.parametrize("minor", [0, 1])
    def test_a_cold_partner_was_running_before(self, minor: int) -> None:
        cluster, mount = one_address(minor=minor, adjacent=False)
        moved_alone(cluster, mount, heads()[0])
        done = judged(cluster)
        assert moves(done) == [(A2, "takeover")]
        assert "NFS303" not in fired(done)

    @pytest.mark.parametrize("layout", [FREEBSD, GANESHA, ILLUMOS, NFS4J, RANDOM])
    def test_without_the_servers_clock_it_stays_undetermined(self, layout: Layout) -> None:
        cluster, mount = one_address(layout, adjacent=False)
        moved_alone(cluster, mount, heads(layout)[0])
        done = judged(cluster)
        assert moves(done) == [(A2, "undetermined")]
        assert not MOVES & fired(done)

    def test_a_restart_is_none(self) -> None:
        cluster, mount = one_address(adjacent=False)
        head = cluster.at[A2]
        assert head is not None
        moved_alone(cluster, mount, started_anew(head, cluster, ago=-20))
        assert moves(judged(cluster)) == [(A2, "restart")]
