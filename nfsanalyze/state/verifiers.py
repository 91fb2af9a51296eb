"""Boot verifiers that change: did the client restart, or do two running hosts share one owner?

A restart ends every TCP connection of the host. A connection that carries the identity before and the one after lies
across no restart; a connection of the identity before that is used after the new one came belongs to another running
host (or network namespace).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.identity import ClientOwner
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.rows import first_rows, last_rows
from nfsanalyze.facts.trace import Trace
from nfsanalyze.facts.uses import Uses
from nfsanalyze.state.census import Moment
from nfsanalyze.state.hosts import PURGE_VERIFIER
from nfsanalyze.state.ids import Ids

LATE_NS = 1_000_000_000
"""A call this much after the new verifier was not on its way when that came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierChange:
    """An owner came to an address with another verifier than before. `returns`: with one it had had before that.
    `shared`: use of the new identity on a connection that the one before had used; `alive`: use of the one before, on a
    connection of its own, after the new one had come."""

    before: ClientOwner
    after: ClientOwner
    returns: bool
    shared: Moment | None
    alive: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marks:
    """When (time, frame) somebody spoke as the instance with a verifier, by connection and verifier, in order; and the
    connections of each verifier."""

    times: Mapping[int, Mapping[bytes, Sequence[tuple[int, int]]]]
    conns: Mapping[bytes, Sequence[int]]


def verifier_changes(
    owners: Sequence[ClientOwner], used: Uses, trace: Trace, links: Mapping[int, Link], ids: Ids
) -> list[VerifierChange]:
    """All changes, by frame; `used` as of `facts.uses.uses`. The verifier with which Linux purges its state is none."""
    lineages: dict[tuple[int, bytes, str], list[ClientOwner]] = defaultdict(list)
    for o in owners:
        if o.complete and o.verifier != PURGE_VERIFIER:
            lineages[o.minor, o.owner, o.link.server_address].append(o)
    changing = {key for key, series in lineages.items() if len({o.verifier for o in series}) > 1}
    if not changing:
        return []
    spans = _spans(used, trace, links, ids)
    out = []
    for key in sorted(changing):
        series = sorted(lineages[key], key=lambda o: (o.time, o.frame))
        marks = _marks(series, spans)
        seen = {series[0].verifier}
        for before, after in pairwise(series):
            if before.verifier != after.verifier:
                out.append(
                    VerifierChange(
                        before=before,
                        after=after,
                        returns=after.verifier in seen,
                        shared=_shared(marks, before, after),
                        alive=_alive(marks, before, after),
                    )
                )
                seen.add(after.verifier)
    return sorted(out, key=lambda c: c.after.frame)


def _marks(series: Sequence[ClientOwner], spans: _Spans) -> _Marks:
    """Who spoke when, told by requests with the owner and by uses of what it was granted."""
    marks: dict[int, dict[bytes, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    conns: dict[bytes, dict[int, None]] = defaultdict(dict)
    address = series[0].link.server_address
    speaks: dict[bytes, set[bytes]] = defaultdict(set)
    for o in series:
        marks[o.link.conn][o.verifier].append((o.time, o.frame))
        if o.clientid is not None:
            speaks[o.clientid].add(o.verifier)
    for clientid, verifiers in speaks.items():
        if len(verifiers) == 1:
            (verifier,) = verifiers
            for conn, *moments in spans.get((address, clientid), ()):
                marks[conn][verifier] += moments
    for conn, spoken in marks.items():
        for verifier, times in spoken.items():
            times.sort()
            conns[verifier][conn] = None
    return _Marks(times=marks, conns={verifier: tuple(there) for verifier, there in conns.items()})


_Spans = Mapping[tuple[str, bytes], Sequence[tuple[int, tuple[int, int], tuple[int, int]]]]
"""By server address and clientid: a connection, and when (time, frame) it was first and last used there."""


def _spans(used: Uses, trace: Trace, links: Mapping[int, Link], ids: Ids) -> _Spans:
    out: dict[tuple[str, bytes], list[tuple[int, tuple[int, int], tuple[int, int]]]] = defaultdict(list)
    calls = used.picked(used.call >= 0)
    ends = [calls.picked(rows(calls.pair, calls.pairs)) for rows in (first_rows, last_rows)]
    columns = ends[0].conn, ends[0].key, ends[0].call, ends[1].call
    for conn, key, first, last in zip(*(column.tolist() for column in columns), strict=True):
        link = links.get(conn)
        clientid = ids.clientid(trace.keys[key], link.server_address) if link is not None else None
        if link is not None and clientid is not None:
            first_at, last_at = (trace.time(first), trace.frame(first)), (trace.time(last), trace.frame(last))
            out[link.server_address, clientid].append((conn, first_at, last_at))
    return out


def _shared(marks: _Marks, before: ClientOwner, after: ClientOwner) -> Moment | None:
    found: list[tuple[int, int]] = []
    for conn in marks.conns.get(before.verifier, ()):
        spoken = marks.times[conn]
        if spoken[before.verifier][0][0] < after.time:
            found += _since(spoken.get(after.verifier, ()), after.time)
    return _first(found)


def _alive(marks: _Marks, before: ClientOwner, after: ClientOwner) -> Moment | None:
    found: list[tuple[int, int]] = []
    for conn in marks.conns.get(before.verifier, ()):
        if len(marks.times[conn]) == 1:
            found += _since(marks.times[conn][before.verifier], after.time + LATE_NS + 1)
    return _first(found)


def _since(spoken: Sequence[tuple[int, int]], time: int) -> Sequence[tuple[int, int]]:
    """The first of these moments that is not before a time, if there is one."""
    at = bisect_left(spoken, (time, 0))
    return spoken[at : at + 1]


def _first(found: Sequence[tuple[int, int]]) -> Moment | None:
    return Moment(time=min(found)[0], frame=min(found)[1]) if found else None
