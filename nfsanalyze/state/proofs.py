"""Proofs that two addresses were one server instance: what joins two stays to one head."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from dissect.nfs4.dataclass import dataclass, replace
from nfsanalyze.state.census import Moment
from nfsanalyze.state.declared import IMITABLE, NOTHING, Declared
from nfsanalyze.state.instance import telling
from nfsanalyze.state.macs import Macs
from nfsanalyze.state.sightings import Seen, Sighting
from nfsanalyze.state.stays import Draft

Verifiers = dict[str, dict[bytes, list[Moment]]]
"""Write verifiers: by address, by verifier, the moments that show it."""


Unseen = Mapping[str | None, Sequence[tuple[int, int]]]
"""By server address, from when to when something of it may be missing from the capture."""


_MOMENTARY = {"trunking", "clientid"}
"""Proofs of the moment: that a server accepts one address's id at another shows nothing about the time before."""


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
    since: int | None = None
    "where it shows a moment only, when that was; else it holds for all of both stays"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A trunking completion: accepted at `other_address` for what `address` had answered. `accepted` False: refused."""

    address: str
    other_address: str
    at: Moment
    accepted: bool
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that proofs rest on. `unseen` is what may contradict them."""

    seen: Seen
    macs: Macs
    completions: Sequence[Completion]
    verifiers: Verifiers
    unseen: Unseen
    owner_of: Mapping[tuple[str, bytes], frozenset[tuple[int, bytes]]]
    "the owners (with their minor version) that an address gave a clientid to"
    declared: Declared = NOTHING

    def shared_by_chance(self, a: str, b: str, clientid: bytes) -> bool:
        """Two addresses gave an id to different owners, as no one server does: two servers of one make gave it out."""
        here, there = self.owner_of.get((a, clientid)), self.owner_of.get((b, clientid))
        return here is not None and there is not None and not here & there


def candidates(drafts: Sequence[Draft], evidence: Evidence) -> list[tuple[int, int]]:
    """Pairs of stays that have anything in common a proof could rest on: thousands of servers make too many pairs to
    try. What two known instances contradict is no proof."""
    seen, macs = evidence.seen, evidence.macs
    shares: dict[tuple[object, ...], set[int]] = defaultdict(set)
    claims: dict[tuple[object, ...], set[int]] = defaultdict(set)
    of_address: dict[str, list[int]] = defaultdict(list)
    for i, d in enumerate(drafts):
        for s in d.sightings:
            shares["clientid", s.clientid].add(i)
            shares["instance", seen.instance(s)].add(i)
        for verifier in evidence.verifiers.get(d.address, ()):
            claims["verifier", verifier].add(i)
        for run in macs.runs.get(d.address, ()):
            if run.mac in macs.addresses:
                claims["mac", run.mac].add(i)
        of_address[d.address].append(i)
        for number, group in enumerate(evidence.declared.one):
            if d.address in group:
                shares["declared", number].add(i)
    for completion in evidence.completions:
        ends = completion.address, completion.other_address
        shares["completion", *ends] = {i for address in ends for i in of_address[address]}
    shares.pop(("instance", None), None)
    found = {pair for together in shares.values() for pair in combinations(sorted(together), 2)}
    for together in claims.values():
        found.update(_uncontradicted(together, drafts))
    return sorted(found)


def _uncontradicted(together: Iterable[int], drafts: Sequence[Draft]) -> Iterator[tuple[int, int]]:
    """Pairs of which not both are known to be of different instances."""
    of_instance: dict[bytes | None, list[int]] = defaultdict(list)
    for i in together:
        of_instance[drafts[i].instance].append(i)
    unknown = of_instance.pop(None, [])
    for same in of_instance.values():
        yield from combinations(sorted(same), 2)
        yield from ((min(i, j), max(i, j)) for i in same for j in unknown)
    yield from combinations(sorted(unknown), 2)


def proofs(a: Draft, b: Draft, evidence: Evidence) -> Iterator[SameHead]:
    """All that shows two stays to be of one instance, or seems to; what is declared of them decides where the capture
    does not."""
    said = evidence.declared.says(a.address, b.address) if a.home and b.home else None
    found = list(_seen(a, b, evidence))
    for each in found:
        yield replace(each, proven=False) if said is False and each.proof in IMITABLE else each
    if said and a.address != b.address and _met(a, b) and not contradicted(a, b, evidence.seen):
        low, high = sorted((a.address, b.address))
        first, last = max(a.first, b.first), min(a.last, b.last)
        # one of them may have moved where the capture shows nothing
        whole = not any(start < last and first < end for start, end in _unseen(a, b, evidence))
        yield SameHead(address_a=low, address_b=high, first=first, last=last, proof="declared", proven=whole, frames=())


def _unseen(a: Draft, b: Draft, evidence: Evidence) -> list[tuple[int, int]]:
    return [*evidence.unseen.get(a.address, ()), *evidence.unseen.get(b.address, ())]


def contradicted(a: Draft, b: Draft, seen: Seen) -> bool:
    """The two have instances of their own, or clients hold ids at them that no one instance would have given out."""
    return _differ(a, b) or bool(_unclear(a, b, seen))


def _differ(a: Draft, b: Draft) -> bool:
    return _owned_apart(a, b) or (a.instance is not None and b.instance is not None and a.instance != b.instance)


def _owned_apart(a: Draft, b: Draft) -> bool:
    """They told server owners, and none that both did: a client has to take them for two servers (RFC 8881 section
    2.10.5), whatever its ids look like. Two that booted in one second give out ids that look like one's."""
    return bool(a.majors and b.majors) and not a.majors & b.majors


def _met(a: Draft, b: Draft) -> bool:
    """The two lie over each other for the greater part of the shorter one: not just at the seam of a restart, which is
    noticed at one address sooner than at another."""
    shared = min(a.last, b.last) - max(a.first, b.first)
    return shared >= 0 and 2 * shared >= min(a.last - a.first, b.last - b.first)


def _seen(a: Draft, b: Draft, evidence: Evidence) -> Iterator[SameHead]:
    seen, macs = evidence.seen, evidence.macs
    first, last = max(a.first, b.first), min(a.answered, b.answered)
    unseen = _unseen(a, b, evidence)

    def proof(name: str, frames: Iterable[int], at: int, *, proven: bool = True) -> SameHead:
        low, high = sorted((a.address, b.address))
        # what the capture misses before that moment may be a change of either address
        since = at if name in _MOMENTARY or any(start < at and first < end for start, end in unseen) else None
        return SameHead(
            address_a=low,
            address_b=high,
            first=max(first, since or 0),
            last=max(first, last, since or 0),
            proof=name,
            proven=proven,
            frames=tuple(sorted(set(frames))),
            since=since,
        )

    unclear = _unclear(a, b, seen)
    doubted = bool(unclear) or _differ(a, b)
    shown = _shared_instance(a, b, evidence, unclear)
    if shown:
        told = seen.layouts.same_instance(a.address, shown[0].clientid, b.address, shown[1].clientid)
        yield proof("instance" if told else "clientid", (s.frame for s in shown), max(s.time for s in shown))
    if a.address == b.address:
        return
    here, there = (evidence.verifiers.get(d.address, {}) for d in (a, b))
    for verifier in sorted(here.keys() & there.keys()):
        mine = [m for m in here[verifier] if a.first <= m.time <= a.last]
        theirs = [m for m in there[verifier] if b.first <= m.time <= b.last]
        if mine and theirs and any(verifier) and not doubted:
            yield proof("write-verifier", (mine[0].frame, theirs[0].frame), max(mine[0].time, theirs[0].time))
    if last < first:
        return
    for completion in evidence.completions:
        if (
            {completion.address, completion.other_address} == {a.address, b.address}
            and first <= completion.at.time <= last
            and completion.accepted
        ):
            yield proof("trunking", completion.frames, completion.at.time)
    mac = macs.at(a.address, last)
    moved = [c.time for d in (a, b) for c in macs.changes(d.address) if first < c.time <= last]
    together = all(macs.at(a.address, time - 1) == macs.at(b.address, time - 1) for time in moved)
    if mac is not None and mac == macs.at(b.address, last) and together and not doubted:
        ties = macs.adjacent(a.address, mac), macs.adjacent(b.address, mac)
        if ties[0] is not None and ties[1] is not None:
            # proxy ARP is told by what contradicts it, and that must not be what is missing
            whole = not any(start < last and first < end for start, end in unseen)
            yield proof("mac", (ties[0].frame, ties[1].frame), last, proven=whole)


def _shared_instance(
    a: Draft, b: Draft, evidence: Evidence, unclear: Collection[int | None]
) -> tuple[Sighting, Sighting] | None:
    """The earliest pair of sightings that one instance must have made: one id held by one client at both, or two ids of
    one instance. A server has thousands of ids, so only neighbours in its counter are compared."""
    if _owned_apart(a, b):
        return None
    theirs: dict[tuple[object, ...], Sighting] = {}
    for s in reversed(b.sightings):
        theirs[s.clientid, s.client] = s
    for mine in a.sightings:
        other = theirs.get((mine.clientid, mine.client))
        if other is None or not telling(mine.clientid) or mine.client in unclear:
            continue
        if not evidence.shared_by_chance(a.address, b.address, mine.clientid):
            return mine, other
    layouts = evidence.seen.layouts
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


def _unclear(a: Draft, b: Draft, seen: Seen) -> set[int | None]:
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
