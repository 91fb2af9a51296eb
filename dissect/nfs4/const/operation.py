"""Operation numbers of COMPOUND and CB_COMPOUND (RFC 7530, 8881, 7862, 8276), named without the OP_ prefix."""

from __future__ import annotations

from enum import IntEnum


class Op(IntEnum):
    """nfs_opnum4."""

    ACCESS = 3
    CLOSE = 4
    COMMIT = 5
    CREATE = 6
    DELEGPURGE = 7
    DELEGRETURN = 8
    GETATTR = 9
    GETFH = 10
    LINK = 11
    LOCK = 12
    LOCKT = 13
    LOCKU = 14
    LOOKUP = 15
    LOOKUPP = 16
    NVERIFY = 17
    OPEN = 18
    OPENATTR = 19
    OPEN_CONFIRM = 20
    OPEN_DOWNGRADE = 21
    PUTFH = 22
    PUTPUBFH = 23
    PUTROOTFH = 24
    READ = 25
    READDIR = 26
    READLINK = 27
    REMOVE = 28
    RENAME = 29
    RENEW = 30
    RESTOREFH = 31
    SAVEFH = 32
    SECINFO = 33
    SETATTR = 34
    SETCLIENTID = 35
    SETCLIENTID_CONFIRM = 36
    VERIFY = 37
    WRITE = 38
    RELEASE_LOCKOWNER = 39
    BACKCHANNEL_CTL = 40
    BIND_CONN_TO_SESSION = 41
    EXCHANGE_ID = 42
    CREATE_SESSION = 43
    DESTROY_SESSION = 44
    FREE_STATEID = 45
    GET_DIR_DELEGATION = 46
    GETDEVICEINFO = 47
    GETDEVICELIST = 48
    LAYOUTCOMMIT = 49
    LAYOUTGET = 50
    LAYOUTRETURN = 51
    SECINFO_NO_NAME = 52
    SEQUENCE = 53
    SET_SSV = 54
    TEST_STATEID = 55
    WANT_DELEGATION = 56
    DESTROY_CLIENTID = 57
    RECLAIM_COMPLETE = 58
    ALLOCATE = 59
    COPY = 60
    COPY_NOTIFY = 61
    DEALLOCATE = 62
    IO_ADVISE = 63
    LAYOUTERROR = 64
    LAYOUTSTATS = 65
    OFFLOAD_CANCEL = 66
    OFFLOAD_STATUS = 67
    READ_PLUS = 68
    SEEK = 69
    WRITE_SAME = 70
    CLONE = 71
    GETXATTR = 72
    SETXATTR = 73
    LISTXATTRS = 74
    REMOVEXATTR = 75
    ILLEGAL = 10044


class CbOp(IntEnum):
    """nfs_cb_opnum4."""

    CB_GETATTR = 3
    CB_RECALL = 4
    CB_LAYOUTRECALL = 5
    CB_NOTIFY = 6
    CB_PUSH_DELEG = 7
    CB_RECALL_ANY = 8
    CB_RECALLABLE_OBJ_AVAIL = 9
    CB_RECALL_SLOT = 10
    CB_SEQUENCE = 11
    CB_WANTS_CANCELLED = 12
    CB_NOTIFY_LOCK = 13
    CB_NOTIFY_DEVICEID = 14
    CB_OFFLOAD = 15
    CB_ILLEGAL = 10044


_OP_NAMES = {int(op): op.name for op in Op}
_CB_OP_NAMES = {int(op): op.name for op in CbOp}


def op_name(number: int) -> str:
    """Name of an operation as the RFCs write it: `SETCLIENTID`; `nfs_opnum4 99` for a number none of them defines."""
    return _OP_NAMES.get(number) or f"nfs_opnum4 {number}"


def cb_op_name(number: int) -> str:
    """Name of a callback operation: `CB_RECALL`; `nfs_cb_opnum4 99` for a number no RFC defines."""
    return _CB_OP_NAMES.get(number) or f"nfs_cb_opnum4 {number}"
