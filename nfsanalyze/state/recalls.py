"""Recalls: what became of every delegation that a server asked back (RFC 7530 section 10.4, RFC 8881 section 10.4).

A delegation is back when DELEGRETURN names it, at whichever address. A client that does not return it within a lease
time loses it; one that answers BADHANDLE or BAD_STATEID does not hold it (any more).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from dissect.nfs4 import types as t
from dissect.nfs4.const import Seq4Status, Status
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.callbacks import Callback
from nfsanalyze.facts.errors import StateError
from nfsanalyze.facts.exchange import Exchange
from nfsanalyze.facts.roles import Link
from nfsanalyze.state.census import Moment
from nfsanalyze.state.stays import begins
from nfsanalyze.state.takeovers import Change

_NOT_HELD = {int(Status.BADHANDLE), int(Status.BAD_STATEID)}
_REVOKED = Seq4Status.RECALLABLE_STATE_REVOKED | Seq4Status.EXPIRED_ALL_STATE_REVOKED
_CROSSING_NS = 5_000_000_000
"""A DELEGRETURN so long before its recall may have crossed it on the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """A recall and its outcome: returned, late, revoked, missing, given-up, moved, open."""

    callback: Callback
    returned: Moment | None
    revoked: Moment | None
    lease_time_s: float
    waited: int
    "ns from the recall to the return, or to the end of what can be seen"
    outcome: str


def recalls(
    found: Sequence[Callback],
    exchanges: Sequence[Exchange],
    errors: Sequence[StateError],
    changes: Sequence[Change],
    lease_times: dict[tuple[int | None, str], float],
    client_of: dict[int, int],
    default_s: float,
    ends: int,
) -> list[Recall]:
    """What became of each recall; `lease_times` by client and server address, `ends` the last moment captured."""
    returns, freed = _given_back(exchanges)
    revoked = [
        e for e in errors if e.status == int(Status.DELEG_REVOKED) or (e.flags is not None and e.flags & _REVOKED)
    ]
    out = []
    for c in found:
        if c.op != "CB_RECALL" or c.stateid is None:
            continue
        client = client_of.get(c.link.conn)

        def mine(link: Link, c: Callback = c, client: int | None = client) -> bool:
            return link.client_address == c.link.client_address or client_of.get(link.conn) == client

        back = [at for at, link in returns[c.stateid] if mine(link) and at.time >= c.time - _CROSSING_NS]
        gone = [at for at, link in freed[c.stateid] if mine(link) and at.time > c.time] + [
            Moment(time=e.time, frame=e.frame)
            for e in revoked
            if e.time > c.time
            and mine(e.link)
            and e.link.server_address == c.link.server_address
            and (e.flags is not None or e.key in (None, c.stateid))
        ]
        moved = [begins(x).time for x in changes if x.address == c.link.server_address and begins(x).time > c.time]
        lease = lease_times.get((client, c.link.server_address), default_s)
        out.append(
            _judged(c, lease, min(back, key=_when, default=None), min(gone, key=_when, default=None), moved, ends)
        )
    return out


def _when(moment: Moment) -> tuple[int, int]:
    return moment.time, moment.frame


def _judged(
    c: Callback, lease: float, back: Moment | None, gone: Moment | None, moved: Sequence[int], ends: int
) -> Recall:
    due = c.time + int(lease * 1e9)
    over = min([ends, *moved])
    if gone is not None and (back is None or gone.time < back.time) and gone.time <= over:
        outcome, until = "revoked", gone.time
    elif back is not None:
        outcome, until = ("returned" if back.time <= due else "late"), back.time
    elif c.status in _NOT_HELD:
        outcome, until = "given-up", c.time
    elif over >= due:
        outcome, until = "missing", over
    else:
        outcome, until = ("moved" if moved else "open"), over
    return Recall(
        callback=c,
        returned=back,
        revoked=gone if outcome == "revoked" else None,
        lease_time_s=lease,
        waited=max(0, until - c.time),
        outcome=outcome,
    )


_Given = dict[bytes, list[tuple[Moment, Link]]]


def _given_back(exchanges: Sequence[Exchange]) -> tuple[_Given, _Given]:
    """By stateid.other: when DELEGRETURN was asked, and when FREE_STATEID was answered."""
    returns: _Given = defaultdict(list)
    freed: _Given = defaultdict(list)
    for e in exchanges:
        for index, args in e.args.items():
            if isinstance(args, t.DELEGRETURN4args):
                returns[args.deleg_stateid.other].append((Moment(time=e.time, frame=e.frame), e.link))
            elif isinstance(args, t.FREE_STATEID4args) and e.status(index) == 0:
                at = Moment(time=e.reply_time or e.time, frame=e.reply_frame or e.frame)
                freed[args.fsa_stateid.other].append((at, e.link))
    return returns, freed
