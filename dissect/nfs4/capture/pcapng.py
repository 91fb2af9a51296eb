"""pcapng files (draft-ietf-opsawg-pcapng): sections of either byte order, interfaces with clocks of their own."""

from __future__ import annotations

from collections.abc import Iterator
from mmap import mmap
from struct import Struct

from dissect.nfs4.capture.errors import UnsupportedFormat
from dissect.nfs4.capture.frame import MAX_CAPTURED, MAX_TIME, Frame, Interface, Tally
from dissect.nfs4.capture.stream import CutShort, Source, zero_filled

MAGIC = b"\x0a\x0d\x0d\x0a"
"""The Section Header Block's type: the same in both byte orders."""

SECTION, INTERFACE, PACKET, SIMPLE, ENHANCED = 0x0A0D0D0A, 1, 2, 3, 6
FIXED = {SECTION: 16, INTERFACE: 8, PACKET: 20, SIMPLE: 4, ENHANCED: 20}
"""Blocks that are read, with the bytes that their type fixes before data and options."""
NUMBERED = frozenset((9, 0xBAD, 0x40000BAD, 0x204, 0x216, 0x221))
"""Blocks that are no packets, and that Wireshark gives a frame number: systemd journal, custom, system calls."""
BLOCK_LEAST = 12

MAX_BLOCK = MAX_CAPTURED + (1 << 20)
"""Longest block read into memory: a packet, and as much again for its options. Others are skipped at any length."""

MAX_INTERFACES = 65536
"""Interfaces remembered of all sections; a host has hundreds."""

_BYTE_ORDER = 0x1A2B3C4D
_OPTION_TSRESOL, _OPTION_TSOFFSET = 9, 14


class Layout:
    """The fixed parts of the blocks, in one byte order."""

    def __init__(self, order: str) -> None:
        self.order = order
        self.block = Struct(order + "II")
        self.word = Struct(order + "I")
        self.version = Struct(order + "HH")
        self.interface = Struct(order + "HHI")
        self.enhanced = Struct(order + "IIIII")
        self.packet = Struct(order + "HHIIII")
        self.option = Struct(order + "HH")
        self.seconds = Struct(order + "q")


_LAYOUTS = {_BYTE_ORDER.to_bytes(4, "little"): Layout("<"), _BYTE_ORDER.to_bytes(4, "big"): Layout(">")}
_NO_TIME = 0xFFFFFFFF

Buffer = bytes | bytearray | mmap


def read_pcapng(source: Source, tally: Tally) -> Iterator[Frame] | None:
    """Frames of a pcapng file whose magic was seen; None if the first block's fixed part is not whole.

    Raises UnsupportedFormat for another version of the format or byte-order words that are none.
    The iterator raises CutShort.
    """
    head = source.more(0, _HEAD)
    if len(head) < _HEAD:
        return None
    return _frames(source, Sections(source, tally, head))


_HEAD = 16


class Sections:
    """What is known at some place in a file: the byte order and the interfaces of its section, the last frame's number
    and time. `head`: the first bytes of `source`; raises UnsupportedFormat as `read_pcapng` does."""

    def __init__(self, source: Source, tally: Tally, head: bytes) -> None:
        layout = _LAYOUTS.get(head[8:12])
        if layout is None:
            raise UnsupportedFormat("pcapng without a byte order: the first block is damaged")
        major, minor = layout.version.unpack_from(head, 12)
        if major != 1:
            raise UnsupportedFormat(f"pcapng version {major}.{minor}; convert it: editcap -F pcapng IN OUT")
        self.layout = layout
        self.interfaces: list[tuple[int, Interface]] = []
        "of this section, with their places among those of all sections"
        self.number = self.clock = 0
        self.tally = tally
        self.blocks = 0
        "of all kinds, so far"
        self._source, self._allowed = source, 0

    def count(self, offset: int) -> None:
        """Count a block that is whole. Raises CutShort if it is one too many."""
        if self.blocks >= self._allowed:
            self._allowed = self._source.allowed(offset, self.blocks)
        self.blocks += 1

    def begin(self, buffer: Buffer, at: int, offset: int) -> tuple[int, int, int]:
        """Type, length and padded size of a block, from its first BLOCK_LEAST bytes. Raises CutShort."""
        kind, total = self.layout.block.unpack_from(buffer, at)
        if kind == SECTION:
            layout = _LAYOUTS.get(bytes(buffer[at + 8 : at + 12]))
            if layout is None:
                raise CutShort(offset, "a section without a byte order: the file is damaged here")
            self.layout = layout
            kind, total = layout.block.unpack_from(buffer, at)
        if not (kind or total):
            raise CutShort(offset, zero_filled(offset))
        # Some writers leave the padding out of the length; the block is padded all the same (section 3.1).
        size = (total + 3) & ~3
        if size < BLOCK_LEAST or (kind in FIXED and size > MAX_BLOCK):
            raise CutShort(offset, f"a block of {total} bytes cannot be: the file is damaged here")
        return kind, total, size

    def end(self, buffer: Buffer, at: int, stop: int, kind: int, total: int, offset: int) -> None:
        """Check a block of which the last word stands at `stop`. Raises CutShort."""
        if self.layout.word.unpack_from(buffer, stop)[0] != total:
            raise CutShort(offset, "a block's two lengths differ: the file is damaged here")
        if kind in FIXED and stop - at - 8 < FIXED[kind]:
            raise CutShort(offset, "a block is too short for its type: the file is damaged here")

    def take(self, kind: int, buffer: Buffer, body: int, stop: int, offset: int) -> Frame | None:
        """The frame in a block, if there is one. Raises CutShort."""
        layout, interfaces = self.layout, self.interfaces
        if kind == ENHANCED:
            interface, high, low, captured, original = layout.enhanced.unpack_from(buffer, body)
        elif kind == INTERFACE:
            if len(self.tally.interfaces) == MAX_INTERFACES:
                raise CutShort(offset, f"more than {MAX_INTERFACES} interfaces: the file is damaged here")
            interfaces.append((len(self.tally.interfaces), _interface(buffer, body, stop, layout)))
            self.tally.interfaces.append(interfaces[-1][1])
            return None
        elif kind == SIMPLE:
            interface, high, low = 0, _NO_TIME, _NO_TIME
            (original,) = layout.word.unpack_from(buffer, body)
            captured = min(original, interfaces[0][1].snaplen or original) if interfaces else original
        elif kind == PACKET:
            interface, _drops, high, low, captured, original = layout.packet.unpack_from(buffer, body)
        elif kind == SECTION:
            if layout.version.unpack_from(buffer, body + 4)[0] != 1:
                raise CutShort(offset, "a section of an unknown pcapng version")
            self.interfaces = []
            return None
        else:
            self.number += kind in NUMBERED
            return None
        body += FIXED[kind]
        if captured > stop - body:
            raise CutShort(offset, "a packet is longer than its block: the file is damaged here")
        if interface >= len(interfaces):
            raise CutShort(offset, f"a packet of interface {interface}, which its section does not declare")
        index, origin = interfaces[interface]
        time = ((high << 32) | low) * origin.multiplier // origin.divisor + origin.offset
        if 0 <= time < MAX_TIME and kind != SIMPLE:
            self.clock = time
        else:
            self.tally.untimed += 1
        self.number += 1
        if captured > original:
            # Some capture points append bytes of their own; what was never on the wire is no data. 0 means untold.
            captured = original = original or captured
        return Frame(
            number=self.number,
            time=self.clock,
            data=bytes(buffer[body : body + captured]),
            original_length=original,
            link_type=origin.link_type,
            interface=index,
        )


def _frames(source: Source, sections: Sections) -> Iterator[Frame]:
    buffer, at, end = source.buffer, 0, len(source.buffer)
    while True:
        if end - at < BLOCK_LEAST:
            buffer = source.more(at, BLOCK_LEAST)
            at, end = 0, len(buffer)
            if end < BLOCK_LEAST:
                if end:
                    raise CutShort(source.base, "the file ends inside a block")
                return
        offset = source.base + at
        kind, total, size = sections.begin(buffer, at, offset)
        if end - at < size:
            if kind in FIXED:
                buffer = source.more(at, size)
                at, stop = 0, size - 4
            else:
                source.skip(at, size - 4)
                buffer = source.more(0, 4)
                at, stop = 4 - size, 0
            end = len(buffer)
            if end < stop + 4:
                raise CutShort(offset, "the file ends inside a block")
        else:
            stop = at + size - 4
        sections.count(offset)
        sections.end(buffer, at, stop, kind, total, offset)
        if (frame := sections.take(kind, buffer, at + 8, stop, offset)) is not None:
            yield frame
        at = stop + 4


def _interface(buffer: Buffer, body: int, stop: int, layout: Layout) -> Interface:
    """Section 4.2: link type, snaplen, and the clock from if_tsresol and if_tsoffset; options that overrun are none."""
    link_type, _reserved, snaplen = layout.interface.unpack_from(buffer, body)
    multiplier, divisor, offset = 1000, 1, 0
    at = body + 8
    while stop - at >= 4:
        code, length = layout.option.unpack_from(buffer, at)
        at += 4
        if code == 0 or length > stop - at:
            break
        if code == _OPTION_TSRESOL and length >= 1:
            multiplier, divisor = _resolution(buffer[at])
        elif code == _OPTION_TSOFFSET and length >= 8:
            offset = layout.seconds.unpack_from(buffer, at)[0] * 1_000_000_000
        at += (length + 3) & ~3
    return Interface(
        link_type=link_type, snaplen=snaplen or None, multiplier=multiplier, divisor=divisor, offset=offset
    )


def _resolution(tsresol: int) -> tuple[int, int]:
    """Nanoseconds a tick, as a fraction: a negative power of 2 with the top bit set, of 10 without."""
    exponent = tsresol & 0x7F
    if tsresol & 0x80:
        return 1_000_000_000, 1 << exponent
    return (10 ** (9 - exponent), 1) if exponent <= 9 else (1, 10 ** (exponent - 9))
