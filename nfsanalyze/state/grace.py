"""Grace periods as the wire shows them: stretches of GRACE answers, and reclaims that came too late.

RFC 7530 section 9.6.2, RFC 8881 section 8.4.2.1: after a start, and after taking over an address, a server refuses new
opens and grants reclaims for a while.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import Kind
from dissect.nfs4.const import Status
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.sets import distinct
from nfsanalyze.facts.files import Reclaim
from nfsanalyze.facts.identity import Confirm
from nfsanalyze.facts.opens import Opens
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.trace import Trace
from nfsanalyze.state.census import Census, Moment, moment
from nfsanalyze.state.gaps import change_near
from nfsanalyze.state.recoveries import Recovery
from nfsanalyze.state.stays import begins
from nfsanalyze.state.takeovers import Change

PAUSE_NS = 60_000_000_000
"""Clients told GRACE come back within seconds: after a longer pause a GRACE belongs to another stretch."""

MINUTE_NS = 60_000_000_000

SOON_NS = 30_000_000_000
"""A new open that is granted so soon after a refused reclaim shows that the grace was over then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grace:
    """One stretch of GRACE answers of an address. `peak`: most answers in any minute, from `peak_at` on."""

    address: str
    clients: frozenset[str]
    first: Moment
    last: Moment
    count: int
    peak: int
    peak_at: Moment
    change: Change | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LateReclaim:
    """A client's first reclaim after a change of its server, refused because the grace was over. `sign`: the last that
    shows the grace (a GRACE, or a reclaim granted to anyone); `ended`: the first new open granted after that."""

    recovery: Recovery
    reclaim: Reclaim
    change: Change
    sign: Moment
    ended: Moment


def graces(trace: Trace, links: Mapping[int, Link], changes: Sequence[Change]) -> list[Grace]:
    """All stretches, by first frame; an answer captured twice counts once."""
    m = trace.messages
    told = np.flatnonzero((m["kind"] == int(Kind.COMPOUND_REPLY)) & (m["status"] == int(Status.GRACE)))
    by_address: dict[str, list[int]] = defaultdict(list)
    calls: set[int] = set()
    for row in told[np.argsort(m["time"][told], kind="stable")].tolist():
        link, call = links.get(int(m["conn"][row])), trace.answer(row)
        if link is None or link.callback or (call >= 0 and call in calls):
            continue
        calls.add(call)
        by_address[link.server_address].append(row)
    out = []
    for address, listed in sorted(by_address.items()):
        rows = np.array(listed)
        for part in np.split(rows, np.flatnonzero(np.diff(m["time"][rows]) > PAUSE_NS) + 1):
            out.append(_stretch(address, part, trace, links, changes))
    return sorted(out, key=lambda g: (g.first.frame, g.address))


def _stretch(
    address: str, rows: NDArray[np.intp], trace: Trace, links: Mapping[int, Link], changes: Sequence[Change]
) -> Grace:
    times, conns = trace.messages["time"][rows], trace.messages["conn"][rows]
    within = np.searchsorted(times, times + MINUTE_NS, "left") - np.arange(len(times))
    busiest = int(np.argmax(within))
    return Grace(
        address=address,
        clients=frozenset(links[conn].client_address for conn in distinct(conns).tolist()),
        first=moment(trace, rows[0]),
        last=moment(trace, rows[-1]),
        count=len(rows),
        peak=int(within[busiest]),
        peak_at=moment(trace, rows[busiest]),
        change=change_near(changes, address, int(times[0])),
    )


def late_reclaims(
    recoveries: Sequence[Recovery],
    reclaims: Sequence[Reclaim],
    confirms: Sequence[Confirm],
    changes: Sequence[Change],
    census: Census,
    opened: Opens,
    trace: Trace,
    links: Mapping[int, Link],
) -> Iterator[LateReclaim]:
    """First reclaims that came after a grace that the capture shows; a server that never was in grace gave none."""
    granted = [r for r in reclaims if r.status == 0]
    new = opened.picked((opened.status == 0) & ~opened.reclaim)
    for r in recoveries:
        first = min(r.reclaims, key=lambda x: (x.time, x.frame), default=None)
        if first is None or first.status != int(Status.NO_GRACE) or first not in r.failed:
            continue
        change = change_near(changes, r.address, r.trigger.time)
        if change is None or _completed(confirms, r, first):
            continue
        sign = _sign(census, granted, r.address, begins(change).time, first.time)
        if sign is None:
            continue
        ended = _granted(new, trace, links, r.address, sign.time, first.time + SOON_NS)
        if ended is not None:
            yield LateReclaim(recovery=r, reclaim=first, change=change, sign=sign, ended=ended)


def _completed(confirms: Sequence[Confirm], r: Recovery, first: Reclaim) -> bool:
    """It had said RECLAIM_COMPLETE itself: then any reclaim is refused (RFC 8881 section 18.51)."""
    return any(
        c.op == "RECLAIM_COMPLETE"
        and r.trigger.time <= c.time <= first.time
        and c.link.client_address == first.link.client_address
        and c.link.server_address == r.address
        for c in confirms
    )


def _sign(census: Census, granted: Sequence[Reclaim], address: str, since: int, until: int) -> Moment | None:
    """The last sign of a grace in a window."""
    signs = [
        Moment(time=x.reply_time, frame=x.reply_frame or x.frame)
        for x in granted
        if x.link.server_address == address and x.reply_time is not None and since <= x.reply_time < until
    ]
    told = census.grace.get(address)
    last = told.before(until) if told is not None else None
    if last is not None and last.time >= since:
        signs.append(last)
    return max(signs, key=lambda m: (m.time, m.frame), default=None)


def _granted(
    new: Opens, trace: Trace, links: Mapping[int, Link], address: str, since: int, until: int
) -> Moment | None:
    conns = [conn for conn, link in links.items() if link.server_address == address]
    there = new.picked(np.isin(new.conn, conns) & (new.told > since) & (new.told <= until))
    return moment(trace, int(there.reply[int(np.argmin(there.told))])) if len(there) else None
