"""Heads: which running server instance stood behind which address, from when to when.

Each change of an address ends one stay and begins another; stays that are proven to be one instance share a head.
Proof: equal instance half, equal write verifier, an accepted trunking completion, an equal MAC where adjacency is
shown.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.identity import ClientOwner
from nfsanalyze.state.census import Moment
from nfsanalyze.state.declared import IMITABLE, Declared, Outcome
from nfsanalyze.state.proofs import Evidence, SameHead, candidates, contradicted, proofs
from nfsanalyze.state.stays import Draft, drafts
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
    since: int = 0
    "from when it is proven that other stays share the head; what only a moment proves is not taken back before it"
    mixed: bool
    "several instances take turns there (a load balancer): no lease can be given a head"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """All stays, and the proofs that joined them."""

    stays: tuple[Stay, ...]
    same: tuple[SameHead, ...]
    by_address: Mapping[str, Sequence[Stay]]
    "the stays of each address, by their beginning"
    declared: tuple[Outcome, ...] = ()

    def at(self, address: str, time: int) -> int | None:
        """The head behind an address at a time; None where several take turns."""
        pick = self.stay(address, time)
        return pick.head if pick and not pick.mixed else None

    def stay(self, address: str, time: int) -> Stay | None:
        """The stay of an address at a time: the one begun last, else its first."""
        there = self.by_address.get(address)
        if not there:
            return None
        begun = bisect_right(there, time, key=lambda s: s.first)
        return there[bisect_left(there, there[begun - 1].first, key=lambda s: s.first) if begun else 0]


def heads(
    found: Sequence[Change],
    spans: dict[str, tuple[Moment, Moment]],
    owners: Sequence[ClientOwner],
    evidence: Evidence,
) -> Heads:
    """Cut every address's span (first and last moment seen) at its changes, then join the stays that are proven to be
    one instance. A MAC that would join what is not is a router's."""
    cut = drafts(evidence.seen, found, spans, owners)
    shown = [
        (i, j, found_proofs)
        for i, j in candidates(cut, evidence)
        if not cut[i].mixed and not cut[j].mixed and (found_proofs := list(proofs(cut[i], cut[j], evidence)))
    ]
    routed = _routed(shown, cut)
    groups = _Groups(len(cut))
    same: list[SameHead] = []
    since: dict[int, int] = {}
    for i, j, found_proofs in sorted(shown, key=lambda each: _by_port_only(each[2])):
        if _by_port_only(found_proofs) and (i in routed or _follow(groups.of(i), groups.of(j), cut)):
            continue
        if _imitable(found_proofs) and _apart(groups.of(i), groups.of(j), cut, evidence.declared):
            continue
        for p in found_proofs:
            if p.proven:
                for n in (i, j):
                    proven = cut[n].first if p.since is None else p.since
                    since[n] = min(since.get(n, proven), proven)
        same.extend(p for p in found_proofs if p.address_a != p.address_b)
        if any(p.proven for p in found_proofs):
            groups.join(i, j)
    order = {
        r: n
        for n, r in enumerate(
            sorted({groups.root(i) for i in range(len(cut))}, key=lambda r: (cut[r].first_frame, cut[r].address)), 1
        )
    }
    stays = []
    seen = evidence.seen
    for i, d in enumerate(cut):
        known = next((s for s in d.sightings if s.how != "refused" and seen.instance(s) is not None), None)
        stays.append(
            Stay(
                head=order[groups.root(i)],
                address=d.address,
                first=d.first,
                last=d.last,
                first_frame=d.first_frame,
                last_frame=d.last_frame,
                instance=d.instance,
                mixed=d.mixed,
                since=since.get(i, d.first),
                instance_time=seen.layouts.instance_time(d.address, known.clientid) if known else None,
            )
        )
    stays.sort(key=lambda s: (s.first_frame, s.address))
    by_address: dict[str, list[Stay]] = defaultdict(list)
    for stay in sorted(stays, key=lambda s: s.first):
        by_address[stay.address].append(stay)
    return Heads(
        stays=tuple(stays),
        by_address=by_address,
        same=tuple(sorted(same, key=lambda s: (s.address_a, s.address_b, s.first, s.proof))),
        declared=tuple(_outcomes(cut, shown, evidence)),
    )


class _Groups:
    """Stays by number, joined step by step."""

    def __init__(self, number: int) -> None:
        self._parent = list(range(number))
        self._members = {i: {i} for i in range(number)}

    def root(self, i: int) -> int:
        """The lowest number of the group."""
        while self._parent[i] != i:
            i = self._parent[i]
        return i

    def of(self, i: int) -> set[int]:
        """All of the group."""
        return self._members[self.root(i)]

    def join(self, i: int, j: int) -> None:
        low, high = sorted((self.root(i), self.root(j)))
        if low != high:
            self._parent[high] = low
            self._members[low] |= self._members.pop(high)


def _by_port_only(found: Iterable[SameHead]) -> bool:
    """Nothing but a MAC: the weakest of proofs, for a router may answer ARP for all."""
    return {p.proof for p in found if p.proven} == {"mac"}


def _imitable(found: Iterable[SameHead]) -> bool:
    """Nothing but what the user's word outweighs."""
    return {p.proof for p in found if p.proven} <= IMITABLE


def _apart(one: set[int], other: set[int], cut: Sequence[Draft], declared: Declared) -> bool:
    """To join the groups would make one server of two that are declared to be two."""
    if not declared.apart:
        return False
    here, there = ({cut[i].address for i in group if cut[i].home} for group in (one, other))
    return any(declared.says(a, b) is False for a in here for b in there)


def _outcomes(
    cut: Sequence[Draft], shown: Iterable[tuple[int, int, list[SameHead]]], evidence: Evidence
) -> Iterator[Outcome]:
    """What became of each declaration, by what the capture itself shows of the addresses where they are at home."""
    told: dict[tuple[str, str], set[str]] = defaultdict(set)
    for i, j, found in shown:
        if cut[i].home and cut[j].home:
            low, high = sorted((cut[i].address, cut[j].address))
            told[low, high] |= {p.proof for p in found if p.proven}
    homes: dict[str, list[Draft]] = defaultdict(list)
    for draft in cut:
        if draft.home:
            homes[draft.address].append(draft)
    for a, b, one in evidence.declared.pairs():
        yield Outcome(
            address_a=a, address_b=b, one=one, outcome=_outcome(one, told[a, b], homes[a], homes[b], evidence)
        )


def _outcome(one: bool, told: set[str], here: list[Draft], there: list[Draft], evidence: Evidence) -> str:
    if not here or not there:
        return "not-seen"
    differ = any(
        contradicted(a, b, evidence.seen) for a in here for b in there if a.first <= b.last and b.first <= a.last
    )
    if one:
        return (
            "agrees"
            if told - {"declared"}
            else "used"
            if "declared" in told
            else "contradicted"
            if differ
            else "unused"
        )
    return "contradicted" if told - IMITABLE else "agrees" if differ else "used"


def _routed(shown: Iterable[tuple[int, int, list[SameHead]]], cut: Sequence[Draft]) -> set[int]:
    """The stays whose MAC is no head's: a stay that shares it goes on while the instance at another address changes
    behind it, so that there are two behind it. Also a MAC that proves nothing of itself shows that."""
    groups = _Groups(len(cut))
    for i, j, found in shown:
        if any(p.proof == "mac" for p in found):
            groups.join(i, j)
    neighbours = (n for n in range(len(cut) - 1) if cut[n].address == cut[n + 1].address)
    return {i for n in neighbours if groups.root(n) == groups.root(n + 1) for i in groups.of(n)}


def _follow(one: set[int], other: set[int], cut: Sequence[Draft]) -> bool:
    """A stay in the one and the next of the same address in the other: the instance changed between them, so that a MAC
    which all of it shares is no head's. Stays of an address have neighbouring numbers."""
    small, large = sorted((one, other), key=len)
    return one is not other and any(
        near in large and cut[near].address == cut[i].address for i in small for near in (i - 1, i + 1)
    )
