"""Ethernet, ARP, IP and TCP frames with their checksums, and the capture file around them."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
BROADCAST = b"\xff" * 6


def mac_bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def checksum(data: bytes) -> int:
    """The internet checksum (RFC 1071)."""
    total: int = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip_packet(source: str, target: str, protocol: int, payload: bytes, ident: int, ttl: int = 64) -> tuple[int, bytes]:
    """The EtherType and the packet."""
    a, b = ipaddress.ip_address(source), ipaddress.ip_address(target)
    if a.version == 6:
        return 0x86DD, struct.pack(">IHBB", 6 << 28, len(payload), protocol, ttl) + a.packed + b.packed + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), ident & 0xFFFF, 0x4000, ttl, protocol, 0)
    head += a.packed + b.packed
    return 0x0800, head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def tcp_segment(
    source: tuple[str, int],
    target: tuple[str, int],
    seq: int,
    ack: int,
    flags: int,
    payload: bytes,
    window: int = 29200,
) -> bytes:
    a, b = ipaddress.ip_address(source[0]).packed, ipaddress.ip_address(target[0]).packed
    options = b"\x02\x04\x05\xb4" if flags & SYN else b""
    offset = (20 + len(options)) // 4
    head = struct.pack(
        ">HHIIBBHHH", source[1], target[1], seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, offset << 4, flags, window, 0, 0
    )
    segment = head + options + payload
    sum_of = checksum(a + b + struct.pack(">IHBB", len(segment), 0, 0, 6) + segment)
    return segment[:16] + struct.pack(">H", sum_of) + segment[18:]


def ethernet(source: bytes, target: bytes, kind: int, payload: bytes) -> bytes:
    """Without padding: captures on the sending host have none."""
    return target + source + struct.pack(">H", kind) + payload


def arp(operation: int, sender: tuple[bytes, str], target: tuple[bytes, str], to: bytes = BROADCAST) -> bytes:
    addresses = [ipaddress.IPv4Address(address).packed for _, address in (sender, target)]
    body = struct.pack(">HHBBH", 1, 0x0800, 6, 4, operation) + sender[0] + addresses[0] + target[0] + addresses[1]
    return ethernet(sender[0], to, 0x0806, body)


def neighbour_advertisement(mac: bytes, address: str, solicited: bool) -> bytes:
    """RFC 4861 section 4.4, to all nodes, with the Override flag."""
    everyone = ipaddress.IPv6Address("ff02::1").packed
    mine = ipaddress.IPv6Address(address).packed
    body = struct.pack(">BBHI", 136, 0, 0, (0x6 if solicited else 0x2) << 28) + mine + b"\x02\x01" + mac
    sum_of = checksum(mine + everyone + struct.pack(">II", len(body), 58) + body)
    body = body[:2] + struct.pack(">H", sum_of) + body[4:]
    packet = struct.pack(">IHBB", 6 << 28, len(body), 58, 255) + mine + everyone + body
    return ethernet(mac, b"\x33\x33\x00\x00\x00\x01", 0x86DD, packet)


def pcap_file(
    frames: Iterable[tuple[int, bytes]], *, snaplen: int = 262144, byteorder: str = "<", nanoseconds: bool = False
) -> bytes:
    """A capture of `(ns since 1970, frame)` pairs, link type Ethernet."""
    unit = 1 if nanoseconds else 1000
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    parts = [struct.pack(byteorder + "IHHiIII", magic, 2, 4, 0, 0, snaplen, 1)]
    for time, frame in frames:
        kept = frame[:snaplen]
        seconds, rest = divmod(time, 10**9)
        parts.append(struct.pack(byteorder + "IIII", seconds, rest // unit, len(kept), len(frame)) + kept)
    return b"".join(parts)
