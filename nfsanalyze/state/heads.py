"""Heads: which running server instance stood behind which address, from when to when.

Each change of an address ends one stay and begins another; stays that are proven to be one instance share a head.
Proof: equal instance half, equal write verifier, an accepted trunking completion, an equal MAC where adjacency is
shown.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nfsanalyze.facts.identity import ClientOwner
from nfsanalyze.state.census import Moment
from nfsanalyze.state.episodes import flapping
from nfsanalyze.state.instance import telling
from nfsanalyze.state.macs import Macs
from nfsanalyze.state.sightings import Seen, Sighting
from nfsanalyze.state.takeovers import Change

_MOMENTARY = {"trunking", "clientid"}
"""Proofs of the moment: that a server accepts one address's id at another shows nothing about the time before."""

Verifiers = dict[str, dict[bytes, list[Moment]]]
"""Write verifiers: by address, by verifier, the moments that show it."""


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
    since: int = 0
    "from when it is proven that other stays share the head; what only a moment proves is not taken back before it"
    mixed: bool
    "several instances take turns there (a load balancer): no lease can be given a head"


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
        """The head behind an address at a time; None where several take turns."""
        pick = self.stay(address, time)
        return pick.head if pick and not pick.mixed else None

    def stay(self, address: str, time: int) -> Stay | None:
        """The stay of an address at a time: the one begun last, else its first."""
        there = [s for s in self.stays if s.address == address]
        begun = [s for s in there if s.first <= time]
        return max(begun, key=lambda s: s.first, default=None) or min(there, key=lambda s: s.first, default=None)


@dataclass(slots=True, kw_only=True)
class _Draft:
    address: str
    first: int
    first_frame: int
    last: int
    last_frame: int
    answered: int
    "its last good answer at the latest: from then to `last` nobody answered, and nothing can be proven"
    mixed: bool
    sightings: list[Sighting]
    instance: bytes | None = None


def heads(
    seen: Seen,
    found: Sequence[Change],
    spans: dict[str, tuple[Moment, Moment]],
    macs: Macs,
    completions: Iterable[Completion],
    verifiers: Verifiers,
    owners: Sequence[ClientOwner],
) -> Heads:
    """Cut every address's span (first and last moment seen) at its changes, then join the stays. MACs that would join
    stays with different instances are routers'."""
    drafts = _drafts(seen, found, spans, owners)
    parent = list(range(len(drafts)))

    def root(i: int) -> int:
        while parent[i] != i:
            i = parent[i]
        return i

    found_proofs: list[tuple[int, int, list[SameHead]]] = []
    for i, j in _candidates(drafts, seen, macs, completions, verifiers):
        if not drafts[i].mixed and not drafts[j].mixed:
            found_proofs.append((i, j, list(_proofs(drafts[i], drafts[j], seen, macs, completions, verifiers))))
    same: list[SameHead] = []
    since: dict[int, int] = {}
    members = {i: {i} for i in range(len(drafts))}
    for i, j, proofs in sorted(found_proofs, key=lambda found: _by_port_only(found[2])):
        low, high = sorted((root(i), root(j)))
        if _by_port_only(proofs) and _follow(members[low], members[high], drafts):
            continue
        for p in proofs:
            if p.proven:
                whole = p.proof not in _MOMENTARY
                since[i] = min(since.get(i, p.first), drafts[i].first if whole else p.first)
                since[j] = min(since.get(j, p.first), drafts[j].first if whole else p.first)
        same.extend(p for p in proofs if p.address_a != p.address_b)
        if low != high and any(p.proven for p in proofs):
            parent[high] = low
            members[low] |= members.pop(high)
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
                mixed=d.mixed,
                since=since.get(i, d.first),
                instance_time=seen.layouts.instance_time(d.address, shown.clientid) if shown else None,
            )
        )
    return Heads(
        stays=tuple(sorted(stays, key=lambda s: (s.first_frame, s.address))),
        same=tuple(sorted(same, key=lambda s: (s.address_a, s.address_b, s.first, s.proof))),
    )


def _by_port_only(proofs: Iterable[SameHead]) -> bool:
    """Nothing but a MAC: the weakest of proofs, for a router may answer ARP for all."""
    return {p.proof for p in proofs if p.proven} == {"mac"}


def _follow(one: set[int], other: set[int], drafts: Sequence[_Draft]) -> bool:
    """A stay in the one and the next of the same address in the other: the instance changed between them, so that a MAC
    which all of it shares is no head's. Stays of an address have neighbouring numbers."""
    small, large = sorted((one, other), key=len)
    return one is not other and any(
        near in large and drafts[near].address == drafts[i].address for i in small for near in (i - 1, i + 1)
    )


def _drafts(
    seen: Seen, found: Sequence[Change], spans: dict[str, tuple[Moment, Moment]], owners: Sequence[ClientOwner]
) -> list[_Draft]:
    out = []
    cuts: dict[str, list[Change]] = defaultdict(list)
    for change in found:
        cuts[change.address].append(change)
    for address, (first, last) in sorted(spans.items()):
        borders = sorted({begins(c): c for c in cuts[address]}.items(), key=lambda b: (b[0].time, b[0].frame))
        starts = [first] + [b for b, _ in borders]
        for n, start in enumerate(starts):
            end = starts[n + 1] if n + 1 < len(starts) else None
            ended = borders[n][1].outage_from if n < len(borders) else None
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
                    answered=min(ended.time if ended else last.time, end.time - 1 if end else last.time),
                    mixed=flapping(seen, address)
                    or _turns(owners, address, start.time, end.time if end else last.time),
                    sightings=inside,
                    instance=instances[0] if instances else None,
                )
            )
    return out


def _candidates(
    drafts: Sequence[_Draft],
    seen: Seen,
    macs: Macs,
    completions: Iterable[Completion],
    verifiers: Verifiers,
) -> list[tuple[int, int]]:
    """Pairs of stays that have anything in common a proof could rest on: thousands of servers make too many pairs to
    try."""
    shares: dict[tuple[object, ...], set[int]] = defaultdict(set)
    for i, d in enumerate(drafts):
        for s in d.sightings:
            shares["clientid", s.clientid].add(i)
            shares["instance", seen.instance(s)].add(i)
        for verifier in verifiers.get(d.address, ()):
            shares["verifier", verifier].add(i)
        for run in macs.runs.get(d.address, ()):
            if run.mac in macs.addresses:
                shares["mac", run.mac].add(i)
        shares["address", d.address].add(i)
    for number, completion in enumerate(completions):
        for i, d in enumerate(drafts):
            if d.address in (completion.address, completion.other_address):
                shares["completion", number].add(i)
    shares.pop(("instance", None), None)
    return sorted(
        {(i, j) for together in shares.values() if len(together) > 1 for i in together for j in together if i < j}
    )


def _turns(owners: Iterable[ClientOwner], address: str, first: int, last: int) -> bool:
    """One owner with one verifier is answered c1, c2 and c1 again: an instance that lost c1 does not give it out anew
    (RFC 7530 section 16.33, RFC 8881 section 18.35), so several take turns."""
    granted: dict[tuple[object, ...], list[bytes]] = defaultdict(list)
    for o in owners:
        if (
            o.link.server_address == address
            and o.clientid
            and o.status == 0
            and first <= (o.reply_time or o.time) <= last
        ):
            order = granted[o.minor, o.owner, o.verifier]
            if o.clientid in order[:-1]:
                return True
            if order[-1:] != [o.clientid]:
                order.append(o.clientid)
    return False


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
    verifiers: Verifiers,
) -> Iterable[SameHead]:
    first, last = max(a.first, b.first), min(a.answered, b.answered)

    def proof(name: str, frames: Iterable[int], proven: bool = True, since: int = 0) -> SameHead:
        low, high = sorted((a.address, b.address))
        return SameHead(
            address_a=low,
            address_b=high,
            first=max(first, since),
            last=max(first, last, since),
            proof=name,
            proven=proven,
            frames=tuple(sorted(set(frames))),
        )

    contradicted = a.instance is not None and b.instance is not None and a.instance != b.instance
    contradicted |= bool(_unclear(a, b, seen))
    shown = _shared_instance(a, b, seen)
    if shown:
        told = seen.layouts.same_instance(a.address, shown[0].clientid, b.address, shown[1].clientid)
        since = 0 if told else max(s.time for s in shown)
        yield proof("instance" if told else "clientid", (s.frame for s in shown), since=since)
    if a.address == b.address:
        return
    here, there = verifiers.get(a.address, {}), verifiers.get(b.address, {})
    for verifier in sorted(here.keys() & there.keys()):
        mine = [m for m in here[verifier] if a.first <= m.time <= a.last]
        theirs = [m for m in there[verifier] if b.first <= m.time <= b.last]
        if mine and theirs and any(verifier) and not contradicted:
            yield proof("write-verifier", (mine[0].frame, theirs[0].frame))
    if last < first:
        return
    for completion in completions:
        if (
            {completion.address, completion.other_address} == {a.address, b.address}
            and first <= completion.at.time <= last
            and completion.accepted
        ):
            yield proof("trunking", completion.frames, since=completion.at.time)
    mac = macs.at(a.address, last)
    moved = [c.time for d in (a, b) for c in macs.changes(d.address) if first < c.time <= last]
    together = all(macs.at(a.address, time - 1) == macs.at(b.address, time - 1) for time in moved)
    if mac is not None and mac == macs.at(b.address, last) and together and not contradicted:
        ties = macs.adjacent(a.address, mac), macs.adjacent(b.address, mac)
        if ties[0] is not None and ties[1] is not None:
            yield proof("mac", (ties[0].frame, ties[1].frame))


def _shared_instance(a: _Draft, b: _Draft, seen: Seen) -> tuple[Sighting, Sighting] | None:
    """The earliest pair of sightings that one instance must have made: one id held by one client at both, or two ids of
    one instance. A server has thousands of ids, so only neighbours in its counter are compared."""
    theirs: dict[tuple[object, ...], Sighting] = {}
    for s in reversed(b.sightings):
        theirs[s.clientid, s.client] = s
    unclear = _unclear(a, b, seen)
    for mine in a.sightings:
        other = theirs.get((mine.clientid, mine.client))
        if other is not None and telling(mine.clientid) and mine.client not in unclear:
            return mine, other
    layouts = seen.layouts
    ordered = sorted(b.sightings, key=lambda s: layouts.place(b.address, s.clientid))
    places = [layouts.place(b.address, s.clientid) for s in ordered]
    for mine in a.sightings:
        if layouts.instance(a.address, mine.clientid) is None:
            continue
        at = bisect_left(places, layouts.place(a.address, mine.clientid))
        for near in ordered[max(0, at - 1) : at + 1]:
            if layouts.same_instance(a.address, mine.clientid, b.address, near.clientid):
                return mine, near
    return None


def _unclear(a: _Draft, b: _Draft, seen: Seen) -> set[int | None]:
    """Clients that hold an id at both, and use one of their own at either, with nothing to show that one instance gave
    out the two: the address may have moved between them unseen, and both are one head for a part of the stay only."""
    held = _ids_by_client(a.sightings), _ids_by_client(b.sightings)
    shared = {
        client: {known for known in held[0][client] & held[1][client] if telling(known)}
        for client in held[0].keys() & held[1].keys()
    }
    same = seen.layouts.same_instance
    return {
        s.client
        for s in (*a.sightings, *b.sightings)
        if s.how == "accepted"
        and s.clientid not in shared.get(s.client, {s.clientid})
        and any(not same(s.address, s.clientid, s.address, known) for known in shared[s.client])
    }


def _ids_by_client(sightings: Iterable[Sighting]) -> dict[int | None, set[bytes]]:
    ids: dict[int | None, set[bytes]] = defaultdict(set)
    for s in sightings:
        ids[s.client].add(s.clientid)
    return ids
