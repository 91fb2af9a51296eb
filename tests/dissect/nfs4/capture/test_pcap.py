"""pcap records: clocks, byte orders, lengths that are not to be trusted."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from dissect.nfs4.capture import EmptyCapture, UnsupportedFormat
from wire.captures import read
from wire.frames import pcap_file

TIME = 1_700_000_000_123_456_789
FRAMES = [(TIME, b"first"), (TIME + 5_000, b"second!"), (TIME - 1_000, b"")]


def header(order: str = "<", magic: int = 0xA1B2C3D4, network: int = 1, version: tuple[int, int] = (2, 4)) -> bytes:
    return struct.pack(order + "IHHiIII", magic, *version, 0, 0, 262144, network)


def record(data: bytes, captured: int | None = None, original: int | None = None) -> bytes:
    captured = len(data) if captured is None else captured
    return struct.pack("<IIII", 1, 2, captured, captured if original is None else original) + data


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nanoseconds", [False, True])
def test_both_clocks_in_both_byte_orders(tmp_path: Path, order: str, nanoseconds: bool) -> None:
    frames, capture = read(tmp_path / "f", pcap_file(FRAMES, byteorder=order, nanoseconds=nanoseconds))
    unit = 1 if nanoseconds else 1000
    assert [(f.number, f.time, f.data, f.original_length) for f in frames] == [
        (number, time // unit * unit, data, len(data)) for number, (time, data) in enumerate(FRAMES, start=1)
    ]
    assert (capture.format, capture.packets, capture.cut_short, capture.cut_at) == ("pcap", 3, False, None)
    assert (capture.first, capture.last) == ((TIME - 1_000) // unit * unit, (TIME + 5_000) // unit * unit)
    assert capture.link_types == ("ethernet",)
    assert [i.snaplen for i in capture.interfaces] == [262144]


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_modified_format_has_longer_record_headers(tmp_path: Path, order: str) -> None:
    data = header(order, magic=0xA1B2CD34)
    for octets in (b"abc", b"defg"):
        data += struct.pack(order + "IIIIIHBB", 7, 8, len(octets), len(octets), 2, 0x0800, 0, 0) + octets
    frames, capture = read(tmp_path / "f", data)
    assert [(f.time, f.data) for f in frames] == [(7_000_008_000, b"abc"), (7_000_008_000, b"defg")]
    assert not capture.cut_short


def test_the_network_word_also_tells_of_the_check_sequence(tmp_path: Path) -> None:
    frames, _ = read(tmp_path / "f", header(network=0x24000000 | 113) + record(b"x"))
    assert frames[0].link_type == 113


def test_bytes_beyond_the_original_length_were_not_on_the_wire(tmp_path: Path) -> None:
    frames, capture = read(
        tmp_path / "f", header() + record(b"wire" + b"trailer of 16 by", original=4) + record(b"next")
    )
    assert [(f.data, f.original_length) for f in frames] == [(b"wire", 4), (b"next", 4)]
    assert (capture.snaplen, capture.snaplen_cut_packets) == (None, 0)


def test_the_snaplen_that_cut_is_the_shortest_that_frames_were_cut_to(tmp_path: Path) -> None:
    data = header() + record(b"x" * 10, original=11) + record(b"x" * 96, original=1500) + record(b"x")
    _, capture = read(tmp_path / "f", data)
    assert (capture.snaplen, capture.snaplen_cut_packets) == (10, 2)


def test_a_header_without_packets_is_a_capture(tmp_path: Path) -> None:
    frames, capture = read(tmp_path / "f", header())
    assert frames == []
    assert (capture.packets, capture.first, capture.last, capture.cut_short) == (0, None, None, False)
    assert capture.link_types == ()


@pytest.mark.parametrize("missing", [1, 6, 15, 20])
def test_the_last_record_may_be_cut(tmp_path: Path, missing: int) -> None:
    whole = header() + record(b"first")
    frames, capture = read(tmp_path / "f", (whole + record(b"second"))[:-missing])
    assert [f.data for f in frames] == [b"first"]
    assert (capture.cut_short, capture.cut_at) == (True, len(whole))
    assert capture.cut_reason is not None and capture.cut_reason.startswith("the file ends inside a record")


def test_an_absurd_record_ends_the_capture_there(tmp_path: Path) -> None:
    whole = header() + record(b"first")
    frames, capture = read(tmp_path / "f", whole + record(b"", captured=0x7FFFFFFF) + record(b"never") * 100)
    assert len(frames) == 1
    assert (capture.cut_short, capture.cut_at) == (True, len(whole))
    assert "damaged" in (capture.cut_reason or "")


def test_a_header_that_is_not_whole_holds_nothing(tmp_path: Path) -> None:
    for length in range(1, 24):
        with pytest.raises(EmptyCapture, match="holds no packets"):
            read(tmp_path / "f", header()[:length])


def test_another_version_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormat, match=r"pcap version 2\.2; convert it: editcap"):
        read(tmp_path / "f", header(version=(2, 2)))


def test_records_longer_than_what_is_read_at_a_time(tmp_path: Path) -> None:
    big = bytes(range(256)) * 4000
    frames, capture = read(tmp_path / "f", header() + (record(big) + record(b"small")) * 4)
    assert [len(f.data) for f in frames] == [len(big), 5] * 4
    assert all(f.data == big for f in frames[::2])
    assert not capture.cut_short
