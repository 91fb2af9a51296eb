"""fattr4: the values lie in bit order without lengths, so one is reached only by sizing all those before it.

RFC 8881 sections 5.6 to 5.8 and the table of RFC 7530 section 5.
"""

from __future__ import annotations

from dissect.nfs4.const import Attribute
from dissect.nfs4.ops.shape import FHSIZE, Decoder, array, bitmap, octets, series
from dissect.nfs4.types import GETATTR4resok, fs_location4, fs_locations4
from dissect.nfs4.xdr import Reader, XdrError

_WANTED = 1 << Attribute.LEASE_TIME | 1 << Attribute.FS_LOCATIONS


def _filehandle(reader: Reader) -> None:
    reader.skip_opaque(FHSIZE)


def _string(reader: Reader) -> None:
    reader.skip_opaque()


_acl = array(series(octets(12), _string), 16)

SIZES: tuple[Decoder, ...] = (
    bitmap,  # supported_attrs
    octets(4),  # type
    octets(4),  # fh_expire_type
    octets(8),  # change
    octets(8),  # size
    octets(4),  # link_support
    octets(4),  # symlink_support
    octets(4),  # named_attr
    octets(16),  # fsid
    octets(4),  # unique_handles
    octets(4),  # lease_time
    octets(4),  # rdattr_error
    _acl,  # acl
    octets(4),  # aclsupport
    octets(4),  # archive
    octets(4),  # cansettime
    octets(4),  # case_insensitive
    octets(4),  # case_preserving
    octets(4),  # chown_restricted
    _filehandle,  # filehandle
    octets(8),  # fileid
    octets(8),  # files_avail
    octets(8),  # files_free
    octets(8),  # files_total
)
"""Attributes 0 to 23 by number; lease_time stands among them."""


def _pathname(reader: Reader) -> tuple[bytes, ...]:
    return tuple([reader.opaque() for _ in range(reader.count(4))])


def read_fs_locations(reader: Reader) -> fs_locations4:
    """RFC 8881 section 11.16."""
    root = _pathname(reader)
    locations = [fs_location4(server=_pathname(reader), rootpath=_pathname(reader)) for _ in range(reader.count(8))]
    return fs_locations4(fs_root=root, locations=tuple(locations))


def attributes(reader: Reader) -> GETATTR4resok | None:
    """Read a fattr4 for lease_time and fs_locations; None where it holds neither.

    Values that contradict the bitmap end the reading, not the COMPOUND: attr_vals has a length of its own.
    """
    mask = reader.bitmap()
    end_of_length = reader.pos + 4
    reader.skip_opaque()
    if not mask & _WANTED:
        return None
    length = int.from_bytes(reader.data[end_of_length - 4 : end_of_length], "big")
    values = Reader(reader.data, end_of_length, end_of_length + length)
    lease_time: int | None = None
    locations: fs_locations4 | None = None
    try:
        for number, size in enumerate(SIZES):
            if not mask >> number & 1:
                continue
            if number == Attribute.LEASE_TIME:
                lease_time = values.u32()
            else:
                size(values)
        if mask >> Attribute.FS_LOCATIONS & 1:
            locations = read_fs_locations(values)
    except XdrError:
        pass
    if lease_time is None and locations is None:
        return None
    return GETATTR4resok(lease_time=lease_time, fs_locations=locations)
