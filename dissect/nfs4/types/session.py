"""Session operations (RFC 8881 sections 18.33, 18.34, 18.36, 18.37, 18.46)."""

from __future__ import annotations

from dissect.nfs4.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class channel_attrs4:
    """RFC 8881 section 18.36.1."""

    ca_headerpadsize: int
    ca_maxrequestsize: int
    ca_maxresponsesize: int
    ca_maxresponsesize_cached: int
    ca_maxoperations: int
    ca_maxrequests: int
    ca_rdma_ird: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class callback_sec_parms4:
    """How the server is to authenticate its callbacks; the RPCSEC_GSS arm holds two handles."""

    cb_secflavor: int
    machinename: bytes | None = None
    uid: int | None = None
    gid: int | None = None
    gcbp_service: int | None = None
    gcbp_handle_from_server: bytes | None = None
    gcbp_handle_from_client: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CREATE_SESSION4args:
    """RFC 8881 section 18.36."""

    csa_clientid: bytes
    csa_sequence: int
    csa_flags: int
    csa_fore_chan_attrs: channel_attrs4
    csa_back_chan_attrs: channel_attrs4
    csa_cb_program: int
    csa_sec_parms: tuple[callback_sec_parms4, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CREATE_SESSION4resok:
    """RFC 8881 section 18.36."""

    csr_sessionid: bytes
    csr_sequence: int
    csr_flags: int
    csr_fore_chan_attrs: channel_attrs4
    csr_back_chan_attrs: channel_attrs4


@dataclass(frozen=True, slots=True, kw_only=True)
class BIND_CONN_TO_SESSION4args:
    """RFC 8881 section 18.34."""

    bctsa_sessid: bytes
    bctsa_dir: int
    bctsa_use_conn_in_rdma_mode: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BIND_CONN_TO_SESSION4resok:
    """RFC 8881 section 18.34."""

    bctsr_sessid: bytes
    bctsr_dir: int
    bctsr_use_conn_in_rdma_mode: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BACKCHANNEL_CTL4args:
    """RFC 8881 section 18.33."""

    bca_cb_program: int
    bca_sec_parms: tuple[callback_sec_parms4, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DESTROY_SESSION4args:
    """RFC 8881 section 18.37."""

    dsa_sessionid: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SEQUENCE4args:
    """RFC 8881 section 18.46."""

    sa_sessionid: bytes
    sa_sequenceid: int
    sa_slotid: int
    sa_highest_slotid: int
    sa_cachethis: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SEQUENCE4resok:
    """RFC 8881 section 18.46; `sr_status_flags` as `dissect.nfs4.const.Seq4Status`."""

    sr_sessionid: bytes
    sr_sequenceid: int
    sr_slotid: int
    sr_highest_slotid: int
    sr_target_highest_slotid: int
    sr_status_flags: int
