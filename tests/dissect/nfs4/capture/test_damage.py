"""Whatever the bytes: frames, then an end that says whether it was one, or a typed error."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from unittest.mock import patch

import lz4.frame
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect.nfs4.capture import Capture, CaptureError, EmptyCapture, Frame, open_capture
from dissect.nfs4.capture.frame import MAX_TIME
from wire.captures import Pcapng, snoop_file
from wire.frames import pcap_file

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FRAMES = [(10**9 * n, bytes((n,)) * n) for n in range(1, 12)]


def _pcapng() -> bytes:
    made = Pcapng().section().interface(1, 96).interface(113, tsresol=0x8A, tsoffset=3)
    made = made.packet(b"one", 5).obsolete_packet(b"two", 6, interface=1).simple_packet(b"three")
    made = made.block(5, bytes(12)).section(">").interface(tsresol=9)
    return made.packet(b"four", 1).block(9, bytes(8)).packet(b"five" * 9, 2).data


PLAIN = {
    "pcap": pcap_file(FRAMES),
    "pcap big-endian ns": pcap_file(FRAMES, byteorder=">", nanoseconds=True),
    "pcapng": _pcapng(),
    "snoop": snoop_file(*FRAMES),
}
PACKED = {
    "gzip": gzip.compress(PLAIN["pcap"], mtime=0),
    "zstd": zstd.compress(PLAIN["pcapng"]),
    "xz": lzma.compress(PLAIN["snoop"]),
    "bzip2": bz2.compress(PLAIN["pcap"]),
    "lz4": lz4.frame.compress(PLAIN["pcapng"]),
}
FILES = PLAIN | PACKED


@contextmanager
def opened(data: bytes) -> Iterator[Capture]:
    class Stdin:
        buffer = io.BytesIO(data)
        isatty = buffer.isatty

    with patch("sys.stdin", Stdin):
        yield open_capture("-")


def outcome(data: bytes) -> tuple[list[Frame], Capture] | CaptureError:
    """What reading gives; and what must hold of it always."""
    try:
        with opened(data) as capture:
            frames = list(capture)
    except CaptureError as error:
        assert "\n" not in str(error) and str(error).startswith("-: ")
        return error
    assert capture.packets == len(frames)
    assert (capture.cut_at is None) == (capture.cut_reason is None) == (not capture.cut_short)
    numbers = [frame.number for frame in frames]
    assert numbers == sorted(set(numbers)) and all(number >= 1 for number in numbers)
    for frame in frames:
        assert len(frame.data) <= frame.original_length
        assert 0 <= frame.time < MAX_TIME
        assert capture.interfaces[frame.interface].link_type == frame.link_type
    return frames, capture


@cache
def whole(name: str) -> tuple[list[Frame], Capture]:
    result = outcome(FILES[name])
    assert not isinstance(result, CaptureError) and not result[1].cut_short
    return result


@pytest.mark.parametrize("name", PLAIN)
def test_cut_at_every_byte_the_whole_frames_remain(name: str) -> None:
    data = PLAIN[name]
    before = 0
    for length in range(len(data)):
        result = outcome(data[:length])
        if isinstance(result, CaptureError):
            assert isinstance(result, EmptyCapture)
            assert before == 0
            continue
        frames, capture = result
        assert frames == whole(name)[0][: len(frames)]
        assert len(frames) >= before
        before = len(frames)
        if capture.cut_short:
            assert capture.cut_at is not None and capture.cut_at <= length


@pytest.mark.parametrize("name", PACKED)
def test_a_compressed_file_cut_anywhere_says_so(name: str) -> None:
    data = FILES[name]
    for length in range(5, len(data)):
        result = outcome(data[:length])
        if not isinstance(result, CaptureError):
            assert result[1].cut_short
            assert result[0] == whole(name)[0][: len(result[0])]


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_changed_bytes_end_in_a_value_or_a_typed_error(name: str, data: st.DataObject) -> None:
    damaged = bytearray(FILES[name])
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    outcome(bytes(damaged))


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=60, deadline=None)
@given(st.integers(4, 120), st.binary(max_size=300))
def test_any_bytes_after_a_beginning(name: str, kept: int, rest: bytes) -> None:
    outcome(FILES[name][:kept] + rest)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    outcome(data)


@pytest.mark.parametrize("name", ["12-02-snoop.snoop", "02-v40-ucs-takeover.pcapng", "12-02-bigendian.pcap"])
def test_a_real_capture_cut_at_every_byte_of_its_end(name: str) -> None:
    data = (Path(__file__).parents[4] / "samples" / name).read_bytes()
    result = outcome(data)
    assert not isinstance(result, CaptureError)
    everything = [frame.data for frame in result[0]]
    for length in range(len(data) - 600, len(data)):
        shorter = outcome(data[:length])
        assert not isinstance(shorter, CaptureError)
        assert everything[: len(shorter[0])] == [frame.data for frame in shorter[0]]
        assert len(shorter[0]) >= len(everything) - 8


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 24_930), st.integers(0, 255))
def test_a_real_capture_with_one_byte_changed(at: int, value: int) -> None:
    data = bytearray((Path(__file__).parents[4] / "samples" / "12-02-from180.pcap").read_bytes())
    data[at] = value
    outcome(bytes(data))
