"""gzip and zstd: whole, in several members, cut and damaged."""

from __future__ import annotations

import builtins
import gzip
import struct
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

from dissect.nfs4.capture import EmptyCapture, UnsupportedFormat
from wire.captures import read
from wire.frames import pcap_file

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Frames that do not compress to nothing, in more than one piece of the readers' size.
FRAMES = [(n * 1000, struct.pack(">Q", n * n * 0x9E3779B97F4A7C15 % 2**64) * 40) for n in range(1, 9000)]
PLAIN = pcap_file(FRAMES)
BOTH = pytest.mark.parametrize(("name", "pack"), [("gzip", gzip.compress), ("zstd", zstd.compress)])


@BOTH
def test_what_was_packed_comes_out(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    frames, capture = read(tmp_path / "case.pcap", pack(PLAIN))
    assert [(f.time, f.data) for f in frames] == FRAMES
    assert (capture.format, capture.cut_short) == (f"pcap+{name}", False)


@BOTH
def test_members_follow_each_other(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    cuts = [0, 10, 24, 5000, 5000, 700_000, len(PLAIN)]
    packed = b"".join(pack(PLAIN[a:b]) for a, b in pairwise(cuts))
    frames, capture = read(tmp_path / "f", packed)
    assert len(frames) == len(FRAMES)
    assert not capture.cut_short


@BOTH
def test_a_stream_that_ends_early_is_read_to_its_end(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(PLAIN)
    frames, capture = read(tmp_path / "f", packed[: len(packed) // 2])
    assert 0 < len(frames) < len(FRAMES)
    assert [(f.time, f.data) for f in frames] == FRAMES[: len(frames)]
    assert (capture.cut_short, capture.cut_reason) == (True, f"the {name} stream ends early")
    assert capture.cut_at is not None and 0 < capture.cut_at < len(PLAIN)


@BOTH
def test_a_check_sum_cut_off_is_said_too(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(PLAIN)
    if name == "zstd":
        packed = zstd.compress(PLAIN, options={zstd.CompressionParameter.checksum_flag: 1})
    frames, capture = read(tmp_path / "f", packed[:-2])
    assert len(frames) == len(FRAMES)
    assert (capture.cut_short, capture.cut_at) == (True, len(PLAIN))


@BOTH
def test_damage_in_the_middle_ends_it(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    packed = bytearray(pack(PLAIN))
    middle = len(packed) // 2
    packed[middle : middle + 64] = bytes(64)
    _, capture = read(tmp_path / "f", bytes(packed))
    assert capture.cut_short
    assert "damaged" in (capture.cut_reason or "")


@BOTH
def test_nothing_inside(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    with pytest.raises(EmptyCapture, match="holds no bytes when unpacked"):
        read(tmp_path / "f", pack(b""))
    with pytest.raises(EmptyCapture, match=f"the {name} stream ends early"):
        read(tmp_path / "f", pack(PLAIN)[:5])


def test_gzip_may_be_padded_with_zeros(tmp_path: Path) -> None:
    _, capture = read(
        tmp_path / "f", gzip.compress(PLAIN[:5000]) + bytes(600_000) + gzip.compress(PLAIN[5000:]) + b"\0"
    )
    assert (capture.packets, capture.cut_short) == (len(FRAMES), False)


def test_bytes_after_gzip_that_are_none_are_said(tmp_path: Path) -> None:
    _, capture = read(tmp_path / "f", gzip.compress(PLAIN) + b"and then this")
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
