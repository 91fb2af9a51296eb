"""Every use of a clientid, session or stateid with its answer, as arrays: what renews a lease, and what was refused.

RFC 7530 section 9.5: in v4.0 any operation with a valid clientid or (non-special) stateid renews; SETCLIENTID and its
confirm never do. RFC 8881 section 8.3: in v4.1 a SEQUENCE that succeeds does.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import NO_STATUS, Kind, Marks
from dissect.nfs4.const import Op, Status
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.sets import among, distinct
from nfsanalyze.facts.exchange import failures
from nfsanalyze.facts.rows import first_rows, last_rows, numbered
from nfsanalyze.facts.trace import Trace


class How(IntEnum):
    """The way of a renewal."""

    EXPLICIT = 0
    SEQUENCE = 1
    STATE = 2


HOW_NAMES = {How.EXPLICIT: "explicit", How.SEQUENCE: "sequence", How.STATE: "state"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """One row a use, by time (of the call; of the reply where the call is unseen), then as they were captured."""

    call: NDArray[np.int32]
    "row of the call in `Trace.messages`, -1 where it is unseen"
    reply: NDArray[np.int32]
    "row of the reply, -1 where none was seen"
    conn: NDArray[np.uint32]
    key: NDArray[np.uint32]
    "in `Trace.keys`: 8 bytes a clientid, 12 a stateid's other, 16 a session id"
    op: NDArray[np.uint16]
    how: NDArray[np.uint8]
    status: NDArray[np.int32]
    "NO_STATUS where no answer was seen, or the operation was not reached"
    pair: NDArray[np.int32]
    "number of (conn, key), ascending"
    pairs: int
    "how many of these there are among all uses"

    def __len__(self) -> int:
        return len(self.call)

    @property
    def row(self) -> NDArray[np.int32]:
        """The row of the call, or of the reply where the call is unseen."""
        return np.where(self.call >= 0, self.call, self.reply)

    def picked(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Uses:
        """Some of them."""
        columns = {name: getattr(self, name)[which] for name in (*_COLUMNS, "pair")}
        return Uses(**columns, pairs=self.pairs)

    def ends(self) -> NDArray[np.intp]:
        """Rows of the first and of the last use of each key on each connection, ascending."""
        return distinct(first_rows(self.pair, self.pairs), last_rows(self.pair, self.pairs))


_COLUMNS = ("call", "reply", "conn", "key", "op", "how", "status")


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


Columns = dict[str, NDArray[Any]]


def uses(trace: Trace) -> Uses:
    """All uses."""
    parts = _v40(trace), _sequences(trace), _alone(trace)
    columns = {name: np.concatenate([part[name] for part in parts]) for name in _COLUMNS}
    pairs, numbers = numbered(columns["conn"], columns["key"])
    found = Uses(**columns, pair=numbers.astype(np.int32), pairs=len(pairs))
    times = trace.messages["time"][found.row]
    # calls and replies stand in the order of their ids
    return found.picked(np.lexsort((found.reply, found.call, times)))


def accepted(found: Uses) -> Uses:
    """Those that renewed."""
    ok = found.status == 0
    ok |= (found.op == int(Op.RENEW)) & among(found.status, ACCEPTED)
    return found.picked(ok)


def _v40(trace: Trace) -> Columns:
    m, o = trace.messages, trace.ops
    at = np.flatnonzero(_among(o["op"], list(_RENEWING)) & (o["key"] != 0))
    rows = o["row"][at]
    at = at[fresh_calls(trace, rows) & (m["minor"][rows] == 0)]
    how = np.where(o["op"][at] == int(Op.RENEW), int(How.EXPLICIT), int(How.STATE))
    return _called(trace, at, how.astype(np.uint8))


def _sequences(trace: Trace) -> Columns:
    o = trace.ops
    at = np.flatnonzero((o["op"] == int(Op.SEQUENCE)) & (o["key"] != 0))
    at = at[fresh_calls(trace, o["row"][at])]
    return _called(trace, at, np.full(len(at), int(How.SEQUENCE), np.uint8))


def _alone(trace: Trace) -> Columns:
    """SEQUENCE in replies whose call is unseen."""
    m, o = trace.messages, trace.ops
    at = np.flatnonzero((o["op"] == int(Op.SEQUENCE)) & (o["key"] != 0))
    rows = o["row"][at]
    alone = (m["kind"][rows] == int(Kind.COMPOUND_REPLY)) & (m["answer"][rows] < 0)
    at, rows = at[alone], rows[alone]
    return {
        "call": np.full(len(at), -1, np.int32),
        "reply": rows.astype(np.int32),
        "conn": m["conn"][rows],
        "key": o["key"][at],
        "op": o["op"][at],
        "how": np.full(len(at), int(How.SEQUENCE), np.uint8),
        "status": o["status"][at],
    }


def _among(ops: NDArray[np.uint16], wanted: Sequence[Op]) -> NDArray[np.bool_]:
    table = np.zeros(1 << 16, np.bool_)
    table[[int(op) for op in wanted]] = True
    return table[ops]


def fresh_calls(trace: Trace, rows: NDArray[np.uint32]) -> NDArray[np.bool_]:
    m = trace.messages
    found: NDArray[np.bool_] = (m["kind"][rows] == int(Kind.COMPOUND_CALL)) & (
        m["marks"][rows] & int(Marks.RETRANSMITTED) == 0
    )
    return found


def _called(trace: Trace, at: NDArray[np.intp], how: NDArray[np.uint8]) -> Columns:
    """The uses by operations of calls, each with its answer."""
    m, o = trace.messages, trace.ops
    rows = o["row"][at]
    reply = m["answer"][rows]
    return {
        "call": rows.astype(np.int32),
        "reply": reply,
        "conn": m["conn"][rows],
        "key": o["key"][at],
        "op": o["op"][at],
        "how": how,
        "status": statuses(trace, reply, o["index"][at]),
    }


def statuses(trace: Trace, reply: NDArray[np.int32], indexes: NDArray[np.uint16]) -> NDArray[np.int32]:
    """Status of the operation at an index of each reply: NO_STATUS where unanswered or not executed."""
    overall = np.where(reply >= 0, trace.messages["status"][reply], np.int32(NO_STATUS))
    bad = np.flatnonzero(overall > 0)
    if len(bad):
        failed, index = failures(trace, reply[bad]), indexes[bad].astype(np.int32)
        before, there = index < failed, (index == failed) & (failed >= 0)
        overall[bad] = np.where(before, 0, np.where(there, overall[bad], NO_STATUS))
    return overall
