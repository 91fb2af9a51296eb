"""Records of streams without holes, found by hopping from record mark to record mark (RFC 5531 section 11)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.bounds import RECORD_OCTETS
from dissect.nfs4.columnar.space import Index, Space
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.rpc.held import Held
from dissect.nfs4.rpc.resync import LAST_FRAGMENT, MARK_OCTETS, contradicts

STREAM_SHIFT = 42
"""A position among all streams of a window: the stream's number above, octets from where the window began below."""
ORIGIN = 1 << 33
"""Added to octets, so that what was begun before the window is above 0."""


class Missing(Exception):
    """Octets in a hole are wanted."""


@dataclass(slots=True, kw_only=True)
class Pieces:
    """Segments whose payload goes on where that of the one before ended, stream by stream; `at` counts from the start
    of the window. Those of stream n are `bounds[n]` to `bounds[n + 1]`."""

    space: Space
    stream: Index
    at: Index
    length: Index
    payload: Index
    bounds: Index

    @property
    def place(self) -> Index:
        return (self.stream << STREAM_SHIFT) + self.at + ORIGIN

    def joined(self, stream: int, start: int, stop: int) -> bytes:
        """Octets of a stream between two positions, none of them before the window. Raises Missing."""
        lo, hi = int(self.bounds[stream]), int(self.bounds[stream + 1])
        data, parts = self.space.data, []
        index = lo + int(np.searchsorted(self.at[lo:hi], start, side="right")) - 1
        while start < stop:
            if index == hi:
                raise Missing
            begin, have = int(self.at[index]), int(self.length[index])
            if not begin <= start < begin + have:
                raise Missing
            offset = int(self.payload[index]) + start - begin
            octets = min(begin + have, stop) - start
            parts.append(data[offset : offset + octets])
            start += octets
            index += 1
        return b"".join(parts)


@dataclass(slots=True, kw_only=True)
class Found:
    """Records in the order of streams and positions; one item each. `at` is that of the mark."""

    stream: Index
    at: Index
    length: Index
    "without the mark"
    piece: Index
    "the one that holds the last octet"
    address: Index
    "of the octet after the mark, -1 where the record is not in one piece"
    bad: NDArray[np.bool_]
    "a stream: something in it is no plain record"
    rest: Index
    "a stream: where what follows its last record begins"
    torn: dict[int, int]
    "records with a hole in them, and how many octets they have before the first"


def hop(pieces: Pieces, begun: Sequence[Held]) -> Found:
    """The records that end in these pieces; `begun`: what was there of each stream's next record before them."""
    count = len(begun)
    bounds, at, length = pieces.bounds, pieces.at, pieces.length
    size = len(at)
    mark = np.where(length >= MARK_OCTETS, pieces.space.u32(pieces.payload), 0)
    octets = mark & (LAST_FRAGMENT - 1)
    plain = (mark >= LAST_FRAGMENT) & (octets <= RECORD_OCTETS) & (octets > 0)
    target = at + MARK_OCTETS + octets
    end = at + length
    follows = np.where(plain & (target == end), np.arange(1, size + 1), -1)
    far = np.flatnonzero(plain & (target > end))
    if len(far):
        place, stream = pieces.place, pieces.stream[far]
        wanted = (stream << STREAM_SHIFT) + target[far] + ORIGIN
        index = np.searchsorted(place, wanted)
        hit = place[np.minimum(index, size - 1)] == wanted
        hit |= (index == bounds[stream + 1]) & (target[far] == end[np.maximum(bounds[stream + 1] - 1, 0)])
        follows[far] = np.where(hit, index, -1)
    simple = np.zeros(count, np.bool_)
    filled = np.flatnonzero(bounds[1:] > bounds[:-1])
    if len(filled):
        simple[filled] = np.logical_and.reduceat(follows == np.arange(1, size + 1), bounds[filled])
    bad = np.zeros(count, np.bool_)
    rest = np.zeros(count, np.int64)
    starts: list[Index] = []
    places: list[tuple[int, int, int]] = []
    for number in filled.tolist():
        lo, hi = int(bounds[number]), int(bounds[number + 1])
        if simple[number] and not begun[number]:
            starts.append(np.arange(lo, hi))
            rest[number] = end[hi - 1]
            continue
        walk = _Walk(pieces, number, lo, hi, begun[number])
        try:
            taken, rest[number], bad[number] = walk.run(follows[lo:hi])
        except Missing:
            taken, bad[number] = [], True
            walk.places.clear()
        starts.append(np.array(taken, np.int64))
        places += walk.places
    first = np.concatenate(starts) if starts else np.zeros(0, np.int64)
    found = Found(
        stream=pieces.stream[first],
        at=at[first],
        length=octets[first],
        piece=first,
        address=np.where(target[first] <= end[first], pieces.payload[first] + MARK_OCTETS, -1),
        bad=bad,
        rest=rest,
        torn={},
    )
    if places:
        _merge(found, places)
    long = np.flatnonzero((found.address < 0) | (found.at + MARK_OCTETS + found.length > end[found.piece]))
    if len(long):
        last = found.at[long] + MARK_OCTETS + found.length[long] - 1
        wanted = (found.stream[long] << STREAM_SHIFT) + last + ORIGIN
        found.piece[long] = np.searchsorted(pieces.place, wanted, side="right") - 1
    if places:
        _addresses(found, pieces)
    return found


def tear(found: Found, stream: int, holes: Iterable[tuple[int, int]]) -> None:
    """Note the holes of a stream, as start and end: each must lie in a record, behind its mark and not up to its end;
    elsewhere a search for the next record would follow."""
    lo, hi = np.searchsorted(found.stream, [stream, stream + 1]).tolist()
    for start, stop in holes:
        record = lo + int(np.searchsorted(found.at[lo:hi], start, side="right")) - 1
        if record < lo:
            found.bad[stream] = True
            return
        body = int(found.at[record]) + MARK_OCTETS
        if start < body or stop >= body + int(found.length[record]):
            found.bad[stream] = True
            return
        found.torn.setdefault(record, start - body)


def _merge(found: Found, places: list[tuple[int, int, int]]) -> None:
    """Add records that do not begin with a segment: (stream, at, length) each."""
    more = np.array(places, np.int64)
    stream = np.concatenate([found.stream, more[:, 0]])
    at = np.concatenate([found.at, more[:, 1]])
    order = np.argsort((stream << STREAM_SHIFT) + at + ORIGIN, kind="stable")
    blank = np.full(len(more), -1, np.int64)
    found.stream, found.at = stream[order], at[order]
    found.length = np.concatenate([found.length, more[:, 2]])[order]
    found.piece = np.concatenate([found.piece, np.zeros(len(more), np.int64)])[order]
    found.address = np.concatenate([found.address, blank])[order]


def _addresses(found: Found, pieces: Pieces) -> None:
    """Where the records are that begin within a segment and end in it."""
    these = np.flatnonzero(found.address < 0)
    piece = found.piece[these]
    inside = (found.at[these] >= pieces.at[piece]) & (found.at[these] >= 0)
    these, piece = these[inside], piece[inside]
    found.address[these] = pieces.payload[piece] + found.at[these] - pieces.at[piece] + MARK_OCTETS


class _Walk:
    """The records of one stream, one hop at a time."""

    def __init__(self, pieces: Pieces, number: int, lo: int, hi: int, begun: Held) -> None:
        self.places: list[tuple[int, int, int]] = []
        self._pieces, self._number, self._lo, self._begun = pieces, number, lo, begun
        # Most segments of a long record are never looked at: a list of all would cost more than it gives.
        self._at = memoryview(np.ascontiguousarray(pieces.at[lo:hi]).data)
        self._end = self._at[-1] + int(pieces.length[hi - 1])

    def run(self, next_: Index) -> tuple[list[int], int, bool]:
        """The pieces that records begin with, where the rest begins, and whether the stream is other than plain."""
        lo, at, end = self._lo, self._at, self._end
        follows = memoryview(np.ascontiguousarray(next_).data)
        starts: list[int] = []
        append = starts.append
        position, index = -len(self._begun), 0
        aligned = not self._begun
        while position < end:
            if aligned:
                while (following := follows[index]) >= 0:
                    append(index + lo)
                    index = following - lo
                    if index == len(at):
                        return starts, end, False
                position = at[index]
            have = end - position
            if have < MARK_OCTETS:
                break
            mark = int.from_bytes(self._octets(position, MARK_OCTETS), "big")
            length = mark & (LAST_FRAGMENT - 1)
            if mark < LAST_FRAGMENT or not 0 < length <= RECORD_OCTETS:
                return starts, position, True
            if have < MARK_OCTETS + length:
                shown = self._octets(position, min(have, MARK_OCTETS + 12))
                return starts, position, contradicts(shown, MARK_OCTETS, min(have - MARK_OCTETS, length))
            self.places.append((self._number, position, length))
            position += MARK_OCTETS + length
            if position >= end:
                break
            index = bisect_right(at, position) - 1
            aligned = at[index] == position
        return starts, position, False

    def _octets(self, position: int, count: int) -> bytes:
        if position >= 0:
            return self._pieces.joined(self._number, position, position + count)
        start = len(self._begun) + position
        before = self._begun.part(start, start + count)
        missing = count - len(before)
        return before + (self._pieces.joined(self._number, 0, missing) if missing else b"")
