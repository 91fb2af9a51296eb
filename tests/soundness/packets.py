"""Captures as lists of packets, to be damaged or put in another form, and written again."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from dissect.nfs4.capture import open_capture

NULL, ETHERNET, RAW_IP, SLL, SLL2 = 0, 1, 101, 113, 276
_IPV4, _IPV6, _ARP, _VLAN = 0x0800, 0x86DD, 0x0806, 0x8100
_RECORD_HEADER = 16

_HEADERS = {NULL: (4, None), ETHERNET: (14, 12), RAW_IP: (0, None), SLL: (16, 14), SLL2: (20, 0)}
"""By link type: where the payload begins, and where its ethertype stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """`time` in ns since 1970 UTC; `length` as it was on the wire; `link` as pcap numbers link types."""

    time: int
    data: bytes
    length: int
    link: int = ETHERNET

    @property
    def payload_at(self) -> int:
        """Where the network layer begins."""
        start, at = _HEADERS[self.link]
        return start + 4 if at == 12 and self.data[12:14] == _VLAN.to_bytes(2, "big") else start

    @property
    def ethertype(self) -> int:
        start, at = self.payload_at, _HEADERS[self.link][1]
        if at is None:
            return _IPV4 if self.data[start] >> 4 == 4 else _IPV6
        if self.link == ETHERNET:
            at = start - 2
        return int.from_bytes(self.data[at : at + 2], "big")

    @property
    def addresses(self) -> tuple[bytes, bytes] | None:
        """Source and destination of an IPv4 packet."""
        ip = self.payload_at
        return (self.data[ip + 12 : ip + 16], self.data[ip + 16 : ip + 20]) if self.ethertype == _IPV4 else None


Packets = Sequence[Packet]
Change = Callable[[Packets], Packets]
"""What is done to a capture."""


def packets_of(path: Path) -> list[Packet]:
    """Every packet of a capture of one link type."""
    with open_capture(path) as capture:
        packets = [Packet(time=f.time, data=f.data, length=f.original_length, link=f.link_type) for f in capture]
    assert len({packet.link for packet in packets}) == 1
    return packets


def pcap(packets: Packets, *, order: str = "<", ns: bool = False) -> bytes:
    link = packets[0].link if packets else ETHERNET
    parts = [struct.pack(order + "IHHiIII", 0xA1B23C4D if ns else 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)]
    for packet in packets:
        seconds, rest = divmod(packet.time, 10**9)
        head = struct.pack(order + "IIII", seconds, rest if ns else rest // 1000, len(packet.data), packet.length)
        parts.append(head + packet.data)
    return b"".join(parts)


def pcapng(packets: Packets, *, order: str = "<") -> bytes:
    """One section, one interface, times in nanoseconds."""

    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        total = struct.pack(order + "I", len(body) + 12)
        return struct.pack(order + "I", kind) + total + body + total

    parts = [block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))]
    resolution = struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0)
    parts.append(block(1, struct.pack(order + "HHI", packets[0].link, 0, 0) + resolution))
    for packet in packets:
        high, low = divmod(packet.time, 1 << 32)
        head = struct.pack(order + "IIIII", 0, high, low, len(packet.data), packet.length)
        parts.append(block(6, head + packet.data))
    return b"".join(parts)


def record_ends(packets: Iterable[Packet]) -> list[int]:
    """Where the file header and each record of `pcap` end."""
    ends = [24]
    for packet in packets:
        ends.append(ends[-1] + _RECORD_HEADER + len(packet.data))
    return ends


def lost(rate: float, seed: int) -> Change:
    """Each packet is missing with this probability."""

    def change(packets: Packets) -> Packets:
        dice = Random(seed)
        return [packet for packet in packets if dice.random() >= rate]

    return change


def every(n: int) -> Change:
    """Every n-th packet is missing."""
    return lambda packets: [packet for number, packet in enumerate(packets, 1) if number % n]


def from_part(part: float) -> Change:
    """The capture was started late, given in parts of the whole."""
    return lambda packets: packets[round(part * len(packets)) :]


def up_to_part(part: float) -> Change:
    """The capture was ended early."""
    return lambda packets: packets[: round(part * len(packets))]


def without_between(start: float, end: float) -> Change:
    """A stretch in the middle is missing, given in parts of the whole."""
    return lambda packets: [packet for number, packet in enumerate(packets) if not start <= number / len(packets) < end]


def one_way(*servers: str, heard: bool, others: bool = False) -> Change:
    """Of the conversations of the servers only what they sent (`heard`), or only what was sent to them; what is no
    IPv4 stays, and the conversations of `others` if wanted."""
    named = {bytes(map(int, server.split("."))) for server in servers}

    def stays(packet: Packet) -> bool:
        source, target = packet.addresses or (None, None)
        if source is None or (others and source not in named and target not in named):
            return True
        return (source in named) == heard

    return lambda packets: [packet for packet in packets if stays(packet)]


def snaplen(octets: int) -> Change:
    return lambda packets: [replace(packet, data=packet.data[:octets]) for packet in packets]


def jittered(ns: int, seed: int) -> Change:
    """Each packet is stamped up to so much too late, and stands where its stamp puts it."""

    def change(packets: Packets) -> Packets:
        dice = Random(seed)
        late = [replace(packet, time=packet.time + dice.randint(0, ns)) for packet in packets]
        return sorted(late, key=lambda packet: packet.time)

    return change


def rounded(ns: int) -> Change:
    """A clock that tells no smaller steps."""
    return lambda packets: [replace(packet, time=packet.time // ns * ns) for packet in packets]


def shifted(ns: int) -> Change:
    """The clock of the machine that captured was wrong by this much."""
    return lambda packets: [replace(packet, time=packet.time + ns) for packet in packets]


def doubled(delay_ns: int) -> Change:
    """Every packet twice, as a mirror of both ports of a bridge gives it."""

    def change(packets: Packets) -> Packets:
        return [each for packet in packets for each in (packet, replace(packet, time=packet.time + delay_ns))]

    return change


def swapped_records(rate: float, seed: int) -> Change:
    """Neighbouring records change places, each with its time."""

    def change(packets: Packets) -> Packets:
        dice, out = Random(seed), list(packets)
        number = 0
        while number + 1 < len(out):
            if dice.random() < rate:
                out[number], out[number + 1] = out[number + 1], out[number]
                number += 1
            number += 1
        return out

    return change


def swapped_packets(rate: float, seed: int, within_ns: int) -> Change:
    """Neighbours that followed each other so closely come in the other order, at the same times."""

    def change(packets: Packets) -> Packets:
        dice, out = Random(seed), list(packets)
        number = 0
        while number + 1 < len(out):
            one, two = out[number], out[number + 1]
            if two.time - one.time <= within_ns and dice.random() < rate:
                out[number], out[number + 1] = replace(two, time=one.time), replace(one, time=two.time)
                number += 1
            number += 1
        return out

    return change


def as_raw_ip(packets: Packets) -> Packets:
    """Without Ethernet headers, and so without ARP and MACs."""
    return [
        replace(packet, data=packet.data[at:], length=packet.length - at, link=RAW_IP)
        for packet in packets
        for at in (packet.payload_at,)
        if packet.ethertype in (_IPV4, _IPV6)
    ]


def forwarded(data: bytes, ip: int) -> bytes:
    """One off the TTL of an IPv4 packet, and its checksum mended (RFC 1141)."""
    summed = int.from_bytes(data[ip + 10 : ip + 12], "big") + 0x100
    summed = (summed & 0xFFFF) + (summed >> 16)
    return (
        data[: ip + 8]
        + bytes([data[ip + 8] - 1])
        + data[ip + 9 : ip + 10]
        + summed.to_bytes(2, "big")
        + data[ip + 12 :]
    )


def behind_router(mac: bytes, *servers: str, arp: bool) -> Change:
    """The servers are in another network: their packets bear a router's MAC and have lost one of their TTL, and ARP for
    them is not seen, or (`arp`) the router answers it for all of them."""
    far = {bytes(map(int, server.split("."))) for server in servers}

    def ip(packet: Packet) -> Packet:
        source, target = packet.addresses or (b"", b"")
        data = packet.data
        if source in far:
            data = forwarded(data[:6] + mac + data[12:], packet.payload_at)
        if target in far:
            data = mac + data[6:]
        return replace(packet, data=data)

    def answered(packet: Packet) -> Packet:
        """ARP: hardware and protocol addresses of sender and target stand at 22, 28, 32 and 38."""
        data = packet.data
        if data[28:32] in far:
            data = data[:6] + mac + data[12:22] + mac + data[28:]
        if data[38:42] in far:
            to_all = data[:6] == b"\xff" * 6
            known = any(data[32:38])
            data = (data[:6] if to_all else mac) + data[6:32] + (mac if known else data[32:38]) + data[38:]
        return replace(packet, data=data)

    def change(packets: Packets) -> Packets:
        moved = [ip(p) if p.ethertype == _IPV4 else answered(p) for p in packets]
        return moved if arp else [p for p in moved if p.ethertype == _IPV4]

    return change
