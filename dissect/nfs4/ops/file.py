"""Filehandles, names, attributes and directories."""

from __future__ import annotations

from struct import Struct

from dissect.nfs4.const import AuthFlavor, Op
from dissect.nfs4.ops.attribute import attributes
from dissect.nfs4.ops.shape import (
    CHANGE_INFO,
    FHSIZE,
    Codec,
    array,
    bitmap,
    fattr,
    octets,
    opaque,
    series,
    stateid,
    void,
)
from dissect.nfs4.types import GETFH4resok, LOOKUP4args, PUTFH4args, SETATTR4args
from dissect.nfs4.xdr import U32, Reader

_ENTRY = Struct(">I8xI")

NF4BLK, NF4CHR, NF4LNK = 3, 4, 5


def _create(reader: Reader) -> None:
    kind = reader.u32()
    if kind == NF4LNK:
        reader.skip_opaque()
    elif kind in (NF4BLK, NF4CHR):
        reader.skip(8)
    reader.skip_opaque()
    fattr(reader)


def _getfh_ok(reader: Reader) -> GETFH4resok:
    return GETFH4resok(object=reader.opaque(FHSIZE))


def _putfh(reader: Reader) -> PUTFH4args:
    return PUTFH4args(object=reader.opaque(FHSIZE))


def _lookup(reader: Reader) -> LOOKUP4args:
    return LOOKUP4args(objname=reader.opaque())


def _setattr(reader: Reader) -> SETATTR4args:
    named = stateid(reader)
    fattr(reader)
    return SETATTR4args(stateid=named)


def _attrsset(reader: Reader, status: int) -> None:
    """SETATTR4res is a struct, not a union: attrsset stands there whatever the status (RFC 8881 section 18.30.2)."""
    reader.skip_bitmap()


def _readdir_ok(reader: Reader) -> None:
    reader.skip(8)
    _pass_entries(reader)
    while reader.boolean():
        reader.skip(8)
        reader.skip_opaque()
        fattr(reader)
    reader.boolean()


def _pass_entries(reader: Reader) -> None:
    """Pass over entry4s that are whole: a directory has thousands, each a bool, a cookie, a name and a fattr4."""
    data, pos, end = reader.data, reader.pos, reader.end
    while pos + 24 <= end:
        more, name = _ENTRY.unpack_from(data, pos)
        mask = pos + 16 + (name + 3 & ~3)
        if more != 1 or mask + 8 > end:
            break
        values = mask + 4 + 4 * U32.unpack_from(data, mask)[0]
        if values + 4 > end:
            break
        after = values + 4 + (U32.unpack_from(data, values)[0] + 3 & ~3)
        if after > end:
            break
        pos = after
    reader.pos = pos


def _secinfo(reader: Reader) -> None:
    if reader.u32() == AuthFlavor.RPCSEC_GSS:
        reader.skip_opaque()
        reader.skip(8)


_change_info = octets(CHANGE_INFO)
_secinfo_ok = array(_secinfo, 4)

OPS: dict[int, Codec] = {
    Op.ACCESS: Codec(octets(4), octets(8)),
    Op.CREATE: Codec(_create, series(_change_info, bitmap)),
    Op.GETATTR: Codec(bitmap, attributes),
    Op.GETFH: Codec(void, _getfh_ok),
    Op.LINK: Codec(opaque, _change_info),
    Op.LOOKUP: Codec(_lookup, void),
    Op.LOOKUPP: Codec(void, void),
    Op.NVERIFY: Codec(fattr, void),
    Op.OPENATTR: Codec(octets(4), void),
    Op.PUTFH: Codec(_putfh, void),
    Op.PUTPUBFH: Codec(void, void),
    Op.PUTROOTFH: Codec(void, void),
    Op.READDIR: Codec(series(octets(24), bitmap), _readdir_ok),
    Op.READLINK: Codec(void, opaque),
    Op.REMOVE: Codec(opaque, _change_info),
    Op.RENAME: Codec(series(opaque, opaque), octets(2 * CHANGE_INFO)),
    Op.RESTOREFH: Codec(void, void),
    Op.SAVEFH: Codec(void, void),
    Op.SECINFO: Codec(opaque, _secinfo_ok),
    Op.SECINFO_NO_NAME: Codec(octets(4), _secinfo_ok),
    Op.SETATTR: Codec(_setattr, bitmap, _attrsset),
    Op.VERIFY: Codec(fattr, void),
    Op.ILLEGAL: Codec(void, void),
}
