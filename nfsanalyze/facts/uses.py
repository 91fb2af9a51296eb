"""Every use of a clientid, session or stateid with its answer, as arrays: what renews a lease, and what was refused.

RFC 7530 section 9.5: in v4.0 any operation with a valid clientid or (non-special) stateid renews; SETCLIENTID and its
confirm never do. RFC 8881 section 8.3: in v4.1 a SEQUENCE that succeeds does.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import NO_STATUS, Kind, Marks
from dissect.nfs4.const import Op, Status
from nfsanalyze.facts.trace import Trace


class How(IntEnum):
    """The way of a renewal."""

    EXPLICIT = 0
    SEQUENCE = 1
    STATE = 2


HOW_NAMES = {How.EXPLICIT: "explicit", How.SEQUENCE: "sequence", How.STATE: "state"}

USE = np.dtype(
    [
        ("call", "u8"),
        ("reply", "u8"),
        ("time", "i8"),
        ("conn", "u4"),
        ("key", "u4"),
        ("op", "u2"),
        ("how", "u1"),
        ("minor", "i1"),
        ("status", "i4"),
    ]
)
"""`time` of the call (of the reply where the call is unseen); `reply` 0 and `status` NO_STATUS where no answer was
seen;
`key` indexes `Trace.keys`: 8 bytes a clientid, 12 a stateid's other, 16 a session id."""

_RENEWING = {
    Op.RENEW: How.EXPLICIT,
    **dict.fromkeys(
        (
            Op.OPEN,
            Op.LOCK,
            Op.LOCKT,
            Op.LOCKU,
            Op.CLOSE,
            Op.DELEGRETURN,
            Op.DELEGPURGE,
            Op.OPEN_CONFIRM,
            Op.OPEN_DOWNGRADE,
            Op.RELEASE_LOCKOWNER,
            Op.READ,
            Op.WRITE,
            Op.SETATTR,
        ),
        How.STATE,
    ),
}

ACCEPTED = (0, int(Status.CB_PATH_DOWN), int(Status.LEASE_MOVED))
"""RENEW renews also where it warns of a dead callback path or of a moved filesystem (RFC 7530 sections 16.28, 9.14)."""


def uses(trace: Trace) -> NDArray[np.void]:
    """All uses (USE), sorted by time, then by id."""
    found = np.concatenate([_v40(trace), _sequences(trace)])
    order = np.lexsort((found["reply"], found["call"], found["time"]))
    return found[order]


def accepted(found: NDArray[np.void]) -> NDArray[np.void]:
    """Those that renewed."""
    ok = found["status"] == 0
    ok |= (found["op"] == int(Op.RENEW)) & np.isin(found["status"], ACCEPTED)
    kept: NDArray[np.void] = found[ok]
    return kept


def _v40(trace: Trace) -> NDArray[np.void]:
    m, o = trace.messages, trace.ops
    wanted = np.isin(o["op"], [int(op) for op in _RENEWING]) & (o["key"] != 0)
    o = o[wanted]
    rows = np.searchsorted(trace.ids, o["id"])
    keep = (
        (m["kind"][rows] == int(Kind.COMPOUND_CALL))
        & (m["minor"][rows] == 0)
        & (m["marks"][rows] & int(Marks.RETRANSMITTED) == 0)
    )
    o, rows = o[keep], rows[keep]
    out = np.zeros(len(o), USE)
    out["call"], out["time"], out["conn"], out["key"] = o["id"], m["time"][rows], m["conn"][rows], o["key"]
    out["op"], out["minor"] = o["op"], 0
    out["how"] = np.where(o["op"] == int(Op.RENEW), int(How.EXPLICIT), int(How.STATE))
    out["reply"], out["status"] = _answers(trace, o["id"], o["index"])
    return out


def _sequences(trace: Trace) -> NDArray[np.void]:
    """SEQUENCE: one use a call, or a reply whose call is unseen."""
    m, o = trace.messages, trace.ops
    o = o[(o["op"] == int(Op.SEQUENCE)) & (o["key"] != 0)]
    rows = np.searchsorted(trace.ids, o["id"])
    kinds = m["kind"][rows]
    calls = (kinds == int(Kind.COMPOUND_CALL)) & (m["marks"][rows] & int(Marks.RETRANSMITTED) == 0)
    alone = (kinds == int(Kind.COMPOUND_REPLY)) & (m["call"][rows] == 0)
    out = np.zeros(int(calls.sum() + alone.sum()), USE)
    n = int(calls.sum())
    for part, pick in ((out[:n], calls), (out[n:], alone)):
        part["time"], part["conn"], part["key"] = m["time"][rows[pick]], m["conn"][rows[pick]], o["key"][pick]
        part["minor"] = m["minor"][rows[pick]]
    out["op"], out["how"] = int(Op.SEQUENCE), int(How.SEQUENCE)
    out["call"][:n] = o["id"][calls]
    out["reply"][:n], out["status"][:n] = _answers(trace, o["id"][calls], o["index"][calls])
    out["reply"][n:], out["status"][n:] = o["id"][alone], o["status"][alone]
    return out


def _answers(
    trace: Trace, calls: NDArray[np.uint64], indexes: NDArray[np.uint16]
) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Reply id and status of the operation at an index, for many calls: (0, NO_STATUS) where unanswered or not
    executed."""
    m = trace.messages
    if not len(trace.answered) or not len(calls):
        return np.zeros(len(calls), np.uint64), np.full(len(calls), NO_STATUS, np.int32)
    at = np.minimum(np.searchsorted(trace.answered, calls), len(trace.answered) - 1)
    has = trace.answered[at] == calls
    reply = np.where(has, trace.answers[at], np.uint64(0))
    rows = np.searchsorted(trace.ids, reply)
    overall = np.where(has, m["status"][np.minimum(rows, len(m) - 1)], NO_STATUS)
    failing = trace.ops[trace.ops["status"] > 0]
    if len(failing):
        f = np.minimum(np.searchsorted(failing["id"], reply), len(failing) - 1)
        known = has & (failing["id"][f] == reply)
        failed = np.where(known, failing["index"][f].astype(np.int64), -1)
    else:
        failed = np.full(len(calls), -1, np.int64)
    index = indexes.astype(np.int64)
    status = np.where(
        overall > 0,
        np.where(failed < 0, NO_STATUS, np.where(index < failed, 0, np.where(index == failed, overall, NO_STATUS))),
        overall,
    )
    return reply, status.astype(np.int32)
