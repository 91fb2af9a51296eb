"""pcapng: sections, interfaces with clocks of their own, the three kinds of packet blocks, and blocks to skip."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from dissect.nfs4.capture import EmptyCapture, UnsupportedFormat
from wire.captures import Pcapng, read

SECOND = 10**9


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "case.pcapng"


def test_a_clock_ticks_microseconds_unless_it_says_otherwise(file: Path) -> None:
    frames, capture = read(file, Pcapng().section().interface().packet(b"abc", 1_700_000_000_000_001).data)
    assert [(f.number, f.time, f.data, f.link_type, f.interface) for f in frames] == [
        (1, 1_700_000_000_000_001_000, b"abc", 1, 0)
    ]
    assert (capture.format, capture.cut_short, capture.untimed) == ("pcapng", False, 0)


@pytest.mark.parametrize(
    ("tsresol", "stamp", "time"),
    [
        (0, 1_700_000_000, 1_700_000_000 * SECOND),
        (3, 1_700_000_000_123, 1_700_000_000_123_000_000),
        (9, 1_700_000_000_123_456_789, 1_700_000_000_123_456_789),
        (12, 1_700_000_123_456_789, 1_700_000_123_456),
        (0x80, 1_700_000_000, 1_700_000_000 * SECOND),
        (0x80 | 10, 1536, 1_500_000_000),
        (0x80 | 32, (7 << 32) + (1 << 31), 7_500_000_000),
    ],
)
def test_resolutions_are_powers_of_ten_or_of_two(file: Path, tsresol: int, stamp: int, time: int) -> None:
    frames, _ = read(file, Pcapng().section().interface(tsresol=tsresol).packet(b"", stamp).data)
    assert frames[0].time == time


def test_an_offset_is_added_in_seconds(file: Path) -> None:
    made = Pcapng().section().interface(tsresol=9, tsoffset=1_700_000_000).packet(b"", 5)
    frames, _ = read(file, made.interface(tsresol=9, tsoffset=-1).packet(b"", 3 * SECOND, interface=1).data)
    assert [f.time for f in frames] == [1_700_000_000 * SECOND + 5, 2 * SECOND]


def test_each_interface_has_its_own_clock_link_type_and_snaplen(file: Path) -> None:
    made = Pcapng().section().interface(1, 96, tsresol=9).interface(113, 0, tsresol=6)
    made = made.packet(b"a" * 96, 7, interface=0, original=200).packet(b"b", 7, interface=1)
    frames, capture = read(file, made.data)
    assert [(f.time, f.link_type, f.interface) for f in frames] == [(7, 1, 0), (7000, 113, 1)]
    assert [(i.link_type, i.snaplen) for i in capture.interfaces] == [(1, 96), (113, None)]
    assert capture.link_types == ("ethernet", "linux-sll")
    assert (capture.snaplen, capture.snaplen_cut_packets) == (96, 1)
    assert (capture.first, capture.last) == (7, 7000)


def test_sections_start_anew_and_may_turn_the_byte_order_around(file: Path) -> None:
    made = Pcapng("<").section().interface(1).packet(b"little", 1)
    made = made.section(">").interface(113, tsresol=9).packet(b"big", 2).section("<").interface(276).packet(b"end", 3)
    frames, capture = read(file, made.data)
    assert [(f.number, f.data, f.time, f.link_type, f.interface) for f in frames] == [
        (1, b"little", 1000, 1, 0),
        (2, b"big", 2, 113, 1),
        (3, b"end", 3000, 276, 2),
    ]
    assert not capture.cut_short


def test_an_interface_of_the_section_before_is_not_declared(file: Path) -> None:
    before = Pcapng().section().interface().packet(b"x").section()
    frames, capture = read(file, before.packet(b"y").data)
    assert len(frames) == 1
    assert (capture.cut_short, capture.cut_at) == (True, len(before.data))
    assert "interface 0" in (capture.cut_reason or "")


@pytest.mark.parametrize("order", ["<", ">"])
def test_all_kinds_of_packets(file: Path, order: str) -> None:
    made = Pcapng(order).section().interface(snaplen=4)
    made = made.packet(b"abcde", 9).obsolete_packet(b"fgh", 10).simple_packet(b"ijkl", original=6).packet(b"m", 11)
    frames, capture = read(file, made.data)
    assert [(f.number, f.data, f.original_length, f.time) for f in frames] == [
        (1, b"abcde", 5, 9000),
        (2, b"fgh", 3, 10_000),
        (3, b"ijkl", 6, 10_000),
        (4, b"m", 1, 11_000),
    ]
    assert (capture.untimed, capture.first, capture.last) == (1, 9000, 11_000)


def test_a_simple_packet_has_no_time_to_count_with(file: Path) -> None:
    frames, capture = read(file, Pcapng().section().interface().simple_packet(b"x").data)
    assert frames[0].time == 0
    assert (capture.first, capture.last, capture.untimed) == (None, None, 1)


def test_a_time_beyond_belief_is_no_time(file: Path) -> None:
    made = Pcapng().section().interface().packet(b"a", 5).packet(b"b", (1 << 64) - 1)
    frames, capture = read(file, made.interface(tsoffset=-(1 << 40)).packet(b"c", 6, interface=1).data)
    assert [f.time for f in frames] == [5000, 5000, 5000]
    assert (capture.untimed, capture.last) == (2, 5000)


def test_unknown_blocks_are_skipped_at_any_length(file: Path) -> None:
    made = Pcapng().section().interface().packet(b"a").block(0x80000001, b"mine").block(10, bytes(3 << 20))
    frames, capture = read(file, made.block(4, b"").packet(b"b").data)
    assert [(f.number, f.data) for f in frames] == [(1, b"a"), (2, b"b")]
    assert not capture.cut_short


def test_frames_have_the_numbers_that_wireshark_gives(file: Path) -> None:
    made = Pcapng().section().interface().packet(b"a").block(9, b"__REALTIME_TIMESTAMP=1\n\n").packet(b"b")
    frames, capture = read(file, made.block(0xBAD, bytes(8)).packet(b"c").block(5, bytes(12)).packet(b"d").data)
    assert [f.number for f in frames] == [1, 3, 5, 6]
    assert capture.packets == 4


def test_bytes_beyond_the_original_length_were_not_on_the_wire(file: Path) -> None:
    frames, _ = read(file, Pcapng().section().interface().packet(b"wire" + bytes(16), original=4).packet(b"n").data)
    assert [(f.data, f.original_length) for f in frames] == [(b"wire", 4), (b"n", 1)]


def test_padding_left_out_of_the_length(file: Path) -> None:
    made = Pcapng().section().interface()
    odd = Pcapng("<").packet(b"abcde").data
    short = (len(odd) - 3).to_bytes(4, "little")
    frames, capture = read(file, made.data + odd[:4] + short + odd[8:-4] + short + Pcapng().packet(b"next").data)
    assert [f.data for f in frames] == [b"abcde", b"next"]
    assert not capture.cut_short


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda made: made.packet(b"abc", captured=4000), "longer than its block"),
        (lambda made: made.block(6, bytes(8)), "too short"),
        (lambda made: made.block(1, b""), "too short"),
        (lambda made: made.block(6, bytes(20), total=8), "cannot be"),
        (lambda made: made.block(6, bytes(20), total=0xFFFFFFF0), "cannot be"),
        (lambda made: made.block(77, bytes(20), total=0xFFFFFFF0), "ends inside a block"),
        (lambda made: made.block(77, bytes(20), total=28), "two lengths differ"),
        (lambda made: made.section(major=9), "version"),
        (lambda made: made.block(0x0A0D0D0A, bytes(16)), "byte order"),
    ],
)
def test_damage_ends_the_capture_where_it_is(file: Path, damage: object, why: str) -> None:
    assert callable(damage)
    whole = Pcapng().section().interface().packet(b"x")
    frames, capture = read(file, damage(whole).packet(b"never").data)
    assert len(frames) == 1
    assert (capture.cut_short, capture.cut_at) == (True, len(whole.data))
    assert why in (capture.cut_reason or "")


def test_options_that_overrun_their_block_are_none(file: Path) -> None:
    made = Pcapng().section().block(1, bytes.fromhex("01000000 00000000 09000001 06"))
    frames, _ = read(file, made.packet(b"x", 1).data)
    assert frames[0].time == 1000


def test_the_first_block_decides(file: Path) -> None:
    with pytest.raises(UnsupportedFormat, match=r"pcapng version 2\.0"):
        read(file, Pcapng().section(major=2).data)
    with pytest.raises(UnsupportedFormat, match="byte order"):
        read(file, Pcapng().block(0x0A0D0D0A, bytes(16)).data)
    with pytest.raises(EmptyCapture):
        read(file, Pcapng().section().data[:12])


def test_a_flood_of_interfaces_ends_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dissect.nfs4.capture.pcapng.MAX_INTERFACES", 3)
    made = Pcapng().section().interface().interface().packet(b"a", 1).section().interface().packet(b"b", 2)
    frames, capture = read(file, made.interface().packet(b"c", 3).data)
    assert [f.data for f in frames] == [b"a", b"b"]
    assert len(capture.interfaces) == 3
    assert capture.cut_reason == "more than 3 interfaces: the file is damaged here"


def test_a_block_that_says_it_is_huge_is_not_waited_for(file: Path) -> None:
    """Four gigabytes are neither read nor reserved: not for a packet, and not for a block that is only skipped."""
    made = Pcapng().section().interface().packet(b"a", 1).data
    for kind in (6, 0x12345678):
        frames, capture = read(file, made + struct.pack("<II", kind, 0xFFFFFFFC) + bytes(64))
        assert [f.data for f in frames] == [b"a"]
        assert capture.cut_short
        assert capture.cut_at == len(made)
