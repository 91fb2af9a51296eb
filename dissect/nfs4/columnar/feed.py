"""The bytes of a capture, stretch by stretch: mapped where it is a plain file, else read into one buffer.

A mapped stretch is private memory, of which only what is touched is there: payload that nobody reads costs nothing.
It is made present before it is used, since a page that cannot be read would end the process.
"""

from __future__ import annotations

import os
import sys
from mmap import ACCESS_COPY, ALLOCATIONGRANULARITY, mmap
from stat import S_ISREG

from dissect.nfs4.capture import Capture
from dissect.nfs4.columnar.chunk import spare
from dissect.nfs4.columnar.space import SLACK, Space
from dissect.nfs4.dataclass import dataclass

_POPULATE_READ, _POPULATE_WRITE = 22, 23
"""madvise(2), Linux 5.14 and later: pages are read now, and what cannot be read is an error and no signal."""
_HUGE_PAGE = 14
_STEP = 1 << 16
_WORTH = 4 << 20
"""Octets that are mapped though fewer than were asked for."""


@dataclass(slots=True, kw_only=True)
class Stretch:
    """Bytes `start` to `stop` of `space`, of which the first in the space is at `offset` of the file."""

    space: Space
    start: int
    stop: int
    offset: int
    last: bool
    "the file has no more"


class Feed:
    """Reads an open capture of which no frame was taken yet."""

    def __init__(self, capture: Capture) -> None:
        self._source = capture.source
        self._file = _plain_file(capture)
        self._stream = capture.raw
        self._rest = memoryview(self._source.buffer)
        self._from = self._have = 0
        self._shortened = False
        self._buffer = Space(bytearray(SLACK))
        self._ended = False

    @property
    def mapped(self) -> bool:
        """Whether payload that nobody reads takes no memory."""
        return self._file is not None

    def stretch(self, at: int, octets: int) -> Stretch:
        """The bytes from offset `at` on, which never falls: `octets` of them and perhaps some more. Fewer at the end,
        and once near it. What was given before may be overwritten."""
        if self._file is not None:
            try:
                found = _mapped(self._file, at, octets)
                if found is None and not self._shortened and (left := _mappable(self._file, at)) >= _WORTH:
                    # What has to be read takes longer: as little of it as can be.
                    self._shortened = True
                    found = _mapped(self._file, at, min(octets, left))
            except (OSError, ValueError):
                # What cannot be mapped may yet be read, up to where it cannot be read either.
                found = None
            if found is not None:
                return found
            self._seek(at)
        return self._read(at, octets)

    def _seek(self, at: int) -> None:
        """Go on by reading."""
        assert self._file is not None
        os.lseek(self._file, at, os.SEEK_SET)
        self._file, self._rest, self._from, self._have = None, memoryview(b""), at, 0

    def _read(self, at: int, octets: int) -> Stretch:
        self._make_room(octets)
        while True:
            self._forget(min(at - self._from, self._have))
            if self._from == at or self._ended:
                break
            # What lies between is wanted by nobody.
            self._fill(min(at - self._from, octets))
        self._fill(octets)
        return Stretch(space=self._buffer, start=0, stop=self._have, offset=self._from, last=self._ended)

    def _make_room(self, octets: int) -> None:
        held, room = self._buffer.data, octets + spare(octets)
        if room > len(held):
            self._buffer = Space(_memory(room))
            self._buffer.data[: self._have] = held[: self._have]

    def _forget(self, octets: int) -> None:
        data, left = self._buffer.data, self._have - octets
        if octets:
            data[:left] = data[octets : self._have]
        self._from, self._have = self._from + octets, left

    def _fill(self, octets: int) -> None:
        view = memoryview(self._buffer.data)
        while self._have < octets and not self._ended:
            taken = self._read_into(view[self._have : octets])
            self._have, self._ended = self._have + taken, not taken

    def _read_into(self, room: memoryview) -> int:
        """Fill some of `room`; 0 at the end."""
        if not self._rest:
            if self._stream is not None and self._source.damage is None:
                try:
                    return self._stream.readinto(room) or 0
                except OSError as error:
                    self._source.damage = f"reading failed: {error.strerror or error}"
                    return 0
            self._rest = memoryview(self._source.read(len(room)))
        octets = min(len(room), len(self._rest))
        room[:octets] = self._rest[:octets]
        self._rest = self._rest[octets:]
        return octets


def _plain_file(capture: Capture) -> int | None:
    """The descriptor of a file that can be mapped."""
    if sys.platform != "linux" or capture.raw is None or capture.path == "-":
        return None
    try:
        number = capture.raw.fileno()
        return number if S_ISREG(os.fstat(number).st_mode) else None
    except (OSError, ValueError):
        return None


def _mapped(file: int, at: int, octets: int) -> Stretch | None:
    """A stretch of a file; None where it has too little left to have room behind the stretch."""
    begin = at - at % ALLOCATIONGRANULARITY
    used = at - begin + octets
    size = os.fstat(file).st_size - begin
    if size < used + spare(octets):
        return None
    data = mmap(file, used + spare(octets), access=ACCESS_COPY, offset=begin)
    data.madvise(_POPULATE_READ, 0, used)
    os.posix_fadvise(file, begin + used, octets, os.POSIX_FADV_WILLNEED)
    return Stretch(space=Space(data, _Private(data).prepare), start=at - begin, stop=used, offset=begin, last=False)


def _mappable(file: int, at: int) -> int:
    """How many octets from there on have room behind them in the file."""
    left = os.fstat(file).st_size - at
    return (left - spare(0)) * 2 // 3


class _Private:
    """Makes pages of a mapping our own before they are written to."""

    def __init__(self, data: mmap) -> None:
        self._data, self._done = data, 0

    def prepare(self, start: int, stop: int) -> None:
        begin = max(start - start % ALLOCATIONGRANULARITY, self._done)
        if stop > begin:
            end = min(stop + _STEP, len(self._data))
            self._data.madvise(_POPULATE_WRITE, begin, end - begin)
            self._done = end - end % ALLOCATIONGRANULARITY


def _memory(octets: int) -> bytearray | mmap:
    """Memory for a buffer, in large pages where it is large."""
    if octets < 1 << 22 or sys.platform != "linux":
        return bytearray(octets)
    data = mmap(-1, octets)
    data.madvise(_HUGE_PAGE)
    return data
