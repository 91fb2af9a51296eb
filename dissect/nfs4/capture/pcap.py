"""pcap files, microsecond and nanosecond, in either byte order (draft-ietf-opsawg-pcap)."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from dissect.nfs4.capture.errors import UnsupportedFormat
from dissect.nfs4.capture.frame import MAX_CAPTURED, Frame, Interface, Tally
from dissect.nfs4.capture.stream import CutShort, Source, zero_filled
from dissect.nfs4.dataclass import dataclass

FILE_HEADER = 24
_MODIFIED = 0xA1B2CD34
_NANOSECONDS_A_TICK = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1, _MODIFIED: 1000}
"""By magic. The modified format (patched libpcap of the 1990s) has 8 more bytes in each record header."""

MAGICS = tuple(magic.to_bytes(4, order) for magic in _NANOSECONDS_A_TICK for order in ("big", "little"))
"""The first four bytes of any pcap file."""

_VERSION = (2, 4)
"""Before 2.4 (1996) the two lengths of a record may stand the other way round."""


def read_pcap(source: Source, tally: Tally) -> Iterator[Frame] | None:
    """Frames of a pcap file whose magic was seen; None if the file header is not whole.

    Raises UnsupportedFormat for another version of the format. The iterator raises CutShort.
    """
    head = source.more(0, FILE_HEADER)
    if len(head) < FILE_HEADER:
        return None
    header = read_header(head)
    tally.interfaces.append(Interface(link_type=header.link_type, snaplen=header.snaplen or None))
    return _frames(source, header)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the first FILE_HEADER bytes of a file say."""

    order: str
    "of bytes, as in struct"
    record: int
    "bytes of a record before the packet"
    tick: int
    "ns"
    snaplen: int
    link_type: int


def read_header(head: bytes) -> Header:
    """Raises UnsupportedFormat for another version of the format."""
    order = "<" if int.from_bytes(head[:4], "little") in _NANOSECONDS_A_TICK else ">"
    magic, major, minor, _zone, _accuracy, snaplen, network = Struct(order + "IHHiIII").unpack_from(head)
    if (major, minor) != _VERSION:
        raise UnsupportedFormat(f"pcap version {major}.{minor}; convert it: editcap -F pcap IN OUT")
    return Header(
        order=order,
        record=24 if magic == _MODIFIED else 16,
        tick=_NANOSECONDS_A_TICK[magic],
        snaplen=snaplen,
        # The upper half holds the length of the frame check sequence and reserved bits (section 4).
        link_type=network & 0xFFFF,
    )


def flaw(offset: int, seconds: int, fraction: int, captured: int, original: int) -> str:
    """Why these are not the fields of a record at this offset; empty if they may be."""
    if captured > MAX_CAPTURED:
        return f"a record of {captured} bytes cannot be: the file is damaged here"
    if not (seconds or fraction or captured or original):
        return zero_filled(offset)
    return ""


def _frames(source: Source, file: Header) -> Iterator[Frame]:
    record = Struct(file.order + "IIII" + f"{file.record - 16}x")
    header, unpack = record.size, record.unpack_from
    tick, link_type = file.tick, file.link_type
    buffer = source.buffer
    at, end, number, allowed = FILE_HEADER, len(buffer), 0, 0
    while True:
        if end - at < header:
            buffer = source.more(at, header)
            at, end = 0, len(buffer)
            if end < header:
                if end:
                    raise CutShort(source.base, "the file ends inside a record header")
                return
        seconds, fraction, captured, original = unpack(buffer, at)
        if (not captured or captured > MAX_CAPTURED) and (
            reason := flaw(source.base + at, seconds, fraction, captured, original)
        ):
            raise CutShort(source.base + at, reason)
        body = at + header
        if end - body < captured:
            buffer = source.more(at, header + captured)
            at, body, end = 0, header, len(buffer)
            if end - body < captured:
                raise CutShort(source.base, "the file ends inside a record")
        if number >= allowed:
            allowed = source.allowed(source.base + body - header, number)
        at = body + captured
        number += 1
        if captured > original:
            # Some capture points append bytes of their own; what was never on the wire is no data. 0 means untold.
            captured = original = original or captured
        yield Frame(
            number=number,
            time=seconds * 1_000_000_000 + fraction * tick,
            data=buffer[body : body + captured],
            original_length=original,
            link_type=link_type,
            interface=0,
        )
