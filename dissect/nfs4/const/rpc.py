"""ONC RPC (RFC 5531), RPCSEC_GSS (RFC 2203) and RPC-with-TLS (RFC 9289) numbers."""

from __future__ import annotations

from enum import IntEnum

NFS_PROGRAM = 100003
NFS_V4 = 4
PROC_NULL = 0
PROC_COMPOUND = 1

TRANSIENT_PROGRAMS = range(0x40000000, 0x60000000)
"""Program numbers a client picks for its callback service (RFC 5531 section 13)."""

CALLBACK_VERSIONS = frozenset({1, 4})
"""Versions seen for callback programs: 1 by the XDR (RFC 7531 NFS_CB), 4 by some implementations."""


class MsgType(IntEnum):
    """msg_type."""

    CALL = 0
    REPLY = 1


class ReplyStat(IntEnum):
    """reply_stat."""

    MSG_ACCEPTED = 0
    MSG_DENIED = 1


class AcceptStat(IntEnum):
    """accept_stat."""

    SUCCESS = 0
    PROG_UNAVAIL = 1
    PROG_MISMATCH = 2
    PROC_UNAVAIL = 3
    GARBAGE_ARGS = 4
    SYSTEM_ERR = 5


class RejectStat(IntEnum):
    """reject_stat."""

    RPC_MISMATCH = 0
    AUTH_ERROR = 1


class RpcRefusal(IntEnum):
    """Why the RPC layer refused a call: statuses below `dissect.nfs4.batch.NO_STATUS`, so that no nfsstat4 collides."""

    PROG_UNAVAIL = -2
    PROG_MISMATCH = -3
    PROC_UNAVAIL = -4
    GARBAGE_ARGS = -5
    SYSTEM_ERR = -6
    RPC_MISMATCH = -7
    AUTH_ERROR = -8


class AuthFlavor(IntEnum):
    """auth_flavor."""

    AUTH_NONE = 0
    AUTH_SYS = 1
    AUTH_SHORT = 2
    AUTH_DH = 3
    RPCSEC_GSS = 6
    AUTH_TLS = 7


class GssProc(IntEnum):
    """rpc_gss_proc_t."""

    DATA = 0
    INIT = 1
    CONTINUE_INIT = 2
    DESTROY = 3


class GssService(IntEnum):
    """rpc_gss_service_t."""

    NONE = 1
    INTEGRITY = 2
    PRIVACY = 3
