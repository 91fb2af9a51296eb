"""snoop files as RFC 1761 has them."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from dissect.nfs4.capture import EmptyCapture, LinkType, UnsupportedFormat
from wire.captures import read, snoop_file

TIME = 1_700_000_000_123_456_000


def test_records_with_their_padding(tmp_path: Path) -> None:
    frames, capture = read(tmp_path / "f", snoop_file((TIME, b"abcde"), (TIME + 1000, b"fghi")))
    assert [(f.number, f.time, f.data, f.original_length, f.link_type) for f in frames] == [
        (1, TIME, b"abcde", 5, LinkType.ETHERNET),
        (2, TIME + 1000, b"fghi", 4, LinkType.ETHERNET),
    ]
    assert (capture.format, capture.cut_short, capture.link_types) == ("snoop", False, ("ethernet",))


@pytest.mark.parametrize(
    ("datalink", "name"),
    [
        (0, "ethernet"),
        (4, "ethernet"),
        (25, "ethernet"),
        (2, "ieee802-5"),
        (8, "fddi"),
        (26, "snoop-ipoib"),
        (0x80000005, "ipnet"),
        (9, "snoop-9"),
        (0xFFFFFFFF, "snoop-4294967295"),
    ],
)
def test_datalink_types_go_to_link_types(tmp_path: Path, datalink: int, name: str) -> None:
    _, capture = read(tmp_path / "f", snoop_file((TIME, b"x"), datalink=datalink))
    assert capture.link_types == (name,)


def test_a_cut_frame_says_so(tmp_path: Path) -> None:
    data = snoop_file() + struct.pack(">IIIIII", 1500, 8, 32, 3, 1, 2) + b"12345678"
    frames, capture = read(tmp_path / "f", data)
    assert [(f.data, f.original_length, f.time) for f in frames] == [(b"12345678", 1500, 1_000_002_000)]
    assert (capture.snaplen, capture.snaplen_cut_packets) == (8, 1)


def test_the_padding_of_the_last_record_may_be_missing(tmp_path: Path) -> None:
    frames, capture = read(tmp_path / "f", snoop_file((TIME, b"abcde"))[:-3])
    assert [f.data for f in frames] == [b"abcde"]
    assert not capture.cut_short


@pytest.mark.parametrize("lengths", [(5, 24 + 4), (1 << 30, (1 << 30) + 24), (4, 1 << 24)])
def test_lengths_that_contradict_each_other_end_the_capture(tmp_path: Path, lengths: tuple[int, int]) -> None:
    whole = snoop_file((TIME, b"abcd"))
    frames, capture = read(tmp_path / "f", whole + struct.pack(">IIIIII", 4, *lengths, 0, 1, 2) + bytes(100))
    assert len(frames) == 1
    assert (capture.cut_short, capture.cut_at) == (True, len(whole))


def test_other_versions_are_named(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormat, match="snoop version 4; convert it"):
        read(tmp_path / "f", snoop_file(version=4))
    with pytest.raises(EmptyCapture, match="snoop file header"):
        read(tmp_path / "f", snoop_file()[:10])
