"""A conversation with errors, told by bytes: what a fuzzer changes there changes packets, not the file around."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

from fuzz.broken import ABSURD
from soundness.packets import Packet, packets_of
from soundness.stories import STORIES

from dissect.nfs4.capture import Frame
from samples.expectations import SAMPLES

_TAKEN = (
    ("02-v40-ucs-takeover.pcapng", 0, 60),
    ("02-v40-ucs-takeover.pcapng", 200, 60),
    ("03-v41-takeover.pcap", 0, 60),
    ("03-v41-takeover.pcap", 190, 60),
    ("04e-v42-multihomed-maxconnect.pcapng", 0, 80),
    ("10c-v40-delegation-recall.pcap", 150, 60),
    ("12-02-snap96.pcap", 40, 60),
    ("12-02-snap200.pcap", 200, 60),
    ("11b-vlan100.pcapng", 0, 50),
    ("04a-v40-nonucs-multihomed-any-sll2.pcap", 30, 50),
    ("12-02-loopback.pcap", 0, 50),
    ("12-02-rawip.pcap", 100, 60),
    ("12-02-dup.pcap", 100, 60),
    ("12-02-reorder-wire.pcap", 150, 60),
)
"""Samples, and which of their packets make a conversation."""


@cache
def conversations() -> tuple[Sequence[Packet], ...]:
    samples = [packets_of(SAMPLES / name)[start : start + number] for name, start, number in _TAKEN]
    return (*samples, *(tell()[:80] for name, tell in STORIES.items() if "linux" in name))


def edited(data: bytes) -> list[Frame]:
    """The first byte is the conversation, each six of the rest an error: what, in which packet, where (two), how."""
    told = conversations()[data[0] % len(conversations())] if data else ()
    packets = [packet for packet in told if packet.link == told[0].link]
    for at in range(1, len(data) - 5, 6):
        if not packets:
            break
        what, which, high, low, *how = data[at : at + 6]
        number = which % len(packets)
        _ERRORS[what % len(_ERRORS)](packets, number, high << 8 | low, how[0] << 8 | how[1])
    return [
        Frame(
            number=number,
            time=packet.time,
            data=packet.data,
            original_length=max(packet.length, len(packet.data)),
            link_type=packet.link,
            interface=0,
        )
        for number, packet in enumerate(packets, 1)
    ]


def _octet(packets: list[Packet], number: int, where: int, how: int) -> None:
    _put(packets, number, where, bytes((how & 0xFF,)))


def _word(packets: list[Packet], number: int, where: int, how: int) -> None:
    _put(packets, number, where, ABSURD[how % len(ABSURD)].to_bytes(4, "big"))


def _short(packets: list[Packet], number: int, where: int, how: int) -> None:
    _put(packets, number, where, how.to_bytes(2, "big"))


def _moved(packets: list[Packet], number: int, where: int, how: int) -> None:
    """The sequence number of a packet of the plain kind is another."""
    at = packets[number].payload_at + 24
    old = int.from_bytes(packets[number].data[at : at + 4], "big")
    _put(packets, number, at, (old + how - 0x8000 & 0xFFFFFFFF).to_bytes(4, "big"), whole=True)


def _put(packets: list[Packet], number: int, where: int, octets: bytes, *, whole: bool = False) -> None:
    data = packets[number].data
    if data:
        at = where if whole else where % len(data)
        packets[number] = replace(packets[number], data=(data[:at] + octets + data[at + len(octets) :])[: len(data)])


def _cut(packets: list[Packet], number: int, where: int, how: int) -> None:
    data = packets[number].data
    packets[number] = replace(packets[number], data=data[: where % (len(data) + 1)])


def _cut_all(packets: list[Packet], number: int, where: int, how: int) -> None:
    packets[:] = [replace(packet, data=packet.data[: 40 + where % 300]) for packet in packets]


def _gone(packets: list[Packet], number: int, where: int, how: int) -> None:
    del packets[number : number + 1 + how % 3]


def _again(packets: list[Packet], number: int, where: int, how: int) -> None:
    packets.insert(where % (len(packets) + 1), packets[number])


def _later(packets: list[Packet], number: int, where: int, how: int) -> None:
    packets.insert(where % len(packets), packets.pop(number))


def _tail(packets: list[Packet], number: int, where: int, how: int) -> None:
    """The payload of another packet from there on."""
    data, other = packets[number].data, packets[how % len(packets)].data
    data = data[:where] + other[where:]
    packets[number] = replace(packets[number], data=data, length=len(data))


def _joined(packets: list[Packet], number: int, where: int, how: int) -> None:
    """The packet goes on with what is in another, as captured: the IP header does not tell of it, or does."""
    data, other = packets[number].data, packets[where % len(packets)].data
    at = packets[number].payload_at
    data += other[at + 40 + how % 30 :]
    if how & 0x100 and len(data) > at + 4:
        data = data[: at + 2] + min(len(data) - at, 0xFFFF).to_bytes(2, "big") + data[at + 4 :]
    packets[number] = replace(packets[number], data=data, length=len(data))


def _parted(packets: list[Packet], number: int, where: int, how: int) -> None:
    """One segment comes as two."""
    packet = packets[number]
    at = packet.payload_at
    if packet.data[at : at + 1] != b"\x45" or len(packet.data) < at + 40 or packet.length != len(packet.data):
        return
    body = at + 20 + (packet.data[at + 32] >> 4) * 4
    if body + 2 > len(packet.data):
        return
    split = body + 1 + where % (len(packet.data) - body - 1)
    seq = int.from_bytes(packet.data[at + 24 : at + 28], "big")
    for first, last in ((split, len(packet.data)), (body, split)):
        data = bytearray(packet.data[:body] + packet.data[first:last])
        data[at + 2 : at + 4] = (len(data) - at).to_bytes(2, "big")
        data[at + 24 : at + 28] = (seq + first - body & 0xFFFFFFFF).to_bytes(4, "big")
        packets.insert(number, replace(packet, data=bytes(data), length=len(data)))
    del packets[number + 2]


_ERRORS: tuple[Callable[[list[Packet], int, int, int], None], ...] = (
    _octet,
    _octet,
    _word,
    _word,
    _short,
    _moved,
    _moved,
    _cut,
    _cut_all,
    _gone,
    _again,
    _later,
    _tail,
    _joined,
    _parted,
    _parted,
)
