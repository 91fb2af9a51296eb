"""XDR packing (RFC 4506) for captures made in tests, written apart from the decoders: no mistake in common."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

Eight = bytes | int
"""A clientid or verifier: its 8 wire bytes, or the number they read as, big-endian."""


def u32(value: int) -> bytes:
    return struct.pack(">I", value)


def u64(value: int) -> bytes:
    return struct.pack(">Q", value)


def boolean(value: bool) -> bytes:
    return u32(1 if value else 0)


def fixed(value: bytes, length: int) -> bytes:
    if len(value) != length:
        raise ValueError(f"{length} bytes wanted, {len(value)} given")
    return value + bytes(-length % 4)


def eight(value: Eight) -> bytes:
    return u64(value) if isinstance(value, int) else fixed(value, 8)


def opaque(value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return u32(len(data)) + data + bytes(-len(data) % 4)


def array(values: Iterable[T], encode: Callable[[T], bytes]) -> bytes:
    items = [encode(value) for value in values]
    return u32(len(items)) + b"".join(items)


def bitmap(bits: Iterable[int]) -> bytes:
    words: list[int] = []
    for bit in bits:
        words.extend([0] * (bit // 32 + 1 - len(words)))
        words[bit // 32] |= 1 << bit % 32
    return array(words, u32)


def stateid4(value: tuple[int, bytes]) -> bytes:
    """`(seqid, other)`; `other` shorter than 12 bytes is filled up with zeros."""
    seqid, other = value
    return u32(seqid) + fixed(other.ljust(12, b"\0"), 12)


def uaddr(address: str, port: int) -> str:
    """A universal address (RFC 5665): the address's text with the port's two bytes behind it."""
    return f"{address}.{port >> 8}.{port & 255}"


def netid(address: str) -> str:
    return "tcp6" if ipaddress.ip_address(address).version == 6 else "tcp"
