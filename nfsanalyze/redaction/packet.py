"""Headers of a frame with stand-ins of its addresses; what a header is not, and options that nobody needs, become zero.

Only what is written here is copied: Ethernet with VLAN tags, Linux cooked and loopback headers, raw IP; IPv4, IPv6
without extension headers, TCP, ARP and neighbour discovery.
"""

from __future__ import annotations

from struct import Struct, pack_into, unpack_from

from dissect.nfs4.capture.frame import Frame
from dissect.nfs4.capture.linktypes import LinkType
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.link.layers import LAYERS
from dissect.nfs4.link.odd import Undecoded
from dissect.nfs4.link.protocols import EtherType, Protocol
from nfsanalyze.redaction.address import Addresses

_ARP = Struct(">HHBBH")
_NO_OPERATION = 1
_TCP_OPTIONS = frozenset((2, 3, 4, 5, 8))
"""Segment size, window scale, SACK permitted and SACK, timestamps."""
_SOLICITATION, _ADVERTISEMENT = 135, 136
_LINK_LAYER = (1, 2)


@dataclass(slots=True, kw_only=True)
class Rewritten:
    """A frame whose headers are rewritten. `body`, `stop`: where in it the payload of a TCP segment lies, as far as it
    was captured; -1 where it holds none that can be rewritten."""

    data: bytearray
    body: int = -1
    stop: int = -1
    network: int = 0
    transport: int = 0
    whole: bool = True

    def finish(self, payload: bytes) -> bytes:
        """The frame with this payload, and checksums that fit; zero where the end was not captured."""
        if self.body >= 0:
            self.data[self.body : self.stop] = payload
            self._checksum()
        return bytes(self.data)

    def _checksum(self) -> None:
        where = self.transport + 16
        self.data[where : where + 2] = b"\0\0"
        if self.whole:
            segment = bytes(self.data[self.transport : self.stop])
            total = _sum(_pseudo(self.data, self.network, len(segment), Protocol.TCP) + segment)
            pack_into(">H", self.data, where, total)


class Packets:
    """Rewrites frames, one at a time."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses

    def rewritten(self, frame: Frame) -> Rewritten:
        """The frame with stand-ins in its headers. Of what is not understood the length is all that stays."""
        data = frame.data
        out = Rewritten(data=bytearray(len(data)))
        try:
            layer = LAYERS.get(frame.link_type)
            if layer is None:
                return out
            kind, at, _ = layer(data)
        except Undecoded:
            return out
        if not self._link(frame, out.data, at):
            return Rewritten(data=bytearray(len(data)))
        out.network = at
        if kind == EtherType.IPV4 and len(data) >= at + 20:
            self._ipv4(data, out, at)
        elif kind == EtherType.IPV6 and len(data) >= at + 40:
            self._ipv6(data, out, at)
        elif kind == EtherType.ARP:
            self._arp(data, out.data, at)
        return out

    def _link(self, frame: Frame, out: bytearray, at: int) -> bool:
        data, mac = frame.data, self._addresses.mac
        if frame.link_type == LinkType.ETHERNET:
            out[0:6], out[6:12], out[12:at] = mac(data[0:6]), mac(data[6:12]), data[12:at]
        elif frame.link_type == LinkType.LINUX_SLL:
            out[0:6], out[6:14], out[14:at] = data[0:6], self._padded(data[6:14], data[5]), data[14:at]
        elif frame.link_type == LinkType.LINUX_SLL2:
            out[0:12], out[12:20], out[20:at] = data[0:12], self._padded(data[12:20], data[11]), data[20:at]
        elif frame.link_type in _COPIED:
            out[0:at] = data[0:at]
        elif frame.link_type in _ENDING:
            out[at - 4 : at] = data[at - 4 : at]
        else:
            return False
        return True

    def _padded(self, field: bytes, octets: int) -> bytes:
        """The address of a cooked header: a MAC in eight bytes, or one that is not copied."""
        return (self._addresses.mac(field[:6]) if octets == 6 else b"").ljust(8, b"\0")

    def _ipv4(self, data: bytes, out: Rewritten, at: int) -> None:
        start = at + (data[at] & 15) * 4
        (total,) = unpack_from(">H", data, at + 2)
        (flags,) = unpack_from(">H", data, at + 6)
        head = out.data
        head[at : at + 10] = data[at : at + 10]
        head[at + 12 : at + 16] = self._addresses.packed(data[at + 12 : at + 16])
        head[at + 16 : at + 20] = self._addresses.packed(data[at + 16 : at + 20])
        head[at + 20 : min(start, len(head))] = bytes([_NO_OPERATION]) * (min(start, len(head)) - at - 20)
        if start < at + 20 or len(data) < start:
            return
        pack_into(">H", head, at + 10, _sum(bytes(head[at:start])))
        if not flags & 0x3FFF:
            self._transport(data, out, data[at + 9], start, at + total if total else len(data))

    def _ipv6(self, data: bytes, out: Rewritten, at: int) -> None:
        (length,) = unpack_from(">H", data, at + 4)
        out.data[at : at + 8] = data[at : at + 8]
        out.data[at + 8 : at + 24] = self._addresses.packed(data[at + 8 : at + 24])
        out.data[at + 24 : at + 40] = self._addresses.packed(data[at + 24 : at + 40])
        stop = at + 40 + length if length else len(data)
        self._transport(data, out, data[at + 6], at + 40, stop)

    def _transport(self, data: bytes, out: Rewritten, protocol: int, start: int, stop: int) -> None:
        there = min(stop, len(data))
        if protocol == Protocol.TCP and there >= start + 20:
            self._tcp(data, out, start, stop)
        elif protocol == Protocol.UDP and there >= start + 8:
            out.data[start : start + 6] = data[start : start + 6]
        elif protocol == Protocol.ICMPV6 and there >= start + 8:
            self._icmpv6(data, out, start, there)
        elif there >= start + 2:
            out.data[start : start + 2] = data[start : start + 2]

    def _tcp(self, data: bytes, out: Rewritten, start: int, stop: int) -> None:
        body, there = start + (data[start + 12] >> 4) * 4, min(stop, len(data))
        if body < start + 20 or body > stop:
            return
        out.data[start : start + 20] = data[start : start + 20]
        end = min(body, there)
        out.data[start + 20 : end] = _options(data[start + 20 : end])
        out.transport, out.body, out.stop = start, end, there
        out.whole = there == stop

    def _icmpv6(self, data: bytes, out: Rewritten, start: int, stop: int) -> None:
        head = out.data
        head[start : start + 2] = data[start : start + 2]
        if data[start] not in (_SOLICITATION, _ADVERTISEMENT) or stop < start + 24:
            return
        head[start + 4 : start + 8] = data[start + 4 : start + 8]
        head[start + 8 : start + 24] = self._addresses.packed(data[start + 8 : start + 24])
        at = start + 24
        while at + 8 <= stop and data[at + 1]:
            if data[at] in _LINK_LAYER and data[at + 1] == 1:
                head[at : at + 8] = data[at : at + 2] + self._addresses.mac(data[at + 2 : at + 8])
            else:
                head[at : at + 2] = data[at : at + 2]
            at += data[at + 1] * 8
        message = bytes(head[start:stop])
        pack_into(">H", head, start + 2, _sum(_pseudo(head, out.network, len(message), Protocol.ICMPV6) + message))

    def _arp(self, data: bytes, out: bytearray, at: int) -> None:
        if len(data) < at + 28:
            return
        _, protocol, hardware, length, _ = _ARP.unpack_from(data, at)
        if (protocol, hardware, length) != (EtherType.IPV4, 6, 4):
            return
        out[at : at + 8] = data[at : at + 8]
        for place in (at + 8, at + 18):
            out[place : place + 6] = self._addresses.mac(data[place : place + 6])
            out[place + 6 : place + 10] = self._addresses.packed(data[place + 6 : place + 10])


_COPIED = frozenset(
    (
        LinkType.NULL,
        LinkType.LOOP,
        LinkType.RAW,
        LinkType.DLT_RAW,
        LinkType.DLT_RAW_OPENBSD,
        LinkType.IPV4,
        LinkType.IPV6,
        LinkType.IPNET,
        LinkType.SNOOP_IPOIB,
    )
)
"""Headers that hold no address, or that are none."""
_ENDING = frozenset((LinkType.IPOIB,))
"""Headers of which only the last word is none of an address."""


def _options(options: bytes) -> bytes:
    """TCP options (RFC 9293 section 3.1) that bear on how a stream is read; no operation in place of others."""
    out = bytearray([_NO_OPERATION]) * len(options)
    at = 0
    while at + 1 < len(options) and options[at]:
        if options[at] == _NO_OPERATION:
            at += 1
            continue
        length = options[at + 1]
        if length < 2 or at + length > len(options):
            break
        if options[at] in _TCP_OPTIONS:
            out[at : at + length] = options[at : at + length]
        at += length
    return bytes(out)


def _pseudo(data: bytes | bytearray, network: int, length: int, protocol: int) -> bytes:
    """What a checksum covers of the IP header (RFC 9293 section 3.1, RFC 8200 section 8.1)."""
    if data[network] >> 4 == 4:
        return bytes(data[network + 12 : network + 20]) + bytes((0, protocol)) + length.to_bytes(2, "big")
    return bytes(data[network + 8 : network + 40]) + length.to_bytes(4, "big") + bytes((0, 0, 0, protocol))


def _sum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(unpack_from(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
