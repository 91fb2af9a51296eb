"""ARP (RFC 826, RFC 5227) and IPv6 neighbour discovery (RFC 4861)."""

from __future__ import annotations

import ipaddress
import struct

import pytest

from dissect.nfs4.batch import LinkEvent, Note
from dissect.nfs4.capture import Frame
from dissect.nfs4.link import Unwrapper
from wire.frames import arp, ethernet, neighbour_advertisement

HEAD1, HEAD2 = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
ADDRESS, OTHER = "10.0.0.2", "10.0.0.11"
ADDRESS6 = "fd00::2"


def told(data: bytes, link_type: int = 1) -> list[tuple[str, bytes, bool]]:
    """Address, MAC and gratuitous of the adjacent events that a frame yields."""
    unwrapper = Unwrapper()
    frame = Frame(number=1, time=5, data=data, original_length=len(data), link_type=link_type, interface=0)
    unwrapper.feed(frame, 1)
    events = [event for event in unwrapper.drain(final=True) if isinstance(event, LinkEvent)]
    return [(event.address, event.mac, event.gratuitous) for event in events if event.adjacent]


def noted(data: bytes, original: int) -> list[str]:
    unwrapper = Unwrapper()
    unwrapper.feed(Frame(number=1, time=5, data=data, original_length=original, link_type=1, interface=0), 1)
    return [note.reason for note in unwrapper.drain(final=True) if isinstance(note, Note)]


def discovery(kind: int, source: str, target: str, options: bytes = b"", flags: int = 0, ttl: int = 255) -> bytes:
    body = struct.pack(">BBHI", kind, 0, 0, flags << 24) + ipaddress.IPv6Address(target).packed + options
    packet = struct.pack(">IHBB", 6 << 28, len(body), 58, ttl) + ipaddress.IPv6Address(source).packed
    return ethernet(HEAD1, HEAD2, 0x86DD, packet + ipaddress.IPv6Address("ff02::1").packed + body)


def test_requests_and_replies_bind_their_sender() -> None:
    assert told(arp(1, (HEAD1, ADDRESS), (bytes(6), OTHER))) == [(ADDRESS, HEAD1, False)]
    assert told(arp(2, (HEAD1, ADDRESS), (HEAD2, OTHER), to=HEAD2)) == [(ADDRESS, HEAD1, False)]


@pytest.mark.parametrize("operation", [1, 2])
def test_a_sender_that_names_itself_was_not_asked(operation: int) -> None:
    assert told(arp(operation, (HEAD1, ADDRESS), (bytes(6), ADDRESS))) == [(ADDRESS, HEAD1, True)]


def test_probes_and_foreign_arp_bind_nothing() -> None:
    assert told(arp(1, (HEAD1, "0.0.0.0"), (bytes(6), ADDRESS))) == []
    assert told(arp(8, (HEAD1, ADDRESS), (bytes(6), OTHER))) == []
    assert told(arp(2, (bytes(6), ADDRESS), (HEAD2, OTHER))) == []
    request = arp(1, (HEAD1, ADDRESS), (bytes(6), OTHER))
    assert told(request[:16] + b"\x80\x9b" + request[18:]) == []


def test_arp_cut_or_contradicting_itself_is_noted() -> None:
    request = arp(1, (HEAD1, ADDRESS), (bytes(6), OTHER))
    for kept in range(14, len(request)):
        assert noted(request[:kept], len(request)) == ["snaplen cuts the ARP packet"]
        assert noted(request[:kept], kept) == ["malformed ARP packet"]
    assert noted(request[:19] + b"\x10" + request[20:], len(request)) == ["malformed ARP packet"]


def test_advertisements_bind_their_target() -> None:
    assert told(neighbour_advertisement(HEAD1, ADDRESS6, True)) == [(ADDRESS6, HEAD1, False)]
    assert told(neighbour_advertisement(HEAD1, ADDRESS6, False)) == [(ADDRESS6, HEAD1, True)]


def test_the_option_is_found_among_others() -> None:
    options = b"\x0e\x02" + bytes(14) + b"\x02\x01" + HEAD2
    assert told(discovery(136, "fe80::1", ADDRESS6, options, 0x60)) == [(ADDRESS6, HEAD2, False)]
    assert told(discovery(136, "fe80::1", ADDRESS6)) == []
    assert told(discovery(136, "fe80::1", ADDRESS6, b"\x0e\x00" + bytes(6) + b"\x02\x01" + HEAD2)) == []


def test_solicitations_bind_their_source() -> None:
    assert told(discovery(135, ADDRESS6, "fd00::9", b"\x01\x01" + HEAD1)) == [(ADDRESS6, HEAD1, False)]
    assert told(discovery(135, "::", "fd00::9", b"\x01\x01" + HEAD1)) == []


def test_what_a_router_forwarded_binds_nothing() -> None:
    assert told(discovery(136, "fe80::1", ADDRESS6, b"\x02\x01" + HEAD2, ttl=254)) == []


def test_a_takeover_on_the_wire() -> None:
    unwrapper = Unwrapper()
    frames = [
        arp(2, (HEAD2, ADDRESS), (bytes(6), OTHER)),
        arp(1, (HEAD1, ADDRESS), (bytes(6), ADDRESS)),
        arp(1, (HEAD1, ADDRESS), (bytes(6), ADDRESS)),
    ]
    for number, data in enumerate(frames, start=1):
        frame = Frame(number=number, time=number, data=data, original_length=60, link_type=1, interface=0)
        unwrapper.feed(frame, number)
    assert unwrapper.drain(final=True) == [
        LinkEvent(frame=1, time=1, address=ADDRESS, mac=HEAD2, adjacent=True, gratuitous=False, last_frame=1, last=1),
        LinkEvent(frame=2, time=2, address=ADDRESS, mac=HEAD1, adjacent=True, gratuitous=True, last_frame=3, last=3),
    ]
