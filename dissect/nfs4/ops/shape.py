"""The shapes that operations are made of.

A decoder moves a Reader over one body and returns its value, or None where the content is only walked.
It raises XdrError.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import NamedTuple

from dissect.nfs4.const import AuthFlavor, LimitBy, OpenDelegationType, WhyNoDelegation
from dissect.nfs4.types import Stateid
from dissect.nfs4.xdr import Reader, XdrInvalid

Decoder = Callable[[Reader], object]

FHSIZE = 128
OPAQUE_LIMIT = 1024
STATEID = Struct(">I12s")
CHANGE_INFO = 20


class Codec(NamedTuple):
    """Decoders of one operation: its arguments, its result under NFS4_OK, and its result under other statuses."""

    args: Decoder
    ok: Decoder
    failed: Callable[[Reader, int], object] | None = None


def on(status: int, decoder: Decoder) -> Callable[[Reader, int], object]:
    """The one status other than NFS4_OK whose result has a body."""

    def failed(reader: Reader, met: int) -> object:
        return decoder(reader) if met == status else None

    return failed


def void(reader: Reader) -> None:
    """Nothing."""


def octets(size: int) -> Decoder:
    """A run of `size` bytes, walked over."""

    def walk(reader: Reader) -> None:
        reader.skip(size)

    return walk


def opaque(reader: Reader) -> None:
    """opaque<> or a string, walked over."""
    reader.skip_opaque()


def boolean(reader: Reader) -> None:
    """bool, walked over."""
    reader.boolean()


def filehandle(reader: Reader) -> None:
    """nfs_fh4, walked over."""
    reader.skip_opaque(FHSIZE)


def bitmap(reader: Reader) -> None:
    """bitmap4, walked over."""
    reader.skip_bitmap()


def fattr(reader: Reader) -> None:
    """fattr4, walked over."""
    reader.skip_bitmap()
    reader.skip_opaque()


def series(*decoders: Decoder) -> Decoder:
    """One shape after another, walked over."""

    def walk(reader: Reader) -> None:
        for decoder in decoders:
            decoder(reader)

    return walk


def array(decoder: Decoder, least: int, limit: int | None = None) -> Decoder:
    """A counted array of elements that take at least `least` bytes each, walked over."""

    def walk(reader: Reader) -> None:
        for _ in range(reader.count(least, limit)):
            decoder(reader)

    return walk


def optional(decoder: Decoder) -> Decoder:
    """A union on a bool with a body where it is TRUE, walked over."""

    def walk(reader: Reader) -> None:
        if reader.boolean():
            decoder(reader)

    return walk


def stateid(reader: Reader) -> Stateid:
    """stateid4."""
    return Stateid(*reader.unpack(STATEID))


def one_of(reader: Reader, highest: int) -> int:
    """The discriminant of a union without default arm, whose arms are 0 to `highest`."""
    value = reader.u32()
    if value > highest:
        raise XdrInvalid(reader.pos - 4, highest, value)
    return value


def callback_sec_flavor(reader: Reader) -> int:
    """The discriminant of callback_sec_parms4 (RFC 8881 section 18.36.1)."""
    flavor = reader.u32()
    if flavor not in (AuthFlavor.AUTH_NONE, AuthFlavor.AUTH_SYS, AuthFlavor.RPCSEC_GSS):
        raise XdrInvalid(reader.pos - 4, AuthFlavor.RPCSEC_GSS, flavor)
    return flavor


def _ace(reader: Reader) -> None:
    reader.skip(12)
    reader.skip_opaque()


_NO_DELEGATION = int(OpenDelegationType.OPEN_DELEGATE_NONE)
_LAST_DELEGATION = int(OpenDelegationType.OPEN_DELEGATE_WRITE_ATTRS_DELEG)


def delegation(reader: Reader) -> tuple[int, Stateid | None, bool | None]:
    """open_delegation4 (RFC 8881 section 18.16.2, RFC 9754): type, and stateid and `recall` of one that is granted."""
    kind = one_of(reader, _LAST_DELEGATION)
    if kind == _NO_DELEGATION:
        return kind, None, None
    if kind == OpenDelegationType.OPEN_DELEGATE_NONE_EXT:
        if reader.u32() in (WhyNoDelegation.WND4_CONTENTION, WhyNoDelegation.WND4_RESOURCE):
            reader.boolean()
        return kind, None, None
    granted, recall = stateid(reader), reader.boolean()
    if kind in (OpenDelegationType.OPEN_DELEGATE_WRITE, OpenDelegationType.OPEN_DELEGATE_WRITE_ATTRS_DELEG):
        limit = one_of(reader, LimitBy.NFS_LIMIT_BLOCKS)
        if limit < LimitBy.NFS_LIMIT_SIZE:
            raise XdrInvalid(reader.pos - 4, LimitBy.NFS_LIMIT_BLOCKS, limit)
        reader.skip(8)
    _ace(reader)
    return kind, granted, recall
