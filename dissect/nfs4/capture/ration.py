"""How much a compressed capture may unpack to: some octets can be unpacked to more than anybody has time to read.

All is decided by places in the unpacked stream and by the octets of the file that were taken up to there. Neither
depends on how much is asked for at a time, so every decoder ends at the same record, in files and in pipes.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator

FREE_RECORDS = 1 << 20
RECORDS_AN_OCTET = 2
"""Records believed: so many at first, and so many for each octet of the file. The time of an honest packet alone takes
an octet or two of it."""

FREE_OCTETS = 1 << 30
OCTETS_AN_OCTET = 1 << 14
"""The same of the octets that are unpacked: packets of zeros, each of the 256 KiB that a snaplen commonly allows, whose
headers and times take 16 octets. Those of backups come to 4000 at most, for no IP packet is longer than 64 KiB."""

TOO_MANY = "so many records in so few compressed octets are no capture"
TOO_LONG = "so many octets out of so few compressed ones are no capture"


class TooLong(Exception):
    """The stream unpacks to more than is believed."""


class Ration:
    """Stands on both sides of what inflates a stream."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._packed = 0
        self._begins, self._taken = array("Q"), array("Q")
        "from which place of the unpacked stream on how many octets of the file had been taken"

    def read(self, size: int) -> bytes:
        """So many octets of the file, fewer only at its end: how a pipe was filled makes no difference."""
        pieces: list[bytes] = []
        while size and (piece := self._read(size)):
            pieces.append(piece)
            size -= len(piece)
            self._packed += len(piece)
        return b"".join(pieces)

    def watched(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces of the unpacked stream. Raises TooLong."""
        unpacked = 0
        for piece in pieces:
            if not self._taken or self._taken[-1] != self._packed:
                self._begins.append(unpacked)
                self._taken.append(self._packed)
            unpacked += len(piece)
            if unpacked > FREE_OCTETS + OCTETS_AN_OCTET * self._packed:
                raise TooLong
            yield piece

    def records(self, offset: int) -> int:
        """How many records are believed up to the one that begins at a place of the unpacked stream."""
        return FREE_RECORDS + RECORDS_AN_OCTET * self._taken[bisect_right(self._begins, offset) - 1]

    def steps(self, first: int, last: int) -> tuple[list[int], list[int]]:
        """The places between these two from which on more records are believed, the one before them too, and how many
        these are."""
        run = slice(bisect_right(self._begins, first) - 1, bisect_right(self._begins, last))
        return self._begins[run].tolist(), [FREE_RECORDS + RECORDS_AN_OCTET * taken for taken in self._taken[run]]
