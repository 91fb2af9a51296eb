"""Opens, locks and delegations (RFC 7530 section 16, RFC 8881 section 18)."""

from __future__ import annotations

from struct import Struct

from dissect.nfs4.const import CreateMode, Op, OpenClaim, OpenType, Status
from dissect.nfs4.ops.shape import (
    CHANGE_INFO,
    OPAQUE_LIMIT,
    Codec,
    bitmap,
    boolean,
    delegation,
    fattr,
    octets,
    on,
    one_of,
    series,
    stateid,
    void,
)
from dissect.nfs4.types import (
    CLOSE4args,
    CLOSE4resok,
    DELEGPURGE4args,
    DELEGRETURN4args,
    FREE_STATEID4args,
    LOCK4args,
    LOCK4denied,
    LOCK4resok,
    LOCKT4args,
    LOCKU4args,
    LOCKU4resok,
    OPEN4args,
    OPEN4resok,
    OPEN_CONFIRM4args,
    OPEN_CONFIRM4resok,
    OPEN_DOWNGRADE4args,
    OPEN_DOWNGRADE4resok,
    RELEASE_LOCKOWNER4args,
    Stateid,
    TEST_STATEID4args,
    TEST_STATEID4resok,
)
from dissect.nfs4.xdr import Reader, XdrInvalid

_OPEN = Struct(">III8s")
_CLOSE = Struct(">II12s")
_LOCK = Struct(">IIQQI")
_OPEN_TO_LOCK = Struct(">II12sI8s")
_EXIST_LOCK = Struct(">I12sI")
_LOCKT = Struct(">IQQ8s")
_LOCKU = Struct(">III12sQQ")
_DENIED = Struct(">QQI8s")
_CONFIRM = Struct(">I12sI")
_DOWNGRADE = Struct(">I12sIII")


# As plain numbers: an operation of every file goes through here.
_CREATE = int(OpenType.OPEN4_CREATE)
_PREVIOUS, _LAST_CLAIM = int(OpenClaim.CLAIM_PREVIOUS), int(OpenClaim.CLAIM_DELEG_PREV_FH)
_DELEGATED = frozenset(map(int, (OpenClaim.CLAIM_DELEGATE_CUR, OpenClaim.CLAIM_DELEG_CUR_FH)))
_NAMED = frozenset(map(int, (OpenClaim.CLAIM_NULL, OpenClaim.CLAIM_DELEGATE_CUR, OpenClaim.CLAIM_DELEGATE_PREV)))


def _createhow(reader: Reader) -> None:
    mode = one_of(reader, CreateMode.EXCLUSIVE4_1)
    if mode in (CreateMode.EXCLUSIVE4, CreateMode.EXCLUSIVE4_1):
        reader.skip(8)
    if mode != CreateMode.EXCLUSIVE4:
        fattr(reader)


def _open(reader: Reader) -> OPEN4args:
    seqid, access, deny, clientid = reader.unpack(_OPEN)
    owner = reader.opaque(OPAQUE_LIMIT)
    opentype = reader.u32()
    if opentype == _CREATE:
        _createhow(reader)
    claim = one_of(reader, _LAST_CLAIM)
    delegate_type: int | None = None
    delegate_stateid: Stateid | None = None
    file: bytes | None = None
    if claim == _PREVIOUS:
        delegate_type = reader.u32()
    elif claim in _DELEGATED:
        delegate_stateid = stateid(reader)
    if claim in _NAMED:
        file = reader.opaque()
    return OPEN4args(
        seqid=seqid,
        share_access=access,
        share_deny=deny,
        clientid=clientid,
        owner=owner,
        opentype=opentype,
        claim=claim,
        delegate_type=delegate_type,
        delegate_stateid=delegate_stateid,
        file=file,
    )


def _open_ok(reader: Reader) -> OPEN4resok:
    opened = stateid(reader)
    reader.skip(CHANGE_INFO)
    rflags = reader.u32()
    reader.skip_bitmap()  # attrset
    kind, granted, recall = delegation(reader)
    return OPEN4resok(stateid=opened, rflags=rflags, delegation_type=kind, delegation_stateid=granted, recall=recall)


def _open_confirm(reader: Reader) -> OPEN_CONFIRM4args:
    seqid, other, open_seqid = reader.unpack(_CONFIRM)
    return OPEN_CONFIRM4args(open_stateid=Stateid(seqid, other), seqid=open_seqid)


def _open_confirm_ok(reader: Reader) -> OPEN_CONFIRM4resok:
    return OPEN_CONFIRM4resok(open_stateid=stateid(reader))


def _open_downgrade(reader: Reader) -> OPEN_DOWNGRADE4args:
    seqid, other, open_seqid, access, deny = reader.unpack(_DOWNGRADE)
    return OPEN_DOWNGRADE4args(
        open_stateid=Stateid(seqid, other), seqid=open_seqid, share_access=access, share_deny=deny
    )


def _open_downgrade_ok(reader: Reader) -> OPEN_DOWNGRADE4resok:
    return OPEN_DOWNGRADE4resok(open_stateid=stateid(reader))


def _close(reader: Reader) -> CLOSE4args:
    seqid, stateid_seqid, other = reader.unpack(_CLOSE)
    return CLOSE4args(seqid=seqid, open_stateid=Stateid(stateid_seqid, other))


def _close_ok(reader: Reader) -> CLOSE4resok:
    return CLOSE4resok(open_stateid=stateid(reader))


def _lock(reader: Reader) -> LOCK4args:
    start = reader.pos
    locktype, reclaim, offset, length, new_owner = reader.unpack(_LOCK)
    if reclaim > 1:
        raise XdrInvalid(start + 4, 1, reclaim)
    if new_owner > 1:
        raise XdrInvalid(reader.pos - 4, 1, new_owner)
    if new_owner:
        open_seqid, seqid, other, lock_seqid, clientid = reader.unpack(_OPEN_TO_LOCK)
        return LOCK4args(
            locktype=locktype,
            reclaim=reclaim == 1,
            offset=offset,
            length=length,
            new_lock_owner=True,
            open_seqid=open_seqid,
            open_stateid=Stateid(seqid, other),
            lock_seqid=lock_seqid,
            clientid=clientid,
            owner=reader.opaque(OPAQUE_LIMIT),
        )
    seqid, other, lock_seqid = reader.unpack(_EXIST_LOCK)
    return LOCK4args(
        locktype=locktype,
        reclaim=reclaim == 1,
        offset=offset,
        length=length,
        new_lock_owner=False,
        lock_seqid=lock_seqid,
        lock_stateid=Stateid(seqid, other),
    )


def _lock_ok(reader: Reader) -> LOCK4resok:
    return LOCK4resok(lock_stateid=stateid(reader))


def _denied(reader: Reader) -> LOCK4denied:
    offset, length, locktype, clientid = reader.unpack(_DENIED)
    return LOCK4denied(
        offset=offset, length=length, locktype=locktype, clientid=clientid, owner=reader.opaque(OPAQUE_LIMIT)
    )


def _lockt(reader: Reader) -> LOCKT4args:
    locktype, offset, length, clientid = reader.unpack(_LOCKT)
    return LOCKT4args(
        locktype=locktype, offset=offset, length=length, clientid=clientid, owner=reader.opaque(OPAQUE_LIMIT)
    )


def _locku(reader: Reader) -> LOCKU4args:
    locktype, seqid, stateid_seqid, other, offset, length = reader.unpack(_LOCKU)
    return LOCKU4args(
        locktype=locktype, seqid=seqid, lock_stateid=Stateid(stateid_seqid, other), offset=offset, length=length
    )


def _locku_ok(reader: Reader) -> LOCKU4resok:
    return LOCKU4resok(lock_stateid=stateid(reader))


def _release_lockowner(reader: Reader) -> RELEASE_LOCKOWNER4args:
    return RELEASE_LOCKOWNER4args(clientid=reader.fixed(8), owner=reader.opaque(OPAQUE_LIMIT))


def _delegpurge(reader: Reader) -> DELEGPURGE4args:
    return DELEGPURGE4args(clientid=reader.fixed(8))


def _delegreturn(reader: Reader) -> DELEGRETURN4args:
    return DELEGRETURN4args(deleg_stateid=stateid(reader))


def _free_stateid(reader: Reader) -> FREE_STATEID4args:
    return FREE_STATEID4args(fsa_stateid=stateid(reader))


def _test_stateid(reader: Reader) -> TEST_STATEID4args:
    return TEST_STATEID4args(ts_stateids=tuple([stateid(reader) for _ in range(reader.count(16))]))


def _test_stateid_ok(reader: Reader) -> TEST_STATEID4resok:
    return TEST_STATEID4resok(tsr_status_codes=tuple([reader.u32() for _ in range(reader.count(4))]))


def _want_delegation(reader: Reader) -> None:
    reader.skip(4)
    claim = reader.u32()
    if claim == OpenClaim.CLAIM_PREVIOUS:
        reader.skip(4)
    elif claim not in (OpenClaim.CLAIM_FH, OpenClaim.CLAIM_DELEG_PREV_FH):
        raise XdrInvalid(reader.pos - 4, OpenClaim.CLAIM_DELEG_PREV_FH, claim)


def _want_delegation_ok(reader: Reader) -> None:
    delegation(reader)


def _get_dir_delegation_ok(reader: Reader) -> None:
    if one_of(reader, 1):  # GDD4_UNAVAIL
        reader.boolean()
        return
    reader.skip(24)
    for _ in range(3):
        reader.skip_bitmap()


OPS: dict[int, Codec] = {
    Op.CLOSE: Codec(_close, _close_ok),
    Op.DELEGPURGE: Codec(_delegpurge, void),
    Op.DELEGRETURN: Codec(_delegreturn, void),
    Op.LOCK: Codec(_lock, _lock_ok, on(Status.DENIED, _denied)),
    Op.LOCKT: Codec(_lockt, void, on(Status.DENIED, _denied)),
    Op.LOCKU: Codec(_locku, _locku_ok),
    Op.OPEN: Codec(_open, _open_ok),
    Op.OPEN_CONFIRM: Codec(_open_confirm, _open_confirm_ok),
    Op.OPEN_DOWNGRADE: Codec(_open_downgrade, _open_downgrade_ok),
    Op.RELEASE_LOCKOWNER: Codec(_release_lockowner, void),
    Op.FREE_STATEID: Codec(_free_stateid, void),
    Op.GET_DIR_DELEGATION: Codec(series(boolean, bitmap, octets(24), bitmap, bitmap), _get_dir_delegation_ok),
    Op.TEST_STATEID: Codec(_test_stateid, _test_stateid_ok),
    Op.WANT_DELEGATION: Codec(_want_delegation, _want_delegation_ok),
}
