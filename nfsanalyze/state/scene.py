"""The scene of an episode: all that the signs of one possible change of an address are read from."""

from __future__ import annotations

from collections.abc import Sequence

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.identity import ClientOwner
from nfsanalyze.state.census import Census, Moment
from nfsanalyze.state.declared import NOTHING, Declared
from nfsanalyze.state.episodes import Episode
from nfsanalyze.state.macs import Macs
from nfsanalyze.state.sightings import Seen

CLOCK_MARGIN_NS = 5_000_000_000
"""How far a boot time may lie outside the outage it explains, the server's clock being known."""

UNKNOWN_CLOCK_MARGIN_NS = 300_000_000_000
"""The same where the server's clock is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """An earlier takeover or failback of the address, and the head that it left."""

    kind: str
    instance: bytes | None
    mac: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that an episode is judged by. `since`: when the instance before was last shown (`shown`; else the last good
    answer); `until`: end of the window; `before`, `after`: instance halves; MACs the address spoke with."""

    episode: Episode
    seen: Seen
    macs: Macs
    census: Census
    last_good: Moment | None
    shown: bool
    since: int
    until: int
    before: bytes | None
    after: bytes | None
    unchanged: bool
    "the same instance is known to have answered before and after"
    mac_before: bytes | None
    mac_after: bytes | None
    earlier: tuple[Earlier, ...]
    others: tuple[str, ...]
    "the server addresses it is compared with: those of its clients, of its instances, of its MACs"
    identities: dict[str, tuple[bytes | None, bytes | None]]
    "so_major_id and eir_server_scope last told by every other address before the episode"
    identity: tuple[bytes | None, bytes | None] | None
    "the same of this address, where it told them before and after, unchanged"
    declared: Declared

    @property
    def address(self) -> str:
        """The address in question."""
        return self.episode.address

    def booted(self) -> int | None:
        """When the instance that answers now began, ns on the capture's clock; None where its id does not tell."""
        change = self.episode.instance
        return self.seen.layouts.instance_time(self.address, change.after.clientid) if change else None

    def booted_meanwhile(self) -> bool:
        """The new instance began inside the outage: the same head, started anew."""
        booted, change = self.booted(), self.episode.instance
        if booted is None or change is None:
            return False
        margin = CLOCK_MARGIN_NS if self.address in self.seen.layouts.clock_skew_s else UNKNOWN_CLOCK_MARGIN_NS
        return self.since - margin <= booted <= change.after.time + margin

    def home(self) -> tuple[bytes | None, bytes | None] | None:
        """Instance and MAC of the head that the address was taken from earlier, if it was."""
        moved = self.earlier
        return (moved[0].instance, moved[0].mac) if moved and moved[-1].kind == "takeover" else None

    def same_head_before(self, other: str) -> bool:
        """Whether the other address may have been served by the same head; only known instances that differ exclude
        it, or the user."""
        if (said := self.declared.says(self.address, other)) is not None:
            return said
        there = [
            s for s in self.seen.by_address.get(other, ()) if s.time <= self.since and self.seen.instance(s) is not None
        ]
        return self.before is None or not there or self.seen.instance(there[-1]) == self.before

    def came_back(self) -> bool:
        """The address returns from the head that took it to the one it was taken from."""
        home = self.home()
        if home is None:
            return False
        instance, mac = home
        if instance is not None and instance == self.after:
            return True
        if mac is not None and self.mac_after is not None and self.mac_before != self.mac_after:
            return mac == self.mac_after
        return True


def scene_of(
    episode: Episode,
    seen: Seen,
    macs: Macs,
    census: Census,
    owners: Sequence[ClientOwner],
    earlier: Sequence[Earlier],
    until: int,
    declared: Declared = NOTHING,
) -> Scene:
    """The scene of an episode; `until`: when the next one of the address begins, else the end of its window."""
    begins = episode.instance.after.time if episode.instance is not None else episode.time
    last_good = census.last_good(episode.address, min(begins, episode.time))
    shown = _last_shown(episode, seen, min(begins, episode.time))
    since = shown if shown is not None else last_good.time if last_good else episode.time
    change = episode.instance
    before = seen.instance(change.before) if change else None
    after = seen.instance(change.after) if change else None
    unchanged = False
    if change is None:  # unchanged, as far as anything shows
        known = [
            s for s in seen.by_address.get(episode.address, ()) if seen.instance(s) is not None and s.how != "refused"
        ]
        earlier_known = [s for s in known if s.time <= episode.time]
        later_known = [s for s in known if s.time > episode.time]
        before = seen.instance(earlier_known[-1]) if earlier_known else None
        after = seen.instance(later_known[0]) if later_known else None
        # two heads that began in one second have equal halves: their counters tell them apart
        unchanged = bool(earlier_known and later_known) and seen.layouts.same_instance(
            episode.address, earlier_known[-1].clientid, episode.address, later_known[0].clientid
        )
    mac_before = macs.at(episode.address, since)
    mac_after = macs.at(episode.address, max(episode.time, begins) + 1)
    return Scene(
        episode=episode,
        seen=seen,
        macs=macs,
        census=census,
        last_good=last_good,
        shown=shown is not None,
        since=since,
        until=max(until, episode.time),
        before=before,
        after=after,
        unchanged=unchanged,
        mac_before=mac_before,
        mac_after=mac_after,
        others=_others(episode.address, seen, macs, census, (before, after), (mac_before, mac_after)),
        earlier=tuple(earlier),
        identities={
            o.link.server_address: (o.so_major_id, o.eir_server_scope)
            for o in owners
            if o.so_major_id is not None and o.link.server_address != episode.address and o.time <= since
        },
        identity=_kept_identity(owners, episode, since),
        declared=declared,
    )


def _last_shown(episode: Episode, seen: Seen, until: int) -> int | None:
    """When the old instance last accepted or gave out an id. A later answer to anything else (LOOKUP, GETATTR) may be
    of the new one already: a server serves them in grace, and before the client's lease is refused."""
    old = seen.instance(episode.instance.before) if episode.instance else None
    there = [s for s in seen.by_address.get(episode.address, ()) if s.how != "refused" and s.time <= until]
    return max((s.time for s in there if old is None or seen.instance(s) == old), default=None)


def _kept_identity(
    owners: Sequence[ClientOwner], episode: Episode, since: int
) -> tuple[bytes | None, bytes | None] | None:
    told = [
        ((o.so_major_id, o.eir_server_scope), o.time > since)
        for o in owners
        if o.so_major_id is not None and o.link.server_address == episode.address
    ]
    before, after = {i for i, later in told if not later}, {i for i, later in told if later}
    return next(iter(before)) if len(before) == 1 and before == after else None


def _others(
    address: str,
    seen: Seen,
    macs: Macs,
    census: Census,
    instances: tuple[bytes | None, bytes | None],
    both_macs: tuple[bytes | None, bytes | None],
) -> tuple[str, ...]:
    """The addresses that can tell anything about a change of this one: of thousands, few can."""
    found: set[str] = set()
    for link in census.links.get(address, ()):
        found |= census.servers.get(link.client_address, set())
    for instance in instances:
        found |= seen.addresses.get(instance or b"", frozenset())
    for mac in both_macs:
        found |= macs.addresses.get(mac or b"", frozenset())
    return tuple(sorted(a for a in found if a != address and a in census.links))
