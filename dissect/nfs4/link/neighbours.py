"""What ARP and IPv6 neighbour discovery say themselves about an address and its MAC."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from dissect.nfs4.link.odd import Malformed, Short
from dissect.nfs4.link.protocols import EtherType


class Neighbour(NamedTuple):
    """An address (4 or 16 bytes) bound to a MAC by its owner."""

    address: bytes
    mac: bytes
    gratuitous: bool


_ARP = Struct(">HHBBH")
_HOP_LIMIT = 255
_SOLICITATION, _ADVERTISEMENT = 135, 136
_SOURCE_LINK, _TARGET_LINK = 1, 2
_SOLICITED = 0x40


def arp(data: bytes, at: int) -> Neighbour | None:
    """The sender of an ARP request or reply for IPv4 (RFC 826); None for probes (RFC 5227) and other uses of ARP.

    Gratuitous where sender and target address are one. Raises Undecoded.
    """
    if len(data) < at + _ARP.size:
        raise Short("ARP packet")
    _hardware, protocol, octets, length, operation = _ARP.unpack_from(data, at)
    if protocol != EtherType.IPV4 or operation not in (1, 2):
        return None
    if length != 4:
        raise Malformed("ARP packet")
    at += _ARP.size
    if len(data) < at + 2 * (octets + 4):
        raise Short("ARP packet")
    mac = data[at : at + octets]
    sender = data[at + octets : at + octets + 4]
    target = data[at + 2 * octets + 4 : at + 2 * octets + 8]
    if not any(sender) or not any(mac):
        return None
    return Neighbour(sender, mac, sender == target)


def discovery(data: bytes, start: int, stop: int, source: bytes, ttl: int) -> Neighbour | None:
    """Who a neighbour solicitation or advertisement (RFC 4861 sections 4.3, 4.4) speaks for; None for other ICMPv6.

    A solicitation binds its source, an advertisement its target; without a link-layer address option neither binds.
    """
    stop = min(stop, len(data))
    # A router would have lowered the hop limit: section 7.1 has others ignored.
    if stop < start + 24 or ttl != _HOP_LIMIT:
        return None
    kind = data[start]
    if kind == _ADVERTISEMENT:
        mac = _option(data, start + 24, stop, _TARGET_LINK)
        gratuitous = not data[start + 4] & _SOLICITED
        return Neighbour(data[start + 8 : start + 24], mac, gratuitous) if mac else None
    if kind == _SOLICITATION and any(source):
        mac = _option(data, start + 24, stop, _SOURCE_LINK)
        return Neighbour(source, mac, False) if mac else None
    return None


def _option(data: bytes, at: int, stop: int, wanted: int) -> bytes | None:
    """The link-layer address in an option of that type; Ethernet's six bytes."""
    while at + 8 <= stop and data[at + 1]:
        if data[at] == wanted:
            mac = data[at + 2 : at + 8]
            return mac if any(mac) else None
        at += data[at + 1] * 8
    return None
