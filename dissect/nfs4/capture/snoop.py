"""snoop files, version 2 (RFC 1761): what Solaris and its descendants write. Big-endian throughout."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from dissect.nfs4.capture.errors import UnsupportedFormat
from dissect.nfs4.capture.frame import MAX_CAPTURED, Frame, Interface, Tally
from dissect.nfs4.capture.linktypes import from_snoop
from dissect.nfs4.capture.stream import CutShort, Source, zero_filled

MAGIC = b"snoop\0\0\0"
_FILE_HEADER = Struct(">8sII")
FILE_HEADER = _FILE_HEADER.size
_RECORD = Struct(">IIIIII")
RECORD_HEADER = _RECORD.size
MAX_PADDING = 4096
"""RFC 1761 pads records to 4 bytes; whoever pads more is believed within this."""


def read_snoop(source: Source, tally: Tally) -> Iterator[Frame] | None:
    """Frames of a snoop file whose magic was seen; None if the file header is not whole.

    Raises UnsupportedFormat for another version of the format. The iterator raises CutShort.
    """
    header = source.more(0, _FILE_HEADER.size)
    if len(header) < _FILE_HEADER.size:
        return None
    _magic, version, datalink = _FILE_HEADER.unpack_from(header)
    if version != 2:
        raise UnsupportedFormat(f"snoop version {version}; convert it: editcap -F snoop IN OUT")
    link_type = from_snoop(datalink)
    tally.interfaces.append(Interface(link_type=link_type))
    return _frames(source, link_type)


def flaw(offset: int, captured: int, length: int) -> str:
    """Why these are not the lengths of a record at this offset; empty if they may be."""
    if not (captured or length):
        return zero_filled(offset)
    if captured > MAX_CAPTURED or not 0 <= length - RECORD_HEADER - captured <= MAX_PADDING:
        return f"a record of {captured} bytes in {length} cannot be: the file is damaged here"
    return ""


def _frames(source: Source, link_type: int) -> Iterator[Frame]:
    header, unpack = _RECORD.size, _RECORD.unpack_from
    buffer = source.buffer
    at, end, number, allowed = _FILE_HEADER.size, len(buffer), 0, 0
    while True:
        if end - at < header:
            buffer = source.more(at, header)
            at, end = 0, len(buffer)
            if end < header:
                if end:
                    raise CutShort(source.base, "the file ends inside a record header")
                return
        original, captured, length, _drops, seconds, microseconds = unpack(buffer, at)
        if captured > MAX_CAPTURED or not 0 <= length - header - captured <= MAX_PADDING:
            raise CutShort(source.base + at, flaw(source.base + at, captured, length))
        if end - at < length:
            buffer = source.more(at, length)
            at, end = 0, len(buffer)
            # A last record may lack its padding: nothing of the packet is missing then.
            if end < header + captured:
                raise CutShort(source.base, "the file ends inside a record")
        if number >= allowed:
            allowed = source.allowed(source.base + at, number)
        body = at + header
        at = min(at + length, end)
        number += 1
        if captured > original:
            captured = original = original or captured
        yield Frame(
            number=number,
            time=seconds * 1_000_000_000 + microseconds * 1000,
            data=buffer[body : body + captured],
            original_length=original,
            link_type=link_type,
            interface=0,
        )
