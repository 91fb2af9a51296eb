"""Heads: which running server instance stood behind which address, from when to when.

Each change of an address ends one stay and begins another; stays that are proven to be one instance share a head.
Proof: equal instance half, equal write verifier, an accepted trunking completion, an equal MAC where adjacency is
shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nfsanalyze.state.census import Moment
from nfsanalyze.state.macs import Macs
from nfsanalyze.state.sightings import Seen, Sighting
from nfsanalyze.state.takeovers import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """One stay of an address on a head."""

    head: int
    address: str
    first: int
    last: int
    first_frame: int
    last_frame: int
    instance: bytes | None
    instance_time: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SameHead:
    """A proof (or claim) that two addresses are one instance during an interval."""

    address_a: str
    address_b: str
    first: int
    last: int
    proof: str
    proven: bool
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A trunking completion: accepted at `other_address` for what `address` had answered. `accepted` False: refused."""

    address: str
    other_address: str
    at: Moment
    accepted: bool
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """All stays, and the proofs that joined them."""

    stays: tuple[Stay, ...]
    same: tuple[SameHead, ...]

    def at(self, address: str, time: int) -> int | None:
        """The head behind an address at a time."""
        there = [s for s in self.stays if s.address == address]
        begun = [s for s in there if s.first <= time]
        pick = max(begun, key=lambda s: s.first, default=None) or min(there, key=lambda s: s.first, default=None)
        return pick.head if pick else None


@dataclass(slots=True, kw_only=True)
class _Draft:
    address: str
    first: int
    first_frame: int
    last: int
    last_frame: int
    sightings: list[Sighting]
    instance: bytes | None = None


def heads(
    seen: Seen,
    found: Sequence[Change],
    spans: dict[str, tuple[Moment, Moment]],
    macs: Macs,
    completions: Iterable[Completion],
    verifiers: dict[tuple[str, bytes], list[Moment]],
) -> Heads:
    """Cut every address's span (first and last moment seen) at its changes, then join the stays.

    `verifiers`: write verifiers by (address, verifier). MACs that would join stays with different instances are
    routers'.
    """
    drafts = _drafts(seen, found, spans)
    parent = list(range(len(drafts)))

    def root(i: int) -> int:
        while parent[i] != i:
            i = parent[i]
        return i

    same: list[SameHead] = []
    for i, a in enumerate(drafts):
        for j in range(i + 1, len(drafts)):
            b = drafts[j]
            proofs = list(_proofs(a, b, seen, macs, completions, verifiers))
            same.extend(p for p in proofs if a.address != b.address)
            if any(p.proven for p in proofs):
                low, high = sorted((root(i), root(j)))
                parent[high] = low
    order = {
        r: n
        for n, r in enumerate(
            sorted({root(i) for i in range(len(drafts))}, key=lambda r: (drafts[r].first_frame, drafts[r].address)), 1
        )
    }
    stays = []
    for i, d in enumerate(drafts):
        shown = next((s for s in d.sightings if s.how != "refused" and seen.instance(s) is not None), None)
        stays.append(
            Stay(
                head=order[root(i)],
                address=d.address,
                first=d.first,
                last=d.last,
                first_frame=d.first_frame,
                last_frame=d.last_frame,
                instance=d.instance,
                instance_time=seen.layouts.instance_time(d.address, shown.clientid) if shown else None,
            )
        )
    return Heads(
        stays=tuple(sorted(stays, key=lambda s: (s.first_frame, s.address))),
        same=tuple(sorted(same, key=lambda s: (s.address_a, s.address_b, s.first, s.proof))),
    )


def _drafts(seen: Seen, found: Sequence[Change], spans: dict[str, tuple[Moment, Moment]]) -> list[_Draft]:
    out = []
    cuts: dict[str, list[Change]] = defaultdict(list)
    for change in found:
        cuts[change.address].append(change)
    for address, (first, last) in sorted(spans.items()):
        borders = sorted({begins(c): c for c in cuts[address]}.items(), key=lambda b: (b[0].time, b[0].frame))
        starts = [first] + [b for b, _ in borders]
        for n, start in enumerate(starts):
            end = starts[n + 1] if n + 1 < len(starts) else None
            inside = [
                s
                for s in seen.by_address.get(address, ())
                if s.how != "refused" and (n == 0 or s.time >= start.time) and (end is None or s.time < end.time)
            ]
            instances = [i for s in inside if (i := seen.instance(s)) is not None]
            out.append(
                _Draft(
                    address=address,
                    first=start.time,
                    first_frame=start.frame,
                    last=end.time if end else last.time,
                    last_frame=end.frame if end else last.frame,
                    sightings=inside,
                    instance=instances[0] if instances else None,
                )
            )
    return out


def begins(change: Change) -> Moment:
    """When the new instance first answered: the first answer after the outage, at the latest its first sign."""
    sign = Moment(time=change.episode.time, frame=change.episode.frame)
    if change.outage_until is not None and change.outage_until.time <= sign.time:
        return change.outage_until
    return sign


def _proofs(
    a: _Draft,
    b: _Draft,
    seen: Seen,
    macs: Macs,
    completions: Iterable[Completion],
    verifiers: dict[tuple[str, bytes], list[Moment]],
) -> Iterable[SameHead]:
    first, last = max(a.first, b.first), min(a.last, b.last)

    def proof(name: str, frames: Iterable[int], proven: bool = True) -> SameHead:
        low, high = sorted((a.address, b.address))
        return SameHead(
            address_a=low,
            address_b=high,
            first=first,
            last=max(first, last),
            proof=name,
            proven=proven,
            frames=tuple(sorted(set(frames))),
        )

    contradicted = a.instance is not None and b.instance is not None and a.instance != b.instance
    shown = _shared_instance(a, b, seen)
    if shown:
        yield proof("instance", (s.frame for s in shown))
    if a.address == b.address:
        return
    for (address, verifier), moments in verifiers.items():
        if address != a.address or not any(verifier):
            continue
        mine = [m for m in moments if a.first <= m.time <= a.last]
        theirs = [m for m in verifiers.get((b.address, verifier), ()) if b.first <= m.time <= b.last]
        if mine and theirs and not contradicted:
            yield proof("write-verifier", (mine[0].frame, theirs[0].frame))
    if last < first:
        return
    for completion in completions:
        if (
            {completion.address, completion.other_address} == {a.address, b.address}
            and first <= completion.at.time <= last
            and completion.accepted
        ):
            yield proof("trunking", completion.frames)
    mac = macs.at(a.address, last - 1)  # the change that ends a stay is no longer of it
    if mac is not None and mac == macs.at(b.address, last - 1) and not contradicted:
        ties = macs.adjacent(a.address, mac), macs.adjacent(b.address, mac)
        if ties[0] is not None and ties[1] is not None:
            yield proof("mac", (ties[0].frame, ties[1].frame))


def _shared_instance(a: _Draft, b: _Draft, seen: Seen) -> tuple[Sighting, Sighting] | None:
    for mine in a.sightings:
        for theirs in b.sightings:
            if seen.layouts.same_instance(a.address, mine.clientid, b.address, theirs.clientid):
                return mine, theirs
    return None
