"""RPC messages over RDMA (RFC 8166), in RoCEv2, InfiniBand and iWARP."""

from __future__ import annotations

import ipaddress
import struct

from wire.frames import ethernet, ip_packet

ONLY, FIRST, MIDDLE, LAST = 4, 0, 1, 2
"""Opcodes of a reliable connection's SEND (InfiniBand architecture, table 38)."""
HERE, THERE = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
_CHECKSUM = bytes(4)


def header(message: bytes, *, reads: int | None = None, writes: int = 0) -> bytes:
    """RPC-over-RDMA version 1, RDMA_MSG; `reads`: the position of a read chunk, `writes`: octets of a write chunk."""
    lists = b"" if reads is None else struct.pack(">IIIIQ", 1, reads, 7, 4096, 0x1000)
    lists += bytes(4)
    if writes:
        lists += struct.pack(">IIIIQ", 1, 1, 7, writes, 0x1000)
    return message[:4] + struct.pack(">III", 1, 32, 0) + lists + bytes(8)


def sends(octets: bytes, queue_pair: int, number: int, mtu: int) -> list[bytes]:
    """The packets of a SEND from its base transport header on, padded, with checksum."""
    pieces = [octets[at : at + mtu] for at in range(0, len(octets), mtu)]
    found = []
    for index, piece in enumerate(pieces):
        last = index == len(pieces) - 1
        opcode = ONLY if len(pieces) == 1 else FIRST if not index else LAST if last else MIDDLE
        pad = -len(piece) % 4
        head = struct.pack(">BBHII", opcode, 0x40 | pad << 4, 0xFFFF, queue_pair, 0x80000000 | number + index)
        found.append(head + piece + bytes(pad) + _CHECKSUM)
    return found


def roce(source: str, target: str, packet: bytes) -> bytes:
    """RoCEv2: the packet in a datagram for port 4791. The source port tells nothing."""
    datagram = struct.pack(">HHHH", 49152 + packet[11], 4791, 8 + len(packet), 0) + packet
    return ethernet(HERE, THERE, *ip_packet(source, target, 17, datagram, 1))


def infiniband(source: str, target: str, packet: bytes) -> bytes:
    """Local and global route headers, of link type 247; the addresses are IPv6."""
    body = struct.pack(">IHBB", 6 << 28, len(packet), 0x1B, 64)
    body += ipaddress.IPv6Address(source).packed + ipaddress.IPv6Address(target).packed + packet
    words = (8 + len(body)) // 4
    return struct.pack(">BBHHH", 0, 3, 2, words, 1) + body + bytes(2)


def mpa(reply: bool) -> bytes:
    """The frame by which a side begins (RFC 5044 section 7.1): CRCs, no markers, no private data."""
    return (b"MPA ID Rep Frame" if reply else b"MPA ID Req Frame") + bytes((0x40, 1, 0, 0))


def fpdu(octets: bytes, number: int) -> bytes:
    """A SEND in one segment (RFC 5040, RFC 5041: untagged, queue 0) in its MPA frame."""
    body = bytes((0x41, 0x43)) + struct.pack(">IIII", 0, 0, number, 0) + octets
    framed = struct.pack(">H", len(body)) + body
    return framed + bytes(-len(framed) % 4) + _CHECKSUM
