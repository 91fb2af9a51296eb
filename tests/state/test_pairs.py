"""Leases held at a time: every two that were, in time that grows with their number and not with its square."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nfsanalyze.state.census import Moment
from nfsanalyze.state.leases import Lease
from nfsanalyze.state.pairs import BESIDE, held_together

Numbers = set[tuple[int, int]]


def lease(
    number: int,
    begun: int,
    *renewed: int,
    client: int = 1,
    head: int | None = 1,
    minor: int = 0,
    confirmed: bool = True,
) -> Lease:
    at = Moment(time=begun, frame=number)
    return Lease(
        lease=number,
        client=client,
        minor=minor,
        clientid=number.to_bytes(8, "big"),
        head=head,
        address="10.0.0.1",
        confirmed=at if confirmed else None,
        first=at,
        times=np.array(renewed, np.int64),
        frames=np.arange(len(renewed), dtype=np.uint64),
    )


def numbers(*leases: Lease) -> Numbers:
    pairs = [(one.lease, other.lease) for one, other in held_together(leases)]
    assert len(pairs) == len(set(pairs))
    return set(pairs)


def test_both_are_renewed_after_the_later_began() -> None:
    assert numbers(lease(1, 10, 60), lease(2, 20, 50)) == {(1, 2)}
    assert numbers(lease(1, 10, 60), lease(2, 20, 50, confirmed=False)) == {(1, 2)}
    # whatever their numbers, the earlier comes first; of two at once the lower number
    assert numbers(lease(1, 20, 50), lease(2, 10, 60)) == {(2, 1)}
    assert numbers(lease(2, 10, 60), lease(1, 10, 60)) == {(1, 2)}


def test_one_after_the_other_is_no_pair() -> None:
    assert numbers(lease(1, 10, 19), lease(2, 20, 60)) == set()
    assert numbers(lease(1, 10, 20), lease(2, 20, 60)) == set()
    assert numbers(lease(1, 10, 60), lease(2, 20)) == set()
    assert numbers(lease(1, 10, 60), lease(2, 20, 20)) == set()


def test_of_one_client_at_one_instance_in_one_minor_version() -> None:
    mine = lease(1, 10, 60)
    for other in (lease(2, 20, 60, client=2), lease(2, 20, 60, head=2), lease(2, 20, 60, minor=1)):
        assert numbers(mine, other) == set()
    assert numbers(lease(1, 10, 60, head=None), lease(2, 20, 60, head=None)) == set()


def test_one_that_outlives_many_is_paired_with_each() -> None:
    after = [lease(n, 10 * n, 10 * n + 5) for n in range(2, 500)]
    assert numbers(lease(1, 1, 10_000), *after) == {(1, n) for n in range(2, 500)}


def test_thousands_at_once_are_not_millions_of_pairs() -> None:
    pairs = numbers(*(lease(n, n, 1_000_000) for n in range(1, 4001)))
    assert len(pairs) <= 4000 * BESIDE
    assert {(n, m) for n in range(1, 4001) for m in range(n + 1, min(n + BESIDE, 4000) + 1)} == pairs


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=BESIDE))
def test_of_few_it_is_every_two(spans: list[tuple[int, int]]) -> None:
    leases = [lease(n, begun, begun + length) for n, (begun, length) in enumerate(spans, 1)]
    held = {
        tuple(sorted((a.lease, b.lease)))
        for a, b in combinations(leases, 2)
        if min(a.times[-1], b.times[-1]) > max(a.first.time, b.first.time)
    }
    assert {tuple(sorted(pair)) for pair in numbers(*leases)} == held
