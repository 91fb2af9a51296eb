"""The same packet at two taps: which packets of one capture are copies of packets of another."""

from __future__ import annotations

import numpy as np

from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.taps.prints import Index, Words

WITHIN_NS = 100_000_000
"""Copies lie closer than this once clocks are corrected: paths between taps are shorter, and a retransmission, which
may bear the same header, comes after 200 ms or more."""

_ROUNDS = 64
"""Each round pairs the nearest; real captures need two or three. More than this was made to take long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Pairs of items of two captures; each item is in one pair at most."""

    left: Index
    right: Index


def unique(left: Words, right: Words) -> Copies:
    """Items whose key is there exactly once on either side: copies whatever the clocks say."""
    once_left, once_right = _once(left), _once(right)
    _, at_left, at_right = np.intersect1d(left[once_left], right[once_right], assume_unique=True, return_indices=True)
    order = np.argsort(once_left[at_left])
    return Copies(left=once_left[at_left][order], right=once_right[at_right][order])


def copies(left: Words, left_time: Index, right: Words, right_time: Index, within: int = WITHIN_NS) -> Copies:
    """Items with the same key and nearly the same time on corrected clocks, the nearest first taken."""
    shared = np.intersect1d(left, right)
    at_left, at_right = np.flatnonzero(np.isin(left, shared)), np.flatnonzero(np.isin(right, shared))
    key = np.concatenate([left[at_left], right[at_right]])
    time = np.concatenate([left_time[at_left], right_time[at_right]])
    side = np.repeat(np.array([0, 1]), [len(at_left), len(at_right)])
    item = np.concatenate([at_left, at_right])
    order = np.lexsort((side, time, key))
    key, time, side, item = key[order], time[order], side[order], item[order]
    taken = np.zeros(len(item), np.bool_)
    pairs: list[tuple[Index, Index]] = []
    # Neighbours in time that come from different sides and are nearest to each other, until none is left.
    for _ in range(_ROUNDS):
        free = np.flatnonzero(~taken)
        if len(free) < 2:
            break
        gap = np.diff(time[free])
        apart = (key[free[1:]] != key[free[:-1]]) | (side[free[1:]] == side[free[:-1]]) | (gap > within)
        gap = np.where(apart, np.iinfo(np.int64).max, gap)
        before = np.concatenate([[np.iinfo(np.int64).max], gap[:-1]])
        after = np.concatenate([gap[1:], [np.iinfo(np.int64).max]])
        chosen = np.flatnonzero(~apart & (gap < before) & (gap <= after))
        if not len(chosen):
            break
        first, second = free[chosen], free[chosen + 1]
        taken[first] = taken[second] = True
        swap = side[first] == 1
        pairs.append((item[np.where(swap, second, first)], item[np.where(swap, first, second)]))
    if not pairs:
        return Copies(left=np.zeros(0, np.int64), right=np.zeros(0, np.int64))
    lefts, rights = (np.concatenate(column) for column in zip(*pairs, strict=True))
    order = np.argsort(lefts)
    return Copies(left=lefts[order], right=rights[order])


def _once(key: Words) -> Index:
    """Indices of the keys that are there once."""
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    same = np.zeros(len(key) + 1, np.bool_)
    same[1:-1] = ordered[1:] == ordered[:-1]
    alone = ~(same[:-1] | same[1:])
    return np.sort(order[alone])
