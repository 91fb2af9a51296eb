"""Back channels of NFSv4.1 sessions: whether a server has a connection to call its client back on.

RFC 8881 section 2.10.3.1: a connection serves the back channel if CREATE_SESSION or BIND_CONN_TO_SESSION said so on it;
SEQUENCE on another connection never makes one. When the last such connection ends, callbacks have no way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4 import types as t
from dissect.nfs4.batch import TcpEvent, TcpFlag
from dissect.nfs4.const import ChannelDirFromServer, CreateSessionFlag
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.exchange import Exchange
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.trace import Trace
from nfsanalyze.facts.uses import Uses
from nfsanalyze.state.census import Moment


@dataclass(slots=True, kw_only=True)
class Backchannel:
    """One session from its creation; `lost`: when its last back channel ended; `used`: accepted SEQUENCEs without one,
    the last of them `last`."""

    session: bytes
    clientid: bytes
    link: Link
    made: Moment
    asked: bool
    granted: bool
    bound: Moment | None = None
    lost: Moment | None = None
    last: Moment | None = None
    used: int = 0


_CARRYING = (t.CREATE_SESSION4args, t.BIND_CONN_TO_SESSION4args)
"Operations that may give a session a connection for callbacks."


def backchannels(
    trace: Trace, links: dict[int, Link], exchanges: Sequence[Exchange], renewals: Uses
) -> list[Backchannel]:
    """All sessions whose creation is seen, by that; `renewals` are the accepted uses."""
    found: dict[bytes, Backchannel] = {}
    bound: dict[bytes, list[tuple[Moment, int]]] = defaultdict(list)
    for e in exchanges:
        for index, args in e.args.items():
            if not isinstance(args, _CARRYING):
                continue
            result = e.results.get(index)
            at = Moment(time=e.reply_time or e.time, frame=e.reply_frame or e.frame)
            match args, result:
                case t.CREATE_SESSION4args(), t.CREATE_SESSION4resok():
                    granted = bool(result.csr_flags & CreateSessionFlag.CONN_BACK_CHAN)
                    found.setdefault(
                        result.csr_sessionid,
                        Backchannel(
                            session=result.csr_sessionid,
                            clientid=args.csa_clientid,
                            link=e.link,
                            made=at,
                            asked=bool(args.csa_flags & CreateSessionFlag.CONN_BACK_CHAN),
                            granted=granted,
                        ),
                    )
                    if granted:
                        bound[result.csr_sessionid].append((at, e.link.conn))
                case t.BIND_CONN_TO_SESSION4args(), t.BIND_CONN_TO_SESSION4resok():
                    if result.bctsr_dir & ChannelDirFromServer.CDFS4_BACK:
                        bound[args.bctsa_sessid].append((at, e.link.conn))
    ended = _ended(trace, links)
    uses = _uses(trace, renewals, set(found))
    for session, b in found.items():
        for at, _ in bound[session]:
            if at.time > b.made.time:
                b.bound = at
        _settle(b, bound[session], ended, uses.get(session, np.zeros(0, np.int32)), trace)
    return sorted(found.values(), key=lambda b: (b.made.frame, b.session))


def _ended(trace: Trace, links: dict[int, Link]) -> dict[int, Moment]:
    """The first FIN or RST of each connection."""
    closing: dict[int, TcpEvent] = {}
    for event in trace.tcp:
        if event.kind in (TcpFlag.FIN, TcpFlag.RST) and event.conn in links:
            known = closing.get(event.conn)
            if known is None or (event.time, event.frame) < (known.time, known.frame):
                closing[event.conn] = event
    return {conn: Moment(time=e.time, frame=e.frame) for conn, e in closing.items()}


def _uses(trace: Trace, renewals: Uses, sessions: set[bytes]) -> dict[bytes, NDArray[np.int32]]:
    """The replies that accepted SEQUENCEs of each session: rows of messages, in order of time."""
    numbers = np.array([n for n, key in enumerate(trace.keys) if key in sessions], np.uint32)
    at = np.flatnonzero(np.isin(renewals.key, numbers))
    keys, replies = renewals.key[at], renewals.reply[at]
    order = np.lexsort((replies, trace.messages["time"][replies], keys))
    keys, replies = keys[order], replies[order]
    borders = np.flatnonzero(keys[1:] != keys[:-1]) + 1
    parts = zip(np.split(keys, borders), np.split(replies, borders), strict=True)
    return {trace.keys[int(key[0])]: rows for key, rows in parts if len(rows)}


def _settle(
    b: Backchannel,
    bound: Sequence[tuple[Moment, int]],
    ended: dict[int, Moment],
    uses: NDArray[np.int32],
    trace: Trace,
) -> None:
    """Where the session is used on without a back channel, say from when and how long; a later one ends that."""
    if not bound:
        _count(b, b.made.time, None, uses, trace)
        return
    spans = sorted((at.time, ended[conn].time if conn in ended else None, conn) for at, conn in bound)
    free: int | None = spans[0][1]
    last: int = spans[0][2]
    for begin, end, conn in spans[1:]:
        if free is not None and begin > free:
            _count(b, free, begin, uses, trace, ended[last])
        if free is not None and (end is None or end > free):
            free, last = end, conn
    if free is not None:
        _count(b, free, None, uses, trace, ended[last])


def _count(
    b: Backchannel, since: int, until: int | None, uses: NDArray[np.int32], trace: Trace, lost: Moment | None = None
) -> None:
    """Keep the longest stretch without a back channel in which the session was used."""
    times = trace.messages["time"][uses]
    first = int(times.searchsorted(since, "right"))
    last = len(uses) if until is None else int(times.searchsorted(until, "left"))
    if last <= first:
        return
    at = Moment(time=int(times[last - 1]), frame=trace.frame(int(uses[last - 1])))
    begun = b.lost.time if b.lost else b.made.time
    if b.last is None or at.time - since > b.last.time - begun:
        b.lost, b.last, b.used = lost, at, last - first
