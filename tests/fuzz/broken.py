"""Captures with errors in their bytes, drawn by dice: what a bad disk, a bad link or a bad mind makes of a file.

`soundness.wild` damages captures as networks and tools do, and they stay captures. Here nothing is spared: packets get
wrong octets, lengths and counts (as `editcap -E` gives them), and the file itself may be torn anywhere.
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from dataclasses import replace
from random import Random

from soundness.packets import ETHERNET, Packet, Packets, pcap, pcapng

ABSURD = (0, 1, 3, 4, 5, 0xFF, 0x7F, 0xFFFF, 0x7FFF, 0x10000, 0x400000, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFF)
"""Numbers in place of lengths and counts."""

_ODD_BYTES = (0, 1, 0x7F, 0x80, 0xFF)
_MANY = 40


def broken(packets: Packets, dice: Random) -> tuple[bytes, str]:
    """A file, and what was done to it."""
    what = []
    changed = list(packets)
    for name, step in dice.choices(_ON_PACKETS, k=dice.choice((0, 1, 1, 2, 3))):
        what.append(name)
        changed = step(changed, dice)
    form, write = dice.choice(_FORMS)
    what.append(form)
    data = write(changed)
    for name, tear in dice.choices(_ON_FILES, k=dice.choice((0, 0, 0, 1, 2))):
        what.append(name)
        data = tear(data, dice)
    if dice.random() < 0.05:
        what.append("gzip")
        data = gzip.compress(data, 1, mtime=0)
        if dice.random() < 0.5:
            what.append("torn")
            data = _some_bytes(data, dice)
    return data, ", ".join(what)


def _chosen(packets: list[Packet], dice: Random) -> list[int]:
    """A few packets, or a good part of all of them."""
    rate = dice.choice((0.002, 0.01, 0.02, 0.05, 0.2, 1.0))
    chosen = [number for number in range(len(packets)) if dice.random() < rate]
    return chosen or [dice.randrange(len(packets))] if packets else []


def _each(change: Callable[[bytes, Random], bytes]) -> Callable[[list[Packet], Random], list[Packet]]:
    def step(packets: list[Packet], dice: Random) -> list[Packet]:
        for number in _chosen(packets, dice):
            data = change(packets[number].data, dice)
            length = max(len(data), packets[number].length + len(data) - len(packets[number].data))
            packets[number] = replace(packets[number], data=data, length=length)
        return packets

    return step


def _octet(data: bytes, dice: Random) -> bytes:
    out = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 5))):
        if out:
            out[dice.randrange(len(out))] = dice.choice((dice.randrange(256), dice.choice(_ODD_BYTES)))
    return bytes(out)


def _bit(data: bytes, dice: Random) -> bytes:
    out = bytearray(data)
    if out:
        out[dice.randrange(len(out))] ^= 1 << dice.randrange(8)
    return bytes(out)


def _word(data: bytes, dice: Random) -> bytes:
    """An XDR word, a length of IP or the like: on its boundary as seen from the link layer or from the payload."""
    size = dice.choice((2, 4, 4, 4))
    if len(data) < size:
        return data
    at = dice.randrange(len(data) - size + 1)
    if dice.random() < 0.7:
        at = min(at // 4 * 4 + 2, len(data) - size)
    value = dice.choice(ABSURD) & (1 << 8 * size) - 1
    return data[:at] + value.to_bytes(size, "big") + data[at + size :]


def _header(data: bytes, dice: Random) -> bytes:
    """Garbage in one of the headers before the payload."""
    start = dice.choice((0, 14, 34, 54, 66))
    length = dice.choice((1, 4, 20))
    return data[:start] + dice.randbytes(min(length, max(len(data) - start, 0))) + data[start + length :]


def _garbage(data: bytes, dice: Random) -> bytes:
    """All of the payload, or all of the packet."""
    kept = dice.choice((0, 14, 34, 66, 70, 94))
    return data[:kept] + dice.randbytes(max(len(data) - kept, 0))


def _shorter(data: bytes, dice: Random) -> bytes:
    return data[: dice.randrange(len(data) + 1)]


def _longer(data: bytes, dice: Random) -> bytes:
    return data + (dice.randbytes if dice.random() < 0.5 else bytes)(dice.choice((1, 3, 18, 400)))


def _twice(data: bytes, dice: Random) -> bytes:
    """A part of the packet stands in it twice, or a part is gone."""
    first, second = sorted(dice.randrange(len(data) + 1) for _ in range(2))
    return data[:second] + data[first:] if dice.random() < 0.5 else data[:first] + data[second:]


def _cut(packets: list[Packet], dice: Random) -> list[Packet]:
    """Captured octets are missing, and the record says so."""
    for number in _chosen(packets, dice):
        packet = packets[number]
        packets[number] = replace(packet, data=packet.data[: dice.randrange(len(packet.data) + 1)])
    return packets


def _swapped(packets: list[Packet], dice: Random) -> list[Packet]:
    for number in _chosen(packets, dice):
        other = dice.randrange(len(packets))
        packets[number], packets[other] = packets[other], packets[number]
    return packets


def _missing(packets: list[Packet], dice: Random) -> list[Packet]:
    gone = set(_chosen(packets, dice))
    return [packet for number, packet in enumerate(packets) if number not in gone]


def _repeated(packets: list[Packet], dice: Random) -> list[Packet]:
    for number in _chosen(packets, dice)[:_MANY]:
        packets.insert(dice.randrange(len(packets) + 1), packets[number])
    return packets


def _payload_of_another(packets: list[Packet], dice: Random) -> list[Packet]:
    for number in _chosen(packets, dice):
        kept = dice.choice((14, 34, 54, 66, 94, 110))
        data = packets[number].data[:kept] + dice.choice(packets).data[kept:]
        packets[number] = replace(packets[number], data=data, length=len(data))
    return packets


def _time(packets: list[Packet], dice: Random) -> list[Packet]:
    for number in _chosen(packets, dice):
        packets[number] = replace(packets[number], time=dice.choice((0, dice.getrandbits(32), (1 << 32) - 1)) * 10**9)
    return packets


def _link(packets: list[Packet], dice: Random) -> list[Packet]:
    link = dice.choice((0, 1, 1, 12, 101, 105, 108, 113, 127, 147, 228, 229, 239, 276, 65535))
    return [replace(packet, link=link) for packet in packets]


_Step = Callable[[list[Packet], Random], list[Packet]]
_ON_PACKETS: tuple[tuple[str, _Step], ...] = (
    ("octets", _each(_octet)),
    ("bits", _each(_bit)),
    ("words", _each(_word)),
    ("words", _each(_word)),
    ("headers", _each(_header)),
    ("garbage", _each(_garbage)),
    ("shorter", _each(_shorter)),
    ("longer", _each(_longer)),
    ("parts twice or gone", _each(_twice)),
    ("cut", _cut),
    ("swapped", _swapped),
    ("missing", _missing),
    ("repeated", _repeated),
    ("payloads of others", _payload_of_another),
    ("times", _time),
    ("link type", _link),
)


def _some_bytes(data: bytes, dice: Random) -> bytes:
    for _ in range(dice.choice((1, 2, 8))):
        data = _octet(data, dice)
    return data


def _torn_end(data: bytes, dice: Random) -> bytes:
    return data[: dice.randrange(len(data) + 1)]


def _little_word(data: bytes, dice: Random) -> bytes:
    """A word of the file's own headers."""
    if len(data) < 4:
        return data
    at = dice.randrange(min(len(data) // 4, dice.choice((12, 1 << 30)))) * 4
    return data[:at] + struct.pack(dice.choice("<>") + "I", dice.choice(ABSURD)) + data[at + 4 :]


_ON_FILES: tuple[tuple[str, Callable[[bytes, Random], bytes]], ...] = (
    ("bytes of the file", _some_bytes),
    ("a word of the file", _little_word),
    ("a part of the file twice or gone", _twice),
    ("the file's end", _torn_end),
    ("more at the file's end", _longer),
)

_FORMS: tuple[tuple[str, Callable[[Packets], bytes]], ...] = (
    ("pcap", lambda packets: pcap(_same_link(packets))),
    ("pcap big-endian ns", lambda packets: pcap(_same_link(packets), order=">", ns=True)),
    ("pcapng", lambda packets: pcapng(_same_link(packets)) if packets else pcap(packets)),
)


def _same_link(packets: Packets) -> Packets:
    link = packets[0].link if packets else ETHERNET
    return [replace(packet, link=link, time=min(packet.time, ((1 << 32) - 1) * 10**9)) for packet in packets]
