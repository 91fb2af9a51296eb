"""Where the records of a file begin, found from many places at once.

The chain of records from the first on is the only truth. Places that look like a record's beginning are guessed, all
chains are followed together, and a chain counts if the one before it ends exactly where it begins.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.columnar.space import Index, Space
from dissect.nfs4.dataclass import dataclass

Mask = NDArray[np.bool_]

_BLOCK = 1 << 16
"""Bytes of a file for each place guessed."""
_TRIES = 24
_ROUND = 16
"""Steps of all chains between two looks at which of them have come to the next."""
_REACH = 1 << 20
_RUN = 4096
"""Octets at first, and records, after which is asked again how long they are."""
_SAMPLE = 32
_LONG = 3000
"""Octets: records longer than this on average are sooner hopped over one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the records of a format follow one another."""

    order: str
    "of the bytes, as in struct"
    header: int
    "octets without which nothing is known of a record"
    length_at: int
    "where in a record the word is that tells its length"
    extra: int = 0
    "octets of a record on top of that"
    align: int = 1
    plausible: Callable[[Space, Index, Index], Mask]
    "which of the records, whose places and sizes are given, can be"
    needle: Callable[[Space, int], tuple[bytes, int]]
    "octets that most records have where the one at a place has them, and how far from its beginning that is"
    likely: Callable[[Space, int, int], bool]
    "whether a record may begin at a place, seen from there up to an end"


def follow(space: Space, start: int, stop: int, layout: Layout) -> tuple[Index, int]:
    """Where the records begin, from `start` on, that are plausible and whole before `stop`, and where the first begins
    that is not."""
    at, parts, reach, good = start, [], _REACH, True
    while good:
        before = at
        found, at, good = _plausible(space, *_one_by_one(space, at, stop, layout, _SAMPLE), layout)
        parts.append(found)
        if not good or len(found) < _SAMPLE:
            break
        if at - before < _LONG * _SAMPLE and stop - at > 2 * _BLOCK:
            found, at, good = _plausible(space, *_together(space, at, min(stop, at + reach), layout), layout)
            reach *= 4
        else:
            found, at, good = _plausible(space, *_one_by_one(space, at, stop, layout, _RUN), layout)
        parts.append(found)
    return np.concatenate(parts), at


def _plausible(space: Space, found: Index | list[int], at: int, layout: Layout) -> tuple[Index, int, bool]:
    """The records up to the first that is not plausible, where that or the next begins, and whether all are."""
    starts = np.asarray(found, np.int64)
    if len(starts):
        wrong = np.flatnonzero(~layout.plausible(space, starts, np.diff(starts, append=at)))
        if len(wrong):
            return starts[: wrong[0]], int(starts[wrong[0]]), False
    return starts, at, True


def _one_by_one(
    space: Space, at: int, stop: int, layout: Layout, most: int | None = None, goals: dict[int, int] | None = None
) -> tuple[list[int], int]:
    """Where records begin, and where the next one does; no further than to one of the `goals`."""
    unpack, data = Struct(layout.order + "I").unpack_from, space.data
    length_at, extra, align = layout.length_at, layout.extra, layout.align - 1
    last, found = stop - layout.header, []
    if align == 0 and extra and most is not None and goals is None:
        # The same in the fewest steps: a large capture has a million of them.
        for _ in range(most):
            if at > last:
                break
            following = at + extra + unpack(data, at + length_at)[0]
            if following > stop:
                break
            found.append(at)
            at = following
        return found, at
    while at <= last and (goals is None or at not in goals):
        following = at + (unpack(data, at + length_at)[0] + extra + align & ~align)
        # A length of nothing leads nowhere, and is plausible nowhere.
        if following > stop or following == at:
            break
        found.append(at)
        at = following
        if len(found) == most:
            break
    return found, at


def _together(space: Space, start: int, stop: int, layout: Layout) -> tuple[Index, int]:
    """The records from `start` on as far as chains reach, and where the next one begins."""
    guesses = _guesses(space, start, stop, layout)
    chain, place, ends = _chains(space, np.array(guesses, np.int64), stop, layout)
    number = {guess: index for index, guess in enumerate(guesses)}
    joined = np.append(ends[:-1] == np.array(guesses[1:], np.int64), False)
    broken = np.flatnonzero(~joined)
    good = np.zeros(len(guesses), np.bool_)
    steps: list[int] = []
    index: int | None = 0
    while index is not None:
        last = int(broken[np.searchsorted(broken, index)])
        good[index : last + 1] = True
        between, at = _one_by_one(space, int(ends[last]), stop, layout, goals=number)
        steps += between
        index = number.get(at)
    starts = np.concatenate([place[good[chain]], np.array(steps, np.int64)])
    starts.sort()
    return starts, at


def _chains(space: Space, begin: Index, stop: int, layout: Layout) -> tuple[Index, Index, Index]:
    """The records of the chains that begin at these places, each up to where the next begins: whose it is and where,
    in any order; and where each chain ends."""
    limit = np.append(begin[1:], stop - layout.header + 1)
    lengths = space.view(layout.order + "u4")[layout.length_at :]
    farthest = stop - layout.header
    mask = ~np.int64(layout.align - 1)
    extra = np.int64(layout.extra + layout.align - 1)
    active = np.arange(len(begin))
    at, ends = begin.copy(), begin.copy()
    chains, places = [], []
    while len(active):
        steps = np.empty((_ROUND + 1, len(active)), np.int64)
        for step in range(_ROUND):
            steps[step] = at
            np.minimum(at, farthest, out=at)
            size = lengths[at] + extra
            at += size if layout.align == 1 else size & mask
        bound = limit[active]
        steps[_ROUND] = at
        taken, following = steps[:-1], steps[1:]
        # A record counts if it begins before the next chain, and ends before the bytes do.
        inside = np.logical_and.accumulate((taken < bound) & (following <= stop) & (following > taken), axis=0)
        count = inside.sum(axis=0)
        chains.append(np.broadcast_to(active, taken.shape)[inside])
        places.append(taken[inside])
        ends[active] = steps[count, np.arange(len(active))]
        going = (count == _ROUND) & (at < bound)
        active, at = active[going], at[going]
    return np.concatenate(chains), np.concatenate(places), ends


def _guesses(space: Space, start: int, stop: int, layout: Layout) -> list[int]:
    """The first record, and places further on that look like records."""
    data = space.data
    needle, shift = layout.needle(space, start)
    found = [start]
    last = stop - layout.header
    for block in range(start + _BLOCK, last, _BLOCK):
        place = block
        for _ in range(_TRIES):
            place = data.find(needle, place + shift, last) - shift
            if place < block:
                break
            if layout.likely(space, place, stop):
                found.append(place)
                break
            place += 1
    return found
