"""The bytes of a capture past its recognition, and the counts that a capture keeps of the frames handed out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.capture import Capture
from dissect.nfs4.columnar.space import Index


class Feed:
    """Reads an open capture of which no frame was taken yet."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._source = capture._source
        self._rest = memoryview(b"")
        self._raw = getattr(capture._stream, "readinto", None) if "+" not in capture.format else None

    def head(self, octets: int) -> bytes:
        """The first bytes of the file; reading goes on behind them."""
        buffer = self._source.more(0, octets)
        self._rest = memoryview(buffer)[octets:]
        return buffer[:octets]

    def read_into(self, room: memoryview) -> int:
        """Fill some of `room`; 0 at the end."""
        if not self._rest:
            if self._raw is not None and self._source.damage is None:
                try:
                    return self._raw(room) or 0
                except OSError as error:
                    self._source.damage = f"reading failed: {error.strerror or error}"
                    return 0
            self._rest = memoryview(self._source.read(len(room)))
        octets = min(len(room), len(self._rest))
        room[:octets] = self._rest[:octets]
        self._rest = self._rest[octets:]
        return octets

    def count(self, time: Index, captured: Index, original: Index, link_type: NDArray[np.int32]) -> None:
        """Count frames that all have a time of their own and one link type."""
        capture = self._capture
        capture.packets += len(time)
        first, last = int(time.min()), int(time.max())
        capture.first = first if capture.first is None else min(capture.first, first)
        capture.last = last if capture.last is None else max(capture.last, last)
        capture._link_types[int(link_type[0])] = None
        cut = captured < original
        if cut.any():
            capture.snaplen_cut_packets += int(cut.sum())
            shortest = int(captured[cut].min())
            capture.snaplen = shortest if capture.snaplen is None else min(capture.snaplen, shortest)

    def end(self, offset: int, left: int, reason: str) -> None:
        """Reading ended: `left` bytes from `offset` on were not understood, for a reason; both empty if none were."""
        if reason:
            self._capture._cut(offset, reason)
        elif self._source.damage:
            self._capture._cut(offset + left, self._source.damage)
