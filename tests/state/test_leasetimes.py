"""Lease times that differ, where they matter."""

from __future__ import annotations

import pytest

from scenarios.cluster import A1, A2
from scenarios.judged import judged, rows
from scenarios.server import Head
from scenarios.stories import Pair, given_back, heads, pair, restarted_while_away, taken_over


def differing(minor: int = 1, first: int = 30, second: int = 90) -> Pair:
    head_1, head_2 = heads(lease=second)
    head_1.lease = first
    return pair(minor=minor, head_1=head_1, head_2=head_2)


def told(p: Pair) -> list[tuple[str, str | None, str, float, float]]:
    return [
        (r["address"], r["other_address"], r["kind"], r["before_s"], r["after_s"])
        for r in rows(judged(p.cluster), "lease_time_changes")
    ]


def test_two_servers_may_differ() -> None:
    assert told(differing()) == []


@pytest.mark.parametrize("minor", [0, 1])
def test_the_head_that_took_over_tells_it_elsewhere(minor: int) -> None:
    p = differing(minor)
    taken_over(p)
    assert told(p) == [(A2, A1, "moved", 90.0, 30.0)]


def test_told_again_at_the_address_itself() -> None:
    p = differing()
    taken_over(p)
    p.second.lease_time()
    assert told(p) == [(A2, None, "told", 90.0, 30.0)]


def test_there_and_back() -> None:
    p = differing()
    taken_over(p)
    p.second.lease_time()
    given_back(p, restarted_while_away(p))
    p.second.lease_time()
    assert [kind for _, _, kind, *_ in told(p)] == ["told", "told"]


def test_equal_lease_times_differ_nowhere() -> None:
    p = pair(minor=1)
    taken_over(p)
    p.second.lease_time()
    assert told(p) == []


def test_one_name_two_lease_times() -> None:
    head_1, head_2 = (Head(name=b"nas", lease=lease, counter=lease << 16) for lease in (30, 90))
    assert told(pair(minor=1, head_1=head_1, head_2=head_2)) == [(A1, A2, "claimed", 30.0, 90.0)]


def test_an_administrator_changed_it_at_run_time() -> None:
    p = pair(minor=1)
    p.head_1.lease = 45
    p.first.lease_time()
    assert told(p) == [(A1, None, "told", 90.0, 45.0)]
