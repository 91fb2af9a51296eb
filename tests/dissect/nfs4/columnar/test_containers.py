"""Whatever file frames lie in, both decoders find the same in it, and end at the same place with the same words."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from decoded import Decoded
from hypothesis import given, settings
from hypothesis import strategies as st
from same import COUNTS, compare, opened, said

from dissect.nfs4.capture import Capture, open_capture
from dissect.nfs4.columnar import columnar, feed
from dissect.nfs4.columnar.pcapng import nanoseconds
from dissect.nfs4.columnar.records import chunks
from dissect.nfs4.exact import exact
from wire.captures import Pcapng, snoop_file
from wire.dialogue import Wire

SIZES = (1, 1_400, 10_000, 1 << 20)
RESOLUTIONS = (None, 3, 6, 9, 12, 0x80 | 10, 0x80 | 30, 0x80 | 40)


def talk(calls: int = 40) -> Wire:
    wire = Wire()
    connection = wire.connect("10.0.0.11:871", "10.0.0.1:2049", mss=300)
    for number in range(calls):
        connection.call("RENEW", clientid=0x11).reply()
        if number % 8 == 0:
            connection.call("WRITE", data=bytes(1000)).reply()
    return wire


def stamped(time: int, tsresol: int | None, seconds: int = 0) -> int:
    """A time as an interface of this resolution writes it."""
    time -= seconds * 10**9
    if tsresol is None:
        tsresol = 6
    if tsresol & 0x80:
        return ((time << (tsresol & 0x7F)) // 10**9) % (1 << 64)
    return (time * 10**tsresol // 10**9) % (1 << 64)


@st.composite
def sectioned(draw: st.DrawFn) -> bytes:
    """The same frames in blocks of all kinds, in sections of either byte order, with blocks between that are none."""
    out = Pcapng(draw(st.sampled_from("<>"))).section()
    interfaces: list[tuple[int | None, int]] = []
    for time, frame in talk(draw(st.integers(2, 25))).frames:
        if draw(st.integers(0, 30)) == 0:
            out, interfaces = out.section(draw(st.sampled_from("<>"))), []
        if not interfaces or draw(st.integers(0, 30)) == 0:
            interfaces.append((draw(st.sampled_from(RESOLUTIONS)), draw(st.sampled_from([0, 0, 0, 3600]))))
            tsresol, seconds = interfaces[-1]
            out = out.interface(1, draw(st.sampled_from([0, 0, 100])), tsresol, seconds or None)
        which = draw(st.integers(0, len(interfaces) - 1))
        stamp = stamped(time, *interfaces[which])
        kind = draw(st.sampled_from("eeeeeeopsx"))
        if kind == "x":
            body = draw(st.binary(max_size=40))
            out = out.block(draw(st.sampled_from([4, 5, 9, 0xBAD, 0x40000BAD, 77])), body)
        if kind in "ex":
            out = out.packet(frame, stamp, interface=which)
        elif kind == "p":
            out = out.packet(frame[: len(frame) - 10], stamp, interface=which, original=len(frame))
        elif kind == "o":
            out = out.obsolete_packet(frame, stamp, interface=which)
        else:
            out = out.simple_packet(frame, len(frame))
    return out.data


@settings(max_examples=60, deadline=None)
@given(sectioned(), st.sampled_from(SIZES))
def test_pcapng_of_all_kinds(data: bytes, size: int) -> None:
    compare(data, size)


def plain(kind: str, calls: int = 40) -> bytes:
    wire = talk(calls)
    if kind == "snoop":
        return snoop_file(*wire.frames)
    if kind == "pcapng":
        out = Pcapng().section().interface(tsresol=9)
        for time, frame in wire.frames:
            out = out.packet(frame, time)
        return out.data
    if kind == "modified":
        data = wire.pcap()
        parts, at = [b"\x34\xcd\xb2\xa1" + data[4:24]], 24
        while at < len(data):
            size = struct.unpack_from("<I", data, at + 8)[0]
            parts.append(data[at : at + 16] + bytes(8) + data[at + 16 : at + 16 + size])
            at += 16 + size
        return b"".join(parts)
    return wire.pcap(byteorder=">" if kind == "big-endian" else "<", nanoseconds=kind == "nanoseconds")


KINDS = ("pcap", "big-endian", "nanoseconds", "modified", "pcapng", "snoop")


@pytest.mark.parametrize("kind", KINDS)
def test_every_format(kind: str) -> None:
    compare(plain(kind), *SIZES)


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_every_format_damaged(data: st.DataObject) -> None:
    """Bytes changed, cut out, repeated or zeroed anywhere but in the first block."""
    whole = bytearray(plain(data.draw(st.sampled_from(KINDS)), data.draw(st.sampled_from([9, 25]))))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(48, len(whole) - 1))
        length = data.draw(st.sampled_from([1, 2, 4, 16, 400]))
        how = data.draw(st.sampled_from(["change", "cut", "zero", "end", "tail", "ones"]))
        if how == "change":
            whole[at] ^= data.draw(st.integers(1, 255))
        elif how == "cut":
            del whole[at : at + length]
        elif how == "zero":
            whole[at : at + length] = bytes(len(whole[at : at + length]))
        elif how == "ones":
            whole[at : at + length] = b"\xff" * len(whole[at : at + length])
        elif how == "end":
            del whole[at:]
        else:
            whole[at:] = bytes(len(whole) - at)
        if len(whole) < 60:
            break
    compare(bytes(whole), data.draw(st.sampled_from(SIZES)))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bzip2", "xz"])
@pytest.mark.parametrize("kind", ["pcap", "pcapng", "snoop"])
def test_compressed(pack: Any, kind: str) -> None:
    compare(pack(plain(kind)), 1_400, 1 << 20)


def test_compressed_and_cut() -> None:
    packed = gzip.compress(plain("pcap"))
    for end in (len(packed) // 2, len(packed) - 4):
        compare(packed[:end], 1_400, 1 << 20)


@pytest.mark.parametrize("kind", KINDS)
def test_zeros_behind_the_last_record(kind: str) -> None:
    """A file for which space was set aside, and whose writer died."""
    data = plain(kind)
    capture = opened(data + bytes(4096))
    assert sum(len(chunk) for chunk in chunks(capture, 1 << 20)) == opened_packets(data)
    assert (capture.cut_short, capture.cut_at) == (True, len(data))
    assert capture.cut_reason == f"zero-filled from byte {len(data)}"
    compare(data + bytes(4096), *SIZES)


def opened_packets(data: bytes) -> int:
    return sum(1 for _ in opened(data))


def test_a_long_block_that_is_no_packet_is_passed_over() -> None:
    out = Pcapng().section().interface()
    wire = talk(4)
    for number, (time, frame) in enumerate(wire.frames):
        out = out.packet(frame, time // 1000)
        if number == 10:
            out = out.block(0xBAD, bytes(50_000))
    compare(out.data, *SIZES)
    for end in (20_000, 51_000):
        compare(out.data[:end], *SIZES)
    wrong = bytearray(out.data)
    at = out.data.index(struct.pack("<II", 0xBAD, 50_012)) + 50_008
    wrong[at] ^= 1
    compare(bytes(wrong), *SIZES)


@given(
    st.lists(st.integers(0, (1 << 64) - 1), min_size=1, max_size=8),
    st.integers(0, 255),
    st.integers(-(1 << 63), (1 << 63) - 1),
)
def test_times_of_any_clock(stamps: list[int], tsresol: int, seconds: int) -> None:
    out = Pcapng().section().interface(tsresol=tsresol, tsoffset=seconds)
    for stamp in stamps:
        out = out.packet(b"", stamp)
    capture = opened(out.data)
    frames = list(capture)
    found = nanoseconds(np.array(stamps, np.uint64), capture.interfaces[0])
    assert capture.untimed == sum(1 for time in found if time < 0)
    clock, expected = 0, []
    for time in found.tolist():
        clock = time if time >= 0 else clock
        expected.append(clock)
    assert [frame.time for frame in frames] == expected


def test_a_file_is_mapped_stretch_by_stretch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mapped = []
    before = feed._mapped

    def watched(*given: Any) -> Any:
        mapped.append(before(*given))
        return mapped[-1]

    monkeypatch.setattr(feed, "_mapped", watched)
    path = talk(900).write(tmp_path / "case.pcap")
    compare_file(path, 20_000)
    assert sum(each is not None for each in mapped) > 5


def test_near_the_end_as_much_as_can_be_is_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stretches = []
    before = feed.Feed.stretch

    def watched(self: feed.Feed, at: int, octets: int) -> feed.Stretch:
        stretches.append((at, self.mapped, octets, before(self, at, octets)))
        return stretches[-1][3]

    monkeypatch.setattr(feed.Feed, "stretch", watched)
    monkeypatch.setattr(feed, "_WORTH", 20_000)
    path = talk(900).write(tmp_path / "case.pcap")
    compare_file(path, 1 << 20)
    short = [
        each.stop - each.start for _, mapped, octets, each in stretches if mapped and each.stop - each.start < octets
    ]
    assert 20_000 <= max(short) < path.stat().st_size
    assert not stretches[0][3].last


def test_a_record_longer_than_what_is_left_to_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stretch that was shortened and holds no whole record is not given again."""
    monkeypatch.setattr(feed, "_WORTH", 1)
    wire = Wire()
    connection = wire.connect("10.0.0.11:871", "10.0.0.1:2049")
    for _ in range(8):
        connection.call("WRITE", data=bytes(60_000)).reply()
    compare_file(wire.write(tmp_path / "case.pcap"), 100_000)


def test_what_cannot_be_mapped_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the middle of the file on, where some of it was mapped before."""
    calls = []
    before = feed._mapped

    def failing(*given: Any) -> Any:
        calls.append(given)
        if len(calls) == 4:
            raise OSError(14, "bad address")
        return before(*given)

    monkeypatch.setattr(feed, "_mapped", failing)
    path = talk(900).write(tmp_path / "case.pcap")
    compare_file(path, 20_000)
    assert len(calls) == 4


def compare_file(path: Path, size: int) -> None:
    with open_capture(path) as reference:
        expected = said(Decoded(exact(reference)))
    with open_capture(path) as capture:
        assert said(Decoded(columnar(capture, chunk_bytes=size))) == expected
        assert [getattr(capture, name) for name in COUNTS] == [getattr(reference, name) for name in COUNTS]


def test_a_read_that_fails_ends_the_capture() -> None:
    data = plain("pcap")

    class Failing:
        """Gives half of the file, and then an error."""

        def __init__(self) -> None:
            self.at = 0

        def read(self, size: int) -> bytes:
            if self.at >= len(data) // 2:
                raise OSError(5, "Input/output error")
            piece = data[self.at : min(self.at + size, len(data) // 2)]
            self.at += len(piece)
            return piece

        def close(self) -> None:
            pass

    found = []
    for decode in (exact, columnar):
        capture = Capture("capture", Failing(), close=True)  # type: ignore[arg-type]
        found.append((said(Decoded(decode(capture))), [getattr(capture, name) for name in COUNTS]))
    assert found[0] == found[1]
    assert found[0][1][COUNTS.index("cut_reason")] == "reading failed: Input/output error"
