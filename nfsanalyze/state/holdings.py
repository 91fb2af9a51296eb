"""What a client held when a recovery began, and whether it went about reclaiming it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nfsanalyze.facts.files import Held
from nfsanalyze.facts.identity import Confirm
from nfsanalyze.facts.opens import Opens
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.trace import Trace
from nfsanalyze.state.census import Moment, moment
from nfsanalyze.state.ids import Ids
from nfsanalyze.state.recoveries import Phase, Recovery


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One recovery that got a new clientid confirmed. `opened`: the client's first OPEN after that which reclaims
    nothing; `completed`: its RECLAIM_COMPLETE."""

    recovery: Recovery
    held: tuple[Held, ...]
    opened: Moment | None
    completed: Moment | None


def holdings(
    recoveries: Sequence[Recovery],
    held: Sequence[Held],
    confirms: Sequence[Confirm],
    opened: Opens,
    trace: Trace,
    links: Mapping[int, Link],
    ids: Ids,
    client_of: Mapping[int, int],
) -> Iterator[Holding]:
    """By recovery, in order."""
    new = opened.picked(~opened.reclaim)
    for r in recoveries:
        done = r.confirm or r.session
        if r.phase is not Phase.CONFIRMED or r.identity is None or done is None:
            continue
        conns = [
            conn for conn, link in links.items() if link.server_address == r.address and client_of.get(conn) == r.client
        ]
        after = new.call[np.isin(new.conn, conns) & (new.time > done.time)]
        completed = [c for c in confirms if c.op == "RECLAIM_COMPLETE" and c.link.conn in conns and c.time > done.time]
        first = min(completed, key=lambda c: (c.time, c.frame), default=None)
        yield Holding(
            recovery=r,
            held=tuple(h for h in held if _held(h, r, ids, client_of)),
            opened=moment(trace, int(after[0])) if len(after) else None,
            completed=Moment(time=first.time, frame=first.frame) if first is not None else None,
        )


def _held(h: Held, r: Recovery, ids: Ids, client_of: Mapping[int, int]) -> bool:
    """Held under the clientid that was lost when the refusal came."""
    if h.link.server_address != r.address or client_of.get(h.link.conn) != r.client:
        return False
    if h.time >= r.trigger.time or (h.until is not None and h.until <= r.trigger.frame):
        return False
    clientid = h.clientid or ids.clientid(h.session or h.other, r.address)
    return r.old_clientid is None or clientid == r.old_clientid
