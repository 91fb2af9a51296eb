"""Episodes: the moments at which the server instance behind an address may have changed, before they are judged.

A candidate is anything that differs before and after: the instance half, the server's identity, the MAC, a write
verifier,
a clientid that is alive elsewhere, or plain refusals of state that was good. Candidates that lie together are one
episode.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.identity import ClientOwner
from nfsanalyze.state.census import Census
from nfsanalyze.state.macs import Macs
from nfsanalyze.state.sightings import Seen, Sighting

WINDOW_NS = 120_000_000_000
"""Signs of one change lie within this time of each other (W_sig)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A clientid answered at `address` that this client already holds, alive, at `other_address` (S11)."""

    owner: ClientOwner
    client: int
    address: str
    other_address: str
    live: Sighting
    "its last accepted use there before the answer"
    before: Sighting | None
    "what the client last held at `address`: without it this is a first contact, no move"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityChange:
    """so_major_id or eir_server_scope at an address, before and after."""

    before: ClientOwner
    after: ClientOwner


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceChange:
    """Two neighbouring sightings of different instances at one address."""

    before: Sighting
    after: Sighting


Sign = Foreign | IdentityChange | InstanceChange | Sighting
"""A lone Sighting here is a refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """All signs of one possible change at an address. `time` and `frame`: the first sign; `until`: where its window
    ends."""

    address: str
    time: int
    frame: int
    until: int
    instance: InstanceChange | None
    foreign: tuple[Foreign, ...]
    identity: IdentityChange | None
    refusals: tuple[Sighting, ...]
    mac_changed: bool


def foreigns(seen: Seen, owners: Sequence[ClientOwner], client_of: dict[int, int]) -> list[Foreign]:
    """Answers with a clientid that is live at another address for the same client."""
    at_address: dict[tuple[int | None, str], list[Sighting]] = defaultdict(list)
    of_id: dict[tuple[int | None, bytes], list[Sighting]] = defaultdict(list)
    for there in seen.by_address.values():
        for s in there:
            at_address[s.client, s.address].append(s)
            of_id[s.client, s.clientid].append(s)
    found = []
    for o in owners:
        client = client_of.get(o.link.conn)
        if o.status != 0 or o.clientid is None or client is None or o.reply_time is None:
            continue
        address = o.link.server_address
        same = [s for s in of_id[client, o.clientid] if s.time < o.reply_time]
        if any(s.address == address and (s.how == "refused" or s.time < o.time) for s in same):
            continue
        live = [s for s in same if s.address != address and s.how == "accepted"]
        if live:
            last = max(live, key=lambda s: (s.time, s.frame))
            earlier = reversed(at_address[client, address])
            before = (s for s in earlier if s.time < (o.reply_time if s.how == "refused" else o.time))
            found.append(
                Foreign(
                    owner=o,
                    client=client,
                    address=address,
                    other_address=last.address,
                    live=last,
                    before=next(before, None),
                )
            )
    return found


def _instance_changes(seen: Seen, address: str) -> list[InstanceChange]:
    known = [s for s in seen.by_address.get(address, ()) if seen.instance(s) is not None]
    changes = []
    last: Sighting | None = None
    refused: Sighting | None = None
    for s in known:
        if s.how == "refused":
            refused = s
            continue
        before = last or refused
        if before is not None and seen.instance(before) != seen.instance(s):
            changes.append(InstanceChange(before=before, after=s))
        last = s
    return changes


def flapping(seen: Seen, address: str) -> bool:
    """The address answers for several instances in turn: a load balancer in front of heads, no moves."""
    order = [seen.instance(c.after) for c in _instance_changes(seen, address)]
    return len(order) >= 4 and len(set(order)) <= len(order) // 2


def _identity_changes(owners: Sequence[ClientOwner], address: str) -> list[IdentityChange]:
    told = [o for o in owners if o.link.server_address == address and o.so_major_id is not None]
    return [
        IdentityChange(before=a, after=b)
        for a, b in pairwise(told)
        if (a.so_major_id, a.eir_server_scope) != (b.so_major_id, b.eir_server_scope)
    ]


def episodes(
    seen: Seen,
    owners: Sequence[ClientOwner],
    found_foreign: Sequence[Foreign],
    macs: Macs,
    census: Census,
    addresses: Iterable[str],
) -> list[Episode]:
    """All episodes by time. Two changes of the instance are two episodes, however close; other signs join the
    nearest, and signs between which the address answered nothing are of one change."""
    out = []
    for address in sorted(addresses):
        if flapping(seen, address):
            continue
        signs: list[tuple[int, int, Sign | None]] = []
        for change in _instance_changes(seen, address):
            signs.append((change.after.time, change.after.frame, change))
        for foreign in found_foreign:
            if foreign.address == address and foreign.before is not None and foreign.owner.reply_time is not None:
                signs.append((foreign.owner.reply_time, foreign.owner.reply_frame or 0, foreign))
        for told in _identity_changes(owners, address):
            signs.append((told.after.reply_time or told.after.time, told.after.reply_frame or told.after.frame, told))
        for s in seen.by_address.get(address, ()):
            if s.how == "refused":
                signs.append((s.time, s.frame, s))
        for mac in macs.changes(address):
            signs.append((mac.time, mac.frame, None))
        out.extend(_clusters(address, sorted(signs, key=lambda s: s[:2]), census))
    return sorted(out, key=lambda e: (e.time, e.frame, e.address))


def _clusters(address: str, signs: list[tuple[int, int, Sign | None]], census: Census) -> list[Episode]:
    groups: list[list[tuple[int, int, Sign | None]]] = []
    settled: tuple[int, int, Sign | None] | None = None
    for sign in signs:
        current = groups[-1] if groups else None
        if current is None or (
            sign[0] - current[-1][0] > WINDOW_NS
            and census.first_good(address, current[-1][0] + 1, sign[0] - 1) is not None
        ):
            groups.append([sign])
            settled = None
        elif settled and (isinstance(sign[2], InstanceChange) or _refuses_after(sign[2], settled)):
            groups.append([sign])  # the first change is over: this begins another
            settled = None
        else:
            current.append(sign)
        if isinstance(sign[2], InstanceChange):
            settled = sign
    out = []
    for group in groups:
        instance = next((s[2] for s in group if isinstance(s[2], InstanceChange)), None)
        out.append(
            Episode(
                address=address,
                time=group[0][0],
                frame=group[0][1],
                until=group[-1][0] + WINDOW_NS,
                instance=instance,
                foreign=tuple(s[2] for s in group if isinstance(s[2], Foreign)),
                identity=next((s[2] for s in group if isinstance(s[2], IdentityChange)), None),
                refusals=tuple(s[2] for s in group if isinstance(s[2], Sighting)),
                mac_changed=any(s[2] is None for s in group),
            )
        )
    return out


def _refuses_after(sign: Sign | None, settled: tuple[int, int, Sign | None]) -> bool:
    """A refusal of an id that the new instance itself gave out begins a new episode; one of the old id is an echo."""
    change = settled[2]
    return isinstance(sign, Sighting) and isinstance(change, InstanceChange) and sign.clientid == change.after.clientid
