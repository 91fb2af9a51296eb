"""What may be around a segment: from it to a frame, with the link type."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from forms.base import SYN, Seg, Talk

from wire.frames import ethernet
from wire.tunnels import datagram, geneve, gre, labels, link, over4, over_udp, pppoe, vxlan

ETHERNET, NULL, RAW, LOOP, SLL, SLL2, NFLOG, ERF = 1, 0, 101, 108, 113, 276, 239, 197
HERE, THERE = bytes.fromhex("02005e000001"), bytes.fromhex("02005e000002")
_TIMESTAMPS = b"\1\1\x08\x0a" + bytes(8)

Wrap = Callable[[bytes, int, bytes, bytes], bytes]
"""An IP packet, its Ethernet type, and the MACs of sender and receiver, to a frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """`mtu`: IP packets are fragmented to so many octets of payload."""

    wrap: Wrap = field(default=lambda packet, kind, here, there: ethernet(here, there, kind, packet))
    link_type: int = ETHERNET
    six: bool = False
    server_port: int = 2049
    client_ports: tuple[int, ...] = ()
    mtu: int | None = None

    def frames(self, talk: Talk, seg: Seg) -> Iterator[bytes]:
        """The frames of a segment, one unless it is fragmented."""
        ends = [self._end(talk, seg.way[0], side) for side in (0, 1)]
        source, target = ends[seg.way[1]], ends[1 - seg.way[1]]
        here, there = (HERE, THERE) if seg.way[1] == 0 else (THERE, HERE)
        seq = talk.starts[seg.way[0]][seg.way[1]] + seg.at + (not seg.flags & SYN)
        head = struct.pack(
            ">HHIIBBHHH", source[1], target[1], seq & 0xFFFFFFFF, seg.acked, 8 << 4, seg.flags, 502, 0, 0
        )
        body = head + _TIMESTAMPS + seg.payload
        for kind, packet in self._packets(source[0], target[0], body, seq):
            yield self.wrap(packet, kind, here, there)

    def _end(self, talk: Talk, conn: int, side: int) -> tuple[str, int]:
        address, port = talk.ends[conn][side]
        if port == 2049:
            port = self.server_port
        elif self.client_ports and side == 0:
            port = self.client_ports[conn % len(self.client_ports)]
        if self.six:
            address = f"fd00::{ipaddress.IPv4Address(address).packed[3]:x}"
        return address, port

    def _packets(self, source: str, target: str, body: bytes, ident: int) -> Iterator[tuple[int, bytes]]:
        a, b = ipaddress.ip_address(source), ipaddress.ip_address(target)
        step = self.mtu or len(body)
        for at in range(0, len(body), step):
            part, more = body[at : at + step], at + step < len(body)
            if a.version == 4:
                word = (0x2000 if more else 0) | at // 8 if self.mtu else 0x4000
                head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(part), ident & 0xFFFF, word, 64, 6, 0)
                yield 0x0800, head + a.packed + b.packed + part
            else:
                if self.mtu:
                    part = struct.pack(">BBHI", 6, 0, at | more, ident & 0xFFFFFFFF) + part
                head = struct.pack(">IHBB", 6 << 28, len(part), 44 if self.mtu else 6, 64)
                yield 0x86DD, head + a.packed + b.packed + part


def _tagged(*tags: tuple[int, int]) -> Wrap:
    """Behind VLAN tags: type and number of each."""

    def wrap(packet: bytes, kind: int, here: bytes, there: bytes) -> bytes:
        inner = b"".join(
            struct.pack(">HH", number, following)
            for (_, number), following in zip(tags, [*(tag for tag, _ in tags[1:]), kind], strict=True)
        )
        return ethernet(here, there, tags[0][0], inner + packet)

    return wrap


def _framed(around: Callable[[bytes], bytes]) -> Wrap:
    """A tunnel that carries Ethernet."""
    return lambda packet, kind, here, there: around(ethernet(here, there, kind, packet))


def _inside(around: Callable[[bytes], bytes]) -> Wrap:
    """A tunnel that carries IP."""
    return lambda packet, _kind, _here, _there: around(packet)


def gtp(packet: bytes) -> bytes:
    return over_udp(2152, struct.pack(">BBHI", 0x30, 0xFF, len(packet), 42) + packet)


def erf(frame: bytes) -> bytes:
    """An ERF record of type Ethernet: time, type, flags, lengths, and two octets before the frame."""
    return struct.pack("<QBB", 0, 2, 4) + struct.pack(">HHH", 18 + len(frame), 0, len(frame)) + bytes(2) + frame


PLAIN = Carrier()
LINKS: dict[str, Carrier] = {
    "VLAN": Carrier(wrap=_tagged((0x8100, 100))),
    "QinQ": Carrier(wrap=_tagged((0x88A8, 7), (0x8100, 100))),
    "Linux cooked (SLL)": Carrier(
        wrap=lambda packet, kind, here, _: struct.pack(">HHH8sH", 0, 1, 6, here, kind) + packet, link_type=SLL
    ),
    "Linux cooked (SLL2)": Carrier(
        wrap=lambda packet, kind, here, _: struct.pack(">HHIHBB8s", kind, 0, 2, 1, 0, 6, here) + packet,
        link_type=SLL2,
    ),
    "raw IP": Carrier(wrap=_inside(lambda packet: packet), link_type=RAW),
    "loopback": Carrier(wrap=_inside(lambda packet: b"\2\0\0\0" + packet), link_type=NULL),
    "OpenBSD loopback": Carrier(wrap=_inside(lambda packet: b"\0\0\0\2" + packet), link_type=LOOP),
    "NFLOG": Carrier(
        wrap=_inside(lambda packet: b"\2\0\0\0" + struct.pack("<HH", 4 + len(packet), 9) + packet), link_type=NFLOG
    ),
    "ERF": Carrier(wrap=_framed(erf), link_type=ERF),
}
PACKETS: dict[str, Carrier] = {
    "IPv6": Carrier(six=True),
    "IP fragments": Carrier(mtu=128),
    "IPv6 fragments": Carrier(six=True, mtu=128),
}
TUNNELS: dict[str, Carrier] = {
    "IP in IP": Carrier(wrap=_inside(lambda packet: over4(4, packet))),
    "GRE": Carrier(wrap=_inside(lambda packet: over4(47, gre(0x0800, packet)))),
    "GRE with Ethernet": Carrier(wrap=_framed(lambda frame: over4(47, gre(0x6558, frame)))),
    "ERSPAN type I": Carrier(wrap=_framed(lambda frame: over4(47, gre(0x88BE, frame)))),
    "ERSPAN type II": Carrier(
        wrap=_framed(lambda frame: over4(47, gre(0x88BE, bytes.fromhex("1001000100000000") + frame, 0x1000, bytes(4))))
    ),
    "ERSPAN type III": Carrier(
        wrap=_framed(
            lambda frame: over4(47, gre(0x22EB, bytes.fromhex("200100010000000500000000") + frame, 0x1000, bytes(4)))
        )
    ),
    "VXLAN": Carrier(wrap=_framed(lambda frame: over_udp(4789, vxlan(frame)))),
    "VXLAN over IPv6": Carrier(
        wrap=_framed(
            lambda frame: link(
                0x86DD,
                struct.pack(">IHBB", 6 << 28, 16 + len(frame), 17, 64) + bytes(32) + datagram(4789, vxlan(frame)),
            )
        )
    ),
    "Geneve": Carrier(wrap=_framed(lambda frame: over_udp(6081, geneve(0x6558, frame)))),
    "MPLS": Carrier(wrap=_inside(lambda packet: link(0x8847, labels(16, 99) + packet))),
    "PPPoE": Carrier(wrap=_inside(lambda packet: link(0x8864, pppoe(b"\0\x21" + packet)))),
    "GTP-U": Carrier(wrap=_inside(gtp)),
}
PORTS: dict[str, Carrier] = {
    "server port 12049": Carrier(server_port=12049),
    "server port 20049": Carrier(server_port=20049),
    "client ports of other protocols": Carrier(client_ports=(445, 636, 873, 860, 989, 1023, 554, 631)),
}
