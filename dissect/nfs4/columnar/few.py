"""Forms of messages that are few of a length, or long: all are compared at once, by the words that decide alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.columnar.lay import Records
from dissect.nfs4.columnar.space import Index, Space
from dissect.nfs4.sets import runs

OF_A_SIZE = 8
"""Forms tried on a message."""
AT_A_TIME = 64
"""Forms learnt at a time, at most."""
SIZES = 1 << 14
"""Sizes remembered that came once."""
WORDS = 256
"""Words that decide, at most: a form with more, such as that of a directory, will not come again."""


class Few:
    """Forms by the size of their messages, in the order in which they were met."""

    def __init__(self) -> None:
        self._of: dict[int, list[int]] = {}
        self._missed: set[int] = set()
        "sizes of which a message had no form that is known"
        self._barred: set[int] = set()
        self._numbers: list[int] = []
        self._bounds = [0]
        self._places: list[Index] = []
        self._words: list[NDArray[np.uint32]] = []

    def add(self, size: int, number: int, places: Index, words: NDArray[np.uint32]) -> None:
        """Learn a form: its number, and the words that decide with their places in units of 4 octets."""
        self._of.setdefault(size, []).append(len(self._numbers))
        self._numbers.append(number)
        self._bounds.append(self._bounds[-1] + len(places))
        self._places.append(places)
        self._words.append(words)

    def bar(self, size: int) -> None:
        """Messages of this size are too various to learn from."""
        self._barred.add(size)

    def find(self, space: Space, records: Records, left: Index, form: Index) -> Index:
        """Give messages their `form` where it is known; those left, in the order of their sizes."""
        size = size_of(records, left)
        order = np.argsort(size, kind="stable")
        left, size = left[order], size[order]
        for number in range(OF_A_SIZE):
            if not len(left):
                break
            starts = runs(size)
            known = [self._of.get(each, ()) for each in size[starts].tolist()]
            tried = np.array([number < len(each) for each in known], np.bool_)
            if not tried.any():
                break
            made = np.array([each[number] for each in known if number < len(each)], np.int64)
            count = np.diff(starts, append=len(size))
            these = np.flatnonzero(np.repeat(tried, count))
            made = np.repeat(made, count[tried])
            same = self._same(space, records.at[left[these]], made)
            form[left[these[same]]] = np.array(self._numbers, np.int64)[made[same]]
            rest = np.ones(len(left), np.bool_)
            rest[these[same]] = False
            left, size = left[rest], size[rest]
        return left

    def worth(self, records: Records, left: Index) -> Index:
        """Of messages that no form was found for, in the order of their sizes: those to learn a form from, one of each
        size that was met twice."""
        if not len(left):
            return left
        starts = runs(size_of(records, left))
        count = np.diff(starts, append=len(left))
        sizes = size_of(records, left[starts]).tolist()
        again = [
            (times > 1 or each in self._missed) and each not in self._barred and len(self._of.get(each, ())) < OF_A_SIZE
            for each, times in zip(sizes, count.tolist(), strict=True)
        ]
        if len(self._missed) > SIZES:
            self._missed.clear()
            self._barred.clear()
        self._missed.update(sizes)
        chosen = np.flatnonzero(again)
        return left[starts[chosen[np.argsort(-count[chosen], kind="stable")[:AT_A_TIME]]]]

    def _same(self, space: Space, at: Index, made: Index) -> NDArray[np.bool_]:
        """Whether the messages at these addresses have the form that each is to be compared with."""
        if len(self._places) > 1:
            self._places, self._words = [np.concatenate(self._places)], [np.concatenate(self._words)]
        bounds = np.array(self._bounds, np.int64)
        begin = bounds[made]
        size = bounds[made + 1] - begin
        stops = np.cumsum(size)
        starts = stops - size
        item = np.arange(stops[-1]) + np.repeat(begin - starts, size)
        equal = space.view("u4")[np.repeat(at, size) + 4 * self._places[0][item]] == self._words[0][item]
        same: NDArray[np.bool_] = np.logical_and.reduceat(equal, starts)
        return same


def size_of(records: Records, these: Index) -> Index:
    """What messages of a form have in common: how long they are, and whether they lie in head and tail, which are as
    long in all (`scatter`)."""
    tail = records.tail[these] >= 0
    return (np.where(tail, records.tail_from[these], records.octets[these]) << 1) | tail


def copied(records: Records) -> Index:
    """How many octets there are of each message, with its tail where that lies behind its head."""
    return records.octets + np.where(records.tail < 0, 0, records.tail_end - records.tail)


def in_a_row(records: Records) -> NDArray[np.bool_]:
    """Which messages have their tail, if any, behind their head, with its words at multiples of 4 from the start."""
    behind = (records.tail == records.at + records.octets) & (records.tail_from % 4 == 0)
    found: NDArray[np.bool_] = (records.tail < 0) | behind
    return found
