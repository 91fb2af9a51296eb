"""Bytes of a file or pipe through a bounded buffer, with the offset of what is looked at."""

from __future__ import annotations

import sys
from collections.abc import Callable

from dissect.nfs4.capture.ration import TOO_LONG, TOO_MANY, Ration, TooLong

CHUNK = 1 << 20
"""Bytes asked for at a time."""

ENDS = "the file ends"
"""So begin reasons that may be the fault of whatever ended the stream."""


class DamagedStream(Exception):
    """A compressed stream that ends early or contradicts itself; what came before it was handed over."""


class CutShort(Exception):
    """The records end here, before the file does or inside a record. The offset is of the first byte not analysed."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(reason)
        self.offset = offset
        self.reason = reason


def zero_filled(offset: int) -> str:
    """The reason where a record of zeros stands: space was set aside for the file, and not all of it was written."""
    return f"zero-filled from byte {offset}"


class Source:
    """A window on a stream. Readers hold `buffer` and a position in it, and call `more` when they run out.

    A failing read ends the stream and leaves its reason in `damage`.
    """

    __slots__ = ("_read", "base", "buffer", "damage", "ration")

    def __init__(self, read: Callable[[int], bytes | None], ration: Ration | None = None) -> None:
        self._read = read
        self.ration = ration
        "what a compressed stream may unpack to"
        self.base = 0
        "offset in the stream of `buffer[0]`"
        self.buffer = b""
        self.damage: str | None = None

    def read(self, size: int) -> bytes:
        """The next bytes of the stream past the buffer, `size` at most; none at its end."""
        if self.damage is not None:
            return b""
        try:
            return self._read(size) or b""
        except DamagedStream as damage:
            self.damage = str(damage)
        except TooLong:
            self.damage = TOO_LONG
        except OSError as error:
            self.damage = f"reading failed: {error.strerror or error}"
        return b""

    def allowed(self, offset: int, before: int) -> int:
        """How many records are believed up to the one at this offset of the stream, `before` which were so many. Raises
        CutShort if it is one too many."""
        if self.ration is None:
            return sys.maxsize
        records = self.ration.records(offset)
        if before >= records:
            raise CutShort(offset, TOO_MANY)
        return records

    def more(self, at: int, need: int) -> bytes:
        """Forget what lies before `at` and read on until `need` bytes follow; fewer only at the end of the stream."""
        self.base += at
        pieces = [self.buffer[at:]]
        have = len(pieces[0])
        while have < need:
            piece = self.read(CHUNK)
            if not piece:
                break
            pieces.append(piece)
            have += len(piece)
        self.buffer = b"".join(pieces)
        return self.buffer

    def skip(self, at: int, size: int) -> bytes:
        """Like `more(at + size, 0)`, for a size that need not fit in memory; empty where the stream ends before."""
        while size > (left := len(self.buffer) - at):
            size -= left
            self.base += len(self.buffer)
            self.buffer, at = self.read(CHUNK), 0
            if not self.buffer:
                return b""
        return self.more(at + size, 0)
