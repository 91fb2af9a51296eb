"""What a client held when a recovery began, and whether it went about reclaiming it."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.files import Held
from nfsanalyze.facts.identity import Confirm
from nfsanalyze.facts.opens import Opens
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.rows import grouped
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
    """By recovery, in order. `held`: under the clientid that was lost."""
    place = {conn: (client_of.get(conn), link.server_address) for conn, link in links.items()}
    new, mine = _opened(opened, place), _by_place(held, place)
    complete = _by_place([c for c in confirms if c.op == "RECLAIM_COMPLETE"], place)
    for those in complete.values():
        those.sort(key=_when)
    under: dict[tuple[_Place, bytes | None], list[Held]] = defaultdict(list)
    for (client, address), things in mine.items():
        for h in things:
            under[(client, address), h.clientid or ids.clientid(h.session or h.other, address)].append(h)
    for r in recoveries:
        done = r.confirm or r.session
        if r.phase is not Phase.CONFIRMED or r.identity is None or done is None:
            continue
        there = r.client, r.address
        rows = new.get(there)
        after = rows.call[np.flatnonzero(rows.time > done.time)[:1]].tolist() if rows is not None else []
        completed = complete.get(there, [])
        at = bisect_right(completed, done.time, key=attrgetter("time"))
        first = completed[at] if at < len(completed) else None
        candidates = mine.get(there, ()) if r.old_clientid is None else under.get((there, r.old_clientid), ())
        yield Holding(
            recovery=r,
            held=tuple(h for h in candidates if _held(h, r)),
            opened=moment(trace, after[0]) if after else None,
            completed=Moment(time=first.time, frame=first.frame) if first is not None else None,
        )


_Place = tuple[int | None, str]
"""Client instance and server address."""

_T = TypeVar("_T", Held, Confirm)


def _by_place(things: Sequence[_T], place: Mapping[int, _Place]) -> dict[_Place, list[_T]]:
    found: dict[_Place, list[_T]] = defaultdict(list)
    for thing in things:
        if thing.link.conn in place:
            found[place[thing.link.conn]].append(thing)
    return found


def _opened(opened: Opens, place: Mapping[int, _Place]) -> dict[_Place, Opens]:
    """OPENs that reclaim nothing, by time."""
    new = opened.picked(~opened.reclaim)
    conns, numbers = np.unique(new.conn, return_inverse=True)
    parts: dict[_Place, list[NDArray[np.intp]]] = defaultdict(list)
    for number, rows in grouped(numbers, len(conns)):
        if int(conns[number]) in place:
            parts[place[int(conns[number])]].append(rows)
    return {there: new.picked(np.sort(np.concatenate(rows))) for there, rows in parts.items()}


def _held(h: Held, r: Recovery) -> bool:
    """Held when the refusal came."""
    return h.time < r.trigger.time and (h.until is None or h.until > r.trigger.frame)


def _when(c: Confirm) -> tuple[int, int]:
    return c.time, c.frame
