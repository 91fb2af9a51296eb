"""Sessions that a server refused at a second address although they were good at the first.

RFC 8881 section 2.10.5: a client may use a session at every address that names the same server owner (both ids) and
scope. A server that claims so and then answers BADSESSION does not do what it says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import FRAME_SHIFT
from dissect.nfs4.const import Op, Status
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.sets import among
from nfsanalyze.facts.identity import ClientOwner, Confirm
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.rows import first_rows, grouped, numbered
from nfsanalyze.facts.trace import Trace
from nfsanalyze.facts.uses import Uses
from nfsanalyze.state.census import Moment, Series
from nfsanalyze.state.stays import begins
from nfsanalyze.state.takeovers import Change

_EMPTY = Series(times=np.zeros(0, np.int64), frames=np.zeros(0, np.uint64))
_REFUSALS = (int(Status.BADSESSION), int(Status.DEADSESSION), int(Status.CONN_NOT_BOUND_TO_SESSION))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One refused use of a session away from home."""

    session: bytes
    clientid: bytes
    made_at: str
    link: Link
    op: str
    asked: Moment
    told: Moment
    status: int
    claimed: bool | None
    claim_frames: tuple[int, ...]
    live: Moment
    accepted: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    session: bytes
    link: Link
    op: str
    asked: Moment
    told: Moment
    status: int


def attempts(
    trace: Trace,
    links: dict[int, Link],
    used: Uses,
    owners: Sequence[ClientOwner],
    confirms: Sequence[Confirm],
    changes: Sequence[Change],
) -> list[Attempt]:
    """The first refusal of each session at each address, where the session was good at home and nothing had moved."""
    made = {
        c.session_id: c for c in confirms if c.op == "CREATE_SESSION" and c.status == 0 and c.session_id and c.clientid
    }
    refused: dict[tuple[bytes, str], _Use] = {}
    for use in sorted((*_binds(confirms), *_sequences(trace, links, used)), key=lambda u: (u.told.time, u.told.frame)):
        origin = made.get(use.session)
        if origin is not None and origin.link.server_address != use.link.server_address:
            refused.setdefault((use.session, use.link.server_address), use)
    good = _accepted(trace, links, used, {session for session, _ in refused})
    gone = _gone(trace, links, used, confirms)
    out = []
    for (session, address), use in refused.items():
        origin = made[session]
        home, at = origin.link.server_address, use.asked.time
        there, here = (good.get((session, a), _EMPTY) for a in (home, address))
        start = Moment(time=origin.reply_time or origin.time, frame=origin.reply_frame or origin.frame)
        live = there.before(at + 1) or start
        if here.before(use.told.time + 1) is not None or any(t <= at for t in gone[session, home]):
            continue  # it was good here once, or good no longer at home: no matter of trunking
        if any(c.address in (home, address) and live.time <= begins(c).time <= use.told.time for c in changes):
            continue
        claimed, frames = _claim(owners, home, address, at)
        out.append(
            Attempt(
                session=session,
                clientid=origin.clientid or b"",
                made_at=home,
                link=use.link,
                op=use.op,
                asked=use.asked,
                told=use.told,
                status=use.status,
                claimed=claimed,
                claim_frames=frames,
                live=live,
                accepted=here.since(use.told.time, after=True),
            )
        )
    return sorted(out, key=lambda a: (a.asked.frame, a.session))


def _binds(confirms: Iterable[Confirm]) -> Iterator[_Use]:
    for c in confirms:
        if c.op == "BIND_CONN_TO_SESSION" and c.session_id and c.status in _REFUSALS and c.reply_frame is not None:
            yield _Use(
                session=c.session_id,
                link=c.link,
                op=c.op,
                asked=Moment(time=c.time, frame=c.frame),
                told=Moment(time=c.reply_time or c.time, frame=c.reply_frame),
                status=int(c.status or 0),
            )


def _sequences(trace: Trace, links: dict[int, Link], used: Uses) -> Iterator[_Use]:
    """The first refusal of each session on each connection."""
    wrong = used.picked((used.op == int(Op.SEQUENCE)) & among(used.status, _REFUSALS) & (used.call >= 0))
    pairs, numbers = numbered(wrong.conn, wrong.key)
    for at in first_rows(numbers, len(pairs)).tolist():
        link = links.get(int(wrong.conn[at]))
        if link is not None:
            call, reply = int(wrong.call[at]), int(wrong.reply[at])
            yield _Use(
                session=trace.keys[int(wrong.key[at])],
                link=link,
                op="SEQUENCE",
                asked=Moment(time=trace.time(call), frame=trace.frame(call)),
                told=Moment(time=trace.time(reply), frame=trace.frame(reply)),
                status=int(wrong.status[at]),
            )


def _accepted(
    trace: Trace, links: dict[int, Link], used: Uses, sessions: set[bytes]
) -> dict[tuple[bytes, str], Series]:
    """By session and address: accepted SEQUENCEs of these sessions."""
    wanted = np.array([n for n, key in enumerate(trace.keys) if key in sessions], np.uint32)
    good = used.picked(np.isin(used.key, wanted) & (used.status == 0) & (used.reply >= 0))
    pairs, numbers = numbered(good.conn, good.key)
    parts: dict[tuple[bytes, str], list[NDArray[np.int32]]] = defaultdict(list)
    for number, rows in grouped(numbers, len(pairs)):
        pair = int(pairs[number])
        link = links.get(pair >> 32)
        if link is not None:
            parts[trace.keys[pair & 0xFFFFFFFF], link.server_address].append(good.reply[rows])
    out = {}
    for key, found in parts.items():
        rows = np.sort(np.concatenate(found))
        times = trace.messages["time"][rows]
        order = np.argsort(times, kind="stable")
        out[key] = Series(times=times[order], frames=trace.messages["id"][rows[order]] >> np.uint64(FRAME_SHIFT))
    return out


def _gone(
    trace: Trace, links: dict[int, Link], used: Uses, confirms: Iterable[Confirm]
) -> dict[tuple[bytes, str], list[int]]:
    """By session and address: when it was refused or destroyed there."""
    out: dict[tuple[bytes, str], list[int]] = defaultdict(list)
    for use in _sequences(trace, links, used):
        out[use.session, use.link.server_address].append(use.told.time)
    for c in confirms:
        if c.op == "DESTROY_SESSION" and c.session_id:
            out[c.session_id, c.link.server_address].append(c.time)
    return out


def _claim(owners: Iterable[ClientOwner], home: str, address: str, until: int) -> tuple[bool | None, tuple[int, ...]]:
    """Whether the two had named one server owner and scope, as told last before; None where one is not seen."""
    last: dict[str, ClientOwner] = {}
    for o in owners:
        if o.so_major_id is not None and o.reply_frame is not None and (o.reply_time or o.time) <= until:
            last[o.link.server_address] = o
    if home not in last or address not in last:
        return None, ()
    a, b = last[home], last[address]
    same = (a.so_major_id, a.so_minor_id, a.eir_server_scope) == (b.so_major_id, b.so_minor_id, b.eir_server_scope)
    return same, tuple(sorted({a.reply_frame or a.frame, b.reply_frame or b.frame}))
