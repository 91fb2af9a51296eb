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
from wire.frames import ACK, PSH, arp, ethernet, ip_packet, tcp_segment

CLIENT, SERVER = ("10.0.0.11", 925), ("10.0.0.1", 2049)
CLIENT6, SERVER6 = ("fd00::11", 925), ("fd00::1", 2049)
ENDS, ENDS6 = ("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2")
HERE, THERE = bytes.fromhex("525400000011"), bytes.fromhex("525400000001")
NEAR, FAR = bytes.fromhex("0200000000a1"), bytes.fromhex("0200000000a2")
PAYLOAD = b"\x80\0\0\x28call of forty bytes or so"
IPV4 = ip_packet(CLIENT[0], SERVER[0], 6, tcp_segment(CLIENT, SERVER, 1000, 2000, PSH | ACK, PAYLOAD), 1)[1]
IPV6 = ip_packet(CLIENT6[0], SERVER6[0], 6, tcp_segment(CLIENT6, SERVER6, 1000, 2000, PSH | ACK, PAYLOAD), 1)[1]
FRAME = ethernet(HERE, THERE, 0x0800, IPV4)
TAGGED = THERE + HERE + bytes.fromhex("8100 0064 0800") + IPV4


def link(kind: int, octets: bytes) -> bytes:
    """A frame between the ends of the tunnel."""
    return ethernet(NEAR, FAR, kind, octets)


def over4(protocol: int, octets: bytes) -> bytes:
    return link(*ip_packet(*ENDS, protocol, octets, 9))


def over6(protocol: int, octets: bytes) -> bytes:
    return link(*ip_packet(*ENDS6, protocol, octets, 9))


def datagram(port: int, octets: bytes, length: int | None = None) -> bytes:
    return struct.pack(">HHHH", 49152, port, 8 + len(octets) if length is None else length, 0) + octets


def over_udp(port: int, octets: bytes) -> bytes:
    return over4(17, datagram(port, octets))


def labels(*values: int) -> bytes:
    """An MPLS label stack; the last has the bottom bit."""
    return b"".join(
        struct.pack(">I", value << 12 | (number == len(values)) << 8 | 64) for number, value in enumerate(values, 1)
    )


def pppoe(octets: bytes, code: int = 0, version: int = 0x11) -> bytes:
    return struct.pack(">BBHH", version, code, 7, len(octets)) + octets


def gre(kind: int, octets: bytes, flags: int = 0, fields: bytes = b"") -> bytes:
    return struct.pack(">HH", flags, kind) + fields + octets


def vxlan(octets: bytes, flags: int = 8) -> bytes:
    return struct.pack(">II", flags << 24, 42 << 8) + octets


def geneve(kind: int, octets: bytes, options: bytes = b"", first: int = 0, second: int = 0) -> bytes:
    return struct.pack(">BBHI", first | len(options) // 4, second, kind, 42 << 8) + options + octets


def erspan(octets: bytes, kind: int = 0x88BE) -> bytes:
    return over4(47, gre(kind, octets, 0x1000, SEQUENCE))


KEY, SEQUENCE, CHECKSUM = b"\0\0\0\x2a", b"\0\0\0\x07", b"\x12\x34\0\0"
ERSPAN2 = bytes.fromhex("1001 0001 00000000")
ERSPAN3 = bytes.fromhex("2001 0001 00000005 0000")
IP_LLC, SNAP_BRIDGED = bytes.fromhex("060603"), bytes.fromhex("aaaa03 0000f8 0800")

# What is around the packet, the link type, and the MAC that speaks for the address inside.
TUNNELS: dict[str, tuple[bytes, int, bytes | None]] = {
    "MPLS": (link(0x8847, labels(16) + IPV4), 1, NEAR),
    "MPLS of three labels": (link(0x8847, labels(16, 99, 0) + IPV4), 1, NEAR),
    "MPLS multicast": (link(0x8848, labels(16) + IPV4), 1, NEAR),
    "MPLS behind a VLAN tag": (link(0x8100, b"\0\x64\x88\x47" + labels(16) + IPV4), 1, NEAR),
    "MPLS with IPv6": (link(0x8847, labels(2) + IPV6), 1, NEAR),
    "MPLS with a pseudowire": (link(0x8847, labels(16, 17) + bytes(4) + FRAME), 1, HERE),
    "MPLS with a bare pseudowire": (link(0x8847, labels(16, 17) + FRAME), 1, HERE),
    "MPLS with a tagged pseudowire": (link(0x8847, labels(16) + bytes(4) + TAGGED), 1, HERE),
    "MPLS over IP": (over4(137, labels(16) + IPV4), 1, None),
    "MPLS over UDP": (over_udp(6635, labels(16) + IPV4), 1, None),
    "PPPoE": (link(0x8864, pppoe(b"\0\x21" + IPV4)), 1, NEAR),
    "PPPoE with IPv6": (link(0x8864, pppoe(b"\0\x57" + IPV6)), 1, NEAR),
    "PPPoE with a short protocol": (link(0x8864, pppoe(b"\x21" + IPV4)), 1, NEAR),
    "PPPoE alone": (pppoe(b"\0\x21" + IPV4), 51, None),
    "PPP": (b"\xff\x03\0\x21" + IPV4, 9, None),
    "PPP with a short protocol": (b"\xff\x03\x57" + IPV6, 9, None),
    "PPP with nothing before it": (b"\0\x21" + IPV4, 9, None),
    "PPP in HDLC framing": (b"\xff\x03\0\x21" + IPV4, 50, None),
    "PPP with MPLS": (b"\xff\x03\x02\x81" + labels(16) + IPV4, 9, None),
    "LLC": (link(3 + len(IPV4), IP_LLC + IPV4), 1, NEAR),
    "SNAP through a bridge": (link(8 + len(IPV4), SNAP_BRIDGED + IPV4), 1, NEAR),
    "IP in IP": (over4(4, IPV4), 1, None),
    "IP in IP of the other number": (over4(94, IPV4), 1, None),
    "IPv4 in IPv6": (over6(4, IPV4), 1, None),
    "IPv6 in IPv4": (over4(41, IPV6), 1, None),
    "IPv6 in IPv6": (over6(41, IPV6), 1, None),
    "GRE": (over4(47, gre(0x0800, IPV4)), 1, None),
    "GRE over IPv6": (over6(47, gre(0x0800, IPV4)), 1, None),
    "GRE with IPv6": (over4(47, gre(0x86DD, IPV6)), 1, None),
    "GRE with a key": (over4(47, gre(0x0800, IPV4, 0x2000, KEY)), 1, None),
    "GRE with a sequence number": (over4(47, gre(0x0800, IPV4, 0x1000, SEQUENCE)), 1, None),
    "GRE with all": (over4(47, gre(0x0800, IPV4, 0xB000, CHECKSUM + KEY + SEQUENCE)), 1, None),
    "GRE with Ethernet": (over4(47, gre(0x6558, FRAME)), 1, HERE),
    "NVGRE": (over4(47, gre(0x6558, FRAME, 0x2000, KEY)), 1, HERE),
    "GRE with a VLAN inside": (over4(47, gre(0x6558, TAGGED)), 1, HERE),
    "GRE with MPLS": (over4(47, gre(0x8847, labels(16) + IPV4)), 1, None),
    "GRE over UDP": (over_udp(4754, gre(0x0800, IPV4)), 1, None),
    "GRE of PPTP": (
        over4(47, gre(0x880B, b"\xff\x03\0\x21" + IPV4, 0x3081, struct.pack(">HHII", 4 + len(IPV4), 1, 7, 6))),
        1,
        None,
    ),
    "GRE in GRE": (over4(47, gre(0x0800, ip_packet(*ENDS, 47, gre(0x0800, IPV4), 1)[1])), 1, None),
    "ERSPAN type I": (over4(47, gre(0x88BE, FRAME)), 1, HERE),
    "ERSPAN type II": (erspan(ERSPAN2 + FRAME), 1, HERE),
    "ERSPAN type III": (erspan(ERSPAN3 + b"\0\0" + FRAME, 0x22EB), 1, HERE),
    "ERSPAN type III with a subheader": (erspan(ERSPAN3 + b"\0\1" + bytes(8) + FRAME, 0x22EB), 1, HERE),
    "ERSPAN type III with IP": (erspan(ERSPAN3 + b"\x08\0" + IPV4, 0x22EB), 1, None),
    "EtherIP": (over4(97, b"\x30\0" + FRAME), 1, HERE),
    "Ethernet in IP": (over6(143, FRAME), 1, HERE),
    "VXLAN": (over_udp(4789, vxlan(FRAME)), 1, HERE),
    "VXLAN over IPv6": (over6(17, datagram(4789, vxlan(FRAME))), 1, HERE),
    "VXLAN of older Linux": (over_udp(8472, vxlan(TAGGED)), 1, HERE),
    "VXLAN without a datagram length": (over4(17, datagram(4789, vxlan(FRAME), 0)), 1, HERE),
    "Geneve": (over_udp(6081, geneve(0x6558, FRAME)), 1, HERE),
    "Geneve with options": (over_udp(6081, geneve(0x6558, FRAME, bytes.fromhex("0102800100000001"))), 1, HERE),
    "Geneve with IP": (over_udp(6081, geneve(0x0800, IPV4)), 1, None),
    "a tunnel on a raw link": (ip_packet(*ENDS, 4, IPV4, 9)[1], 101, None),
}


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
