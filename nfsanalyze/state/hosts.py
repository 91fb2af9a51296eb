"""Client instances: which owners, addresses and connections belong to one running client.

One instance = one host between two of its boots. Joined by what can only be shared inside one: boot verifier and
source address, boot verifier and owner (a multihomed client), an owner that differs in the server's address alone,
a machinename. A new verifier with the same owner is a new instance, unless the implementation makes verifiers per
server, mount or request.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.identity import ClientOwner
from nfsanalyze.facts.printable import printable
from nfsanalyze.facts.roles import Link

PURGE_VERIFIER = b"\xff" * 8
"""Linux discards its state with this verifier; it is the same client (nfs4_proc_exchange_id, NFS4CLNT_PURGE_STATE)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One client instance; `host` groups the instances of one host. `verifier` None where it is bound to something
    else."""

    client: int
    host: int
    addresses: tuple[str, ...]
    hostnames: tuple[str, ...]
    verifier: bytes | None
    implementation: str
    uniform: bool | None
    per_mount: bool
    same_because: str
    replaces: int | None
    replaces_frame: int | None
    first_frame: int
    last_frame: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """All instances, and how requests and connections map to them."""

    clients: tuple[Client, ...]
    of_owner: dict[int, int]
    "frame of a SETCLIENTID or EXCHANGE_ID -> client"
    of_conn: dict[int, int]
    "connection -> client"


class _Groups:
    """Union-find over indexes, with the reason of each join."""

    def __init__(self, size: int) -> None:
        self.parent = list(range(size))
        self.reasons: dict[int, set[str]] = defaultdict(set)

    def root(self, i: int) -> int:
        while self.parent[i] != i:
            self.parent[i] = self.parent[self.parent[i]]
            i = self.parent[i]
        return i

    def join(self, i: int, j: int, reason: str) -> None:
        a, b = sorted((self.root(i), self.root(j)))
        self.reasons[a] |= {reason} | self.reasons.pop(b, set())
        self.parent[b] = a


def clients(owners: Sequence[ClientOwner], links: dict[int, Link]) -> Clients:
    """Group identity requests into instances, then give every connection its client (numbered by first frame)."""
    groups = _Groups(len(owners))
    _join_by_key(groups, owners)
    _join_address_bound(groups, owners)
    members: dict[int, list[int]] = defaultdict(list)
    for i in range(len(owners)):
        members[groups.root(i)].append(i)
    drafts = [_draft([owners[i] for i in indexes], groups.reasons[root]) for root, indexes in members.items()]
    conns = _connections(drafts, links)
    for (address, name), numbers in conns.anonymous.items():
        drafts.append(
            _Draft(
                owners=[],
                addresses={address},
                names={name} if name else set(),
                conns=set(numbers),
                reason="source address",
            )
        )
    for number, draft in conns.of_conn.items():
        draft.conns.add(number)
    drafts.sort(key=lambda d: d.first_frame(links))
    return _numbered(drafts, links)


def _join_by_key(groups: _Groups, owners: Sequence[ClientOwner]) -> None:
    first: dict[tuple[object, ...], int] = {}
    last_of_owner: dict[tuple[object, ...], int] = {}
    for i, o in enumerate(owners):
        source = o.link.client_address
        keys: list[tuple[str, tuple[object, ...]]] = []
        if o.verifier != PURGE_VERIFIER:
            keys.append(("same boot verifier and source address", (source, o.verifier)))
            keys.append(("same boot verifier and owner", (o.minor, o.identity, o.verifier)))
        elif (before := last_of_owner.get((source, o.minor, o.owner))) is not None:
            groups.join(before, i, "same owner, verifier of a purge")
        if o.says.verifier_binds in ("address", "request", "mount") and o.says.identity:
            keys.append(("same host in the owner and source address", (source, o.says.implementation, o.says.identity)))
        elif o.says.verifier_binds == "request":
            keys.append(("same owner and source address", (source, o.minor, o.owner)))
        for reason, key in keys:
            known = first.setdefault((reason, *key), i)
            if known != i:
                groups.join(known, i, reason)
        last_of_owner[source, o.minor, o.owner] = i


def _join_address_bound(groups: _Groups, owners: Sequence[ClientOwner]) -> None:
    """Owners equal but for the server's address, of a format nobody knows: one client even where each address has a
    verifier
    of its own (Solaris makes it so), as long as no address sees that verifier change."""
    lineages: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for i, o in enumerate(owners):
        if o.server_hit is not None and o.says.verifier_binds == "unknown":
            lineages[o.link.client_address, o.minor, o.identity].append(i)
    for indexes in lineages.values():
        per_address: dict[str, set[bytes]] = defaultdict(set)
        for i in indexes:
            per_address[owners[i].link.server_address].add(owners[i].verifier)
        if all(len(verifiers) == 1 for verifiers in per_address.values()):
            for i in indexes[1:]:
                groups.join(indexes[0], i, "owners differ in the server address alone")


@dataclass(slots=True, kw_only=True)
class _Draft:
    owners: list[ClientOwner]
    addresses: set[str]
    names: set[str]
    conns: set[int]
    reason: str

    def first_frame(self, links: dict[int, Link]) -> int:
        return min([o.frame for o in self.owners] + [links[c].first_frame for c in self.conns])

    def last_frame(self, links: dict[int, Link]) -> int:
        return max([o.frame for o in self.owners] + [links[c].last_frame for c in self.conns])


def _draft(owners: list[ClientOwner], reasons: set[str]) -> _Draft:
    names = {printable(o.says.hostname) for o in owners if o.says.hostname}
    names |= {o.link.machinename for o in owners if o.link.machinename}
    return _Draft(
        owners=owners,
        addresses={o.link.client_address for o in owners},
        names=names,
        conns={o.link.conn for o in owners},
        reason="; ".join(sorted(reasons)) or "one request",
    )


@dataclass(slots=True, kw_only=True)
class _Connections:
    of_conn: dict[int, _Draft]
    anonymous: dict[tuple[str, str | None], list[int]]


def _connections(drafts: list[_Draft], links: dict[int, Link]) -> _Connections:
    """Give connections without an identity request their client: the instance of that source address (and machinename)
    that was the latest to show itself by then, else the first to come."""
    taken = {c for d in drafts for c in d.conns}
    by_address: dict[str, list[_Draft]] = defaultdict(list)
    for draft in drafts:
        for address in draft.addresses:
            by_address[address].append(draft)
    begun = {id(d): min(o.frame for o in d.owners) for d in drafts}
    out = _Connections(of_conn={}, anonymous=defaultdict(list))
    for conn, link in links.items():
        if conn in taken:
            continue
        there = by_address.get(link.client_address, [])
        named = [d for d in there if link.machinename is not None and link.machinename in d.names]
        pick = named or (
            [] if link.machinename is not None and any(d.names for d in there) and not link.callback else there
        )
        if not pick:
            out.anonymous[link.client_address, link.machinename].append(conn)
            continue
        started = [d for d in pick if begun[id(d)] <= link.last_frame]
        out.of_conn[conn] = (
            max(started, key=lambda d: begun[id(d)]) if started else min(pick, key=lambda d: begun[id(d)])
        )
    return out


def _numbered(drafts: list[_Draft], links: dict[int, Link]) -> Clients:
    hosts: dict[tuple[object, ...], int] = {}
    by_lineage: dict[tuple[object, ...], _Latest] = {}
    highest = 0
    out = []
    for number, d in enumerate(drafts, 1):
        lineages = {(o.link.client_address, o.minor, o.identity) for o in d.owners}
        keys = {(a, n) for a in d.addresses for n in (d.names or {""})} | {("lineage", *key) for key in lineages}
        host = min((hosts[k] for k in keys if k in hosts), default=highest + 1)
        highest = max(highest, host)
        hosts.update((k, host) for k in keys)
        binds = {o.says.verifier_binds for o in d.owners}
        verifiers = {o.verifier for o in d.owners} - {PURGE_VERIFIER}
        replaces, replaces_frame = _replaces(d, [by_lineage[key] for key in lineages if key in by_lineage])
        for key in lineages:
            last = max(o.frame for o in d.owners)
            by_lineage[key] = (number, max(last, by_lineage.get(key, (0, 0))[1]))
        out.append(
            Client(
                client=number,
                host=host,
                addresses=tuple(sorted(d.addresses)),
                hostnames=tuple(sorted(d.names)),
                verifier=next(iter(verifiers)) if len(verifiers) == 1 else None,
                implementation=_one({o.says.implementation for o in d.owners}),
                uniform=_uniform(d.owners),
                per_mount=any(o.says.per_mount for o in d.owners),
                same_because=d.reason,
                replaces=replaces if binds <= {"boot", "unknown"} else None,
                replaces_frame=replaces_frame if binds <= {"boot", "unknown"} else None,
                first_frame=d.first_frame(links),
                last_frame=d.last_frame(links),
            )
        )
    return Clients(
        clients=tuple(out),
        of_owner={o.frame: n for n, d in enumerate(drafts, 1) for o in d.owners},
        of_conn={c: n for n, d in enumerate(drafts, 1) for c in sorted(d.conns)},
    )


_Latest = tuple[int, int]
"""Of the clients with one source and owner: the number of the last, and the last frame in which one of them told it."""


def _replaces(d: _Draft, earlier: Sequence[_Latest]) -> tuple[int | None, int | None]:
    """The instance this one followed: same source and owner, and silent from then on (two that take turns are two
    hosts)."""
    if not d.owners or not earlier:
        return None, None
    begins = min(o.frame for o in d.owners)
    if any(last >= begins for _, last in earlier):
        return None, None
    return max(number for number, _ in earlier), begins


def _uniform(owners: list[ClientOwner]) -> bool | None:
    """Non-uniform if any owner is; uniform if every owner is by its form, or one string went to several addresses."""
    if any(o.uniform is False for o in owners):
        return False
    if owners and all(o.uniform for o in owners):
        return True
    went: dict[tuple[int, bytes], set[str]] = defaultdict(set)
    for o in owners:
        went[o.minor, o.owner].add(o.link.server_address)
    return True if any(len(addresses) > 1 for addresses in went.values()) else None


def _one(names: set[str]) -> str:
    known = sorted(names - {"unknown"})
    return known[0] if len(known) == 1 else (", ".join(known) or "unknown")
