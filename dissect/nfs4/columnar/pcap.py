"""Records of pcap files, many at once."""

from __future__ import annotations

from collections.abc import Generator
from struct import Struct

import numpy as np

from dissect.nfs4.capture import Capture
from dissect.nfs4.capture.frame import MAX_CAPTURED
from dissect.nfs4.capture.pcap import FILE_HEADER, flaw, read_header
from dissect.nfs4.capture.stream import CutShort
from dissect.nfs4.columnar.chunk import FRAMES, Chunk, as_captured
from dissect.nfs4.columnar.feed import Stretch
from dissect.nfs4.columnar.leap import Layout, Mask, follow
from dissect.nfs4.columnar.ration import believed
from dissect.nfs4.columnar.space import Index, Space


class Pcap:
    """Reads the records of one file; `begins` is where the first is."""

    begins = FILE_HEADER

    def __init__(self, capture: Capture, head: bytes) -> None:
        self._file = file = read_header(head)
        self._fields = Struct(file.order + "IIII").unpack_from
        self._number = 0
        self._source = capture.source
        # The upper half of the seconds stays the same for hours.
        upper = 2 if file.order == "<" else 0

        def needle(space: Space, at: int) -> tuple[bytes, int]:
            return bytes(space.data[at + upper : at + upper + 2]), upper

        def likely(space: Space, at: int, stop: int) -> bool:
            seconds, _, captured, original = self._fields(space.data, at)
            following = at + file.record + captured
            if not captured <= original <= MAX_CAPTURED or following + file.record > stop:
                return False
            return bool(self._fields(space.data, following)[0] >> 16 == seconds >> 16)

        self._layout = Layout(
            order=file.order,
            header=file.record,
            length_at=8,
            extra=file.record,
            plausible=self._plausible,
            needle=needle,
            likely=likely,
        )

    def take(self, stretch: Stretch) -> Generator[Chunk, None, int]:
        """The records that are whole; returns where the first begins that is not. Raises CutShort."""
        space, file = stretch.space, self._file
        starts, at = follow(space, stretch.start, stretch.stop, self._layout)
        good = believed(self._source, stretch, starts, self._number)
        for low in range(0, len(good), FRAMES):
            yield self._chunk(space, stretch.stop, good[low : low + FRAMES])
        if len(good) < len(starts):
            self._source.allowed(stretch.offset + int(starts[len(good)]), self._number)
        left = stretch.stop - at
        if left >= file.record and (reason := flaw(stretch.offset + at, *self._fields(space.data, at))):
            raise CutShort(stretch.offset + at, reason)
        if stretch.last and left:
            what = "a record header" if left < file.record else "a record"
            raise CutShort(stretch.offset + at, f"the file ends inside {what}")
        return at

    def _plausible(self, space: Space, starts: Index, sizes: Index) -> Mask:
        captured = sizes - self._file.record
        good: Mask = captured <= MAX_CAPTURED
        empty = np.flatnonzero(captured == 0)
        if len(empty):
            good[empty] = space.rows(starts[empty], 16).any(axis=1)
        return good

    def _chunk(self, space: Space, used: int, starts: Index) -> Chunk:
        fields = space.view("V16")[starts].view(self._file.order + "u4").reshape(-1, 4)
        seconds, fraction, captured, original = (fields[:, column].astype(np.int64) for column in range(4))
        captured, original = as_captured(captured, original)
        count = len(starts)
        number = np.arange(self._number + 1, self._number + count + 1)
        self._number += count
        return Chunk(
            space=space,
            used=used,
            number=number,
            time=seconds * 1_000_000_000 + fraction * self._file.tick,
            at=starts + self._file.record,
            captured=captured,
            original=original,
            link_type=np.full(count, self._file.link_type, np.int32),
            interface=np.zeros(count, np.int32),
        )
