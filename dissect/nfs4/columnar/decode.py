"""The fast decoder: chunks of a capture to batches, the same as the exact decoder's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from operator import itemgetter

import numpy as np

from dissect.nfs4.batch import CAPTURE_STRIDE, FRAME_SHIFT, Batch, Credential
from dissect.nfs4.bounds import HELD_OCTETS, NFS_PORTS, SYN_LATE_FRAMES
from dissect.nfs4.capture import Capture, Frame
from dissect.nfs4.columnar.chunk import Chunk
from dissect.nfs4.columnar.endpoints import Ways
from dissect.nfs4.columnar.headers import Segments, headers
from dissect.nfs4.columnar.lanes import Lanes
from dissect.nfs4.columnar.merge import batch_of
from dissect.nfs4.columnar.messages import Decoder
from dissect.nfs4.columnar.numbers import renumbered
from dissect.nfs4.columnar.records import chunks
from dissect.nfs4.columnar.sightings import Sightings
from dissect.nfs4.columnar.space import Index
from dissect.nfs4.columnar.span import Span, spans
from dissect.nfs4.columnar.streams import left_open, none_in_order, sort
from dissect.nfs4.columnar.window import Window, Work
from dissect.nfs4.exact import UNDECODED, kind_of
from dissect.nfs4.gather import Gather
from dissect.nfs4.link.segment import Other, Segment
from dissect.nfs4.link.unwrap import Unwrapper
from dissect.nfs4.tcp.connection import ACK, SYN

CHUNK_BYTES = 64 << 20

_BUSY = 256
"""Segments in a chunk that make it worth while to end a window for their sake."""
_APART = 128
"""Frames between two ends of windows at least."""
_WINDOWS = 32
_LATE = 64
"""Segments of a way that make it worth while to end a window around a hole that the edge of a chunk leaves open, frames
after which such holes mostly are filled, and how many segments before the edge are looked through for one."""
_FLOOD = 1 << 16
"""Beginnings of connections in a chunk from which on no window has more frames than this."""
_CAREFUL = HELD_OCTETS // 8
"""Payload octets of a window at most, where connections may come to hold too much within the chunk."""
_WAYS = 1 << 18
"""Ways numbered before the numbers begin again: of a flood few come back."""


def columnar(
    capture: Capture | Iterable[Frame],
    *,
    capture_no: int = 0,
    chunk_bytes: int = CHUNK_BYTES,
    ports: Collection[int] = (),
    unwrapper: Unwrapper | None = None,
) -> Iterator[Batch]:
    """Decode a capture, or frames in the order of their numbers; `unwrapper` opens those that are odd.

    The rows of all batches together are those of `exact`, whatever the size of chunks.
    """
    decoder = _Decoder(capture_no * CAPTURE_STRIDE, ports, unwrapper or Unwrapper())
    for chunk in chunks(capture, max(chunk_bytes, 1)):
        yield from decoder.chunk(chunk)
        # Its memory goes before the next is made.
        del chunk
    if (batch := decoder.close()) is not None:
        yield batch


class _Decoder:
    def __init__(self, base: int, ports: Collection[int], unwrapper: Unwrapper) -> None:
        self._base = base
        self._gather = Gather()
        self._nfs_ports = NFS_PORTS | frozenset(ports)
        self._lanes = Lanes(self._gather, self._nfs_ports)
        self._messages = Decoder()
        self._unwrapper = unwrapper
        self._ways = Ways(lambda pair: self._unwrapper._pairs.get(pair) or self._unwrapper._text(pair))
        self._sightings = Sightings(self._unwrapper.runs, self._ways)

    def chunk(self, chunk: Chunk) -> Iterator[Batch]:
        if len(self._ways.ways) > _WAYS:
            self._ways.forget()
            self._sightings.forget()
        segments, odd = headers(chunk)
        way = self._ways.number(chunk.space, segments)
        feed = self._sightings.saw(chunk, segments, way, odd, self._base)
        others: list[tuple[int, list[Segment | Other]]] = []
        for index in odd.tolist():
            feed(index)
            items = list(self._unwrapper.feed(chunk.frame(index), int(chunk.number[index]) + self._base))
            others.append((index, items))
        feed(len(chunk))
        for event in self._unwrapper.drain():
            self._gather.event(event)
        stops = self._cuts(chunk, segments, way)
        for span, stop in zip(spans(chunk, segments, way, self._ways, self._base, stops), stops, strict=True):
            here = []
            while others and others[0][0] < stop:
                here.append(others.pop(0))
            if (batch := self._window(span, here)) is not None:
                yield batch

    def _cuts(self, chunk: Chunk, segments: Segments, way: Index) -> list[int]:
        """Where windows end, as indices of frames: the last is the chunk's end.

        A connection is read together with others from the first window on that it does not begin in, unless its
        handshake is the first of it there. Where much of a chunk depends on it a window ends for its sake: before a
        handshake, where a connection without one is old enough that none can follow, and around holes that the chunk's
        edge leaves open.
        """
        count = len(chunk)
        if not len(way):
            return [count]
        number = np.bincount(way, minlength=len(self._ways.ways))
        busy = np.flatnonzero(number >= _BUSY)
        first = np.full(len(number), len(way), np.int64)
        first[way[::-1]] = np.arange(len(way) - 1, -1, -1)
        begin = segments.flags & SYN
        wanted = []
        for each in busy.tolist():
            there = self._ways.ways[each]
            flow = self._lanes.flow(there)
            begins = int(min(first[each], first[there.back]))
            if not begin[begins] and (flow is None or not flow.connection.told):
                wanted.append(int(segments.frame[begins]) + SYN_LATE_FRAMES + 2)
        spoken = np.bincount(way, segments.length > 0, minlength=len(number))
        wanted += self._holes(segments, way, np.flatnonzero(spoken >= _LATE), first)
        again = np.flatnonzero((segments.flags & (SYN | ACK)) == SYN)
        for position in again[number[way[again]] >= _BUSY].tolist():
            there = self._ways.ways[int(way[position])]
            if position > min(first[way[position]], first[there.back]):
                wanted.append(int(segments.frame[position]))
        cuts: list[int] = []
        for each in sorted(wanted):
            if cuts and each - cuts[-1] < _APART:
                cuts[-1] = each
            elif each > 0:
                cuts.append(each)
        # connections that begin in a window are all kept until its end
        flood = range(_FLOOD, count, _FLOOD) if len(again) > _FLOOD else ()
        return [*sorted({*(each for each in cuts[:_WINDOWS] if each < count), *flood, *self._careful(segments)}), count]

    def _holes(self, segments: Segments, way: Index, ways: Index, first: Index) -> list[int]:
        """Where windows are to end so that few segments share one with a hole that stays open at the edge of a chunk:
        connections with one are read segment by segment."""
        wanted = []
        for each in ways.tolist():
            flow = self._lanes.flow(self._ways.ways[each])
            if flow is not None and not flow.silent and any(half._waiting for half in flow.connection.halves):
                wanted.append(int(segments.frame[first[each]]) + _LATE)
            opened = left_open(segments, np.flatnonzero(way == each)[-_LATE:])
            if opened is not None:
                wanted.append(int(segments.frame[opened]))
        return wanted

    def _careful(self, segments: Segments) -> list[int]:
        """Where windows are to end so that few of them may come to hold too much."""
        if not self._lanes.may_give_up(int(segments.length.sum()), int(np.count_nonzero(segments.length))):
            return []
        passed = np.cumsum(segments.length) // _CAREFUL
        found: list[int] = segments.frame[np.flatnonzero(passed[1:] != passed[:-1]) + 1].tolist()
        return [each for each in found if each]

    def _window(self, span: Span, others: list[tuple[int, list[Segment | Other]]]) -> Batch | None:
        met = {self._ways.between(item) for _, items in others for item in items if isinstance(item, Segment)}
        found = none_in_order(span) if self._may_give_up(span, others) else sort(span, self._lanes, met)
        window = Window(span, found, self._lanes)
        keys: dict[bytes, int] = {b"": 0}
        credentials: dict[Credential | None, int] = {None: 0}
        decoded = window.decode(self._messages, keys, credentials)
        work: list[Work] = window.work(self._lanes)
        work += [self._one(segment) for segment in span.segments_at(window.slow())]
        work += [self._odd(span, index, items) for index, items in others]
        work.sort(key=itemgetter(0, 1))
        for id, _, run in work:
            self._lanes.come_to(id >> FRAME_SHIFT)
            run()
        window.leave(self._lanes)
        self._lanes.come_to(span.end)
        batch = batch_of(self._gather, decoded, keys, credentials)
        numbers = self._lanes.reordered()
        return renumbered(batch, numbers) if batch is not None and numbers else batch

    def _may_give_up(self, span: Span, others: list[tuple[int, list[Segment | Other]]]) -> bool:
        """Whether connections may come to hold too much within a window: who gives up then depends on what each of them
        holds at that segment."""
        odd = [item.length for _, items in others for item in items if isinstance(item, Segment) and item.length]
        length = span.segments.length[span.lo : span.hi]
        return self._lanes.may_give_up(int(length.sum()) + sum(odd), int(np.count_nonzero(length)) + len(odd))

    def _one(self, segment: Segment) -> Work:
        return segment.frame << FRAME_SHIFT, segment.frame << FRAME_SHIFT, lambda: self._lanes.segment(segment)

    def _odd(self, span: Span, index: int, items: list[Segment | Other]) -> Work:
        number = int(span.chunk.number[index]) + span.base

        def run() -> None:
            for item in items:
                if isinstance(item, Segment):
                    self._lanes.segment(item)
                elif item.protocol != UNDECODED:
                    self._lanes.census.count(kind_of(item, self._nfs_ports), number)

        return number << FRAME_SHIFT, number << FRAME_SHIFT, run

    def close(self) -> Batch | None:
        for event in self._unwrapper.drain(final=True):
            self._gather.event(event)
        self._lanes.close()
        return self._gather.flush()
