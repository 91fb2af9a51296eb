"""Compressed captures, inflated piece by piece: gzip, xz and bzip2 by the standard library, zstd and lz4 where there is
a decoder."""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from dissect.nfs4.capture.errors import UnsupportedFormat
from dissect.nfs4.capture.ration import Ration
from dissect.nfs4.capture.stream import DamagedStream

_INPUT = 1 << 18

PIECE = 1 << 16
"""Bytes inflated at a time. Those of the piece in which a decoder finds damage are lost."""

XZ_MEMORY = 256 << 20
"""For the dictionary, whose size the stream chooses, up to 4 GiB; `xz -9` needs 64 MiB."""

Read = Callable[[int], bytes]


def _gunzip(read: Read) -> Iterator[bytes]:
    """RFC 1952: any number of members; zero bytes may follow one (tapes pad with them)."""
    pending = read(_INPUT)
    while pending:
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            starved = not pending
            try:
                piece = member.decompress(pending, PIECE)
            except zlib.error as error:
                raise DamagedStream(f"the gzip stream is damaged ({error})") from None
            if piece:
                yield piece
            elif starved and not member.eof:
                raise DamagedStream("the gzip stream ends early")
            pending = member.unconsumed_tail or (b"" if member.eof else read(_INPUT))
        pending = _past_zeros(member.unused_data, read)


def _unzstd(read: Read) -> Iterator[bytes]:
    """RFC 8878: any number of frames, skippable ones among them."""
    return _inflate("zstd", read, *_zstd())


def _unxz(read: Read) -> Iterator[bytes]:
    """The .xz file format: any number of streams, with zero bytes to pad between and after them."""

    def decompressor() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY)

    return _inflate("xz", read, decompressor, lzma.LZMAError, padded=True)


def _bunzip2(read: Read) -> Iterator[bytes]:
    """Any number of streams: parallel packers write many."""
    return _inflate("bzip2", read, bz2.BZ2Decompressor, OSError)


def _unlz4(read: Read) -> Iterator[bytes]:
    """The LZ4 frame format: any number of frames, skippable ones among them."""
    return _inflate("lz4", read, *_lz4())


def _inflate(
    name: str, read: Read, decompressor: Callable[[], Any], error_type: type[Exception], *, padded: bool = False
) -> Iterator[bytes]:
    """Streams one after the other, by decompressors that have the interface of the standard library's."""
    begun = False
    pending = read(_INPUT)
    while pending:
        stream = decompressor()
        while not stream.eof:
            # The decoder may still hold output when the input ends.
            starved = stream.needs_input and not pending and not (pending := read(_INPUT))
            try:
                piece = stream.decompress(pending, PIECE)
            except error_type as error:
                if not begun and str(error) == _TOO_MUCH_MEMORY:
                    raise UnsupportedFormat(f"needs more than {XZ_MEMORY >> 20} MiB; unpack it: xz -d IN") from None
                raise DamagedStream(f"the {name} stream is damaged ({error})") from None
            pending = b""
            if piece:
                begun = True
                yield piece
            elif starved and not stream.eof:
                raise DamagedStream(f"the {name} stream ends early")
        pending = _past_zeros(stream.unused_data, read) if padded else stream.unused_data or read(_INPUT)


_TOO_MUCH_MEMORY = "Memory usage limit exceeded"


def _past_zeros(unused: bytes, read: Read) -> bytes:
    """What follows the zero bytes after a stream; nothing where the file ends with them."""
    pending = unused.lstrip(b"\0")
    while not pending and (pending := read(_INPUT)):
        pending = pending.lstrip(b"\0")
    return pending


def _zstd() -> tuple[Callable[[], Any], type[Exception]]:
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ImportError:
        raise UnsupportedFormat("zstd needs the Python package backports.zstd; or unpack it: zstd -d IN") from None
    return zstd.ZstdDecompressor, zstd.ZstdError


def _lz4() -> tuple[Callable[[], Any], type[Exception]]:
    try:
        from lz4 import frame
    except ImportError:
        raise UnsupportedFormat("lz4 needs a decoder: pip install 'nfsanalyze[lz4]'; or unpack it: lz4 -d IN") from None
    return frame.LZ4FrameDecompressor, RuntimeError


_SKIPPABLE = tuple(bytes((0x50 + low,)) + b"\x2a\x4d\x18" for low in range(16))

COMPRESSIONS: tuple[tuple[str, tuple[bytes, ...], Callable[[Read], Iterator[bytes]]], ...] = (
    ("gzip", (b"\x1f\x8b",), _gunzip),
    ("zstd", (b"\x28\xb5\x2f\xfd", *_SKIPPABLE), _unzstd),
    ("xz", (b"\xfd7zXZ\0",), _unxz),
    ("bzip2", (b"BZh",), _bunzip2),
    ("lz4", (b"\x04\x22\x4d\x18",), _unlz4),
)
"""Name, first bytes, and what inflates: a generator of pieces that raises DamagedStream, UnsupportedFormat."""


def inflater(inflate: Callable[[Read], Iterator[bytes]], ration: Ration) -> Callable[[int], bytes]:
    """A read function over the inflated bytes. Pieces come as they fall, never more than PIECE bytes long."""
    pieces = ration.watched(inflate(ration.read))
    return lambda _size: next(pieces, b"")
