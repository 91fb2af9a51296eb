"""Opens, locks, delegations and the tests of their stateids."""

from __future__ import annotations

from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.types.common import Stateid


@dataclass(frozen=True, slots=True, kw_only=True)
class OPEN4args:
    """RFC 8881 section 18.16: open_owner4 and open_claim4 flat; `file` is the component of a claim that has one."""

    seqid: int
    share_access: int
    share_deny: int
    clientid: bytes
    owner: bytes
    opentype: int
    claim: int
    delegate_type: int | None = None
    delegate_stateid: Stateid | None = None
    file: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OPEN4resok:
    """RFC 8881 section 18.16; `delegation_stateid` and `recall` where a delegation was granted."""

    stateid: Stateid
    rflags: int
    delegation_type: int
    delegation_stateid: Stateid | None = None
    recall: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OPEN_CONFIRM4args:
    """RFC 7530 section 16.18."""

    open_stateid: Stateid
    seqid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OPEN_CONFIRM4resok:
    """RFC 7530 section 16.18."""

    open_stateid: Stateid


@dataclass(frozen=True, slots=True, kw_only=True)
class OPEN_DOWNGRADE4args:
    """RFC 8881 section 18.18."""

    open_stateid: Stateid
    seqid: int
    share_access: int
    share_deny: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OPEN_DOWNGRADE4resok:
    """RFC 8881 section 18.18."""

    open_stateid: Stateid


@dataclass(frozen=True, slots=True, kw_only=True)
class CLOSE4args:
    """RFC 8881 section 18.2."""

    seqid: int
    open_stateid: Stateid


@dataclass(frozen=True, slots=True, kw_only=True)
class CLOSE4resok:
    """RFC 8881 section 18.2."""

    open_stateid: Stateid


@dataclass(frozen=True, slots=True, kw_only=True)
class LOCK4args:
    """RFC 8881 section 18.10: open_to_lock_owner4 where `new_lock_owner`, else `lock_stateid` and `lock_seqid`."""

    locktype: int
    reclaim: bool
    offset: int
    length: int
    new_lock_owner: bool
    open_seqid: int | None = None
    open_stateid: Stateid | None = None
    lock_seqid: int
    clientid: bytes | None = None
    owner: bytes | None = None
    lock_stateid: Stateid | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LOCK4resok:
    """RFC 8881 section 18.10."""

    lock_stateid: Stateid


@dataclass(frozen=True, slots=True, kw_only=True)
class LOCK4denied:
    """The NFS4ERR_DENIED arm of LOCK and LOCKT: the lock that is in the way."""

    offset: int
    length: int
    locktype: int
    clientid: bytes
    owner: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LOCKT4args:
    """RFC 8881 section 18.11."""

    locktype: int
    offset: int
    length: int
    clientid: bytes
    owner: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LOCKU4args:
    """RFC 8881 section 18.12."""

    locktype: int
    seqid: int
    lock_stateid: Stateid
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LOCKU4resok:
    """RFC 8881 section 18.12."""

    lock_stateid: Stateid


@dataclass(frozen=True, slots=True, kw_only=True)
class RELEASE_LOCKOWNER4args:
    """RFC 7530 section 16.37."""

    clientid: bytes
    owner: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DELEGPURGE4args:
    """RFC 8881 section 18.5."""

    clientid: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DELEGRETURN4args:
    """RFC 8881 section 18.6."""

    deleg_stateid: Stateid


@dataclass(frozen=True, slots=True, kw_only=True)
class FREE_STATEID4args:
    """RFC 8881 section 18.38."""

    fsa_stateid: Stateid


@dataclass(frozen=True, slots=True, kw_only=True)
class TEST_STATEID4args:
    """RFC 8881 section 18.48."""

    ts_stateids: tuple[Stateid, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TEST_STATEID4resok:
    """RFC 8881 section 18.48: one nfsstat4 for each stateid asked about."""

    tsr_status_codes: tuple[int, ...]
