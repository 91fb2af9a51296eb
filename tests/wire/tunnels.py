"""One TCP segment inside of every kind of tunnel."""

from __future__ import annotations

import struct

from wire.frames import ACK, PSH, ethernet, ip_packet, tcp_segment

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
