"""What of a decoded message goes into `Batch.ops` and `Batch.details`: all that renews, fails or names state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dissect.nfs4.batch import NO_STATUS, Kind
from dissect.nfs4.const import CbOp, Op, OpenClaim
from dissect.nfs4.message import Message
from dissect.nfs4.types import PartialOwner, Stateid

OpRow = tuple[int, int, int, bytes, int, int]
"""(index, op, status, key, slot, flags) as in OP; `key` b"" for none, to be interned by the caller."""

DetailRow = tuple[int, Any]
"""(index of the operation, its decoded arguments or result)."""

_Named = tuple[bytes, int, int]

Picker = Callable[[Any, int], "_Named | None"]
"""From arguments or a result, and the minor version: key, slot and flags."""

_RECLAIMS = frozenset({OpenClaim.CLAIM_PREVIOUS, OpenClaim.CLAIM_DELEGATE_PREV, OpenClaim.CLAIM_DELEG_PREV_FH})
HOLDERS = frozenset({Op.OPEN, Op.LOCK, Op.CLOSE, Op.DELEGRETURN})
"""Operations on a file whose name is wanted."""
NAMERS = frozenset({Op.PUTFH, Op.LOOKUP, Op.GETFH})
"""Operations that name the file."""


def _state(stateid: Stateid) -> _Named | None:
    return None if stateid.is_special else (stateid.other, 0, 0)


def _open(args: Any, minor: int) -> _Named:
    """From minor version 1 on the server ignores the clientid (RFC 8881 section 18.16.3)."""
    key = b""
    if minor == 0:
        key = args.clientid
    elif args.delegate_stateid is not None and not args.delegate_stateid.is_special:
        key = args.delegate_stateid.other
    return key, args.claim in _RECLAIMS, args.claim


def _lock(args: Any, minor: int) -> _Named:
    if args.new_lock_owner and minor == 0:
        return args.clientid, args.reclaim, 0
    stateid = args.open_stateid if args.new_lock_owner else args.lock_stateid
    return b"" if stateid.is_special else stateid.other, args.reclaim, 0


def _of_minor_0(picker: Callable[[Any], _Named | None]) -> Picker:
    """From minor version 1 on only SEQUENCE renews, and a clientid in such arguments is ignored."""
    return lambda args, minor: picker(args) if minor == 0 else None


CALL_ROWS: dict[int, Picker] = {
    Op.RENEW: lambda args, minor: (args.clientid, 0, 0),
    Op.SETCLIENTID_CONFIRM: lambda args, minor: (args.clientid, 0, 0),
    Op.OPEN: _open,
    Op.OPEN_CONFIRM: lambda args, minor: _state(args.open_stateid),
    Op.OPEN_DOWNGRADE: lambda args, minor: _state(args.open_stateid),
    Op.CLOSE: lambda args, minor: _state(args.open_stateid),
    Op.LOCK: _lock,
    Op.LOCKT: _of_minor_0(lambda args: (args.clientid, 0, 0)),
    Op.LOCKU: lambda args, minor: _state(args.lock_stateid),
    Op.RELEASE_LOCKOWNER: lambda args, minor: (args.clientid, 0, 0),
    Op.DELEGPURGE: _of_minor_0(lambda args: (args.clientid, 0, 0)),
    Op.DELEGRETURN: lambda args, minor: _state(args.deleg_stateid),
    Op.FREE_STATEID: lambda args, minor: _state(args.fsa_stateid),
    Op.READ: _of_minor_0(lambda args: _state(args.stateid)),
    Op.WRITE: _of_minor_0(lambda args: _state(args.stateid)),
    Op.SETATTR: _of_minor_0(lambda args: _state(args.stateid)),
    Op.SEQUENCE: lambda args, minor: (args.sa_sessionid, args.sa_slotid, 0),
    Op.CREATE_SESSION: lambda args, minor: (args.csa_clientid, 0, 0),
    Op.BIND_CONN_TO_SESSION: lambda args, minor: (args.bctsa_sessid, 0, 0),
    Op.DESTROY_SESSION: lambda args, minor: (args.dsa_sessionid, 0, 0),
    Op.DESTROY_CLIENTID: lambda args, minor: (args.dca_clientid, 0, 0),
}

_REPLIES: dict[int, Picker] = {
    Op.SEQUENCE: lambda res, minor: (res.sr_sessionid, res.sr_slotid, res.sr_status_flags),
    Op.OPEN: lambda res, minor: (res.stateid.other, 0, 0),
    Op.OPEN_CONFIRM: lambda res, minor: (res.open_stateid.other, 0, 0),
    Op.OPEN_DOWNGRADE: lambda res, minor: (res.open_stateid.other, 0, 0),
    Op.LOCK: lambda res, minor: (res.lock_stateid.other, 0, 0),
    Op.LOCKU: lambda res, minor: (res.lock_stateid.other, 0, 0),
    Op.WRITE: lambda res, minor: (res.writeverf, 0, 0),
    Op.COMMIT: lambda res, minor: (res.writeverf, 0, 0),
}

_CB_CALLS: dict[int, Picker] = {
    CbOp.CB_SEQUENCE: lambda args, minor: (args.csa_sessionid, args.csa_slotid, 0),
    CbOp.CB_RECALL: lambda args, minor: _state(args.stateid),
}

_CALL_DETAILS = frozenset(
    {
        Op.SETCLIENTID,
        Op.SETCLIENTID_CONFIRM,
        Op.EXCHANGE_ID,
        Op.CREATE_SESSION,
        Op.BIND_CONN_TO_SESSION,
        Op.DESTROY_SESSION,
        Op.DESTROY_CLIENTID,
        Op.RECLAIM_COMPLETE,
        Op.OPEN,
        Op.LOCK,
        Op.TEST_STATEID,
        Op.FREE_STATEID,
        Op.DELEGRETURN,
        Op.CLOSE,
    }
)
_REPLY_DETAILS = frozenset(
    {
        Op.SETCLIENTID,
        Op.EXCHANGE_ID,
        Op.CREATE_SESSION,
        Op.BIND_CONN_TO_SESSION,
        Op.OPEN,
        Op.LOCK,
        Op.TEST_STATEID,
        Op.GETATTR,
    }
)
_CB_CALL_DETAILS = frozenset({CbOp.CB_RECALL})
_NO_DETAILS: frozenset[int] = frozenset()
_NO_PICKERS: dict[int, Picker] = {}

_TABLES: dict[Kind, tuple[dict[int, Picker], frozenset[int]]] = {
    Kind.COMPOUND_CALL: (CALL_ROWS, frozenset(map(int, _CALL_DETAILS))),
    Kind.COMPOUND_REPLY: (_REPLIES, frozenset(map(int, _REPLY_DETAILS))),
    Kind.CB_COMPOUND_CALL: (_CB_CALLS, frozenset(map(int, _CB_CALL_DETAILS))),
    Kind.CB_COMPOUND_REPLY: (_NO_PICKERS, _NO_DETAILS),
}


def select(message: Message) -> tuple[list[OpRow], list[DetailRow]]:
    """The rows of one message, in the order of its operations.

    Rows: in a call every operation that names a clientid, a session or state (special stateids name none), with
    OPEN and LOCK always there because they may be reclaims; in a reply every operation that failed, and of the others
    those that renew, grant a stateid or show a write verifier.
    Details: identity, session, open, lock and delegation operations; the lease attributes; recalls; and, beside an
    OPEN, LOCK, CLOSE or DELEGRETURN, what names its file.
    """
    rows: list[OpRow] = []
    details: list[DetailRow] = []
    tables = _TABLES.get(message.kind)
    if tables is None:
        return rows, details
    pickers, detailed = tables
    operations = message.operations
    if message.kind <= Kind.COMPOUND_REPLY and any(operation.op in HOLDERS for operation in operations):
        detailed = detailed | NAMERS
    for index, (op, status, value) in enumerate(operations):
        if op in detailed and value is not None:
            details.append((index, value))
        if status:
            rows.append((index, op, status, b"", 0, 0))
            continue
        picker = pickers.get(op)
        if picker is None or value is None or isinstance(value, PartialOwner):
            continue
        named = picker(value, message.minor)
        if named is not None:
            key, slot, flags = named
            rows.append((index, op, NO_STATUS if status is None else status, key, int(slot), flags))
    return rows, details
