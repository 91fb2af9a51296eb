"""Boot verifiers that change: did the client restart, or do two running hosts share one owner?

A restart ends every TCP connection of the host. A connection that carries the identity before and the one after lies
across no restart; a connection of the identity before that is used after the new one came belongs to another running
host (or network namespace).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
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


_Mark = tuple[int, int, bytes]
"""Time, frame, verifier: on a connection somebody spoke as the instance with that verifier."""


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
    spans = _spans(used, trace, links)
    out = []
    for key in sorted(changing):
        series = sorted(lineages[key], key=lambda o: (o.time, o.frame))
        marks = _marks(series, spans[series[0].link.server_address], ids)
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


def _marks(
    series: Sequence[ClientOwner], spans: Iterable[tuple[int, bytes, Moment, Moment]], ids: Ids
) -> dict[int, list[_Mark]]:
    """By connection: who spoke on it when, told by requests with the owner and by uses of what it was granted."""
    marks: dict[int, list[_Mark]] = defaultdict(list)
    address = series[0].link.server_address
    speaks: dict[bytes, set[bytes]] = defaultdict(set)
    for o in series:
        marks[o.link.conn].append((o.time, o.frame, o.verifier))
        if o.clientid is not None:
            speaks[o.clientid].add(o.verifier)
    for conn, key, first, last in spans:
        clientid = ids.clientid(key, address)
        verifiers = speaks.get(clientid, set()) if clientid is not None else set()
        if len(verifiers) == 1:
            (verifier,) = verifiers
            marks[conn] += [(moment.time, moment.frame, verifier) for moment in (first, last)]
    return marks


def _spans(
    used: Uses, trace: Trace, links: Mapping[int, Link]
) -> Mapping[str, list[tuple[int, bytes, Moment, Moment]]]:
    """By server address: (connection, key, first call, last call) of each key on each connection."""
    out: dict[str, list[tuple[int, bytes, Moment, Moment]]] = defaultdict(list)
    calls = used.picked(used.call >= 0)
    ends = [calls.picked(rows(calls.pair, calls.pairs)) for rows in (first_rows, last_rows)]
    columns = ends[0].conn, ends[0].key, ends[0].call, ends[1].call
    for conn, key, *rows in zip(*(column.tolist() for column in columns), strict=True):
        link = links.get(conn)
        if link is not None:
            first, last = (Moment(time=trace.time(row), frame=trace.frame(row)) for row in rows)
            out[link.server_address].append((conn, trace.keys[key], first, last))
    return out


def _shared(marks: Mapping[int, Sequence[_Mark]], before: ClientOwner, after: ClientOwner) -> Moment | None:
    found = []
    for there in marks.values():
        if any(v == before.verifier and time < after.time for time, _, v in there):
            found += [(time, frame) for time, frame, v in there if v == after.verifier and time >= after.time]
    return _first(found)


def _alive(marks: Mapping[int, Sequence[_Mark]], before: ClientOwner, after: ClientOwner) -> Moment | None:
    found = []
    for there in marks.values():
        if all(v == before.verifier for _, _, v in there):
            found += [(time, frame) for time, frame, _ in there if time > after.time + LATE_NS]
    return _first(found)


def _first(found: Sequence[tuple[int, int]]) -> Moment | None:
    return Moment(time=min(found)[0], frame=min(found)[1]) if found else None
