"""Replies that say a clientid, a session or state is not good (any more)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dissect.nfs4.batch import Kind, Marks
from dissect.nfs4.const import Op, Seq4Status, Status, status_name
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.trace import Trace, frame_of

TELLING = tuple(
    int(s)
    for s in (
        Status.STALE_CLIENTID,
        Status.STALE_STATEID,
        Status.EXPIRED,
        Status.BAD_STATEID,
        Status.BADSESSION,
        Status.DEADSESSION,
        Status.ADMIN_REVOKED,
        Status.DELEG_REVOKED,
        Status.CLID_INUSE,
        Status.CLIENTID_BUSY,
        Status.COMPLETE_ALREADY,
    )
)

LOST_FLAGS = (
    Seq4Status.EXPIRED_ALL_STATE_REVOKED
    | Seq4Status.EXPIRED_SOME_STATE_REVOKED
    | Seq4Status.ADMIN_STATE_REVOKED
    | Seq4Status.RECALLABLE_STATE_REVOKED
    | Seq4Status.RESTART_RECLAIM_NEEDED
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateError:
    """One refusal. `key`: the clientid (8 bytes), stateid.other (12) or session id (16) that was refused, where the
    call is seen;
    `session` the session the COMPOUND came in."""

    frame: int
    call_frame: int | None
    time: int
    call_time: int | None
    link: Link
    minor: int
    op: int
    status: int | None
    status_name: str
    flags: int | None
    key: bytes | None
    session: bytes | None


def state_errors(trace: Trace, links: dict[int, Link]) -> list[StateError]:
    """All refusals by frame; of SEQUENCE flags only each first reply of a run on one connection."""
    m, o = trace.messages, trace.ops
    rows = np.searchsorted(trace.ids, o["id"])
    reply = m["kind"][rows] == int(Kind.COMPOUND_REPLY)
    fresh = m["marks"][rows] & int(Marks.RETRANSMITTED) == 0
    failed = reply & fresh & np.isin(o["status"], TELLING)
    flagged = reply & fresh & (o["op"] == int(Op.SEQUENCE)) & (o["status"] == 0) & (o["flags"] & int(LOST_FLAGS) != 0)
    out = [_error(trace, links, int(at), int(rows[at]), None) for at in np.flatnonzero(failed)]
    last: dict[int, int] = {}
    for at in np.flatnonzero(reply & (o["op"] == int(Op.SEQUENCE)) & (o["status"] == 0)) if flagged.any() else ():
        conn, flags = int(m["conn"][rows[at]]), int(o["flags"][at]) & int(LOST_FLAGS)
        if flags and last.get(conn) != flags:
            out.append(_error(trace, links, int(at), int(rows[at]), flags))
        last[conn] = flags
    return sorted((e for e in out if e is not None), key=lambda e: (e.frame, e.op))


def _error(trace: Trace, links: dict[int, Link], at: int, row: int, flags: int | None) -> StateError | None:
    m, o = trace.messages, trace.ops
    link = links.get(int(m["conn"][row]))
    if link is None:
        return None
    call, index, op = int(m["call"][row]), int(o["index"][at]), int(o["op"][at])
    key = session = None
    for other in trace.ops_of(call) if call else ():
        value = trace.keys[int(o["key"][other])]
        if int(o["op"][other]) == Op.SEQUENCE:
            session = value
        if int(o["index"][other]) == index:
            key = value
    status = int(o["status"][at]) if flags is None else None
    return StateError(
        frame=frame_of(int(o["id"][at])),
        call_frame=frame_of(call) if call else None,
        time=int(m["time"][row]),
        call_time=trace.time(call) if call else None,
        link=link,
        minor=int(m["minor"][row]),
        op=op,
        status=status,
        status_name=status_name(status) if status is not None else _flag_names(flags or 0),
        flags=flags,
        key=key or None,
        session=session or (trace.keys[int(o["key"][at])] or None if op == Op.SEQUENCE else None),
    )


def _flag_names(flags: int) -> str:
    return "|".join(f"SEQ4_STATUS_{flag.name}" for flag in Seq4Status if flags & flag)
