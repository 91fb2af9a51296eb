"""Damages that strike one thing: one connection, one side of it, one operation, one address, one clock."""

from __future__ import annotations

import io
from dataclasses import replace
from random import Random

from soundness.packets import Change, Packet, Packets, pcap

from dissect.nfs4.capture import Capture
from dissect.nfs4.const import Op
from dissect.nfs4.exact import messages

_TCP, _ARP = 6, 0x0806
_RST, _SYN, _FIN = 4, 2, 1
_KEEPALIVE_NS = 10 * 10**9

End = tuple[bytes, bytes]
"""Address and port."""


def ends(packet: Packet) -> tuple[End, End] | None:
    """Source and destination of a TCP segment in IPv4 without options."""
    ip = packet.payload_at
    pair = packet.addresses
    if pair is None or len(packet.data) < ip + 40 or packet.data[ip + 9] != _TCP or packet.data[ip] != 0x45:
        return None
    ports = packet.data[ip + 20 : ip + 24]
    return (pair[0], ports[:2]), (pair[1], ports[2:])


def without_connection(seed: int, *, half: bool = False) -> Change:
    """One connection is missing, or (`half`) what one side of it sent: it took another way."""

    def change(packets: Packets) -> Packets:
        seen = sorted({min(e, e[::-1]) for p in packets if (e := ends(p)) is not None})
        if not seen:
            return packets
        dice = Random(seed)
        one = dice.choice(seen)
        gone = {one if dice.random() < 0.5 else one[::-1]} if half else {one, one[::-1]}
        return [p for p in packets if ends(p) not in gone]

    return change


def without_address(seed: int) -> Change:
    """Nothing that one address sent or was sent is in the capture."""

    def change(packets: Packets) -> Packets:
        seen = sorted({address for p in packets for address in p.addresses or ()})
        gone = Random(seed).choice(seen) if seen else b""
        return [p for p in packets if gone not in (p.addresses or ())]

    return change


def without_arp(packets: Packets) -> Packets:
    return [p for p in packets if p.ethertype != _ARP]


def without_operation(seed: int, rate: float) -> Change:
    """The calls or the replies that hold one operation are missing, each with this probability."""

    def change(packets: Packets) -> Packets:
        dice = Random(seed)
        found: dict[tuple[int, bool], set[int]] = {}
        with Capture("copy", io.BytesIO(pcap(packets)), close=True) as capture:
            for id, message in messages(capture):
                for operation in message.operations:
                    found.setdefault((operation.op, message.kind & 1 == 1), set()).add(id >> 12)
        if not found:
            return packets
        kinds = sorted(found)
        rare = [kind for kind in kinds if kind[0] not in (Op.SEQUENCE, Op.PUTFH, Op.GETATTR)] or kinds
        gone = found[dice.choice(rare)]
        return [p for number, p in enumerate(packets, 1) if number not in gone or dice.random() >= rate]

    return change


def snaplens(seed: int) -> Change:
    """Each packet is cut by another snaplen: several interfaces, or headers of several lengths."""

    def change(packets: Packets) -> Packets:
        dice = Random(seed)
        return [replace(p, data=p.data[: dice.choice((96, 128, 160, 200, 232))]) for p in packets]

    return change


def wrong_checksums(packets: Packets) -> Packets:
    """As on the sending host, where the card is to fill them in."""

    def spoilt(packet: Packet) -> Packet:
        if ends(packet) is None:
            return packet
        at = packet.payload_at + 36
        return replace(packet, data=packet.data[:at] + b"\xba\xad" + packet.data[at + 2 :])

    return [spoilt(p) for p in packets]


def kept_alive(packets: Packets) -> Packets:
    """Keep-alives (RFC 9293 section 3.8.4) where a connection is silent: an octet from before what is expected next."""
    out: list[Packet] = []
    last: dict[tuple[End, End], Packet] = {}
    for packet in packets:
        way = ends(packet)
        if way is not None:
            before = last.get(way)
            if before is not None and packet.time - before.time > 2 * _KEEPALIVE_NS:
                out += [_keepalive(before, n) for n in range(1, 3)]
            if packet.data[packet.payload_at + 33] & (_RST | _SYN | _FIN):
                last.pop(way, None)
            else:
                last[way] = packet
        out.append(packet)
    return sorted(out, key=lambda p: p.time)


def _keepalive(packet: Packet, number: int) -> Packet:
    ip = packet.payload_at
    tcp = ip + 20
    header = (packet.data[tcp + 12] >> 4) * 4
    total = int.from_bytes(packet.data[ip + 2 : ip + 4], "big")
    following = int.from_bytes(packet.data[tcp + 4 : tcp + 8], "big") + total - 20 - header
    head = packet.data[: ip + 2] + (20 + header + 1).to_bytes(2, "big") + packet.data[ip + 4 : tcp + 4]
    head += ((following - 1) % (1 << 32)).to_bytes(4, "big") + packet.data[tcp + 8 : tcp + 13] + b"\x10"
    data = head + packet.data[tcp + 14 : tcp + header] + b"\0"
    return replace(packet, time=packet.time + number * _KEEPALIVE_NS, data=data, length=len(data))


def two_clocks(offset_ns: int, seed: int) -> Change:
    """Two taps in one capture, the second with a clock of its own, merged by time."""

    def change(packets: Packets) -> Packets:
        dice = Random(seed)
        others = [replace(p, time=p.time + offset_ns + dice.randint(0, 100_000)) for p in packets]
        return sorted([*packets, *others], key=lambda p: p.time)

    return change


def clock_stepped(part: float, ns: int) -> Change:
    """From a packet on the clock is set to another time; packets stay in their order."""
    return lambda packets: [
        replace(p, time=p.time + ns) if number >= part * len(packets) else p for number, p in enumerate(packets)
    ]
