"""Calls with their replies, for the messages whose operations were decoded in full."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import NO_STATUS, Credential, Kind, Marks
from dissect.nfs4.const import Op
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.sets import distinct
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.trace import Trace, frame_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One COMPOUND. `call` or `reply` is 0 where the capture does not hold it; values are by index of the operation."""

    call: int
    reply: int
    link: Link
    time: int
    "of the call (of the reply where the call is unseen), ns"
    reply_time: int | None
    minor: int
    credential: Credential | None
    args: dict[int, Any]
    results: dict[int, Any]
    reply_status: int | None
    failed_at: int | None
    "index of the operation that failed, where the reply names it"
    session: bytes | None
    "sa_sessionid of the SEQUENCE that leads it"
    marks: Marks
    callback: bool

    @property
    def frame(self) -> int:
        """Frame of the call, or of the reply where the call is unseen."""
        return frame_of(self.call or self.reply)

    @property
    def reply_frame(self) -> int | None:
        """Frame of the reply."""
        return frame_of(self.reply) if self.reply else None

    def status(self, index: int) -> int | None:
        """nfsstat4 of one operation; None where no reply was seen, or the operation was never executed."""
        if self.reply_status is None or self.reply_status == NO_STATUS:
            return None
        if self.reply_status <= 0:
            return self.reply_status
        if self.failed_at is None:
            return 0 if index in self.results else None
        if index < self.failed_at:
            return 0
        return self.reply_status if index == self.failed_at else None


def exchanges(trace: Trace, links: dict[int, Link]) -> Iterator[Exchange]:
    """All COMPOUNDs with details, in order of their calls; retransmissions are left out."""
    m, ids = trace.messages, trace.messages["id"]
    told = trace.rows(np.fromiter(trace.details, np.uint64, len(trace.details)))
    answers = m["answer"][told]
    rows = distinct(np.where((m["kind"][told] & 1 == 1) & (answers >= 0), answers, told))
    rows = rows[m["marks"][rows] & int(Marks.RETRANSMITTED) == 0]
    called = m["kind"][rows] & 1 == 0
    replies = np.where(called, m["answer"][rows], rows)
    failed, sessions = failures(trace, replies), _sessions(trace, np.where(called, rows, -1))
    marks = m["marks"][rows] | np.where(replies >= 0, m["marks"][replies], 0)
    known_marks = {mark: Marks(mark) for mark in distinct(marks).tolist()}
    columns = (
        np.where(called, ids[rows], 0),
        np.where(replies >= 0, ids[replies], 0),
        replies,
        failed,
        sessions,
        marks,
        m["time"][replies],
        m["status"][replies],
        *(m[name][rows] for name in ("conn", "time", "minor", "credential", "kind")),
    )
    for call, reply, at, index, key, mark, reply_time, status, conn, time, minor, credential, kind in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        link = links.get(conn)
        if link is None:
            continue
        yield Exchange(
            call=call,
            reply=reply,
            link=link,
            time=time,
            reply_time=reply_time if at >= 0 else None,
            minor=minor,
            credential=trace.credentials[credential],
            args=dict(trace.details.get(call, ())),
            results=dict(trace.details.get(reply, ())),
            reply_status=status if at >= 0 else None,
            failed_at=index if index >= 0 else None,
            session=trace.keys[key] or None,
            marks=known_marks[mark],
            callback=kind >= Kind.CB_NULL_CALL,
        )


def failures(trace: Trace, replies: NDArray[Any]) -> NDArray[np.int32]:
    """Of each reply the index of the operation that ended its COMPOUND with an error, -1 where it shows none."""
    failing = np.flatnonzero(trace.ops["status"] > 0)
    return _first_of(trace, failing, replies, trace.ops["index"], -1)


def _sessions(trace: Trace, calls: NDArray[Any]) -> NDArray[np.int32]:
    """Of each call the key of the session whose SEQUENCE leads it (RFC 8881 section 2.10.2.1), 0 where none does."""
    sequences = np.flatnonzero(trace.ops["op"] == int(Op.SEQUENCE))
    return _first_of(trace, sequences, calls, trace.ops["key"], 0)


def _first_of(
    trace: Trace, picked: NDArray[np.intp], rows: NDArray[Any], values: NDArray[Any], otherwise: int
) -> NDArray[np.int32]:
    """A value of the first picked operation of each message."""
    out = np.full(len(rows), otherwise, np.int32)
    of = trace.ops["row"][picked]
    if len(of):
        wanted = np.maximum(rows, 0).astype(of.dtype)
        at = np.minimum(of.searchsorted(wanted), len(of) - 1)
        found = (rows >= 0) & (of[at] == wanted)
        out[found] = values[picked[at[found]]]
    return out
