"""RENEWs that are told STALE_CLIENTID, in runs: did the client do what it must, and ask for a new clientid?

RFC 7530 section 9.6.2: STALE_CLIENTID is answered by SETCLIENTID. A client that goes on with RENEW is stuck.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import Kind, Marks
from dissect.nfs4.const import Op, Status
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.errors import StateError
from nfsanalyze.facts.identity import ClientOwner
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.rows import grouped
from nfsanalyze.facts.trace import Trace
from nfsanalyze.state.census import Moment, moment
from nfsanalyze.state.disorder import Slack
from nfsanalyze.state.leases import Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleRun:
    """RENEWs of one clientid refused as unknown, with neither a new identity nor an accepted renewal between. `end`:
    identity (the client asked for a new one), accepted (the server knew it again), open; `last_call`: the client's last
    v4.0 COMPOUND to that server before that end."""

    client: int | None
    client_address: str
    server_address: str
    clientid: bytes
    calls: tuple[Moment, ...]
    replies: tuple[Moment, ...]
    end: str
    end_at: Moment | None
    last_call: Moment


def stale_runs(
    trace: Trace,
    links: Mapping[int, Link],
    errors: Sequence[StateError],
    owners: Sequence[ClientOwner],
    leases: Sequence[Lease],
    client_of: Mapping[int, int],
    slack: Slack,
) -> list[StaleRun]:
    """All runs, by first frame. What the client asked for within `slack` before a refused RENEW may have come after
    it."""
    refused: dict[tuple[str, str, bytes], list[StateError]] = defaultdict(list)
    for e in errors:
        if e.op == Op.RENEW and e.status == int(Status.STALE_CLIENTID) and e.key is not None and e.call_time:
            refused[e.link.client_address, e.link.server_address, e.key].append(e)
    if not refused:
        return []
    asked: dict[tuple[str, str], list[Moment]] = defaultdict(list)
    for o in owners:
        asked[o.link.client_address, o.link.server_address].append(Moment(time=o.time, frame=o.frame))
    for there in asked.values():
        there.sort(key=_place_in_time)
    place = {conn: (client_of.get(conn), link.client_address, link.server_address) for conn, link in links.items()}
    calls = _calls(trace, place, {place[e.link.conn] for series in refused.values() for e in series})
    of_id: dict[bytes, list[Lease]] = defaultdict(list)
    for lease in leases:
        of_id[lease.clientid].append(lease)
    out = []
    for (client, server, clientid), series in sorted(refused.items()):
        mine = [lease for lease in of_id[clientid] if server in lease.addresses]
        late = max(slack.get((client_of.get(e.link.conn, 0), server), 0) for e in series)
        for run, end in _split(sorted(series, key=_when), asked[client, server], mine, late):
            out.append(
                StaleRun(
                    client=client_of.get(run[0].link.conn),
                    client_address=client,
                    server_address=server,
                    clientid=clientid,
                    calls=tuple(Moment(time=_when(e)[0], frame=e.call_frame or e.frame) for e in run),
                    replies=tuple(Moment(time=e.time, frame=e.frame) for e in run),
                    end=end[0] if end else "open",
                    end_at=end[1] if end else None,
                    last_call=_last(trace, calls[place[run[0].link.conn]], run, end[1].time if end else None),
                )
            )
    return sorted(out, key=lambda r: (r.replies[0].frame, r.clientid))


def _when(e: StateError) -> tuple[int, int]:
    return e.call_time or e.time, e.frame


def _place_in_time(m: Moment) -> tuple[int, int]:
    return m.time, m.frame


_End = tuple[str, Moment]


def _split(
    series: Sequence[StateError], asked: Sequence[Moment], leases: Sequence[Lease], late: int
) -> list[tuple[list[StateError], _End | None]]:
    """Runs, and what ends each; `asked` is by time."""
    out: list[tuple[list[StateError], _End | None]] = []
    for e in series:
        time, _ = _when(e)
        at = bisect_left(asked, (time - late, 0), key=_place_in_time)
        ends = [("identity", m) for m in asked[at : at + 1]]
        ends += [("accepted", m) for lease in leases if (m := _accepted(lease, time)) is not None]
        end = min(ends, key=lambda x: (x[1].time, x[1].frame), default=None)
        if out and out[-1][1] == end:
            out[-1][0].append(e)
        else:
            out.append(([e], end))
    return out


def _accepted(lease: Lease, since: int) -> Moment | None:
    """The first accepted renewal after a time."""
    at = int(np.searchsorted(lease.times, since, "right"))
    return Moment(time=int(lease.times[at]), frame=int(lease.frames[at])) if at < len(lease.times) else None


_Place = tuple[int | None, str, str]
"""Client instance, client address and server address."""


def _calls(trace: Trace, place: Mapping[int, _Place], wanted: set[_Place]) -> dict[_Place, NDArray[np.intp]]:
    """Rows of the v4.0 COMPOUNDs that each client sent to each server, over all connections, by time."""
    m = trace.messages
    number = {there: at for at, there in enumerate(sorted(wanted, key=str))}
    of_conn = np.full(max([*place, *trace.connections]) + 1, -1, np.int32)
    for conn, there in place.items():
        of_conn[conn] = number.get(there, -1)
    of = of_conn[m["conn"]]
    sent = (m["kind"] == int(Kind.COMPOUND_CALL)) & (m["minor"] == 0) & (of >= 0)
    rows = np.flatnonzero(sent & (m["marks"] & int(Marks.RETRANSMITTED) == 0))
    rows = rows[np.argsort(m["time"][rows], kind="stable")]
    found = {at: rows[part] for at, part in grouped(of[rows], len(number))}
    return {there: found.get(at, rows[:0]) for there, at in number.items()}


def _last(trace: Trace, calls: NDArray[np.intp], refused: Sequence[StateError], before: int | None) -> Moment:
    """The last of the calls before a time, at the least the last one that was refused."""
    at = len(calls) if before is None else int(np.searchsorted(trace.messages["time"][calls], before))
    last = Moment(time=_when(refused[-1])[0], frame=refused[-1].call_frame or refused[-1].frame)
    return moment(trace, int(calls[at - 1])) if at and trace.time(int(calls[at - 1])) > last.time else last
