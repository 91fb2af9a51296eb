"""Layers between a frame and the IP packet in it that are rare: dpkt reads their headers, one at a time.

dpkt's own descent parses all that follows, without a bound; so each class is given no more than its header, and what
is inside goes back to this package's code. Importing this module imports dpkt: do it when the first such layer is met.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import dpkt
from dpkt import ethernet, gre, llc, ppp, pppoe

from dissect.nfs4.link.layers import LEAST_ETHERTYPE, Layer
from dissect.nfs4.link.odd import Malformed, Short, Undecoded
from dissect.nfs4.link.protocols import VLAN_TAGS, EtherType, Wrapper

LABELS = 32
"""MPLS labels followed in one stack; operators' stacks stay below a dozen."""

_REFUSALS = (dpkt.Error, struct.error, IndexError, KeyError, ValueError, TypeError, AttributeError, RecursionError)
"""What dpkt raises on bytes that it cannot read."""


def _header(layer: type, octets: bytes) -> Any:
    """The fixed header of a dpkt class, without the descent that its own `unpack` goes on with."""
    packet = layer()
    dpkt.Packet.unpack(packet, octets)
    return packet


def _mpls(data: bytes) -> Layer:
    """A label stack (RFC 3032). Nothing names what follows it: IP or Ethernet is told by the bytes (RFC 4928)."""
    at = 0
    while True:
        label = _header(ethernet.MPLSlabel, data[at : at + 4])
        at += 4
        if label.s:
            break
        if at == 4 * LABELS:
            raise Undecoded(f"tunnel: more than {LABELS} MPLS labels")
    version = data[at] >> 4
    found = [] if version not in (4, 6) else [(EtherType.IPV4 if version == 4 else EtherType.IPV6, at)]
    if not found and len(data) < at + 4 + 16:
        raise Short("Ethernet header in MPLS")
    if _is_ethernet(data, at):
        found.append((EtherType.ETHERNET, at))
    # The control word of a pseudowire (RFC 4385, RFC 4448 section 4.6).
    if version == 0 and _is_ethernet(data, at + 4):
        found.append((EtherType.ETHERNET, at + 4))
    if len(found) != 1:
        raise Undecoded(f"tunnel: MPLS payload {'is ambiguous' if found else 'not recognised'}")
    return *found[0], None


def _is_ethernet(data: bytes, at: int) -> bool:
    """An Ethernet header with a type that what follows bears out."""
    if len(data) < at + 16:
        return False
    kind, word = _TYPE_AND_NEXT(data, at + 12)
    beginning = _BEGINNINGS.get(kind)
    return kind in VLAN_TAGS if beginning is None else word >> 12 == beginning


_TYPE_AND_NEXT = struct.Struct(">HH").unpack_from
_BEGINNINGS = {EtherType.IPV4: 4, EtherType.IPV6: 6, EtherType.ARP: 0}


def _pppoe(data: bytes) -> Layer:
    """RFC 2516 section 4: the session stage has code 0."""
    header = _header(pppoe.PPPoE, data[:6])
    if (header.v, header.type, header.code) != (1, 1, pppoe.PPPoE_SESSION):
        raise Malformed("PPPoE header")
    return EtherType.PPP, 6, None


_PPP_CONTROL = 0x8000
_PPP_TYPES = {ppp.PPP_IP: EtherType.IPV4, ppp.PPP_IP6: EtherType.IPV6, 0x281: EtherType.MPLS}


def _ppp(data: bytes) -> Layer | None:
    """RFC 1661 section 2, after the address and control octets of RFC 1662 where they were not left out."""
    if len(data) < 2:
        raise Short("PPP header")
    framed = data[:2] == b"\xff\x03"
    octets = data[: 4 if framed else 2]
    header = (ppp.PPP if framed else pppoe.PPP)(octets)
    if header.p >= _PPP_CONTROL:
        return None
    kind = _PPP_TYPES.get(header.p)
    if kind is None:
        raise Undecoded(f"tunnel: PPP protocol 0x{header.p:04x} not decoded")
    # The protocol may be one octet, and the second one read then is the packet's.
    return kind, len(octets) - len(header.data), None


_SAP_IP, _SAP_SNAP = 0x06, 0xAA
_UNNUMBERED = 3
_OUI_BRIDGE_TUNNEL = 0x0000F8


def _llc(data: bytes) -> Layer | None:
    """IEEE 802.2: IP right behind it (RFC 948), or SNAP with the type that IEEE 802.1H carries through bridges."""
    header = _header(llc.LLC, data[:3])
    if header.ctl != _UNNUMBERED:
        return None
    if header.dsap == header.ssap == _SAP_IP:
        return EtherType.IPV4, 3, None
    if not header.is_snap:
        return None
    if len(data) < 8:
        raise Short("SNAP header")
    kind = int.from_bytes(data[6:8], "big")
    if int.from_bytes(data[3:6], "big") not in (0, _OUI_BRIDGE_TUNNEL) or kind < LEAST_ETHERTYPE:
        return None
    return kind, 8, None


def _gre(data: bytes) -> Layer | None:
    """RFC 2784 and RFC 2890, and the version 1 of PPTP (RFC 2637 section 4.1)."""
    header = _header(gre.GRE, data[:4])
    if header.v > 1:
        raise Undecoded(f"tunnel: GRE version {header.v} not decoded")
    if header.flags & gre.GRE_RP:
        raise Undecoded("tunnel: GRE source routing not decoded")
    sequenced = bool(header.flags & gre.GRE_SP)
    kind = header.p
    if header.v == 0:
        # This bit means an acknowledgment in version 1 only.
        header.flags &= ~gre.GRE_AP
    elif not sequenced:
        return None
    at = 4 + struct.calcsize("!" + "".join(header.opt_fields_fmts()[1]))
    if len(data) < at:
        raise Short("GRE header")
    if kind < LEAST_ETHERTYPE:
        raise Undecoded(f"tunnel: GRE of type 0x{kind:04x} not decoded")
    # ERSPAN type I has no header of its own, and no sequence number to tell it by.
    return EtherType.ETHERNET if kind == EtherType.ERSPAN and not sequenced else kind, at, None


Opener = Callable[[bytes], Layer | None]


def _contained(name: str, opener: Opener) -> Opener:
    def opened(data: bytes) -> Layer | None:
        try:
            return opener(data)
        except _REFUSALS:
            raise Short(name) from None

    return opened


OPENERS: dict[Wrapper, Opener] = {
    Wrapper.MPLS: _contained("MPLS label", _mpls),
    Wrapper.PPPOE: _contained("PPPoE header", _pppoe),
    Wrapper.PPP: _contained("PPP header", _ppp),
    Wrapper.LLC: _contained("LLC header", _llc),
    Wrapper.GRE: _contained("GRE header", _gre),
}
"""From the captured bytes of a layer to what it holds; None where that is never IP. Each raises Undecoded, and Short
where the bytes end inside its header."""
