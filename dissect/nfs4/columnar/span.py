"""A run of frames of a chunk, decoded together: its segments, and what each of them says by itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dissect.nfs4.columnar.chunk import Chunk
from dissect.nfs4.columnar.endpoints import Ways
from dissect.nfs4.columnar.headers import Segments
from dissect.nfs4.columnar.space import Index
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.link.segment import Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The segments at positions `lo` to `hi` of a chunk; `base` comes on top of its frame numbers."""

    chunk: Chunk
    segments: Segments
    way: Index
    "the number in `ways` of each segment's way"
    ways: Ways
    lo: int
    hi: int
    base: int
    end: int
    "the number of its last frame"

    def numbers(self, positions: Index) -> Index:
        """The frames of segments, by number."""
        return self.chunk.number[self.segments.frame[positions]] + self.base

    def number(self, position: int) -> int:
        return int(self.chunk.number[self.segments.frame[position]]) + self.base

    def time(self, position: int) -> int:
        return int(self.chunk.time[self.segments.frame[position]])

    def segments_at(self, positions: Sequence[int] | Index) -> list[Segment]:
        """The segments at some positions as the exact decoder takes them."""
        here, data, ways = self.segments, memoryview(self.chunk.space.data), self.ways.ways
        frame = here.frame[positions]
        columns = (
            self.chunk.number[frame] + self.base,
            self.chunk.time[frame],
            self.way[positions],
            here.payload[positions],
            *(each[positions] for each in (here.held, here.length, here.mac, here.seq, here.ack, here.flags, here.ttl)),
        )
        return [
            Segment(
                frame=number,
                time=time,
                source=ways[way].source[0],
                source_port=ways[way].source[1],
                destination=ways[way].destination[0],
                destination_port=ways[way].destination[1],
                seq=seq,
                ack=ack,
                flags=flags,
                payload=bytes(data[at : at + held]),
                length=length,
                mac=bytes(data[mac : mac + 6]) if mac >= 0 else None,
                ttl=ttl,
            )
            for number, time, way, at, held, length, mac, seq, ack, flags, ttl in zip(
                *(column.tolist() for column in columns), strict=True
            )
        ]


def spans(chunk: Chunk, segments: Segments, way: Index, ways: Ways, base: int, stops: list[int]) -> list[Span]:
    """The chunk cut before these frames, given as indices; the last of them is its end."""
    edges = np.searchsorted(segments.frame, stops).tolist()
    return [
        Span(
            chunk=chunk,
            segments=segments,
            way=way,
            ways=ways,
            lo=lo,
            hi=hi,
            base=base,
            end=int(chunk.number[stop - 1]) + base,
        )
        for lo, hi, stop in zip([0, *edges], edges, stops, strict=False)
    ]
