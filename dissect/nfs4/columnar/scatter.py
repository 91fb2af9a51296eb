"""Records that lie in several segments, brought together: whole where they are short, else their two ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dissect.nfs4.columnar.chunk import Chunk
from dissect.nfs4.columnar.hop import Found, Pieces
from dissect.nfs4.columnar.lay import Records
from dissect.nfs4.columnar.space import SLACK, Index
from dissect.nfs4.rpc.held import Held
from dissect.nfs4.rpc.resync import MARK_OCTETS

HEAD_OCTETS = 1024
TAIL_OCTETS = 1024
"""What is copied of a long record: the operations stand around file data, which nobody reads."""

DIRECTORY_OCTETS = 36 << 10
"""Records up to here are copied whole while there is room: most results of READDIR are that short."""


class Scatter:
    """Copies to behind the frames of the chunk."""

    def __init__(self, chunk: Chunk, pieces: Pieces, begun: Sequence[Held]) -> None:
        self._chunk, self._pieces, self._begun = chunk, pieces, begun

    def gather(self, found: Found, chosen: Index) -> tuple[Records, list[int]]:
        """Where the records chosen can be read, and the streams for which there was no room."""
        at, octets = found.address[chosen].copy(), found.length[chosen].copy()
        tail_from = np.full(len(chosen), -1, np.int64)
        tail, tail_end = tail_from.copy(), tail_from.copy()
        data, free = self._chunk.space.data, self._chunk.used
        room = len(data) - SLACK
        plenty = (free + room) // 2
        lost = []
        for index in np.flatnonzero(at < 0).tolist():
            record = int(chosen[index])
            length = min(int(found.length[record]), found.torn.get(record, HEAD_OCTETS + int(found.length[record])))
            octets[index] = length
            whole = length <= HEAD_OCTETS + TAIL_OCTETS or (length <= DIRECTORY_OCTETS and free < plenty)
            if record in found.torn and not whole:
                length, whole = HEAD_OCTETS, True
                octets[index] = length
            need = length if whole else HEAD_OCTETS + TAIL_OCTETS
            if free + need > room:
                lost.append(int(found.stream[record]))
                at[index] = octets[index] = 0
                continue
            at[index] = free
            if self._chunk.space.prepare is not None:
                self._chunk.space.prepare(free, free + need)
            head = length if whole else HEAD_OCTETS
            data[free : free + head] = self._part(found, record, 0, head)
            free += head
            if not whole:
                octets[index], tail_from[index] = HEAD_OCTETS, length - TAIL_OCTETS
                data[free : free + TAIL_OCTETS] = self._part(found, record, length - TAIL_OCTETS, length)
                tail[index], tail_end[index] = free, free + TAIL_OCTETS
                free += TAIL_OCTETS
        return Records(at=at, octets=octets, tail_from=tail_from, tail=tail, tail_end=tail_end), lost

    def whole(self, found: Found, record: int) -> bytes:
        """All octets of a record up to its first hole, without its mark."""
        address, length = int(found.address[record]), int(found.length[record])
        length = found.torn.get(record, length)
        if address >= 0:
            return bytes(self._chunk.space.data[address : address + length])
        return self._part(found, record, 0, length)

    def _part(self, found: Found, record: int, start: int, stop: int) -> bytes:
        stream, base = int(found.stream[record]), int(found.at[record]) + MARK_OCTETS
        before = self._begun[stream]
        start, stop = base + start, base + stop
        if start >= 0:
            return self._pieces.joined(stream, start, stop)
        held = before.part(len(before) + start, len(before) + min(stop, 0))
        return held + (self._pieces.joined(stream, 0, stop) if stop > 0 else b"")
