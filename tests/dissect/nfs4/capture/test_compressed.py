"""Compressed captures: whole, in several members, cut and damaged."""

from __future__ import annotations

import builtins
import bz2
import gzip
import lzma
import struct
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import lz4.frame
import pytest

from dissect.nfs4.capture import EmptyCapture, UnsupportedFormat, open_capture
from wire.captures import read
from wire.frames import pcap_file

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Frames that do not compress to nothing, in more than one piece of the readers' size.
FRAMES = [(n * 1000, struct.pack(">Q", n * n * 0x9E3779B97F4A7C15 % 2**64) * 40) for n in range(1, 9000)]
PLAIN = pcap_file(FRAMES)
PACKERS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("zstd", zstd.compress),
    ("xz", lzma.compress),
    ("bzip2", bz2.compress),
    ("lz4", lz4.frame.compress),
]
EACH = pytest.mark.parametrize(("name", "pack"), PACKERS)


@EACH
def test_what_was_packed_comes_out(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    frames, capture = read(tmp_path / "case.pcap", pack(PLAIN))
    assert [(f.time, f.data) for f in frames] == FRAMES
    assert (capture.format, capture.cut_short) == (f"pcap+{name}", False)


@EACH
def test_members_follow_each_other(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    cuts = [0, 10, 24, 5000, 5000, 700_000, len(PLAIN)]
    packed = b"".join(pack(PLAIN[a:b]) for a, b in pairwise(cuts))
    frames, capture = read(tmp_path / "f", packed)
    assert len(frames) == len(FRAMES)
    assert not capture.cut_short


@EACH
def test_a_stream_that_ends_early_is_read_to_its_end(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(PLAIN)
    frames, capture = read(tmp_path / "f", packed[: len(packed) // 2])
    assert 0 < len(frames) < len(FRAMES)
    assert [(f.time, f.data) for f in frames] == FRAMES[: len(frames)]
    assert (capture.cut_short, capture.cut_reason) == (True, f"the {name} stream ends early")
    assert capture.cut_at is not None and 0 < capture.cut_at < len(PLAIN)


@EACH
def test_a_check_sum_cut_off_is_said_too(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(PLAIN)
    if name == "zstd":
        packed = zstd.compress(PLAIN, options={zstd.CompressionParameter.checksum_flag: 1})
    frames, capture = read(tmp_path / "f", packed[:-2])
    assert len(frames) == len(FRAMES)
    assert (capture.cut_short, capture.cut_at) == (True, len(PLAIN))


@EACH
def test_damage_in_the_middle_ends_it(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    packed = bytearray(pack(PLAIN))
    middle = len(packed) // 2
    packed[middle : middle + 64] = bytes(64)
    _, capture = read(tmp_path / "f", bytes(packed))
    assert capture.cut_short
    assert "damaged" in (capture.cut_reason or "")


@EACH
def test_nothing_inside(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    with pytest.raises(EmptyCapture, match="holds no bytes when unpacked"):
        read(tmp_path / "f", pack(b""))
    with pytest.raises(EmptyCapture, match=f"the {name} stream ends early"):
        read(tmp_path / "f", pack(PLAIN)[:6])


def test_gzip_may_be_padded_with_zeros(tmp_path: Path) -> None:
    _, capture = read(
        tmp_path / "f",
        gzip.compress(PLAIN[:5000], mtime=0) + bytes(600_000) + gzip.compress(PLAIN[5000:], mtime=0) + b"\0",
    )
    assert (capture.packets, capture.cut_short) == (len(FRAMES), False)


def test_bytes_after_gzip_that_are_none_are_said(tmp_path: Path) -> None:
    _, capture = read(tmp_path / "f", gzip.compress(PLAIN, mtime=0) + b"and then this")
    assert (capture.packets, capture.cut_short) == (len(FRAMES), True)


def test_skippable_frames_of_zstd(tmp_path: Path) -> None:
    skipped = bytes.fromhex("502a4d18 03000000") + b"abc"
    _, capture = read(tmp_path / "f", skipped + zstd.compress(PLAIN) + skipped)
    assert (capture.packets, capture.cut_short, capture.format) == (len(FRAMES), False, "pcap+zstd")


def test_without_a_zstd_decoder_the_message_helps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object) -> ModuleType:
        if name.startswith(("backports", "compression")):
            raise ImportError(name)
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UnsupportedFormat, match=r"f: zstd needs the Python package backports\.zstd; or unpack it"):
        read(tmp_path / "f", zstd.compress(PLAIN))


def test_without_an_lz4_decoder_the_message_helps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("lz4", "lz4.frame"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UnsupportedFormat, match=r"f: lz4 needs a decoder: pip install 'nfsanalyze\[lz4\]'"):
        read(tmp_path / "f", lz4.frame.compress(PLAIN))


@pytest.mark.parametrize("block_linked", [True, False])
@pytest.mark.parametrize("block_size", [lz4.frame.BLOCKSIZE_MAX64KB, lz4.frame.BLOCKSIZE_MAX4MB])
def test_blocks_of_lz4_in_all_sizes(tmp_path: Path, block_size: int, block_linked: bool) -> None:
    packed = lz4.frame.compress(
        PLAIN, block_size=block_size, block_linked=block_linked, content_checksum=True, block_checksum=True
    )
    frames, capture = read(tmp_path / "f", packed)
    assert (len(frames), capture.cut_short) == (len(FRAMES), False)
    frames, capture = read(tmp_path / "f", packed[:-1])
    assert (len(frames), capture.cut_short, capture.cut_at) == (len(FRAMES), True, len(PLAIN))


def test_skippable_frames_of_lz4(tmp_path: Path) -> None:
    skipped = bytes.fromhex("502a4d18 03000000") + b"abc"
    _, capture = read(tmp_path / "f", lz4.frame.compress(PLAIN) + skipped + lz4.frame.compress(PLAIN[24:]) + skipped)
    assert (capture.packets, capture.cut_short, capture.format) == (2 * len(FRAMES), False, "pcap+lz4")


def test_xz_may_be_padded_with_zeros(tmp_path: Path) -> None:
    _, capture = read(
        tmp_path / "f", lzma.compress(PLAIN[:5000]) + bytes(600_000) + lzma.compress(PLAIN[5000:]) + bytes(4)
    )
    assert (capture.packets, capture.cut_short) == (len(FRAMES), False)


@pytest.mark.parametrize("name", ["xz", "bzip2", "lz4", "zstd"])
def test_bytes_after_a_stream_that_are_none_are_said(tmp_path: Path, name: str) -> None:
    _, capture = read(tmp_path / "f", dict(PACKERS)[name](PLAIN) + b"and then this")
    assert (capture.packets, capture.cut_short) == (len(FRAMES), True)


def greedy(packed: bytes) -> bytes:
    """An xz stream whose first block asks for a dictionary of 4 GiB."""
    size = (packed[12] + 1) * 4
    header = packed[12:16] + bytes((40,)) + packed[17 : 12 + size - 4]
    return packed[:12] + header + struct.pack("<I", zlib.crc32(header)) + packed[12 + size :]


def test_the_dictionary_of_xz_is_bounded(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormat, match="f: needs more than 256 MiB; unpack it: xz -d IN"):
        read(tmp_path / "f", greedy(lzma.compress(PLAIN)))
    frames, capture = read(tmp_path / "f", lzma.compress(PLAIN) + greedy(lzma.compress(PLAIN)))
    assert len(frames) == len(FRAMES)
    assert "Memory usage limit exceeded" in (capture.cut_reason or "")


@EACH
def test_what_inflates_a_thousandfold_stays_in_bounds(
    tmp_path: Path, name: str, pack: Callable[[bytes], bytes]
) -> None:
    zeros = pcap_file([(1000, bytes(200_000))] * 300)
    (tmp_path / "f").write_bytes(pack(zeros))
    tracemalloc.start()
    with open_capture(tmp_path / "f") as capture:
        frames = sum(1 for _ in capture)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (frames, capture.cut_short) == (300, False)
    assert peak < 16 << 20 < len(zeros)
