"""Targets that take bytes of a capture file."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import gettempdir

from decoded import Decoded
from fuzz.edits import edited
from fuzz.whole import scan
from fuzz.wire import frames
from same import COUNTS, said

from dissect.nfs4.capture import Capture, CaptureError, Frame
from dissect.nfs4.capture.frame import MAX_TIME
from dissect.nfs4.columnar import columnar
from dissect.nfs4.columnar.records import chunks
from dissect.nfs4.exact import exact


def container(*magics: bytes) -> Callable[[bytes], None]:
    """A target that reads a file which begins with one of these magics, whatever the input begins with."""

    def target(data: bytes) -> None:
        if not data.startswith(magics):
            data = magics[data[0] % len(magics) if data else 0] + data[4:]
        read_both(data)

    return target


def read_both(data: bytes) -> None:
    """Frame by frame and by the chunk the same frames are read, and what is counted agrees."""
    one = _read(data, _one_by_one)
    for size in (1 << 20, 500):
        other = _read(data, lambda capture, size=size: _by_the_chunk(capture, size))  # type: ignore[misc]
        assert one == other


def _read(data: bytes, taken: Callable[[Capture], Sequence[Frame]]) -> object:
    try:
        capture = Capture("capture", io.BytesIO(data), close=True)
    except CaptureError as error:
        assert "\n" not in str(error) and str(error)
        return str(error)
    read = taken(capture)
    assert (capture.cut_at is None) == (capture.cut_reason is None) == (not capture.cut_short)
    numbers = [frame.number for frame in read]
    assert numbers == sorted(set(numbers)) and capture.packets == len(read)
    for frame in read:
        assert len(frame.data) <= frame.original_length and 0 <= frame.time < MAX_TIME
        assert capture.interfaces[frame.interface].link_type == frame.link_type
    return read, [getattr(capture, name) for name in COUNTS]


def _one_by_one(capture: Capture) -> Sequence[Frame]:
    return list(capture)


def _by_the_chunk(capture: Capture, size: int) -> Sequence[Frame]:
    return [chunk.frame(index) for chunk in chunks(capture, size) for index in range(len(chunk))]


def decoders(data: bytes) -> None:
    """Both decoders on the same frames, read in one go and in pieces."""
    _agree(frames(data))


def stories(data: bytes) -> None:
    """Both decoders on a conversation with errors: the first byte tells which one, the rest what is done to it."""
    _agree(edited(data))


def _agree(given: Sequence[Frame]) -> None:
    expected = said(Decoded(exact(given)))
    for size in (1 << 22, 4000):
        assert said(Decoded(columnar(iter(given), chunk_bytes=size))) == expected


_DESK = Path(gettempdir()) / f"nfsanalyze-fuzz-{os.getpid()}.pcap"


def whole(data: bytes) -> None:
    """The whole scan of a file."""
    try:
        scan(data, _DESK)
    finally:
        _DESK.unlink(missing_ok=True)
