"""Replies that say a clientid, a session or state is not good (any more)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import Kind, Marks
from dissect.nfs4.const import Op, Seq4Status, Status, status_name
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.sets import among
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.trace import Trace

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

_Asked = Callable[[int], tuple[Mapping[int, bytes], bytes | None]]


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
    failed = _fresh_replies(trace, np.flatnonzero(among(trace.ops["status"], TELLING)))
    # a reply may refuse any number of operations, one after the other: their call is read once
    asked = lru_cache(maxsize=1)(partial(_asked, trace))
    out = [_error(trace, links, asked, at, None) for at in failed.tolist()]
    out += [_error(trace, links, asked, at, flags) for at, flags in _flagged(trace)]
    return sorted((e for e in out if e is not None), key=lambda e: (e.frame, e.op))


def _flagged(trace: Trace) -> Iterator[tuple[int, int]]:
    """(operation, flags) of the SEQUENCE replies that first say on their connection that state was lost."""
    o = trace.ops
    lost = o["flags"] & np.uint32(LOST_FLAGS)
    good = (o["op"] == int(Op.SEQUENCE)) & (o["status"] == 0)
    if not (good & (lost != 0)).any():
        return
    at = _fresh_replies(trace, np.flatnonzero(good))
    conns = trace.messages["conn"][o["row"][at]]
    order = np.argsort(conns, kind="stable")
    at, conns = at[order], conns[order]
    new = np.ones(len(at), np.bool_)
    new[1:] = (lost[at[1:]] != lost[at[:-1]]) | (conns[1:] != conns[:-1])
    for row in np.sort(at[new & (lost[at] != 0)]).tolist():
        yield row, int(lost[row])


def _fresh_replies(trace: Trace, at: NDArray[np.intp]) -> NDArray[np.intp]:
    """Those of the operations that stand in replies to COMPOUNDs, each reply once."""
    m, rows = trace.messages, trace.ops["row"][at]
    found: NDArray[np.intp] = at[
        (m["kind"][rows] == int(Kind.COMPOUND_REPLY)) & (m["marks"][rows] & int(Marks.RETRANSMITTED) == 0)
    ]
    return found


def _asked(trace: Trace, call: int) -> tuple[Mapping[int, bytes], bytes | None]:
    """What each operation of a call names, by its index, and the session the call came in."""
    o, keys, session = trace.ops, {}, None
    for at in trace.ops_of(call) if call >= 0 else ():
        keys[int(o["index"][at])] = key = trace.keys[int(o["key"][at])]
        if int(o["op"][at]) == Op.SEQUENCE:
            session = key
    return keys, session


def _error(trace: Trace, links: dict[int, Link], asked: _Asked, at: int, flags: int | None) -> StateError | None:
    m, o = trace.messages, trace.ops
    row = int(o["row"][at])
    link = links.get(int(m["conn"][row]))
    if link is None:
        return None
    call, op = trace.answer(row), int(o["op"][at])
    keys, session = asked(call)
    status = int(o["status"][at]) if flags is None else None
    return StateError(
        frame=trace.frame(row),
        call_frame=trace.frame(call) if call >= 0 else None,
        time=trace.time(row),
        call_time=trace.time(call) if call >= 0 else None,
        link=link,
        minor=int(m["minor"][row]),
        op=op,
        status=status,
        status_name=status_name(status) if status is not None else _flag_names(flags or 0),
        flags=flags,
        key=keys.get(int(o["index"][at])) or None,
        session=session or (trace.keys[int(o["key"][at])] or None if op == Op.SEQUENCE else None),
    )


def _flag_names(flags: int) -> str:
    return "|".join(f"SEQ4_STATUS_{flag.name}" for flag in Seq4Status if flags & flag)
