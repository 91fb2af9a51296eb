"""Lease times that differ where a client must take them for one.

A client reads lease_time when it mounts, and keeps it: one that was told 90 s by the instance it lost, and renews at
that pace, is too late for one that gives 30 s. Servers that have nothing to do with each other may differ as they like.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from dissect.nfs4 import types as t
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.exchange import Exchange
from nfsanalyze.state.census import Moment
from nfsanalyze.state.heads import Heads
from nfsanalyze.state.identities import Run
from nfsanalyze.state.stays import begins
from nfsanalyze.state.takeovers import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One GETATTR reply that holds lease_time."""

    address: str
    seconds: float
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two values; `kind`: told, moved, claimed. `change`: the move it goes with."""

    address: str
    kind: str
    before: Told
    after: Told
    change: Change | None = None


def told(exchanges: Sequence[Exchange]) -> list[Told]:
    """Every lease time that was told, by time."""
    out = []
    for e in exchanges:
        for result in e.results.values():
            if isinstance(result, t.GETATTR4resok) and result.lease_time and e.reply_frame is not None:
                at = Moment(time=e.reply_time or e.time, frame=e.reply_frame)
                out.append(Told(address=e.link.server_address, seconds=float(result.lease_time), at=at))
    return sorted(out, key=lambda x: (x.at.time, x.at.frame))


def differences(
    exchanges: Sequence[Exchange], found: Heads, changes: Sequence[Change], runs: Sequence[Run]
) -> list[Difference]:
    """All differences; of one address and one other each kind is told once for each change of value."""
    by_address: dict[str, list[Told]] = defaultdict(list)
    for x in told(exchanges):
        by_address[x.address].append(x)
    out = [
        Difference(address=address, kind="told", before=a, after=b, change=_between(changes, address, a.at, b.at))
        for address, there in by_address.items()
        for a, b in pairwise(there)
        if a.seconds != b.seconds
    ]
    known = {(d.address, id(d.change)) for d in out if d.change is not None}
    out += [d for d in _moved(by_address, found, changes) if (d.address, id(d.change)) not in known]
    out += _claimed(by_address, runs, changes)
    return sorted(out, key=lambda d: (d.after.at.frame, d.address, d.kind))


def _between(changes: Sequence[Change], address: str, since: Moment, until: Moment) -> Change | None:
    return next((c for c in changes if c.address == address and since.time <= begins(c).time <= until.time), None)


def _moved(by_address: dict[str, list[Told]], found: Heads, changes: Sequence[Change]) -> Iterator[Difference]:
    """The head that an address moved to tells another lease time, though at other addresses only."""
    for change in changes:
        if change.kind not in ("takeover", "failback"):
            continue
        start = begins(change)
        before = [x for x in by_address.get(change.address, ()) if x.at.time < start.time]
        head = found.at(change.address, start.time)
        if not before or head is None:
            continue
        there = [
            x
            for address, told_there in by_address.items()
            for x in told_there
            if address != change.address and found.at(address, x.at.time) == head
        ]
        near = min(there, key=lambda x: (abs(x.at.time - start.time), x.at.frame), default=None)
        if near is not None and near.seconds != before[-1].seconds:
            yield Difference(address=change.address, kind="moved", before=before[-1], after=near, change=change)


def _claimed(by_address: dict[str, list[Told]], runs: Sequence[Run], changes: Sequence[Change]) -> Iterator[Difference]:
    """Two addresses name one server owner and scope, none of them having moved."""
    named: dict[tuple[bytes, bytes], set[str]] = defaultdict(set)
    for run in runs:
        named[run.identity].add(run.address)
    moved = {c.address for c in changes}
    values = {address: {x.seconds for x in there} for address, there in by_address.items()}
    for addresses in named.values():
        for a, b in combinations(sorted((addresses - moved) & values.keys()), 2):
            if values[a].isdisjoint(values[b]):
                first, second = sorted((by_address[a][-1], by_address[b][-1]), key=lambda x: (x.at.time, x.at.frame))
                yield Difference(address=first.address, kind="claimed", before=first, after=second)
