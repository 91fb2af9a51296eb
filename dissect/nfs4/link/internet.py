"""IPv4 (RFC 791) and IPv6 (RFC 8200) headers, down to the protocol above."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from dissect.nfs4.capture.frame import MAX_CAPTURED
from dissect.nfs4.link.odd import Malformed, Short, Undecoded
from dissect.nfs4.link.protocols import Protocol

_IPV4 = Struct(">BxHHHBBxx8s").unpack_from
_IPV6 = Struct(">B3xHBB32s").unpack_from
_u32 = Struct(">I").unpack_from
_ETHERNET_LEAST = 60
"""Shortest Ethernet frame: below it a length of 0 is no offload, just wrong."""


class Fragment(NamedTuple):
    """A part of a datagram: those of one have equal keys."""

    key: tuple[bytes, int, int]
    offset: int
    more: bool


class Packet(NamedTuple):
    """An IP packet: its payload runs from `start` to `stop`, which may lie past the captured bytes."""

    protocol: int
    start: int
    stop: int
    pair: bytes
    "source and destination address, as on the wire"
    ttl: int
    fragment: Fragment | None = None


def ipv4(data: bytes, at: int, original_length: int) -> Packet:
    """The IPv4 packet at `at` in a frame that had `original_length` bytes on the wire. Raises Undecoded."""
    if len(data) < at + 20:
        raise Short("IP header")
    head, total, identification, flags, ttl, protocol, pair = _IPV4(data, at)
    start = at + (head & 15) * 4
    if head >> 4 != 4 or start < at + 20:
        raise Malformed("IP header")
    if total:
        stop = at + total
    elif original_length <= _ETHERNET_LEAST:
        raise Malformed("IP length")
    else:
        stop = offloaded(original_length)
    if stop < start:
        raise Malformed("IP length")
    # More Fragments or an offset; Don't Fragment and the reserved bit make none.
    if flags & 0x3FFF:
        fragment = Fragment((pair, identification, protocol), (flags & 0x1FFF) * 8, bool(flags & 0x2000))
        return Packet(protocol, start, stop, pair, ttl, fragment)
    if protocol == Protocol.AH:
        protocol, start = _authenticated(data, start, stop)
    return Packet(protocol, start, stop, pair, ttl)


def ipv6(data: bytes, at: int, original_length: int) -> Packet:
    """The IPv6 packet at `at`, past its extension headers. Raises Undecoded."""
    if len(data) < at + 40:
        raise Short("IP header")
    head, length, protocol, ttl, pair = _IPV6(data, at)
    if head >> 4 != 6:
        raise Malformed("IP header")
    start = at + 40
    # 0 is a jumbogram (RFC 2675), which carries its length in an option, or a packet still to be segmented.
    stop = start + length if length else max(start, offloaded(original_length))
    protocol, start, fragment = extensions(data, protocol, start, stop, pair)
    return Packet(protocol, start, stop, pair, ttl, fragment)


def extensions(data: bytes, protocol: int, start: int, stop: int, pair: bytes) -> tuple[int, int, Fragment | None]:
    """Past extension headers: the protocol, where it starts, and the Fragment header if one came first.

    Raises Undecoded.
    """
    while protocol in _EXTENSIONS:
        if min(len(data), stop) < start + 8:
            raise _missing(data, stop, "IPv6 extension header")
        following, length = data[start], data[start + 1]
        if protocol == Protocol.FRAGMENT:
            word, identification = data[start + 2] << 8 | data[start + 3], _u32(data, start + 4)[0]
            # RFC 6946: a Fragment header on a whole packet stands alone.
            if word & 0xFFF9:
                return following, start + 8, Fragment((pair, identification, -1), word & 0xFFF8, bool(word & 1))
            start += 8
        elif protocol == Protocol.AH:
            protocol, start = _authenticated(data, start, stop)
            continue
        else:
            if protocol == Protocol.ROUTING and data[start + 3]:
                raise Undecoded("IPv6 routing header: the last destination is not read")
            start += (length + 1) * 8
        protocol = following
    if start > stop:
        raise Malformed("IPv6 extension header")
    return protocol, start, None


_EXTENSIONS = frozenset(
    (
        Protocol.HOPOPT,
        Protocol.ROUTING,
        Protocol.FRAGMENT,
        Protocol.AH,
        Protocol.DSTOPTS,
        Protocol.MOBILITY,
        Protocol.HIP,
        Protocol.SHIM6,
    )
)


def _authenticated(data: bytes, start: int, stop: int) -> tuple[int, int]:
    """Past an Authentication Header (RFC 4302): its length counts 32-bit words, less 2. The payload is in clear."""
    if min(len(data), stop) < start + 12:
        raise _missing(data, stop, "authentication header")
    return data[start], start + (data[start + 1] + 2) * 4


def _missing(data: bytes, stop: int, header: str) -> Undecoded:
    return Short(header) if len(data) < stop else Malformed(header)


def offloaded(original_length: int) -> int:
    """Where a packet without a length of its own stops: with its frame, since the card was to fill the length in."""
    return min(original_length, MAX_CAPTURED)
