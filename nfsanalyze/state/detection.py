"""Trunking detection: did the client find out that two addresses are one server, and what did it do about it?

v4.0 (RFC 7931 section 5.8): SETCLIENTID_CONFIRM with the verifier from one address, sent to the other.
v4.1 (RFC 8881 section 2.10.5): the comparison is inside the client; the wire shows which completion followed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.identity import ClientOwner, Confirm
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.rows import first_rows
from nfsanalyze.facts.trace import Trace
from nfsanalyze.facts.uses import Uses
from nfsanalyze.state.census import Census, Moment
from nfsanalyze.state.disorder import Slack
from nfsanalyze.state.episodes import Foreign
from nfsanalyze.state.proofs import Completion


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """`kind`: collapsed, client-id-trunking, session-trunking, distinct, none (confirmed at the address itself),
    not-visible."""

    foreign: Foreign
    kind: str
    at: Moment | None
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionUse:
    """A session accepted at an address other than the one it was made at."""

    session_id: bytes
    clientid: bytes
    made_at: str
    address: str
    at: Moment
    conn: int


def session_uses(trace: Trace, links: dict[int, Link], accepted: Uses, confirms: Sequence[Confirm]) -> list[SessionUse]:
    """Sessions that work at a second address: the first accepted SEQUENCE or BIND_CONN_TO_SESSION there."""
    made = {
        c.session_id: (c.link.server_address, c.clientid)
        for c in confirms
        if c.op == "CREATE_SESSION" and c.status == 0 and c.session_id and c.clientid
    }
    found: dict[tuple[bytes, str], SessionUse] = {}

    def used(session_id: bytes, link: Link, at: Moment) -> None:
        if session_id in made and made[session_id][0] != link.server_address:
            found.setdefault(
                (session_id, link.server_address),
                SessionUse(
                    session_id=session_id,
                    clientid=made[session_id][1],
                    made_at=made[session_id][0],
                    address=link.server_address,
                    at=at,
                    conn=link.conn,
                ),
            )

    for c in confirms:
        if c.op == "BIND_CONN_TO_SESSION" and c.status == 0 and c.session_id:
            used(c.session_id, c.link, Moment(time=c.reply_time or c.time, frame=c.reply_frame or c.frame))
    first = accepted.picked(np.sort(first_rows(accepted.pair, accepted.pairs)))
    for row, reply, conn, key_number in zip(
        *(column.tolist() for column in (first.row, first.reply, first.conn, first.key)), strict=True
    ):
        key, link = trace.keys[key_number], links.get(conn)
        if len(key) == 16 and link is not None:
            used(key, link, Moment(time=trace.time(row), frame=trace.frame(reply)))
    return sorted(found.values(), key=lambda u: (u.at.frame, u.session_id))


def completions(found: Sequence[Detected], uses: Sequence[SessionUse]) -> list[Completion]:
    """Completions that a server accepted: proof that the two addresses are one instance at that time."""
    out = [
        Completion(address=u.address, other_address=u.made_at, at=u.at, accepted=True, frames=(u.at.frame,))
        for u in uses
    ]
    for d in found:
        if d.kind in ("collapsed", "client-id-trunking") and d.at is not None and d.foreign.owner.op == "SETCLIENTID":
            out.append(
                Completion(
                    address=d.foreign.address,
                    other_address=d.foreign.other_address,
                    at=d.at,
                    accepted=True,
                    frames=d.frames,
                )
            )
    return out


def detections(
    foreigns: Sequence[Foreign],
    owners: Sequence[ClientOwner],
    confirms: Sequence[Confirm],
    uses: Sequence[SessionUse],
    census: Census,
    client_of: dict[int, int],
    slack: Slack,
) -> list[Detected]:
    """What followed each answer with a clientid that is live elsewhere; where the order is in doubt, also what was
    captured shortly before."""
    found = []
    for f in foreigns:
        since = f.owner.time - slack.get((f.client, f.address), 0)
        if f.owner.op == "SETCLIENTID":
            found.append(_v40(f, since, owners, confirms, client_of))
        else:
            found.append(_v41(f, since, confirms, uses, census, client_of))
    return found


def _v40(
    f: Foreign,
    since: int,
    owners: Sequence[ClientOwner],
    confirms: Sequence[Confirm],
    client_of: dict[int, int],
) -> Detected:
    o = f.owner
    # Where the server's confirm verifiers are all the same (zero), a confirm answers the last request before it.
    until = min(
        (
            x.time
            for x in owners
            if x.time > o.time
            and (x.clientid, x.confirm_verifier) == (o.clientid, o.confirm_verifier)
            and x.link.server_address != f.address
            and client_of.get(x.link.conn) == f.client
        ),
        default=None,
    )
    mine = [
        c
        for c in confirms
        if c.op == "SETCLIENTID_CONFIRM"
        and (c.clientid, c.confirm_verifier) == (o.clientid, o.confirm_verifier)
        and client_of.get(c.link.conn) == f.client
        and since <= c.time
        and (until is None or c.time < until)
    ]
    elsewhere = next((c for c in mine if c.link.server_address != f.address), None)
    here = next((c for c in mine if c.link.server_address == f.address), None)
    if elsewhere is not None:
        kind = "collapsed" if elsewhere.status == 0 else "distinct" if elsewhere.status else "not-visible"
        return _detected(f, kind, elsewhere)
    return _detected(f, "none" if here is not None else "not-visible", here)


def _v41(
    f: Foreign,
    since: int,
    confirms: Sequence[Confirm],
    uses: Sequence[SessionUse],
    census: Census,
    client_of: dict[int, int],
) -> Detected:
    o = f.owner
    used = next((u for u in uses if u.address == f.address and u.clientid == o.clientid and u.at.time >= since), None)
    if used is not None:
        return Detected(foreign=f, kind="session-trunking", at=used.at, frames=_frames(f, used.at.frame))
    made = next(
        (
            c
            for c in confirms
            if c.op == "CREATE_SESSION"
            and c.clientid == o.clientid
            and c.link.server_address == f.address
            and c.time >= since
            and client_of.get(c.link.conn) == f.client
        ),
        None,
    )
    if made is not None:
        if f.before is not None:
            return _detected(f, "none", made)
        return _detected(f, "client-id-trunking" if made.status == 0 else "distinct", made)
    after = census.first_good(f.other_address, o.reply_time or o.time)
    later_here = [
        c
        for c in confirms
        if c.link.server_address == f.address
        and c.time > o.time
        and c.op == "CREATE_SESSION"
        and client_of.get(c.link.conn) == f.client
    ]
    if after is not None and not later_here:
        return Detected(foreign=f, kind="collapsed", at=after, frames=_frames(f, after.frame))
    return Detected(foreign=f, kind="not-visible", at=None, frames=_frames(f))


def _detected(f: Foreign, kind: str, c: Confirm | None) -> Detected:
    if c is None:
        return Detected(foreign=f, kind=kind, at=None, frames=_frames(f))
    at = Moment(time=c.reply_time or c.time, frame=c.reply_frame or c.frame)
    return Detected(foreign=f, kind=kind, at=at, frames=_frames(f, c.frame, at.frame))


def _frames(f: Foreign, *more: int) -> tuple[int, ...]:
    return tuple(sorted({f.live.frame, f.owner.frame, f.owner.reply_frame or f.owner.frame, *more}))
