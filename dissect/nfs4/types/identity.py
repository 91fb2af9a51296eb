"""Operations that make, confirm, renew and end a clientid."""

from __future__ import annotations

from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.types.common import nfs_impl_id4


@dataclass(frozen=True, slots=True, kw_only=True)
class SETCLIENTID4args:
    """RFC 7530 section 16.33: nfs_client_id4 (`verifier`, `id`), cb_client4 and callback_ident."""

    verifier: bytes
    id: bytes
    cb_program: int
    na_r_netid: bytes
    na_r_addr: bytes
    callback_ident: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SETCLIENTID4resok:
    """RFC 7530 section 16.33."""

    clientid: bytes
    setclientid_confirm: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SETCLIENTID4inuse:
    """The NFS4ERR_CLID_INUSE arm: the callback address of the client that holds the id."""

    na_r_netid: bytes
    na_r_addr: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SETCLIENTID_CONFIRM4args:
    """RFC 7530 section 16.34."""

    clientid: bytes
    setclientid_confirm: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RENEW4args:
    """RFC 7530 section 16.28."""

    clientid: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EXCHANGE_ID4args:
    """RFC 8881 section 18.35. Bit n of the state protection maps stands for operation n; None under SP4_NONE."""

    co_verifier: bytes
    co_ownerid: bytes
    eia_flags: int
    spa_how: int
    spo_must_enforce: int | None = None
    spo_must_allow: int | None = None
    eia_client_impl_id: nfs_impl_id4 | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EXCHANGE_ID4resok:
    """RFC 8881 section 18.35; on the wire so_minor_id stands before so_major_id."""

    eir_clientid: bytes
    eir_sequenceid: int
    eir_flags: int
    spr_how: int
    spo_must_enforce: int | None = None
    spo_must_allow: int | None = None
    so_minor_id: int
    so_major_id: bytes
    eir_server_scope: bytes
    eir_server_impl_id: nfs_impl_id4 | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DESTROY_CLIENTID4args:
    """RFC 8881 section 18.50."""

    dca_clientid: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RECLAIM_COMPLETE4args:
    """RFC 8881 section 18.51."""

    rca_one_fs: bool
