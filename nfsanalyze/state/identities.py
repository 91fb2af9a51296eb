"""What servers say they are: runs of one server owner and scope at an address, and identities that two instances share.

RFC 8881 section 2.10.5: equal so_major_id and eir_server_scope are the claim that two addresses are one server;
section 2.10.4: within one scope ids mean the same. A claim is no proof, and two instances can be told apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations, product

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.identity import ClientOwner
from nfsanalyze.state.census import Moment
from nfsanalyze.state.heads import Heads, Stay
from nfsanalyze.state.proofs import Verifiers
from nfsanalyze.state.sightings import Seen

Identity = tuple[bytes, bytes]
"""so_major_id and eir_server_scope."""

Span = tuple[int, int, int, int]
"""Time and frame at which something was seen first, and last."""


@dataclass(slots=True, kw_only=True)
class Run:
    """Neighbouring EXCHANGE_ID replies of one address that name one identity; `before`: the run it followed there;
    `major_anew`, `scope_anew`: it told a client another one than that client was told before. Where it did not, a load
    balancer may send each client to a server of its own."""

    address: str
    major: bytes
    minor: int
    scope: bytes
    first: Moment
    last: Moment
    answers: int
    before: Run | None
    major_anew: bool = False
    scope_anew: bool = False

    @property
    def identity(self) -> Identity:
        """What is compared between addresses."""
        return self.major, self.scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """One identity, two instances. `values`: what differs, at the lower and at the higher address."""

    addresses: tuple[str, str]
    identity: Identity
    proof: str
    values: tuple[bytes, bytes]
    first: int
    last: int
    frames: tuple[int, ...]


def identities(owners: Iterable[ClientOwner]) -> list[Run]:
    """All runs, by their first reply."""
    current: dict[str, Run] = {}
    told: dict[tuple[str, str, int, bytes], Run] = {}
    out: list[Run] = []
    for o in sorted(owners, key=lambda o: (o.reply_frame or 0, o.frame)):
        if o.so_major_id is None or o.reply_frame is None or o.reply_time is None:
            continue
        address, scope = o.link.server_address, o.eir_server_scope or b""
        at, run = Moment(time=o.reply_time, frame=o.reply_frame), current.get(address)
        if run is not None and (run.major, run.minor, run.scope) == (o.so_major_id, o.so_minor_id or 0, scope):
            run.last, run.answers = at, run.answers + 1
            _tell(run, o, told)
            continue
        current[address] = Run(
            address=address,
            major=o.so_major_id,
            minor=o.so_minor_id or 0,
            scope=scope,
            first=at,
            last=at,
            answers=1,
            before=run,
        )
        out.append(current[address])
        _tell(current[address], o, told)
    return out


def _tell(run: Run, o: ClientOwner, told: dict[tuple[str, str, int, bytes], Run]) -> None:
    """What this client was told there before, beside what it is told now."""
    if not o.complete:
        return
    client = run.address, o.link.client_address, o.minor, o.owner
    before = told.get(client, run)
    run.major_anew |= before.major != run.major
    run.scope_anew |= before.scope != run.scope
    told[client] = run


def clashes(runs: Sequence[Run], found: Heads, seen: Seen, verifiers: Verifiers) -> list[Clash]:
    """Pairs of addresses under one identity that two instances spoke for at one time.

    Two values prove two instances only where each was seen before the other was seen last: a restart shows both too,
    one after the other. Where a server accepted at one address what it had given out at the other, they are one.
    """
    named: dict[Identity, dict[str, Run]] = defaultdict(dict)
    for run in runs:
        named[run.identity].setdefault(run.address, run)
    out: list[Clash] = []
    uses = _uses(seen)
    of_address: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        of_address[run.address].append(run)
    for identity, there in named.items():
        stays_of = {address: list(_stays(found, address, identity, of_address[address])) for address in there}
        for pair in combinations(sorted(there), 2):
            stays = [stays_of[address] for address in pair]
            frames = there[pair[0]].first.frame, there[pair[1]].first.frame
            told = [
                *_instances(identity, pair, frames, stays, uses),
                *_writes(identity, pair, frames, stays, verifiers),
            ]
            out += [c for c in told if not _one_after_all(c, found)][:1]
    return sorted(out, key=lambda c: (c.first, c.addresses))


def _one_after_all(clash: Clash, found: Heads) -> bool:
    """The two are proven to be one in that time: then what differs belongs to no instance."""
    return any(
        s.proven and (s.address_a, s.address_b) == clash.addresses and s.first <= clash.last and clash.first <= s.last
        for s in found.same
    )


def _stays(found: Heads, address: str, identity: Identity, runs: Sequence[Run]) -> Iterator[Stay]:
    """Stays of an address in which it named this identity and no other, and no two instances took turns; `runs` are
    those of the address."""
    for stay in found.by_address.get(address, ()):
        if not stay.mixed:
            told = {r.identity for r in runs if r.first.time < stay.last and r.last.time >= stay.first}
            if told == {identity}:
                yield stay


def _instances(
    identity: Identity,
    pair: tuple[str, str],
    frames: tuple[int, int],
    stays: Sequence[Sequence[Stay]],
    uses: Callable[[Stay], Span | None],
) -> Iterator[Clash]:
    for one, other in product(*stays):
        if one.instance is None or other.instance is None or one.head == other.head or one.instance == other.instance:
            continue
        here, there = uses(one), uses(other)
        if here is not None and there is not None:
            yield from _apart(identity, pair, frames, "instance", (one.instance, other.instance), here, there)


def _uses(seen: Seen) -> Callable[[Stay], Span | None]:
    """From when to when the instance of a stay gave out or accepted ids there; looked up once for each stay."""
    known: dict[tuple[str, int, int], Span | None] = {}

    def span(stay: Stay) -> Span | None:
        key = stay.address, stay.first, stay.last
        if key not in known:
            shown = [
                s
                for s in seen.by_address.get(stay.address, ())
                if s.how != "refused" and stay.first <= s.time <= stay.last and seen.instance(s) == stay.instance
            ]
            known[key] = (shown[0].time, shown[0].frame, shown[-1].time, shown[-1].frame) if shown else None
        return known[key]

    return span


def _writes(
    identity: Identity,
    pair: tuple[str, str],
    frames: tuple[int, int],
    stays: Sequence[Sequence[Stay]],
    verifiers: Verifiers,
) -> Iterator[Clash]:
    if verifiers.get(pair[0], {}).keys() & verifiers.get(pair[1], {}).keys():
        return
    for one, other in product(*stays):
        here, there = _verifiers(one, verifiers), _verifiers(other, verifiers)
        for mine, theirs in product(sorted(here), sorted(there)):
            yield from _apart(identity, pair, frames, "write-verifier", (mine, theirs), here[mine], there[theirs])


def _verifiers(stay: Stay, verifiers: Verifiers) -> dict[bytes, Span]:
    """Each write verifier of a stay, from where to where it was seen."""
    out = {}
    for verifier, moments in verifiers.get(stay.address, {}).items():
        inside = sorted((m.time, m.frame) for m in moments if stay.first <= m.time <= stay.last)
        if inside and any(verifier):
            out[verifier] = (*inside[0], *inside[-1])
    return out


def _apart(
    identity: Identity,
    pair: tuple[str, str],
    frames: tuple[int, int],
    proof: str,
    values: tuple[bytes, bytes],
    one: Span,
    other: Span,
) -> Iterator[Clash]:
    """A clash, if each value was seen before the other was seen last."""
    first, last = max(one[0], other[0]), min(one[2], other[2])
    if first < last:
        shown = one[1], one[3], other[1], other[3]
        yield Clash(
            addresses=pair,
            identity=identity,
            proof=proof,
            values=values,
            first=first,
            last=last,
            frames=tuple(sorted({*frames, *shown})),
        )
