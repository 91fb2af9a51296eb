"""Addresses inside client owners: as text, as packed bytes, or shown by comparing two owners of one host.

An address that stands in the long form ties the client's identity to one server address (RFC 7931 section 5.5):
after that address moves, the server sees two clients where there is one.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from dissect.nfs4.dataclass import dataclass, replace

_V4 = re.compile(rb"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\w)")
_V6 = re.compile(rb"[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?:%[\w.-]+)?")
_DELIMITERS = b"/ :,([\x00\t;)]"
_HEADS = (b"\x02\x00", b"\x00\x02", b"\x10\x02", b"\x1a\x00", b"\x00\x1a", b"\x1c\x1e", b"\x0a\x00", b"\x00\x0a")
_AHEAD = re.compile(rb"Solaris: |HAIKU:kernel:(?:.{8})?", re.DOTALL)
"""What stands before an address in formats that have no sockaddr: in Haiku's the server's, its port, the client's."""
_NFS_PORTS = (b"\x08\x01", b"\x4e\x51")
_OF_LITERALS = b"0123456789ABCDEFabcdef.:"
PLACEHOLDER = b"\x00<server>\x00"

_KEPT = 1 << 12
"""Addresses whose readings are kept: the same few are asked for with each owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One address in an owner: `how` it stands there (text, packed), and where (`offset`, `length` in bytes)."""

    address: str
    how: str
    offset: int
    length: int


@lru_cache(_KEPT)
def canonical(text: str) -> str | None:
    """An address as its shortest text, without zone and brackets; v4-mapped IPv6 as IPv4. None if it is no address."""
    try:
        parsed = ipaddress.ip_address(text.strip("[]").split("%")[0])
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed)


@lru_cache(_KEPT)
def packed(address: str) -> bytes:
    """The 4 or 16 bytes of an address."""
    return ipaddress.ip_address(address).packed


def textual(owner: bytes) -> list[Hit]:
    """IP literals that stand alone in the owner: compared as addresses, never as substrings (10.0.0.1 is not in
    10.0.0.10)."""
    hits: list[Hit] = []
    for pattern in (_V6, _V4):
        for found in pattern.finditer(owner):
            literal = found.group().rstrip(b".")
            start, end = found.start(), found.start() + len(literal)
            if start and owner[start - 1] not in _DELIMITERS:
                continue
            if found.end() < len(owner) and owner[found.end()] not in _DELIMITERS + b".":
                continue
            if any(hit.offset <= start < hit.offset + hit.length for hit in hits):
                continue  # the IPv4 part of a mapped address
            address = canonical(literal.decode("ascii"))
            if address is not None:
                hits.append(Hit(address=address, how="text", offset=start, length=end - start))
    return sorted(hits, key=lambda hit: hit.offset)


def packed_at(owner: bytes, address: str, ports: Sequence[int] = ()) -> Hit | None:
    """The address as raw bytes, only where a sockaddr header, a port or a known prefix stands before it
    (four bytes by chance are too likely)."""
    raw = packed(address)
    ahead = _NFS_PORTS + tuple(port.to_bytes(2, "big") for port in ports)
    at = owner.find(raw)
    while at >= 0:
        before = owner[max(0, at - 8) : at]
        port_before = before[-2:] in ahead or before[-6:-4] in ahead
        family_before = before[-4:-2] in _HEADS or before[-8:-6] in _HEADS
        if (len(raw) == 16 and any(raw)) or port_before or family_before or _AHEAD.fullmatch(owner, 0, at):
            return Hit(address=address, how="packed", offset=at, length=len(raw))
        at = owner.find(raw, at + 1)
    return None


def packed_bare(owner: bytes, address: str) -> Hit | None:
    """The address as raw bytes anywhere: proof only together with a second owner that differs in just these bytes."""
    at = owner.find(packed(address))
    return Hit(address=address, how="packed", offset=at, length=len(packed(address))) if at >= 0 else None


def without(owner: bytes, hit: Hit) -> bytes:
    """The owner with that address taken out: equal for two owners of one host that differ in the server only."""
    return owner[: hit.offset] + PLACEHOLDER + owner[hit.offset + hit.length :]


def readings(owner: bytes, address: str) -> Iterator[tuple[str, bytes, Hit]]:
    """How that address may stand in the owner, text before packed: (kind, the owner without it, where)."""
    for kind, find in (("text", _text_of), ("packed", packed_bare)):
        hit = find(owner, address)
        if hit is not None:
            yield kind, without(owner, hit), hit


def differential(owner: bytes, address: str, other: bytes, other_address: str) -> Hit | None:
    """The server address in `owner`, found because `other` (sent to `other_address`) is the same but for the
    address."""
    theirs = {(kind, rest) for kind, rest, _ in readings(other, other_address)}
    mine = (hit for kind, rest, hit in readings(owner, address) if (kind, rest) in theirs)
    return next((replace(hit, how="differential") for hit in mine), None)


def _text_of(owner: bytes, address: str) -> Hit | None:
    """The address as text that is no part of a longer literal; a pattern for each address would cost more to compile
    than all searching."""
    text = address.encode()
    at = owner.find(text)
    while at >= 0:
        end = at + len(text)
        if not ((at and owner[at - 1] in _OF_LITERALS) or (end < len(owner) and owner[end] in _OF_LITERALS)):
            return Hit(address=address, how="text", offset=at, length=len(address))
        at = owner.find(text, at + 1)
    return None
