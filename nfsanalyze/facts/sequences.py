"""What SEQUENCE replies say of slots and of the client's state (RFC 8881 section 18.46), out of arrays.

A busy session has millions of them: only runs of a flag and refusals become Python values.
"""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import Kind, Marks
from dissect.nfs4.const import Op, Seq4Status, Status
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.sets import distinct
from nfsanalyze.facts.trace import Trace

SLOT_STATUSES = (
    int(Status.SEQ_MISORDERED),
    int(Status.SEQ_FALSE_RETRY),
    int(Status.BADSLOT),
    int(Status.CONN_NOT_BOUND_TO_SESSION),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagRun:
    """Neighbouring replies of one session with one flag set, as rows of messages; `cleared`: the first reply without
    it, -1 if there is none."""

    flag: Seq4Status
    session: bytes
    first: int
    last: int
    count: int
    cleared: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotError:
    """One SEQUENCE refused; rows of messages, -1 where not seen. `recovered`: the reply that accepted the next one on
    the slot."""

    reply: int
    call: int
    status: int
    session: bytes | None
    slot: int | None
    recovered: int


def flag_runs(trace: Trace) -> list[FlagRun]:
    """All runs, by their first reply."""
    o = trace.ops
    good = (o["op"] == int(Op.SEQUENCE)) & (o["status"] == 0)
    flagged = distinct(o["key"][good & (o["flags"] != 0)])
    if not len(flagged):
        return []
    at = _of(trace, np.flatnonzero(good & np.isin(o["key"], flagged)), Kind.COMPOUND_REPLY)
    rows, keys, flags = o["row"][at], o["key"][at], o["flags"][at]
    order = np.lexsort((rows, trace.messages["time"][rows], keys))
    rows, keys, flags = rows[order], keys[order], flags[order]
    out: list[FlagRun] = []
    seen = int(np.bitwise_or.reduce(flags))
    for flag in Seq4Status:
        if not seen & flag:
            continue
        has = (flags & np.uint32(flag)) != 0
        borders = np.flatnonzero((keys[1:] != keys[:-1]) | (has[1:] != has[:-1])) + 1
        starts = np.concatenate([[0], borders])
        ends = np.concatenate([borders, [len(rows)]])
        for start, end in zip(starts[has[starts]].tolist(), ends[has[starts]].tolist(), strict=True):
            after = end < len(rows) and keys[end] == keys[start]
            out.append(
                FlagRun(
                    flag=flag,
                    session=trace.keys[int(keys[start])],
                    first=int(rows[start]),
                    last=int(rows[end - 1]),
                    count=end - start,
                    cleared=int(rows[end]) if after else -1,
                )
            )
    return sorted(out, key=lambda run: (run.first, int(run.flag)))


def slot_errors(trace: Trace) -> list[SlotError]:
    """All refusals for slot or connection, by frame."""
    o = trace.ops
    wrong = (o["op"] == int(Op.SEQUENCE)) & np.isin(o["status"], SLOT_STATUSES)
    at = _of(trace, np.flatnonzero(wrong), Kind.COMPOUND_REPLY)
    if not len(at):
        return []
    accepted = _Accepted(trace)
    # a reply may refuse any number of them: their call is looked through once
    sequence = lru_cache(maxsize=1)(partial(_sequence, trace))
    out = []
    for place in at.tolist():
        reply = int(o["row"][place])
        call = trace.answer(reply)
        asked = sequence(call)
        key = int(o["key"][asked]) if asked is not None else 0
        slot = int(o["slot"][asked]) if asked is not None else None
        out.append(
            SlotError(
                reply=reply,
                call=call,
                status=int(o["status"][place]),
                session=trace.keys[key] or None,
                slot=slot,
                recovered=accepted.after(key, slot, trace.time(reply)) if slot is not None else -1,
            )
        )
    return out


def _sequence(trace: Trace, call: int) -> int | None:
    """The first SEQUENCE of a call."""
    op = trace.ops["op"]
    return next((at for at in trace.ops_of(call) if int(op[at]) == Op.SEQUENCE), None) if call >= 0 else None


class _Accepted:
    """Accepted SEQUENCEs by session and slot, in order of time."""

    def __init__(self, trace: Trace) -> None:
        o = trace.ops
        good = (o["op"] == int(Op.SEQUENCE)) & (o["status"] == 0) & (o["key"] != 0)
        at = _of(trace, np.flatnonzero(good), Kind.COMPOUND_REPLY)
        rows, pairs = o["row"][at], o["key"][at].astype(np.uint64) << np.uint64(32) | o["slot"][at]
        times = trace.messages["time"][rows]
        order = np.lexsort((rows, times, pairs))
        self._rows, self._times, self._pairs = rows[order], times[order], pairs[order]

    def after(self, key: int, slot: int, time: int) -> int:
        """Row of the first reply that accepted one after a time, -1 if there is none."""
        pair = np.uint64(key << 32 | slot)
        first, last = (int(self._pairs.searchsorted(pair, side)) for side in ("left", "right"))
        at = first + int(self._times[first:last].searchsorted(time, "right"))
        return int(self._rows[at]) if at < last else -1


def _of(trace: Trace, at: NDArray[np.intp], kind: Kind) -> NDArray[np.intp]:
    """Those of the operations that stand in messages of a kind, each message once."""
    m, rows = trace.messages, trace.ops["row"][at]
    found: NDArray[np.intp] = at[(m["kind"][rows] == int(kind)) & (m["marks"][rows] & int(Marks.RETRANSMITTED) == 0)]
    return found
