"""Leases: one clientid at one server instance, renewed over whatever connection and address.

A lease begins with the confirmation of its clientid (or its first accepted use, where the capture starts later),
lives by renewals, and ends when the client replaces it, the server refuses it, or the client restarts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import FRAME_SHIFT
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.identity import ClientOwner, Confirm
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.rows import first_rows, grouped, numbered
from nfsanalyze.facts.trace import Trace
from nfsanalyze.facts.uses import HOW_NAMES, How, Uses
from nfsanalyze.state.census import Moment
from nfsanalyze.state.heads import Heads
from nfsanalyze.state.ids import Ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Accepted renewals of one lease over one connection, one way; `longest_gap_frame`: the renewal after that
    silence."""

    conn: int
    address: str
    how: str
    first: Moment
    last: Moment
    count: int
    longest_gap_s: float
    longest_gap_frame: int


@dataclass(slots=True, kw_only=True)
class Lease:
    """One lease while it is being put together; `times` and `frames`: all accepted renewals, by time."""

    lease: int = 0
    client: int
    minor: int
    clientid: bytes
    head: int | None
    address: str
    granted: Moment | None = None
    confirmed: Moment | None = None
    confirmed_address: str | None = None
    owner: bytes | None = None
    first: Moment
    times: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    frames: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    conns: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))
    runs: tuple[Run, ...] = ()
    addresses: set[str] = field(default_factory=set)
    end: str = "open"
    end_at: Moment | None = None

    @property
    def last_renewal(self) -> Moment | None:
        """The last accepted renewal."""
        return Moment(time=int(self.times[-1]), frame=int(self.frames[-1])) if len(self.times) else None

    def last_before(self, time: int) -> tuple[Moment, int] | None:
        """The last accepted renewal before a time, and its connection."""
        at = int(np.searchsorted(self.times, time)) - 1
        return (Moment(time=int(self.times[at]), frame=int(self.frames[at])), int(self.conns[at])) if at >= 0 else None

    @property
    def origin_seen(self) -> bool:
        """The capture shows how it was established."""
        return self.confirmed is not None

    def live_at(self, time: int) -> bool:
        """Alive at a time: begun, and neither ended nor refused yet."""
        return self.first.time <= time and (
            self.end_at is None or time <= self.end_at.time or self.end in ("open", "silent")
        )


def leases(
    trace: Trace,
    links: dict[int, Link],
    owners: Sequence[ClientOwner],
    confirms: Sequence[Confirm],
    renewals: Uses,
    ids: Ids,
    heads: Heads,
    client_of: dict[int, int],
) -> list[Lease]:
    """All leases, numbered by first frame; `renewals` are the accepted uses."""
    found: dict[tuple[int, int, bytes, int | None], Lease] = {}
    minors = _minors(owners, confirms)

    def lease(client: int, minor: int, clientid: bytes, address: str, at: Moment) -> Lease:
        head = heads.at(address, at.time)
        key = (client, minor, clientid, head)
        if key not in found:
            found[key] = Lease(client=client, minor=minor, clientid=clientid, head=head, address=address, first=at)
        entry = found[key]
        entry.addresses.add(address)
        if (at.time, at.frame) < (entry.first.time, entry.first.frame):
            entry.first, entry.address = at, address
        return entry

    for c in confirms:
        client = client_of.get(c.link.conn)
        if c.op in ("SETCLIENTID_CONFIRM", "CREATE_SESSION") and c.status == 0 and c.clientid and client is not None:
            at = Moment(time=c.reply_time or c.time, frame=c.reply_frame or c.frame)
            entry = lease(client, c.minor, c.clientid, c.link.server_address, at)
            if entry.confirmed is None:
                entry.confirmed, entry.confirmed_address = at, c.link.server_address
    _renewals(trace, links, renewals, ids, client_of, minors, lease)
    of_id: dict[bytes, list[Lease]] = defaultdict(list)
    for entry in found.values():
        of_id[entry.clientid].append(entry)
    for o in owners:
        if o.clientid is None or o.status != 0 or o.reply_frame is None or o.reply_time is None:
            continue
        at = Moment(time=o.reply_time, frame=o.reply_frame)
        for entry in of_id[o.clientid]:
            entry.owner = entry.owner or o.owner
            if entry.granted is None and heads.at(o.link.server_address, at.time) == entry.head:
                entry.granted = at
    out = sorted(found.values(), key=lambda entry: (entry.first.frame, entry.clientid))
    for number, entry in enumerate(out, 1):
        entry.lease = number
    return out


def _minors(owners: Iterable[ClientOwner], confirms: Iterable[Confirm]) -> dict[bytes, int]:
    out: dict[bytes, int] = {}
    for c in confirms:
        if c.clientid:
            out.setdefault(c.clientid, c.minor)
    for o in owners:
        if o.clientid:
            out.setdefault(o.clientid, o.minor)
    return out


def _renewals(
    trace: Trace,
    links: dict[int, Link],
    renewals: Uses,
    ids: Ids,
    client_of: dict[int, int],
    minors: dict[bytes, int],
    lease: Callable[[int, int, bytes, str, Moment], Lease],
) -> None:
    """Give every accepted renewal to its lease; the loop is over (connection, key) pairs, not over renewals."""
    first = renewals.picked(first_rows(renewals.pair, renewals.pairs))
    entries: dict[int, tuple[int, Lease]] = {}
    place = np.full(renewals.pairs, -1, np.intp)
    columns = first.pair, first.conn, first.key, first.row, first.reply
    for pair, conn, key, row, reply in zip(*(column.tolist() for column in columns), strict=True):
        link, client = links.get(conn), client_of.get(conn)
        if link is None or client is None or link.callback:
            continue
        clientid = ids.clientid(trace.keys[key], link.server_address)
        if clientid is None or not any(clientid):
            continue
        minor = minors.get(clientid)
        # of the reply: where an instance begins with this very answer, its call was sent to the one before
        at = Moment(time=trace.time(reply), frame=trace.frame(reply))
        entry = lease(
            client,
            max(int(trace.messages["minor"][row]) if minor is None else minor, 0),
            clientid,
            link.server_address,
            at,
        )
        place[pair] = entries.setdefault(id(entry), (len(entries), entry))[0]
    _fill([entry for _, entry in entries.values()], place[renewals.pair], renewals, trace, links)


def _fill(found: Sequence[Lease], of: NDArray[np.intp], renewals: Uses, trace: Trace, links: dict[int, Link]) -> None:
    """All renewals of each lease, by time, and their runs: on one connection, by one way. `of`: for each renewal the
    number of its lease, -1 none."""
    kept = np.flatnonzero(of >= 0)
    times = trace.messages["time"][renewals.row[kept]]
    order = np.lexsort((renewals.reply[kept], times))
    times, kept = times[order], kept[order]
    of, conns = of[kept], renewals.conn[kept]
    frames = trace.messages["id"][renewals.reply[kept]] >> np.uint64(FRAME_SHIFT)
    for number, rows in grouped(of, len(found)):
        entry = found[number]
        entry.times, entry.frames, entry.conns = times[rows], frames[rows], conns[rows]
    ways, way = numbered(conns, renewals.how[kept])
    kinds, numbers = numbered(of, way)
    runs: dict[int, list[Run]] = defaultdict(list)
    for number, rows in grouped(numbers, len(kinds)):
        lease, said = int(kinds[number]) >> 32, int(ways[int(kinds[number]) & 0xFFFFFFFF])
        runs[lease].append(_run(said >> 32, How(said & 0xFFFFFFFF), times[rows], frames[rows], links))
    for lease, there in runs.items():
        found[lease].runs = tuple(sorted(there, key=lambda r: (r.first.frame, r.conn, r.how)))


def _run(conn: int, how: How, times: NDArray[np.int64], frames: NDArray[np.uint64], links: dict[int, Link]) -> Run:
    gaps = times[1:] - times[:-1]
    widest = int(gaps.argmax()) if len(gaps) else -1
    return Run(
        conn=conn,
        address=links[conn].server_address,
        how=HOW_NAMES[how],
        first=Moment(time=int(times[0]), frame=int(frames[0])),
        last=Moment(time=int(times[-1]), frame=int(frames[-1])),
        count=len(times),
        longest_gap_s=float(gaps[widest]) / 1e9 if len(gaps) else 0.0,
        longest_gap_frame=int(frames[widest + 1]),
    )
