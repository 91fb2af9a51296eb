"""Records of snoop files, many at once."""

from __future__ import annotations

from collections.abc import Generator
from struct import Struct

import numpy as np

from dissect.nfs4.capture import Capture
from dissect.nfs4.capture.frame import MAX_CAPTURED
from dissect.nfs4.capture.snoop import FILE_HEADER, MAX_PADDING, RECORD_HEADER, flaw
from dissect.nfs4.capture.stream import CutShort
from dissect.nfs4.columnar.chunk import FRAMES, Chunk, as_captured
from dissect.nfs4.columnar.feed import Stretch
from dissect.nfs4.columnar.leap import Layout, Mask, follow
from dissect.nfs4.columnar.ration import believed
from dissect.nfs4.columnar.space import Index, Space

_LENGTHS = Struct(">III").unpack_from
_SECONDS_AT = 16


class Snoop:
    """Reads the records of one file; `begins` is where the first is."""

    begins = FILE_HEADER

    def __init__(self, capture: Capture, head: bytes) -> None:
        self._link_type = capture.interfaces[0].link_type
        self._number = 0
        self._source = capture.source
        self._layout = Layout(
            order=">",
            header=RECORD_HEADER,
            length_at=8,
            plausible=_plausible,
            needle=lambda space, at: (bytes(space.data[at + _SECONDS_AT : at + _SECONDS_AT + 2]), _SECONDS_AT),
            likely=_likely,
        )

    def take(self, stretch: Stretch) -> Generator[Chunk, None, int]:
        """The records that are whole; returns where the first begins that is not. Raises CutShort."""
        space = stretch.space
        starts, at = follow(space, stretch.start, stretch.stop, self._layout)
        good = believed(self._source, stretch, starts, self._number)
        for low in range(0, len(good), FRAMES):
            yield self._chunk(space, stretch.stop, good[low : low + FRAMES])
        if len(good) < len(starts):
            self._source.allowed(stretch.offset + int(starts[len(good)]), self._number)
        left = stretch.stop - at
        if left < RECORD_HEADER:
            if stretch.last and left:
                raise CutShort(stretch.offset + at, "the file ends inside a record header")
            return at
        _, captured, length = _LENGTHS(space.data, at)
        if reason := flaw(stretch.offset + at, captured, length):
            raise CutShort(stretch.offset + at, reason)
        if stretch.last:
            if left < RECORD_HEADER + captured:
                raise CutShort(stretch.offset + at, "the file ends inside a record")
            self._source.allowed(stretch.offset + at, self._number)
            # A last record may lack its padding: nothing of the packet is missing then.
            yield self._chunk(space, stretch.stop, np.array([at]))
            return stretch.stop
        return at

    def _chunk(self, space: Space, used: int, starts: Index) -> Chunk:
        fields = space.rows(starts, RECORD_HEADER).view(">u4")
        original, captured, _, _, seconds, microseconds = (fields[:, column].astype(np.int64) for column in range(6))
        captured, original = as_captured(captured, original)
        count = len(starts)
        number = np.arange(self._number + 1, self._number + count + 1)
        self._number += count
        return Chunk(
            space=space,
            used=used,
            number=number,
            time=seconds * 1_000_000_000 + microseconds * 1000,
            at=starts + RECORD_HEADER,
            captured=captured,
            original=original,
            link_type=np.full(count, self._link_type, np.int64),
            interface=np.zeros(count, np.int32),
        )


def _plausible(space: Space, starts: Index, sizes: Index) -> Mask:
    captured = space.u32(starts + 4)
    padding = sizes - RECORD_HEADER - captured
    good: Mask = (captured <= MAX_CAPTURED) & (padding >= 0) & (padding <= MAX_PADDING)
    return good


def _likely(space: Space, at: int, stop: int) -> bool:
    original, captured, length = _LENGTHS(space.data, at)
    fits: bool = captured <= original <= MAX_CAPTURED and 0 <= length - RECORD_HEADER - captured < 8
    return fits
