"""What the user declares of addresses: it decides where the capture does not, and never against what it shows."""

from __future__ import annotations

from typing import Any

import pytest

from nfsanalyze.analysis import Analysis
from nfsanalyze.state.declared import NOTHING, Declared
from scenarios.cluster import A1, A2, A3
from scenarios.hosts import renewals
from scenarios.judged import fired, judged, moves, rows
from scenarios.layouts import LINUX, RANDOM
from scenarios.stories import MAC_1, Pair, heads, one_server, pair, restarted_in_place, taken_over

BOTH = frozenset({A1, A2})
ONE = Declared(one=(BOTH,))
APART = Declared(apart=(BOTH,))


def told(p: Pair, declared: Declared = NOTHING) -> Analysis:
    return judged(p.cluster, declared=declared)


def stays(done: Analysis) -> list[tuple[str, int]]:
    return [(stay["address"], stay["head"]) for stay in rows(done, "heads")]


def outcomes(done: Analysis) -> list[tuple[Any, ...]]:
    return [
        (row["address_a"], row["address_b"], row["one_server"], row["outcome"]) for row in rows(done, "declared_heads")
    ]


class TestOneServer:
    def test_where_nothing_tells_it_joins(self) -> None:
        p = one_server(layout=RANDOM, adjacent=False)
        assert stays(told(p)) == [(A1, 1), (A2, 2)]
        done = told(p, ONE)
        assert stays(done) == [(A1, 1), (A2, 1)]
        assert [(row["proof"], row["proven"], row["frames"]) for row in rows(done, "same_head")] == [
            ("declared", True, [])
        ]
        assert outcomes(done) == [(A1, A2, True, "used")]
        assert "NFS201" in fired(done)

    def test_where_the_capture_shows_it_too_it_agrees(self) -> None:
        assert outcomes(told(one_server(), ONE)) == [(A1, A2, True, "agrees")]

    @pytest.mark.parametrize("adjacent", [True, False])
    def test_two_instances_are_two_whatever_is_declared(self, adjacent: bool) -> None:
        p = pair(adjacent=adjacent)
        done = told(p, ONE)
        assert stays(done) == [(A1, 1), (A2, 2)]
        assert outcomes(done) == [(A1, A2, True, "contradicted")]
        assert fired(done) == fired(told(p))

    def test_it_speaks_of_the_addresses_at_home_only(self) -> None:
        """Where 10.0.0.2 goes in a takeover, and whether it was one, the capture tells."""
        p = pair()
        taken_over(p)
        done = told(p, ONE)
        assert moves(done) == [(A2, "takeover")]
        assert stays(done) == stays(told(p))
        assert outcomes(done) == [(A1, A2, True, "contradicted")]

    def test_a_restart_leaves_the_two_one(self) -> None:
        p = one_server(layout=RANDOM, adjacent=False)
        assert len({head for _, head in stays(told(p, ONE))}) == 1


class TestTwoServers:
    def proxy(self) -> Pair:
        """Opaque ids, and one MAC that answers ARP for both: as far as anything shows, one server."""
        head_1, head_2 = heads(RANDOM)
        head_2.mac = head_1.mac
        return pair(head_1=head_1, head_2=head_2)

    def test_a_mac_yields(self) -> None:
        p = self.proxy()
        assert stays(told(p)) == [(A1, 1), (A2, 1)]
        assert "NFS201" in fired(told(p))
        done = told(p, APART)
        assert stays(done) == [(A1, 1), (A2, 2)]
        assert outcomes(done) == [(A1, A2, False, "used")]
        assert "NFS201" not in fired(done)

    def test_ids_of_one_series_do_not(self) -> None:
        done = told(one_server(layout=LINUX), APART)
        assert stays(done) == [(A1, 1), (A2, 1)]
        assert outcomes(done) == [(A1, A2, False, "contradicted")]

    def test_two_instances_agree(self) -> None:
        assert outcomes(told(pair(), APART)) == [(A1, A2, False, "agrees")]

    def test_after_a_takeover_one_head_may_hold_both(self) -> None:
        p = pair()
        taken_over(p)
        done = told(p, APART)
        assert stays(done) == stays(told(p))
        assert outcomes(done) == [(A1, A2, False, "agrees")]

    def test_a_restart_of_one_changes_nothing(self) -> None:
        p = pair()
        restarted_in_place(p)
        assert stays(told(p, APART)) == stays(told(p))

    def test_a_third_address_does_not_join_them(self) -> None:
        p = self.proxy()
        p.cluster.wire.host(A3, MAC_1)
        p.cluster.at[A3] = p.head_1
        third = p.host.mount(A3, name="c1")
        renewals(p.cluster, p.first, p.second, third)
        assert {head for _, head in stays(told(p))} == {1}
        done = told(p, APART)
        by_address = dict(stays(done))
        assert by_address[A1] != by_address[A2]


def test_what_is_not_there_is_said() -> None:
    absent = frozenset({A1, "10.9.9.9"})
    done = told(pair(), Declared(one=(absent,), apart=(BOTH,)))
    assert outcomes(done) == [(A1, A2, False, "agrees"), (A1, "10.9.9.9", True, "not-seen")]


def test_nothing_declared_is_an_empty_table() -> None:
    assert outcomes(told(pair())) == []


def test_pairs_of_larger_groups() -> None:
    declared = Declared(one=(frozenset({"c", "a", "b"}),), apart=(frozenset({"a", "d"}),))
    assert declared.pairs() == [("a", "b", True), ("a", "c", True), ("a", "d", False), ("b", "c", True)]
    assert (declared.says("c", "a"), declared.says("d", "a"), declared.says("d", "b")) == (True, False, None)
