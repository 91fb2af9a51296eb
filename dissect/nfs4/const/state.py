"""Discriminants and flags of the identity, session, open and lock operations."""

from __future__ import annotations

from enum import IntEnum, IntFlag


class Seq4Status(IntFlag):
    """sr_status_flags (RFC 8881 section 18.46.2)."""

    CB_PATH_DOWN = 0x1
    CB_GSS_CONTEXTS_EXPIRING = 0x2
    CB_GSS_CONTEXTS_EXPIRED = 0x4
    EXPIRED_ALL_STATE_REVOKED = 0x8
    EXPIRED_SOME_STATE_REVOKED = 0x10
    ADMIN_STATE_REVOKED = 0x20
    RECALLABLE_STATE_REVOKED = 0x40
    LEASE_MOVED = 0x80
    RESTART_RECLAIM_NEEDED = 0x100
    CB_PATH_DOWN_SESSION = 0x200
    BACKCHANNEL_FAULT = 0x400
    DEVID_CHANGED = 0x800
    DEVID_DELETED = 0x1000


class ExchgidFlag(IntFlag):
    """eia_flags and eir_flags, EXCHGID4_FLAG_* (RFC 8881 section 18.35, RFC 7862 section 14.1)."""

    SUPP_MOVED_REFER = 0x1
    SUPP_MOVED_MIGR = 0x2
    SUPP_FENCE_OPS = 0x4
    BIND_PRINC_STATEID = 0x100
    USE_NON_PNFS = 0x10000
    USE_PNFS_MDS = 0x20000
    USE_PNFS_DS = 0x40000
    UPD_CONFIRMED_REC_A = 0x40000000
    CONFIRMED_R = 0x80000000


class StateProtect(IntEnum):
    """state_protect_how4."""

    SP4_NONE = 0
    SP4_MACH_CRED = 1
    SP4_SSV = 2


class CreateSessionFlag(IntFlag):
    """csa_flags and csr_flags, CREATE_SESSION4_FLAG_*."""

    PERSIST = 0x1
    CONN_BACK_CHAN = 0x2
    CONN_RDMA = 0x4


class ChannelDirFromClient(IntEnum):
    """channel_dir_from_client4."""

    CDFC4_FORE = 1
    CDFC4_BACK = 2
    CDFC4_FORE_OR_BOTH = 3
    CDFC4_BACK_OR_BOTH = 7


class ChannelDirFromServer(IntFlag):
    """channel_dir_from_server4."""

    CDFS4_FORE = 1
    CDFS4_BACK = 2
    CDFS4_BOTH = 3


class OpenType(IntEnum):
    """opentype4."""

    OPEN4_NOCREATE = 0
    OPEN4_CREATE = 1


class CreateMode(IntEnum):
    """createmode4."""

    UNCHECKED4 = 0
    GUARDED4 = 1
    EXCLUSIVE4 = 2
    EXCLUSIVE4_1 = 3


class OpenClaim(IntEnum):
    """open_claim_type4."""

    CLAIM_NULL = 0
    CLAIM_PREVIOUS = 1
    CLAIM_DELEGATE_CUR = 2
    CLAIM_DELEGATE_PREV = 3
    CLAIM_FH = 4
    CLAIM_DELEG_CUR_FH = 5
    CLAIM_DELEG_PREV_FH = 6


class OpenDelegationType(IntEnum):
    """open_delegation_type4 (4 and 5: RFC 9754)."""

    OPEN_DELEGATE_NONE = 0
    OPEN_DELEGATE_READ = 1
    OPEN_DELEGATE_WRITE = 2
    OPEN_DELEGATE_NONE_EXT = 3
    OPEN_DELEGATE_READ_ATTRS_DELEG = 4
    OPEN_DELEGATE_WRITE_ATTRS_DELEG = 5


class WhyNoDelegation(IntEnum):
    """The why_no_delegation4 values that carry a body."""

    WND4_CONTENTION = 1
    WND4_RESOURCE = 2


class LimitBy(IntEnum):
    """limit_by4."""

    NFS_LIMIT_SIZE = 1
    NFS_LIMIT_BLOCKS = 2


class OpenResult(IntFlag):
    """OPEN4resok.rflags, OPEN4_RESULT_*."""

    CONFIRM = 0x2
    LOCKTYPE_POSIX = 0x4
    PRESERVE_UNLINKED = 0x8
    NO_OPEN_STATEID = 0x10
    MAY_NOTIFY_LOCK = 0x20


class LockType(IntEnum):
    """nfs_lock_type4."""

    READ_LT = 1
    WRITE_LT = 2
    READW_LT = 3
    WRITEW_LT = 4


class Attribute(IntEnum):
    """Attribute numbers whose values are read (RFC 8881 section 5.6 and 5.7)."""

    LEASE_TIME = 10
    FS_LOCATIONS = 24
