"""Calls with their replies, for the messages whose operations were decoded in full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dissect.nfs4.batch import NO_STATUS, Credential, Kind, Marks
from dissect.nfs4.const import Op
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
    m = trace.messages
    seen = set()
    for message_id in trace.details:
        row = trace.row(message_id)
        if row < 0:
            continue
        is_reply = bool(int(m["kind"][row]) & 1)
        call = int(m["call"][row]) if is_reply else message_id
        key = call or message_id
        if key in seen:
            continue
        seen.add(key)
    for key in sorted(seen):
        row = trace.row(key)
        is_reply = bool(int(m["kind"][row]) & 1)
        reply = key if is_reply else trace.reply(key)
        call = 0 if is_reply else key
        link = links.get(int(m["conn"][row]))
        marks = Marks(int(m["marks"][row]))
        if link is None or marks & Marks.RETRANSMITTED:
            continue
        reply_row = trace.row(reply) if reply else -1
        if reply_row >= 0:
            marks |= Marks(int(m["marks"][reply_row]))
        yield Exchange(
            call=call,
            reply=reply,
            link=link,
            time=int(m["time"][row]),
            reply_time=int(m["time"][reply_row]) if reply_row >= 0 else None,
            minor=int(m["minor"][row]),
            credential=trace.credentials[int(m["credential"][row])],
            args=dict(trace.details.get(call, ())),
            results=dict(trace.details.get(reply, ())),
            reply_status=int(m["status"][reply_row]) if reply_row >= 0 else None,
            failed_at=failed_at(trace, reply) if reply else None,
            session=session_of(trace, call),
            marks=marks,
            callback=int(m["kind"][row]) >= Kind.CB_NULL_CALL,
        )


def failed_at(trace: Trace, reply: int) -> int | None:
    """Index of the operation that ended a COMPOUND with an error, None where the reply shows none."""
    for at in trace.ops_of(reply):
        if int(trace.ops["status"][at]) > 0:
            return int(trace.ops["index"][at])
    return None


def session_of(trace: Trace, call: int) -> bytes | None:
    """The session whose SEQUENCE leads a call (RFC 8881 section 2.10.2.1)."""
    for at in trace.ops_of(call):
        if int(trace.ops["op"][at]) == Op.SEQUENCE:
            return trace.keys[int(trace.ops["key"][at])] or None
    return None
