"""Where in a capture file the packets lie: for reports that cite bytes of the file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from struct import Struct
from typing import BinaryIO

from dissect.nfs4.capture.pcap import MAGICS as PCAP_MAGICS
from dissect.nfs4.capture.pcapng import MAGIC as PCAPNG_MAGIC
from dissect.nfs4.capture.pcapng import NUMBERED
from dissect.nfs4.capture.snoop import MAGIC as SNOOP_MAGIC

Region = tuple[int, int]
"""Offset of a packet's bytes in the file, and how many there are."""

_HEADER = {0xA1B2C3D4: 16, 0xA1B23C4D: 16, 0xA1B2CD34: 24}
"""Octets of a pcap record's header, by the file's magic."""

_PACKET_BLOCKS = {2: 28, 3: 12, 6: 28}
"""pcapng blocks that hold a packet, and where its bytes begin: Packet, Simple Packet, Enhanced Packet."""


def packet_regions(path: Path, frames: Collection[int]) -> dict[int, Region]:
    """Where the frames of these numbers lie in a pcap, pcapng or snoop file; nothing for other files, compressed ones
    among them, and for frames behind damage. Raises OSError."""
    wanted = set(frames)
    if not wanted or not path.is_file():
        return {}
    with path.open("rb") as file:
        head = file.read(24)
        if head.startswith(PCAP_MAGICS) and len(head) == 24:
            little = int.from_bytes(head[:4], "little")
            magic = little if little in _HEADER else int.from_bytes(head[:4], "big")
            return _records(file, 24, Struct(("<" if little in _HEADER else ">") + "8xI4x"), _HEADER[magic], wanted)
        if head.startswith(PCAPNG_MAGIC):
            return _blocks(file, wanted)
        if head.startswith(SNOOP_MAGIC):
            return _snoop(file, wanted)
    return {}


def _records(file: BinaryIO, at: int, header: Struct, size: int, wanted: set[int]) -> dict[int, Region]:
    found: dict[int, Region] = {}
    for number in range(1, max(wanted) + 1):
        file.seek(at)
        raw = file.read(header.size)
        if len(raw) < header.size:
            break
        (captured,) = header.unpack(raw)
        if number in wanted:
            found[number] = (at + size, captured)
        at += size + captured
    return found


def _blocks(file: BinaryIO, wanted: set[int]) -> dict[int, Region]:
    found: dict[int, Region] = {}
    at, number, order = 0, 0, "<"
    last = max(wanted)
    while number < last:
        file.seek(at)
        raw = file.read(28)
        if len(raw) < 12:
            break
        if raw.startswith(PCAPNG_MAGIC):
            order = "<" if raw[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
        kind, length = Struct(order + "II").unpack_from(raw)
        if length < 12:
            break
        number += kind in NUMBERED
        skip = _PACKET_BLOCKS.get(kind)
        if skip is not None:
            number += 1
            if number in wanted and len(raw) == 28:
                captured = Struct(order + "I").unpack_from(raw, 20)[0] if skip == 28 else length - 16
                found[number] = (at + skip, min(captured, length - skip - 4))
        at += length
    return found


def _snoop(file: BinaryIO, wanted: set[int]) -> dict[int, Region]:
    header = Struct(">4xII")
    found: dict[int, Region] = {}
    at = 16
    for number in range(1, max(wanted) + 1):
        file.seek(at)
        raw = file.read(header.size)
        if len(raw) < header.size:
            break
        captured, length = header.unpack(raw)
        if length < 24:
            break
        if number in wanted:
            found[number] = (at + 24, captured)
        at += length
    return found
