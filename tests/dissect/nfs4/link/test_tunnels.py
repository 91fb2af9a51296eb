"""Around the IP packet that holds the segment there may be others: the innermost segment comes out, as if alone."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect.nfs4.batch import LinkEvent, Note
from dissect.nfs4.capture import Frame
from dissect.nfs4.link import Other, Segment, Unwrapper, dpkt_layers
from dissect.nfs4.link.protocols import Wrapper
from dissect.nfs4.link.unwrap import WRAPPERS
from wire.frames import arp, ethernet, ip_packet
from wire.tunnels import (
    CLIENT,
    ENDS,
    ERSPAN2,
    ERSPAN3,
    FRAME,
    HERE,
    IPV4,
    IPV6,
    NEAR,
    PAYLOAD,
    SEQUENCE,
    SERVER,
    TAGGED,
    THERE,
    TUNNELS,
    datagram,
    erspan,
    geneve,
    gre,
    labels,
    link,
    over4,
    over_udp,
    pppoe,
    vxlan,
)


def frame(data: bytes, link_type: int = 1, original: int | None = None) -> Frame:
    original = len(data) if original is None else original
    return Frame(number=1, time=1000, data=data, original_length=original, link_type=link_type, interface=0)


def one(data: bytes, link_type: int = 1, original: int | None = None) -> tuple[Segment | Other, list[str]]:
    """The one thing in a frame, and the reasons noted."""
    unwrapper = Unwrapper()
    (item,) = unwrapper.feed(frame(data, link_type, original), 1)
    return item, [note.reason for note in unwrapper.drain(final=True) if isinstance(note, Note)]


def alone(inner: bytes, mac: bytes | None) -> Segment:
    item, _ = one(inner, 101)
    assert isinstance(item, Segment)
    item.mac = mac
    return item


def within(name: str) -> Segment:
    data, _link_type, mac = TUNNELS[name]
    return alone(IPV6 if IPV6 in data else IPV4, mac)


@pytest.mark.parametrize("name", TUNNELS)
def test_the_segment_inside_comes_out(name: str) -> None:
    data, link_type, _mac = TUNNELS[name]
    assert one(data, link_type) == (within(name), [])


@pytest.mark.parametrize("name", TUNNELS)
def test_what_follows_the_packet_is_no_payload(name: str) -> None:
    data, link_type, _mac = TUNNELS[name]
    assert one(data + b"trailer", link_type) == (within(name), [])


@pytest.mark.parametrize("name", TUNNELS)
def test_the_snaplen_shortens_the_payload_and_not_the_length(name: str) -> None:
    data, link_type, _mac = TUNNELS[name]
    expected = within(name)
    body = data.index(PAYLOAD)
    for kept in range(len(data)):
        item, notes = one(data[:kept], link_type, len(data))
        if kept >= body:
            assert isinstance(item, Segment)
            assert (item.seq, item.length, item.payload) == (1000, expected.length, PAYLOAD[: kept - body])
            assert notes == []
        elif isinstance(item, Segment):
            assert (item.payload, item.length, notes) == (b"", expected.length, [])
        elif item.protocol == "undecoded":
            assert len(notes) == 1 and notes[0].startswith("snaplen cuts the ")


def test_the_packet_inside_tells_its_length_itself() -> None:
    """A switch that mirrors the beginning of frames leaves the length of the whole in their IP headers."""
    mirrored = gre(0x88BE, ERSPAN2 + FRAME[:60], 0x1000, SEQUENCE)
    item, notes = one(over4(47, mirrored))
    assert isinstance(item, Segment)
    assert (item.payload, item.length, notes) == (PAYLOAD[:6], len(PAYLOAD), [])


def test_a_packet_still_to_be_segmented_ends_with_what_is_around_it() -> None:
    inner = IPV4[:2] + bytes(2) + IPV4[4:] + bytes(3000)
    item, _ = one(over4(47, gre(0x0800, inner)) + b"trailer")
    assert isinstance(item, Segment)
    assert item.length == len(PAYLOAD) + 3000


def test_fragments_of_a_tunnel_are_put_together() -> None:
    packet = gre(0x0800, IPV4)
    unwrapper = Unwrapper()
    items = []
    for start, stop in ((0, 40), (40, len(packet))):
        head = bytearray(ip_packet(*ENDS, 47, packet[start:stop], 9)[1])
        head[6:8] = struct.pack(">H", start // 8 | (0x2000 if stop < len(packet) else 0))
        items += unwrapper.feed(frame(link(0x0800, bytes(head))), 1)
    assert items == [Other(frame=1, protocol="fragment"), alone(IPV4, None)]
    assert [item for item in unwrapper.drain(final=True) if isinstance(item, Note)] == []


def test_fragments_inside_a_tunnel_are_put_together() -> None:
    whole = IPV4[20:]
    unwrapper = Unwrapper()
    items = []
    for start, stop in pairwise((0, 24, len(whole))):
        head = bytearray(ip_packet(CLIENT[0], SERVER[0], 6, whole[start:stop], 1)[1])
        head[6:8] = struct.pack(">H", start // 8 | (0x2000 if stop < len(whole) else 0))
        items += unwrapper.feed(frame(over_udp(4789, vxlan(ethernet(HERE, THERE, 0x0800, bytes(head))))), 1)
    assert items == [Other(frame=1, protocol="fragment"), alone(IPV4, HERE)]


def test_fragments_of_a_datagram_that_is_a_tunnel_are_put_together() -> None:
    packet = datagram(4789, vxlan(FRAME))
    unwrapper = Unwrapper()
    items = []
    for start, stop in ((0, 48), (48, len(packet))):
        head = bytearray(ip_packet(*ENDS, 17, packet[start:stop], 9)[1])
        head[6:8] = struct.pack(">H", start // 8 | (0x2000 if stop < len(packet) else 0))
        items += unwrapper.feed(frame(link(0x0800, bytes(head))), 1)
    assert items == [Other(frame=1, protocol="fragment"), alone(IPV4, HERE)]


LLDP = ethernet(HERE, THERE, 0x88CC, bytes(40))
AMBIGUOUS = bytes.fromhex("450000000001") + HERE + b"\x08\0" + IPV4


@pytest.mark.parametrize(
    ("data", "protocol", "reasons"),
    [
        (link(0x8847, labels(16, 17)), "undecoded", ["malformed MPLS label"]),
        (link(0x8847, labels(16)[:3]), "undecoded", ["malformed MPLS label"]),
        (link(0x8847, labels(*range(16, 60)) + IPV4), "undecoded", ["tunnel: more than 32 MPLS labels"]),
        (link(0x8847, labels(16) + AMBIGUOUS), "undecoded", ["tunnel: MPLS payload is ambiguous"]),
        (link(0x8847, labels(16) + bytes(4) + LLDP), "undecoded", ["tunnel: MPLS payload not recognised"]),
        (link(0x8847, labels(13) + b"\x10\0\0\x21" + bytes(40)), "undecoded", ["tunnel: MPLS payload not recognised"]),
        (link(0x8847, labels(16) + b"\x44" + IPV4[1:]), "undecoded", ["malformed IP header"]),
        (link(0x8864, pppoe(b"\xc0\x21\x09\0\0\x08" + bytes(4))), "ppp", []),
        (link(0x8864, pppoe(b"\x80\x21\x01\0\0\x0a" + bytes(6))), "ppp", []),
        (link(0x8864, pppoe(b"\0\xfd" + IPV4)), "undecoded", ["tunnel: PPP protocol 0x00fd not decoded"]),
        (link(0x8864, pppoe(b"\0\x21" + IPV4, version=0x21)), "undecoded", ["malformed PPPoE header"]),
        (link(0x8864, pppoe(b"\0\x21" + IPV4, code=9)), "undecoded", ["malformed PPPoE header"]),
        (link(0x8864, pppoe(b"")), "undecoded", ["malformed PPP header"]),
        (link(0x8864, pppoe(b"\0")), "undecoded", ["malformed PPP header"]),
        (link(9, bytes.fromhex("aaaa03 00000c 2000") + b"\2"), "llc", []),
        (link(60, bytes.fromhex("aaaa03 0080c2 0007") + FRAME), "llc", []),
        (link(60, bytes.fromhex("0606f3") + IPV4), "llc", []),
        (link(4, bytes.fromhex("aaaa0300")), "undecoded", ["malformed SNAP header"]),
        (over4(47, gre(0x880B, b"", 0x0081, bytes(8))), "gre", []),
        (over4(47, gre(0, b"")), "undecoded", ["tunnel: GRE of type 0x0000 not decoded"]),
        (over4(47, gre(0x0800, IPV4, 0x4000, bytes(8))), "undecoded", ["tunnel: GRE source routing not decoded"]),
        (over4(47, gre(0x0800, IPV4, 3)), "undecoded", ["tunnel: GRE version 3 not decoded"]),
        (over4(47, gre(0x883E, IPV4)), "ethertype 0x883e", ["unknown ethertype 0x883e"]),
        (over4(47, gre(0x0800, b"", 0x2000)), "undecoded", ["malformed GRE header"]),
        (over4(47, b"\0\0\x08"), "undecoded", ["malformed GRE header"]),
        (erspan(ERSPAN2[:5]), "undecoded", ["malformed ERSPAN header"]),
        (erspan(b"\x70" + bytes(50)), "undecoded", ["tunnel: ERSPAN version 7 not decoded"]),
        (erspan(ERSPAN3 + b"\x0c\0"), "undecoded", ["tunnel: ERSPAN frame type 3 not decoded"]),
        (over4(97, b"\x40\0" + FRAME), "undecoded", ["malformed EtherIP header"]),
        (over_udp(4789, vxlan(FRAME, flags=0)), "undecoded", ["malformed VXLAN header"]),
        (over_udp(4789, b"\x08"), "undecoded", ["malformed VXLAN header"]),
        (over4(17, datagram(4789, vxlan(FRAME), 5)), "undecoded", ["malformed UDP header"]),
        (over4(17, datagram(4789, b"")[:6]), "undecoded", ["malformed UDP header"]),
        (over_udp(6081, geneve(0x6558, FRAME, first=0x40)), "undecoded", ["tunnel: Geneve version 1 not decoded"]),
        (over_udp(6081, geneve(0x6558, FRAME, second=0x80)), "udp", []),
        (over_udp(6081, geneve(0x6558, b"", first=9)), "undecoded", ["malformed Geneve header"]),
        (over_udp(6081, geneve(4, FRAME)), "undecoded", ["tunnel: Geneve of type 0x0004 not decoded"]),
        (over4(4, b""), "undecoded", ["malformed IP header"]),
        (over4(4, IPV6), "undecoded", ["malformed IP header"]),
        (over4(4, ip_packet(*ENDS, 50, bytes(40), 1)[1]), "esp", ["encrypted: ESP not decoded"]),
        (over4(4, ip_packet(*ENDS, 1, bytes(8), 1)[1]), "icmp", []),
        (link(0x8847, labels(16) + ip_packet(*ENDS, 17, datagram(53, b""), 1)[1]), "udp", []),
    ],
)
def test_what_holds_no_segment_is_named(data: bytes, protocol: str, reasons: list[str]) -> None:
    item, notes = one(data)
    assert isinstance(item, Other)
    assert (item.protocol, notes) == (protocol, reasons)


def test_a_header_that_ends_before_the_snaplen_is_malformed_though_the_frame_is_cut() -> None:
    _, notes = one(over4(47, b"\0\0\x08") + bytes(20), original=400)
    assert notes == ["malformed GRE header"]


def test_tunnels_in_each_other_have_a_bound() -> None:
    packet = IPV4
    for _ in range(WRAPPERS):
        packet = ip_packet(*ENDS, 4, packet, 1)[1]
    assert one(packet, 101)[0] == alone(IPV4, None)
    packet = ip_packet(*ENDS, 4, packet, 1)[1]
    reasons = [f"tunnel: more than {WRAPPERS} layers in each other"]
    assert one(packet, 101) == (Other(frame=1, protocol="undecoded"), reasons)
    for _ in range(3000):
        packet = ip_packet(*ENDS, 4, packet, 1)[1]
    assert one(packet, 101)[1] == reasons


def test_who_speaks_inside_and_outside() -> None:
    unwrapper = Unwrapper()
    unwrapper.feed(frame(over_udp(4789, vxlan(FRAME))), 1)
    unwrapper.feed(frame(over_udp(4789, vxlan(arp(2, (THERE, SERVER[0]), (HERE, CLIENT[0]))))), 2)
    unwrapper.feed(frame(over4(4, IPV6)), 3)
    events = [item for item in unwrapper.drain(final=True) if isinstance(item, LinkEvent)]
    assert [(event.address, event.mac, event.adjacent) for event in events] == [
        (CLIENT[0], HERE, False),
        (ENDS[0], NEAR, False),
        (SERVER[0], THERE, True),
    ]


def test_dpkt_is_imported_when_the_first_such_layer_comes() -> None:
    script = """
import sys
from dissect.nfs4.capture import Frame
from dissect.nfs4.link import Unwrapper
unwrapper = Unwrapper()
for line in sys.stdin:
    data = bytes.fromhex(line)
    unwrapper.feed(Frame(number=1, time=1, data=data, original_length=len(data), link_type=1, interface=0), 1)
    print("dpkt" in sys.modules)
"""
    spanning_tree = link(38, bytes.fromhex("424203") + bytes(35))
    frames = (FRAME, TAGGED, spanning_tree, TUNNELS["VXLAN"][0], TUNNELS["MPLS"][0])
    lines = "\n".join(data.hex() for data in frames)
    done = subprocess.run([sys.executable, "-c", script], input=lines, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"] * 4 + ["True"]


@pytest.mark.parametrize("error", dpkt_layers._REFUSALS)
def test_whatever_dpkt_raises_ends_in_a_note(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr("dpkt.ethernet.MPLSlabel.__init__", refuse)
    assert one(TUNNELS["MPLS"][0]) == (Other(frame=1, protocol="undecoded"), ["malformed MPLS label"])


def check(data: bytes, link_type: int, original: int) -> None:
    unwrapper = Unwrapper()
    items = list(unwrapper.feed(frame(data, link_type, original), 1))
    assert len(items) == 1
    if isinstance(items[0], Segment):
        assert len(items[0].payload) <= items[0].length
    for item in unwrapper.drain(final=True):
        assert isinstance(item, LinkEvent | Note)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(list(TUNNELS)), st.data())
def test_changed_bytes_end_in_a_value(name: str, data: st.DataObject) -> None:
    octets, link_type, _mac = TUNNELS[name]
    changed = bytearray(octets)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    kept = bytes(changed[: data.draw(st.integers(0, len(changed)))])
    for original in (len(kept), len(changed)):
        check(kept, link_type, original)


AROUND: list[tuple[Callable[[int, bytes], bytes], int]] = [
    *((link, kind) for kind in (20, 0x22EB, 0x6558, 0x8847, 0x880B, 0x8864, 0x88BE)),
    *((over4, protocol) for protocol in (4, 41, 47, 94, 97, 137, 143)),
    *((over_udp, port) for port in (4754, 4789, 6081, 6635, 8472)),
]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(AROUND), st.binary(max_size=100), st.integers(0, 100))
def test_any_bytes_in_a_tunnel(around: tuple[Callable[[int, bytes], bytes], int], octets: bytes, beyond: int) -> None:
    outside, number = around
    data = outside(number, octets)
    check(data, 1, len(data) + beyond)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(list(dpkt_layers.OPENERS)), st.binary(max_size=80))
def test_any_bytes_to_dpkt(wrapper: Wrapper, octets: bytes) -> None:
    try:
        layer = dpkt_layers.OPENERS[wrapper](octets)
    except dpkt_layers.Undecoded:
        return
    assert layer is None or 0 <= layer[1] <= len(octets)
