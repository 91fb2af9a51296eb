"""pcapng files (draft-ietf-opsawg-pcapng): sections of either byte order, interfaces with clocks of their own."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from dissect.nfs4.capture.errors import UnsupportedFormat
from dissect.nfs4.capture.frame import MAX_CAPTURED, MAX_TIME, Frame, Interface, Tally
from dissect.nfs4.capture.stream import CutShort, Source

MAGIC = b"\x0a\x0d\x0d\x0a"
"""The Section Header Block's type: the same in both byte orders."""

_SECTION, _INTERFACE, _PACKET, _SIMPLE, _ENHANCED = 0x0A0D0D0A, 1, 2, 3, 6
_FIXED = {_SECTION: 16, _INTERFACE: 8, _PACKET: 20, _SIMPLE: 4, _ENHANCED: 20}
_READ = frozenset(_FIXED)
"""Blocks that are read, with the bytes that their type fixes before data and options."""
_NUMBERED = frozenset((9, 0xBAD, 0x40000BAD, 0x204, 0x216, 0x221))
"""Blocks that are no packets, and that Wireshark gives a frame number: systemd journal, custom, system calls."""

_MAX_BLOCK = MAX_CAPTURED + (1 << 20)
"""Longest block read into memory: a packet, and as much again for its options. Others are skipped at any length."""

_BYTE_ORDER = 0x1A2B3C4D
_OPTION_TSRESOL, _OPTION_TSOFFSET = 9, 14


class _Layout:
    """The fixed parts of the blocks, in one byte order."""

    def __init__(self, order: str) -> None:
        self.block = Struct(order + "II")
        self.word = Struct(order + "I")
        self.version = Struct(order + "HH")
        self.interface = Struct(order + "HHI")
        self.enhanced = Struct(order + "IIIII")
        self.packet = Struct(order + "HHIIII")
        self.option = Struct(order + "HH")
        self.seconds = Struct(order + "q")


_LAYOUTS = {_BYTE_ORDER.to_bytes(4, "little"): _Layout("<"), _BYTE_ORDER.to_bytes(4, "big"): _Layout(">")}
_NO_TIME = 0xFFFFFFFF


def read_pcapng(source: Source, tally: Tally) -> Iterator[Frame] | None:
    """Frames of a pcapng file whose magic was seen; None if the first block's fixed part is not whole.

    Raises UnsupportedFormat for another version of the format or byte-order words that are none.
    The iterator raises CutShort.
    """
    head = source.more(0, 16)
    if len(head) < 16:
        return None
    layout = _LAYOUTS.get(head[8:12])
    if layout is None:
        raise UnsupportedFormat("pcapng without a byte order: the first block is damaged")
    major, minor = layout.version.unpack_from(head, 12)
    if major != 1:
        raise UnsupportedFormat(f"pcapng version {major}.{minor}; convert it: editcap -F pcapng IN OUT")
    return _frames(source, tally, layout)


_Block = tuple[int, _Layout, bytes, int, int, int]
"""Type, layout of its section, a buffer, where in it the body starts and stops, and the block's offset in the file."""


def _blocks(source: Source, layout: _Layout) -> Iterator[_Block]:
    """Blocks to be read, whole; of those that only count, no more than the type."""
    buffer, at, end = source.buffer, 0, len(source.buffer)
    while True:
        if end - at < 12:
            buffer = source.more(at, 12)
            at, end = 0, len(buffer)
            if end < 12:
                if end:
                    raise CutShort(source.base, "the file ends inside a block")
                return
        offset = source.base + at
        kind, total = layout.block.unpack_from(buffer, at)
        if kind == _SECTION:
            layout = _section_layout(buffer, at, offset)
            kind, total = layout.block.unpack_from(buffer, at)
        # Some writers leave the padding out of the length; the block is padded all the same (section 3.1).
        size = (total + 3) & ~3
        if size < 12 or (kind in _READ and size > _MAX_BLOCK):
            raise CutShort(offset, f"a block of {total} bytes cannot be: the file is damaged here")
        if end - at < size:
            if kind in _READ:
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
        if layout.word.unpack_from(buffer, stop)[0] != total:
            raise CutShort(offset, "a block's two lengths differ: the file is damaged here")
        if kind in _READ:
            if stop - at - 8 < _FIXED[kind]:
                raise CutShort(offset, "a block is too short for its type: the file is damaged here")
            yield kind, layout, buffer, at + 8, stop, offset
        elif kind in _NUMBERED:
            yield kind, layout, b"", 0, 0, offset
        at = stop + 4


def _section_layout(buffer: bytes, at: int, offset: int) -> _Layout:
    layout = _LAYOUTS.get(buffer[at + 8 : at + 12])
    if layout is None:
        raise CutShort(offset, "a section without a byte order: the file is damaged here")
    return layout


def _frames(source: Source, tally: Tally, first: _Layout) -> Iterator[Frame]:
    section: list[tuple[int, Interface]] = []
    number = clock = 0
    for kind, layout, buffer, body, stop, offset in _blocks(source, first):
        if kind == _ENHANCED:
            interface, high, low, captured, original = layout.enhanced.unpack_from(buffer, body)
        elif kind == _INTERFACE:
            section.append((len(tally.interfaces), _interface(buffer, body, stop, layout)))
            tally.interfaces.append(section[-1][1])
            continue
        elif kind == _SIMPLE:
            interface, high, low = 0, _NO_TIME, _NO_TIME
            (original,) = layout.word.unpack_from(buffer, body)
            captured = min(original, section[0][1].snaplen or original) if section else original
        elif kind == _PACKET:
            interface, _drops, high, low, captured, original = layout.packet.unpack_from(buffer, body)
        elif kind == _SECTION:
            if layout.version.unpack_from(buffer, body + 4)[0] != 1:
                raise CutShort(offset, "a section of an unknown pcapng version")
            section = []
            continue
        else:
            number += 1
            continue
        body += _FIXED[kind]
        if captured > stop - body:
            raise CutShort(offset, "a packet is longer than its block: the file is damaged here")
        if interface >= len(section):
            raise CutShort(offset, f"a packet of interface {interface}, which its section does not declare")
        index, origin = section[interface]
        time = ((high << 32) | low) * origin.multiplier // origin.divisor + origin.offset
        if 0 <= time < MAX_TIME and kind != _SIMPLE:
            clock = time
        else:
            tally.untimed += 1
        number += 1
        if captured > original:
            # Some capture points append bytes of their own; what was never on the wire is no data. 0 means untold.
            captured = original = original or captured
        yield Frame(
            number=number,
            time=clock,
            data=buffer[body : body + captured],
            original_length=original,
            link_type=origin.link_type,
            interface=index,
        )


def _interface(buffer: bytes, body: int, stop: int, layout: _Layout) -> Interface:
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
