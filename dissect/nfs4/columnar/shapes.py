"""How the frequent operations lie on the wire, read in many messages at once: what `dissect.nfs4.ops` says of one.

What is not here is decoded message by message: operations that are rare.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dissect.nfs4.columnar.cursors import Cursors, Mask
from dissect.nfs4.columnar.space import Index
from dissect.nfs4.const import (
    Attribute,
    CreateMode,
    LimitBy,
    Op,
    OpenClaim,
    OpenDelegationType,
    OpenType,
    WhyNoDelegation,
)
from dissect.nfs4.ops import OPS
from dissect.nfs4.ops.file import NF4BLK, NF4CHR, NF4LNK
from dissect.nfs4.ops.shape import CHANGE_INFO, FHSIZE, OPAQUE_LIMIT

Shape = Callable[[Cursors], "Mask | None"]
"""Moves cursors over one body. Rows are made of those that it names, where it names any."""

_VALUED = 1 << Attribute.LEASE_TIME | 1 << Attribute.FS_LOCATIONS
_ENTRIES = 4096
_SHORT_OCTETS, _FEW = 1024, 64
"""Directories of more octets are read together only if there are so many of them: each step is for one entry."""


def _among(value: Index, *numbers: int) -> Mask:
    found: Mask = value == numbers[0]
    for number in numbers[1:]:
        found |= value == number
    return found


def _void(body: Cursors) -> None:
    pass


def _fixed(octets: int) -> Shape:
    return lambda body: body.skip(octets)


def _opaque(body: Cursors) -> None:
    body.skip_opaque()


def _owner(body: Cursors) -> None:
    body.skip_opaque(OPAQUE_LIMIT)


def _filehandle(body: Cursors) -> None:
    body.skip_opaque(FHSIZE)


def _bitmap(body: Cursors) -> None:
    body.skip_bitmap()


def _payload(body: Cursors) -> None:
    body.skip_payload()


def _boolean(body: Cursors) -> None:
    body.one_of(1)


def _fattr(body: Cursors) -> None:
    body.skip_bitmap()
    body.skip_opaque()


def _series(*shapes: Shape) -> Shape:
    def read(body: Cursors) -> None:
        for shape in shapes:
            shape(body)

    return read


def _create(body: Cursors) -> None:
    kind = body.u32()
    body.only(kind == NF4LNK, _opaque)
    body.only(_among(kind, NF4BLK, NF4CHR), _fixed(8))
    body.skip_opaque()
    _fattr(body)


def _createhow(body: Cursors) -> None:
    mode = body.one_of(CreateMode.EXCLUSIVE4_1)
    body.only(_among(mode, CreateMode.EXCLUSIVE4, CreateMode.EXCLUSIVE4_1), _fixed(8))
    body.only(mode != CreateMode.EXCLUSIVE4, _fattr)


def _open(body: Cursors) -> None:
    body.skip(20)
    _owner(body)
    body.only(body.u32() == OpenType.OPEN4_CREATE, _createhow)
    claim = body.one_of(OpenClaim.CLAIM_DELEG_PREV_FH)
    body.only(claim == OpenClaim.CLAIM_PREVIOUS, _fixed(4))
    body.only(_among(claim, OpenClaim.CLAIM_DELEGATE_CUR, OpenClaim.CLAIM_DELEG_CUR_FH), _fixed(16))
    body.only(_among(claim, OpenClaim.CLAIM_NULL, OpenClaim.CLAIM_DELEGATE_CUR, OpenClaim.CLAIM_DELEGATE_PREV), _opaque)


def _no_delegation(body: Cursors) -> None:
    why = body.u32()
    body.only(_among(why, WhyNoDelegation.WND4_CONTENTION, WhyNoDelegation.WND4_RESOURCE), _boolean)


def _space_limit(body: Cursors) -> None:
    limit = body.one_of(LimitBy.NFS_LIMIT_BLOCKS)
    body.good = body.good & (limit >= LimitBy.NFS_LIMIT_SIZE)
    body.skip(8)


_WRITE = (OpenDelegationType.OPEN_DELEGATE_WRITE, OpenDelegationType.OPEN_DELEGATE_WRITE_ATTRS_DELEG)
_NO_DELEGATION = (OpenDelegationType.OPEN_DELEGATE_NONE, OpenDelegationType.OPEN_DELEGATE_NONE_EXT)


def _open_ok(body: Cursors) -> None:
    body.skip(16 + CHANGE_INFO + 4)
    body.skip_bitmap()
    kind = body.one_of(OpenDelegationType.OPEN_DELEGATE_WRITE_ATTRS_DELEG)
    body.only(kind == OpenDelegationType.OPEN_DELEGATE_NONE_EXT, _no_delegation)
    granted = ~_among(kind, *_NO_DELEGATION)
    body.only(granted, _series(_fixed(16), _boolean))
    body.only(_among(kind, *_WRITE), _space_limit)
    body.only(granted, _series(_fixed(12), _opaque))


def _lock(body: Cursors) -> None:
    body.skip(4)
    _boolean(body)
    body.skip(16)
    new = body.one_of(1)
    body.only(new == 1, _series(_fixed(32), _owner))
    body.only(new == 0, _fixed(20))


def _getattr_ok(body: Cursors) -> Mask:
    """Of attributes only those that concern leases are kept, and both are in the bitmap's first word."""
    count = body.u32()
    begin = body.at
    body.skip(4 * count)
    body.skip_opaque()
    valued: Mask = body.peek(begin, body.good & (count > 0)) & _VALUED != 0
    return valued


def _readdir_ok(body: Cursors) -> None:
    """A TRUE announces each entry, and `eof` follows the FALSE at their end (RFC 8881 section 18.23.2)."""
    body.skip(8)
    short = body.end - body.at <= _SHORT_OCTETS
    if np.count_nonzero(short) > len(short) - _FEW:
        body.good = body.good & short
    active = np.flatnonzero(body.good)
    entries = body.part(active)
    for _ in range(_ENTRIES):
        more = entries.one_of(1)
        going = entries.good & (more == 1)
        if not going.all():
            body.take_back(active, entries)
            active = active[going]
            entries = body.part(active)
        if not len(active):
            break
        entries.skip(8)
        entries.skip_opaque()
        _fattr(entries)
    good = body.good.copy()
    good[active] = False
    body.good = good
    _boolean(body)


ARGUMENTS: dict[int, Shape] = {
    Op.ACCESS: _fixed(4),
    Op.CLOSE: _fixed(20),
    Op.COMMIT: _fixed(12),
    Op.CREATE: _create,
    Op.DELEGPURGE: _fixed(8),
    Op.DELEGRETURN: _fixed(16),
    Op.GETATTR: _bitmap,
    Op.GETFH: _void,
    Op.LINK: _opaque,
    Op.LOCK: _lock,
    Op.LOCKT: _series(_fixed(28), _owner),
    Op.LOCKU: _fixed(40),
    Op.LOOKUP: _opaque,
    Op.LOOKUPP: _void,
    Op.NVERIFY: _fattr,
    Op.OPEN: _open,
    Op.OPENATTR: _fixed(4),
    Op.OPEN_CONFIRM: _fixed(20),
    Op.OPEN_DOWNGRADE: _fixed(28),
    Op.PUTFH: _filehandle,
    Op.PUTPUBFH: _void,
    Op.PUTROOTFH: _void,
    Op.READ: _fixed(28),
    Op.READDIR: _series(_fixed(24), _bitmap),
    Op.READLINK: _void,
    Op.REMOVE: _opaque,
    Op.RENAME: _series(_opaque, _opaque),
    Op.RENEW: _fixed(8),
    Op.RESTOREFH: _void,
    Op.SAVEFH: _void,
    Op.SECINFO: _opaque,
    Op.SETATTR: _series(_fixed(16), _fattr),
    Op.SETCLIENTID_CONFIRM: _fixed(16),
    Op.VERIFY: _fattr,
    Op.WRITE: _series(_fixed(28), _payload),
    Op.RELEASE_LOCKOWNER: _series(_fixed(8), _owner),
    Op.FREE_STATEID: _fixed(16),
    Op.SECINFO_NO_NAME: _fixed(4),
    Op.SEQUENCE: _series(_fixed(28), _boolean),
    Op.ALLOCATE: _fixed(32),
    Op.DEALLOCATE: _fixed(32),
    Op.OFFLOAD_STATUS: _fixed(16),
    Op.READ_PLUS: _fixed(28),
    Op.SEEK: _fixed(28),
    Op.CLONE: _fixed(56),
}

RESULTS: dict[int, Shape] = {
    Op.ACCESS: _fixed(8),
    Op.CLOSE: _fixed(16),
    Op.COMMIT: _fixed(8),
    Op.CREATE: _series(_fixed(CHANGE_INFO), _bitmap),
    Op.DELEGPURGE: _void,
    Op.DELEGRETURN: _void,
    Op.GETATTR: _getattr_ok,
    Op.GETFH: _filehandle,
    Op.LINK: _fixed(CHANGE_INFO),
    Op.LOCK: _fixed(16),
    Op.LOCKT: _void,
    Op.LOCKU: _fixed(16),
    Op.LOOKUP: _void,
    Op.LOOKUPP: _void,
    Op.NVERIFY: _void,
    Op.OPEN: _open_ok,
    Op.OPENATTR: _void,
    Op.OPEN_CONFIRM: _fixed(16),
    Op.OPEN_DOWNGRADE: _fixed(16),
    Op.PUTFH: _void,
    Op.PUTPUBFH: _void,
    Op.PUTROOTFH: _void,
    Op.READ: _series(_boolean, _payload),
    Op.READDIR: _readdir_ok,
    Op.READLINK: _opaque,
    Op.REMOVE: _fixed(CHANGE_INFO),
    Op.RENAME: _fixed(2 * CHANGE_INFO),
    Op.RENEW: _void,
    Op.RESTOREFH: _void,
    Op.SAVEFH: _void,
    Op.SETATTR: _bitmap,
    Op.SETCLIENTID: _fixed(16),
    Op.SETCLIENTID_CONFIRM: _void,
    Op.VERIFY: _void,
    Op.WRITE: _fixed(16),
    Op.RELEASE_LOCKOWNER: _void,
    Op.FREE_STATEID: _void,
    Op.SEQUENCE: _fixed(36),
    Op.ALLOCATE: _void,
    Op.DEALLOCATE: _void,
    Op.SEEK: _series(_boolean, _fixed(8)),
    Op.CLONE: _void,
}

_denied = _series(_fixed(28), _owner)

FAILURES: dict[int, Shape] = {
    **{op: _void for op, codec in OPS.items() if codec.failed is None},
    Op.LOCK: _void,
    Op.LOCKT: _void,
    Op.SETATTR: _bitmap,
}
"""Results under other statuses than NFS4_OK."""

DENIED: dict[int, Shape] = {**FAILURES, Op.LOCK: _denied, Op.LOCKT: _denied}
"""Results under NFS4ERR_DENIED."""
