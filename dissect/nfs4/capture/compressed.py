"""Compressed captures, inflated piece by piece: gzip by the standard library, zstd where a decoder is installed."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from dissect.nfs4.capture.errors import UnsupportedFormat
from dissect.nfs4.capture.stream import CHUNK, DamagedStream

_INPUT = 1 << 18

Read = Callable[[int], bytes]


def _gunzip(read: Read) -> Iterator[bytes]:
    """RFC 1952: any number of members; zero bytes may follow one (tapes pad with them)."""
    pending = read(_INPUT)
    while pending:
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            starved = not pending
            try:
                piece = member.decompress(pending, CHUNK)
            except zlib.error as error:
                raise DamagedStream(f"the gzip stream is damaged ({error})") from None
            if piece:
                yield piece
            elif starved and not member.eof:
                raise DamagedStream("the gzip stream ends early")
            pending = member.unconsumed_tail or (b"" if member.eof else read(_INPUT))
        pending = member.unused_data.lstrip(b"\0")
        while not pending and (pending := read(_INPUT)):
            pending = pending.lstrip(b"\0")


def _unzstd(read: Read) -> Iterator[bytes]:
    """RFC 8878: any number of frames, skippable ones among them."""
    decompressor, error_type = _zstd()
    pending = read(_INPUT)
    while pending:
        frame = decompressor()
        while not frame.eof:
            if frame.needs_input and not pending and not (pending := read(_INPUT)):
                raise DamagedStream("the zstd stream ends early")
            try:
                piece = frame.decompress(pending, CHUNK)
            except error_type as error:
                raise DamagedStream(f"the zstd stream is damaged ({error})") from None
            pending = b""
            if piece:
                yield piece
        pending = frame.unused_data or read(_INPUT)


def _zstd() -> tuple[Callable[[], Any], type[Exception]]:
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ImportError:
        raise UnsupportedFormat("zstd needs the Python package backports.zstd; or unpack it: zstd -d IN") from None
    return zstd.ZstdDecompressor, zstd.ZstdError


_SKIPPABLE = tuple(bytes((0x50 + low,)) + b"\x2a\x4d\x18" for low in range(16))

COMPRESSIONS: tuple[tuple[str, tuple[bytes, ...], Callable[[Read], Iterator[bytes]]], ...] = (
    ("gzip", (b"\x1f\x8b",), _gunzip),
    ("zstd", (b"\x28\xb5\x2f\xfd", *_SKIPPABLE), _unzstd),
)
"""Name, first bytes, and what inflates: a generator of pieces that raises DamagedStream, UnsupportedFormat."""


def inflater(inflate: Callable[[Read], Iterator[bytes]], read: Read) -> Callable[[int], bytes]:
    """A read function over the inflated bytes. Pieces come as they fall, never more than CHUNK bytes long."""
    pieces = inflate(read)
    return lambda _size: next(pieces, b"")
