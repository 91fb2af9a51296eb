"""Writes pcapng (draft-ietf-opsawg-pcapng): one section, its interfaces, a packet a block, with comments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from struct import Struct

from dissect.nfs4.capture.pcapng import ENHANCED, INTERFACE, SECTION
from dissect.nfs4.dataclass import dataclass

_BYTE_ORDER, _UNTOLD = 0x1A2B3C4D, -1
_COMMENT, _APPLICATION, _NAME, _DESCRIPTION, _TSRESOL = 1, 4, 2, 3, 9
_NANOSECONDS = 9
"""if_tsresol: 10 to the minus 9."""
LONGEST_OPTION = 0xFFFF
MAX_LINK_TYPE = 0xFFFF

_BLOCK = Struct("<II")
_WORD = Struct("<I")
_SECTION = Struct("<IHHq")
_INTERFACE = Struct("<HHI")
_ENHANCED = Struct("<IIIII")
_OPTION = Struct("<HH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """An interface to declare: where packets came from."""

    link_type: int
    name: str
    description: str = ""
    snaplen: int = 0
    "0 for no limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """A packet to write; `time` is ns since 1970 UTC, `interface` an index into the origins."""

    time: int
    data: bytes
    original_length: int
    interface: int
    comment: str = ""


def pcapng(origins: Sequence[Origin], packets: Iterable[Packet], *, comment: str = "") -> Iterator[bytes]:
    """The blocks of a file. Raises ValueError for what the format cannot hold: a link type above 65535, a time before
    1970, a packet shorter on the wire than captured."""
    yield _block(
        SECTION, _SECTION.pack(_BYTE_ORDER, 1, 0, _UNTOLD), {_COMMENT: comment, _APPLICATION: "nfsanalyze slice"}
    )
    for origin in origins:
        if not 0 <= origin.link_type <= MAX_LINK_TYPE:
            raise ValueError(f"pcapng knows no link type {origin.link_type}")
        options: dict[int, str | bytes] = {
            _NAME: origin.name,
            _DESCRIPTION: origin.description,
            _TSRESOL: bytes((_NANOSECONDS,)),
        }
        yield _block(INTERFACE, _INTERFACE.pack(origin.link_type, 0, origin.snaplen), options)
    for packet in packets:
        captured = len(packet.data)
        if packet.original_length < captured or not 0 <= packet.time < 1 << 64:
            raise ValueError(f"no packet of {captured} bytes, {packet.original_length} on the wire, at {packet.time}")
        if not 0 <= packet.interface < len(origins):
            raise ValueError(f"no interface {packet.interface}")
        high, low = divmod(packet.time, 1 << 32)
        fixed = _ENHANCED.pack(packet.interface, high, low, captured, packet.original_length)
        yield _block(ENHANCED, fixed + packet.data + bytes(-captured % 4), {_COMMENT: packet.comment})


def _block(kind: int, body: bytes, options: dict[int, str | bytes]) -> bytes:
    told = b"".join(_option(code, value) for code, value in options.items() if value)
    if told:
        told += _OPTION.pack(0, 0)
    total = _BLOCK.size + len(body) + len(told) + _WORD.size
    return _BLOCK.pack(kind, total) + body + told + _WORD.pack(total)


def _option(code: int, value: str | bytes) -> bytes:
    """Text is cut where it is longer than an option may be, not within a character."""
    octets = value if isinstance(value, bytes) else value.encode("utf-8", "replace")
    if len(octets) > LONGEST_OPTION:
        octets = octets[:LONGEST_OPTION].decode("utf-8", "ignore").encode()
    return _OPTION.pack(code, len(octets)) + octets + bytes(-len(octets) % 4)
