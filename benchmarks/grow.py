"""Grows a capture: N copies of it, each on networks of its own and later in time.

    python benchmarks/grow.py samples/14-idle-renewals.pcap big.pcap 200 --vary client1 --vary 0x811a036b

Takes a little-endian pcap of Ethernet frames whose addresses are 10.0.0.x. What is given with `--vary` (text, or hex
after 0x) is other bytes of the same length in every copy: host names, the second a server started. For measuring
speed; checksums of TCP are left as they were, and what a rule finds in it means nothing.
"""

from __future__ import annotations

import argparse
import re
import struct
from pathlib import Path

RECORD = struct.Struct("<IIII")
ADDRESS = re.compile(rb"\x0a\x00\x00(?=[\x01-\xfe])")
HEADERS = 54
"Addresses stand in the first bytes of a frame: Ethernet and ARP, or Ethernet, IPv4 and TCP without options."


def varied(value: bytes, copy: int) -> bytes:
    """Other bytes of the same length, printable where `value` is; itself for copy 0."""
    if copy == 0:
        return value
    if value.isascii() and value.decode().isprintable():
        return f"{copy:0{len(value)}x}"[-len(value) :].encode()
    low = copy.to_bytes(4, "little")[: len(value)]
    return bytes(byte ^ other for byte, other in zip(value, low.ljust(len(value), b"\0"), strict=True))


def ip_checksum(head: bytes) -> bytes:
    total = sum(struct.unpack(">10H", head))
    total = (total & 0xFFFF) + (total >> 16)
    return struct.pack(">H", ~(total + (total >> 16)) & 0xFFFF)


def moved(frame: bytes, network: bytes) -> bytes:
    """The frame with its 10.0.0.x addresses in another /24."""
    if frame[12:14] == b"\x08\x00":
        head = frame[14:24] + b"\0\0" + ADDRESS.sub(lambda _: network, frame[26:34])
        return frame[:24] + ip_checksum(head) + head[12:] + frame[34:]
    return frame[:14] + ADDRESS.sub(lambda _: network, frame[14:HEADERS]) + frame[HEADERS:]


def records(data: bytes) -> list[tuple[int, int, bytes]]:
    """(microseconds, original length, frame) of each packet."""
    if data[:4] != b"\xd4\xc3\xb2\xa1" or data[20:24] != b"\x01\0\0\0":
        raise SystemExit("not a little-endian pcap of Ethernet frames")
    found, at = [], 24
    while at + 16 <= len(data):
        seconds, micros, captured, original = RECORD.unpack_from(data, at)
        found.append((seconds * 10**6 + micros, original, data[at + 16 : at + 16 + captured]))
        at += 16 + captured
    return found


def grow(source: Path, target: Path, copies: int, vary: tuple[bytes, ...] = ()) -> None:
    data = source.read_bytes()
    packets = records(data)
    span = max(time for time, _, _ in packets) - packets[0][0] + 10**6
    with target.open("wb") as out:
        out.write(data[:24])
        for copy in range(copies):
            network = bytes((10, copy >> 8 & 0xFF, copy & 0xFF))
            swaps = [(value, varied(value, copy)) for value in vary]
            for time, original, frame in packets:
                changed = moved(frame, network)
                for old, new in swaps:
                    changed = changed.replace(old, new)
                seconds, micros = divmod(time + copy * span, 10**6)
                out.write(RECORD.pack(seconds, micros, len(changed), original) + changed)


def wanted(text: str) -> bytes:
    return bytes.fromhex(text[2:]) if text.startswith("0x") else text.encode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("copies", type=int)
    parser.add_argument("--vary", type=wanted, action="append", default=[])
    given = parser.parse_args()
    if not 0 < given.copies <= 1 << 16:
        parser.error("1 to 65536 copies")
    grow(given.source, given.target, given.copies, tuple(given.vary))


if __name__ == "__main__":
    main()
