"""What clients do when a filesystem moved: ask where it went, go there, take their state along.

RFC 7530 section 8.4, RFC 8881 section 11.10: MOVED ends the use of a filesystem at a server; LEASE_MOVED says that one
of those a client holds state on has moved, until the client has met it. Where to is told by fs_locations.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from dissect.nfs4.batch import TcpFlag
from dissect.nfs4.const import Seq4Status, Status
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.errors import StateError
from nfsanalyze.facts.files import Held
from nfsanalyze.facts.migration import Asked, Listed, Moved
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.sequences import FlagRun
from nfsanalyze.facts.trace import Trace
from nfsanalyze.state.census import Moment

PAUSE_NS = 180_000_000_000
"""After so long without MOVED another one is another move."""

SETTLED_NS = 5_000_000_000
"""A connection tried so shortly before the capture ends may be answered after it."""

_REFUSED = {int(s) for s in (Status.STALE_STATEID, Status.BAD_STATEID, Status.EXPIRED)}


@dataclass(slots=True, kw_only=True)
class Migration:
    """What one client was told at one address, and what it did."""

    client: int | None
    link: Link
    minor: int
    kind: str
    referral: bool
    first: Moment
    last: Moment
    count: int
    asked: Asked | None = None
    followed: tuple[Moment, str] | None = None
    elsewhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A listed server, and the connections that its client opened to it afterwards."""

    listed: Listed
    tries: int
    connected: int
    failed: tuple[Moment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A stateid of one server refused by another, after a move."""

    error: StateError
    held: Held
    migration: Migration


def migrations(
    trace: Trace,
    links: dict[int, Link],
    moved: Sequence[Moved],
    flags: Sequence[FlagRun],
    asked: Sequence[Asked],
    client_of: dict[int, int],
) -> list[Migration]:
    """All of them, by their first frame."""
    found = [*_told(moved, client_of), *_flagged(trace, links, flags, client_of)]
    contacts = _contacts(trace, links)
    for m in found:
        m.asked = next(
            (
                a
                for a in asked
                if a.link.server_address == m.link.server_address
                and a.link.client_address == m.link.client_address
                and a.time >= m.first.time
            ),
            None,
        )
        others = contacts.get(m.link.client_address, {})
        m.elsewhere = bool(others.keys() - {m.link.server_address})
        m.followed = _followed(m, others)
    return sorted(found, key=lambda m: (m.first.frame, m.client or 0, m.kind))


def _told(moved: Iterable[Moved], client_of: dict[int, int]) -> Iterator[Migration]:
    """Replies to one client at one address, as long as they follow each other."""
    current: dict[tuple[int | None, str, bool], Migration] = {}
    for x in moved:
        client = client_of.get(x.link.conn)
        key, at = (client, x.link.server_address, x.lease), Moment(time=x.time, frame=x.frame)
        known = current.get(key)
        if known is not None and x.time - known.last.time <= PAUSE_NS:
            known.last, known.count, known.referral = at, known.count + 1, known.referral and x.looking
            continue
        current[key] = Migration(
            client=client,
            link=x.link,
            minor=x.minor,
            kind="lease-moved" if x.lease else "moved",
            referral=x.looking and not x.lease,
            first=at,
            last=at,
            count=1,
        )
        yield current[key]


def _flagged(
    trace: Trace, links: dict[int, Link], flags: Iterable[FlagRun], client_of: dict[int, int]
) -> Iterator[Migration]:
    for run in flags:
        conn = int(trace.messages["conn"][run.first])
        if run.flag != Seq4Status.LEASE_MOVED or conn not in links:
            continue
        first, last = (Moment(time=trace.time(row), frame=trace.frame(row)) for row in (run.first, run.last))
        yield Migration(
            client=client_of.get(conn),
            link=links[conn],
            minor=max(int(trace.messages["minor"][run.first]), 1),
            kind="lease-moved",
            referral=False,
            first=first,
            last=last,
            count=run.count,
        )


def _contacts(trace: Trace, links: dict[int, Link]) -> dict[str, dict[str, list[Moment]]]:
    """By client address and server address: when a connection began, and when it was used last."""
    out: dict[str, dict[str, list[Moment]]] = defaultdict(lambda: defaultdict(list))
    for link in links.values():
        if not link.callback:
            there = out[link.client_address][link.server_address]
            there.append(Moment(time=link.first, frame=link.first_frame))
            if link.calls:
                there.append(Moment(time=link.last, frame=link.last_frame))
    return out


def _followed(m: Migration, others: dict[str, list[Moment]]) -> tuple[Moment, str] | None:
    """The first contact with a server that was listed; names may be any server but this one."""
    if m.asked is None:
        return None
    named = {x.address for x in m.asked.listed if x.address is not None}
    if any(x.address is None for x in m.asked.listed):
        named |= others.keys()
    since = m.asked.time
    met = [
        (at, address)
        for address in named - {m.link.server_address}
        for at in others.get(address, ())
        if at.time >= since
    ]
    return min(met, key=lambda x: (x[0].time, x[0].frame, x[1]), default=None)


def targets(trace: Trace, links: dict[int, Link], asked: Iterable[Asked], ends: int) -> list[Target]:
    """Every listed server with what came of it, by the frame that named it."""
    syns: dict[int, int] = defaultdict(int)
    for event in trace.tcp:
        if event.kind == TcpFlag.SYN:
            syns[event.conn] += 1
    pairs: dict[tuple[str, str], list[Link]] = defaultdict(list)
    for link in links.values():
        if not link.callback:
            pairs[link.client_address, link.server_address].append(link)
    out = []
    for answer in asked:
        for place in answer.listed:
            there = pairs.get((answer.link.client_address, place.address or ""), [])
            mine = [x for x in there if x.first >= answer.time]
            # a client that sends more than its SYN was answered, whether the capture shows it or not
            good = [x for x in mine if x.answered or x.calls or x.client_segments > syns[x.conn]]
            failed = [
                Moment(time=x.first, frame=x.first_frame)
                for x in mine
                if x not in good and x.first + SETTLED_NS <= ends
            ]
            out.append(Target(listed=place, tries=len(mine), connected=len(good), failed=tuple(failed)))
    return out


def carried(
    found: Sequence[Migration], errors: Iterable[StateError], held: Iterable[Held], client_of: dict[int, int]
) -> list[Carried]:
    """Refusals, at another server, of what a client was granted where it was told of a move, by frame."""
    granted: dict[bytes, list[Held]] = defaultdict(list)
    for h in held:
        granted[h.other].append(h)
    out = []
    for e in errors:
        if e.status not in _REFUSED or e.key is None or len(e.key) != 12:
            continue
        client = client_of.get(e.link.conn)
        there = granted.get(e.key, [])
        if any(h.link.server_address == e.link.server_address for h in there):
            continue
        for h in there:
            m = next(
                (
                    m
                    for m in found
                    if m.link.server_address == h.link.server_address
                    and m.first.time <= (e.call_time or e.time)
                    and (m.client == client or m.link.client_address == e.link.client_address)
                ),
                None,
            )
            if m is not None and h.time < e.time:
                out.append(Carried(error=e, held=h, migration=m))
                break
    return out


def last_seen(links: dict[int, Link]) -> dict[str, int]:
    """By client address: the time of the last thing seen of it."""
    out: dict[str, int] = {}
    for link in links.values():
        out[link.client_address] = max(out.get(link.client_address, 0), link.last)
    return out
