"""Capture files by hand: pcapng blocks, snoop records, and a reader of what comes out."""

from __future__ import annotations

import struct
from pathlib import Path

from dissect.nfs4.capture import Capture, Frame, open_capture


class Pcapng:
    """Blocks in one byte order, end to end: `Pcapng(">").section().interface().packet(b"...").data`."""

    def __init__(self, order: str = "<", data: bytes = b"") -> None:
        self.order, self.data = order, data

    def block(self, kind: int, body: bytes, *, total: int | None = None) -> Pcapng:
        body += bytes(-len(body) % 4)
        length = struct.pack(self.order + "I", 12 + len(body) if total is None else total)
        return Pcapng(self.order, self.data + struct.pack(self.order + "I", kind) + length + body + length)

    def section(self, order: str | None = None, major: int = 1) -> Pcapng:
        here = Pcapng(order or self.order, self.data)
        return here.block(0x0A0D0D0A, struct.pack(here.order + "IHHq", 0x1A2B3C4D, major, 0, -1))

    def option(self, code: int, value: bytes) -> bytes:
        return struct.pack(self.order + "HH", code, len(value)) + value + bytes(-len(value) % 4)

    def interface(
        self, link_type: int = 1, snaplen: int = 0, tsresol: int | None = None, tsoffset: int | None = None
    ) -> Pcapng:
        body = struct.pack(self.order + "HHI", link_type, 0, snaplen) + self.option(2, b"eth0")
        if tsresol is not None:
            body += self.option(9, bytes((tsresol,)))
        if tsoffset is not None:
            body += self.option(14, struct.pack(self.order + "q", tsoffset))
        return self.block(1, body + self.option(0, b""))

    def packet(
        self,
        data: bytes,
        stamp: int = 0,
        *,
        interface: int = 0,
        original: int | None = None,
        captured: int | None = None,
    ) -> Pcapng:
        return self.block(6, self._fixed("I", data, stamp, interface, original, captured) + data)

    def obsolete_packet(self, data: bytes, stamp: int = 0, *, interface: int = 0) -> Pcapng:
        return self.block(2, self._fixed("HH", data, stamp, interface, None, None) + data)

    def simple_packet(self, data: bytes, original: int | None = None) -> Pcapng:
        return self.block(3, struct.pack(self.order + "I", len(data) if original is None else original) + data)

    def _fixed(
        self, head: str, data: bytes, stamp: int, interface: int, original: int | None, captured: int | None
    ) -> bytes:
        first = (interface,) if head == "I" else (interface, 0xFFFF)
        lengths = len(data) if captured is None else captured, len(data) if original is None else original
        return struct.pack(self.order + head + "IIII", *first, stamp >> 32, stamp & 0xFFFFFFFF, *lengths)


def snoop_file(*frames: tuple[int, bytes], datalink: int = 4, version: int = 2, padding: int | None = None) -> bytes:
    """RFC 1761; frames as (ns since 1970, data)."""
    parts = [b"snoop\0\0\0" + struct.pack(">II", version, datalink)]
    for time, data in frames:
        pad = -len(data) % 4 if padding is None else padding
        seconds, rest = divmod(time, 10**9)
        record = struct.pack(">IIIIII", len(data), len(data), 24 + len(data) + pad, 0, seconds, rest // 1000)
        parts.append(record + data + bytes(pad))
    return b"".join(parts)


def read(path: Path, data: bytes) -> tuple[list[Frame], Capture]:
    """Write a file of these bytes, and read it as a capture to its end."""
    path.write_bytes(data)
    with open_capture(path) as capture:
        return list(capture), capture


def frames(path: Path) -> list[Frame]:
    """All frames of a capture."""
    with open_capture(path) as capture:
        return list(capture)


def written(path: Path, taken: list[Frame], *, shift: int = 0) -> Path:
    """A pcap with nanoseconds of these frames, by a clock that is ahead by `shift` ns."""
    parts = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 1 << 18, taken[0].link_type)]
    for frame in taken:
        seconds, ns = divmod(frame.time + shift, 10**9)
        parts += [struct.pack("<IIII", seconds, ns, len(frame.data), frame.original_length), frame.data]
    path.write_bytes(b"".join(parts))
    return path
