"""Whatever is in a frame, it ends in values."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect.nfs4.batch import LinkEvent, Note
from dissect.nfs4.capture import Frame, LinkType, open_capture
from dissect.nfs4.link import Other, Segment, Unwrapper
from dissect.nfs4.link.layers import LAYERS
from wire.frames import ACK, arp, ethernet, ip_packet, neighbour_advertisement, tcp_segment

SAMPLES = Path(__file__).parents[4] / "samples"
MAC = b"\2\0\0\0\0\1"


def _samples() -> list[tuple[int, bytes]]:
    four = ip_packet("10.0.0.1", "10.0.0.2", 6, tcp_segment(("10.0.0.1", 1), ("10.0.0.2", 2), 3, 4, ACK, b"abc" * 9), 5)
    six = ip_packet("fd00::1", "fd00::2", 6, tcp_segment(("fd00::1", 1), ("fd00::2", 2), 3, 4, ACK, b"abc" * 9), 5)
    headers = bytes.fromhex("2c000104 00000000 33000000 00000001 3c040000 00001000 00000001") + bytes(12)
    odd = six[1][:4] + (8 + 8 + 24 + 8).to_bytes(2, "big") + b"\0\x40" + six[1][8:40] + headers
    odd += bytes.fromhex("06000104 00000000") + six[1][40:]
    return [
        (LinkType.ETHERNET, ethernet(MAC, MAC, *four)),
        (LinkType.ETHERNET, ethernet(MAC, MAC, *six)),
        (LinkType.ETHERNET, ethernet(MAC, MAC, 0x8100, b"\0\1\x08\0" + four[1])),
        (LinkType.ETHERNET, arp(1, (MAC, "10.0.0.1"), (bytes(6), "10.0.0.2"))),
        (LinkType.ETHERNET, neighbour_advertisement(MAC, "fd00::1", False)),
        (LinkType.RAW, four[1][:6] + b"\x20\0" + four[1][8:]),
        (LinkType.RAW, odd),
    ]


def check(unwrapper: Unwrapper, frame: Frame, number: int = 1) -> list[Segment | Other]:
    items = list(unwrapper.feed(frame, number))
    assert len(items) == 1
    for item in items:
        assert item.frame == number
        if isinstance(item, Segment):
            assert len(item.payload) <= item.length
            for address in (item.source, item.destination):
                assert str(ipaddress.ip_address(address)) == address
    return items


def finish(unwrapper: Unwrapper) -> None:
    for item in unwrapper.drain(final=True):
        assert isinstance(item, LinkEvent | Note)
        if isinstance(item, LinkEvent):
            assert any(item.mac)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([*LAYERS, 147]), st.lists(st.binary(max_size=120), max_size=4), st.integers(0, 100))
def test_any_bytes_on_any_link(link_type: int, datas: list[bytes], beyond: int) -> None:
    unwrapper = Unwrapper()
    for data in datas:
        original = len(data) + beyond
        check(unwrapper, Frame(number=1, time=1, data=data, original_length=original, link_type=link_type, interface=0))
    finish(unwrapper)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(_samples()), st.data())
def test_real_headers_with_changed_bytes(sample: tuple[int, bytes], data: st.DataObject) -> None:
    link_type, octets = sample
    changed = bytearray(octets)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    kept = bytes(changed[: data.draw(st.integers(0, len(changed)))])
    unwrapper = Unwrapper()
    for original in (len(kept), len(changed)):
        check(unwrapper, Frame(number=1, time=1, data=kept, original_length=original, link_type=link_type, interface=0))
    finish(unwrapper)


@pytest.mark.parametrize("sample", range(len(_samples())))
def test_cut_at_every_byte_the_frame_is_a_cut_frame(sample: int) -> None:
    link_type, octets = _samples()[sample]
    whole = Frame(number=1, time=1, data=octets, original_length=len(octets), link_type=link_type, interface=0)
    (expected,) = check(Unwrapper(), whole)
    for kept in range(len(octets)):
        unwrapper = Unwrapper()
        cut = Frame(number=1, time=1, data=octets[:kept], original_length=len(octets), link_type=link_type, interface=0)
        (item,) = check(unwrapper, cut)
        reasons = [note.reason for note in unwrapper.drain(final=True) if isinstance(note, Note)]
        if isinstance(item, Segment):
            assert isinstance(expected, Segment)
            assert (item.seq, item.length) == (expected.seq, expected.length)
            assert expected.payload.startswith(item.payload)
            assert reasons == []
        elif item != expected:
            assert len(reasons) == 1 and reasons[0].startswith("snaplen cuts the ")


@pytest.mark.parametrize(
    "name", ["02-v40-ucs-takeover.pcapng", "11b-vlan100.pcapng", "04a-v40-nonucs-multihomed-any-sll2.pcap"]
)
def test_a_sample_at_every_snaplen(name: str) -> None:
    with open_capture(SAMPLES / name) as capture:
        frames = list(capture)[:60]
    for snaplen in range(160):
        unwrapper = Unwrapper()
        for frame in frames:
            cut = Frame(
                number=frame.number,
                time=frame.time,
                data=frame.data[:snaplen],
                original_length=frame.original_length,
                link_type=frame.link_type,
                interface=0,
            )
            check(unwrapper, cut, frame.number)
        finish(unwrapper)
