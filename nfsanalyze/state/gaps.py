"""How leases end, and where they fell silent for longer than their lease time."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from dissect.nfs4.const import Status
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.errors import StateError
from nfsanalyze.facts.identity import Confirm
from nfsanalyze.state.census import Census, Moment
from nfsanalyze.state.hosts import Client
from nfsanalyze.state.ids import Ids
from nfsanalyze.state.leases import Lease
from nfsanalyze.state.takeovers import Change

_STALE = {int(Status.STALE_CLIENTID), int(Status.STALE_STATEID)}
_SESSION = {int(Status.BADSESSION), int(Status.DEADSESSION)}
_REVOKED = {int(Status.ADMIN_REVOKED), int(Status.DELEG_REVOKED)}
_NAMES = {
    **dict.fromkeys(_STALE, "stale"),
    **dict.fromkeys(_SESSION, "badsession"),
    **dict.fromkeys(_REVOKED, "revoked"),
    int(Status.EXPIRED): "expired",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTime:
    """The lease time that applies; `source`: getattr, option, assumed."""

    seconds: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseGap:
    """One silence; `next` None where the capture ends in it. `excused`: what else explains it."""

    lease: Lease
    address: str
    last: Moment
    next: Moment | None
    ends: int
    lease_time: LeaseTime
    excused: str | None
    after: str
    after_at: Moment | None

    @property
    def seconds(self) -> float:
        """Length of the silence."""
        return (self.ends - self.last.time) / 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A refusal that concerns one lease; `asked`: when the refused request was sent."""

    asked: Moment
    told: Moment
    address: str
    what: str


def refusals(
    leases: Sequence[Lease], errors: Iterable[StateError], ids: Ids, client_of: dict[int, int]
) -> dict[int, list[Refusal]]:
    """By lease: the refusals of its clientid, sessions and stateids, in order."""
    by_key: dict[tuple[int, bytes], list[Lease]] = defaultdict(list)
    for lease in leases:
        by_key[lease.client, lease.clientid].append(lease)
    out: dict[int, list[Refusal]] = defaultdict(list)
    for e in errors:
        what = _NAMES.get(e.status or 0) if e.status is not None else "revoked"
        client = client_of.get(e.link.conn)
        key = e.key or e.session
        clientid = ids.clientid(key, e.link.server_address) if key else None
        if what is None or client is None or clientid is None:
            continue
        told = Moment(time=e.time, frame=e.frame)
        asked = Moment(time=e.call_time or e.time, frame=e.call_frame or e.frame)
        candidates = [lease for lease in by_key.get((client, clientid), ()) if lease.first.time <= e.time]
        if candidates:
            lease = max(candidates, key=lambda entry: entry.first.time)
            out[lease.lease].append(Refusal(asked=asked, told=told, address=e.link.server_address, what=what))
    return out


def settle(
    leases: Sequence[Lease],
    refused: dict[int, list[Refusal]],
    confirms: Sequence[Confirm],
    clients: Sequence[Client],
    changes: Sequence[Change],
    times: dict[int, LeaseTime],
    end: int,
) -> None:
    """Fill in how each lease ended; `end` is the last moment of the capture."""
    destroyed = {
        c.clientid: Moment(time=c.reply_time or c.time, frame=c.reply_frame or c.frame)
        for c in confirms
        if c.op == "DESTROY_CLIENTID" and c.status == 0
    }
    successors = {c.replaces: c for c in clients if c.replaces is not None}
    kin: dict[tuple[object, ...], list[Lease]] = defaultdict(list)
    for lease in leases:
        if lease.confirmed is not None:
            kin[lease.client, lease.minor, lease.owner].append(lease)
    for same in kin.values():
        same.sort(key=_confirmed)
    for lease in leases:
        last = lease.last_renewal or lease.confirmed or lease.first
        after = [r for r in refused.get(lease.lease, ()) if r.told.time >= last.time and r.what != "badsession"]
        if after:
            change = change_near(changes, after[0].address, after[0].told.time)
            kinds = {"takeover": "moved", "failback": "moved", "restart": "restarted"}
            named = kinds.get(change.kind, after[0].what) if change and after[0].what == "stale" else after[0].what
            lease.end, lease.end_at = named if named in ("moved", "restarted", "stale") else "expired", after[0].told
        elif lease.clientid in destroyed and destroyed[lease.clientid].time >= last.time:
            lease.end, lease.end_at = "destroyed", destroyed[lease.clientid]
        elif replaced := _replaced(lease, last, kin[lease.client, lease.minor, lease.owner]):
            lease.end, lease.end_at = "replaced", replaced
        elif lease.client in successors and successors[lease.client].replaces_frame is not None:
            successor = successors[lease.client]
            lease.end, lease.end_at = (
                "client-restarted",
                Moment(time=last.time, frame=successor.replaces_frame or last.frame),
            )
        elif end - last.time > 2 * times[lease.lease].seconds * 1e9:
            lease.end, lease.end_at = "silent", last


def _confirmed(lease: Lease) -> tuple[int, int]:
    return (lease.confirmed.time, lease.confirmed.frame) if lease.confirmed else (0, 0)


def _replaced(lease: Lease, last: Moment, kin: Sequence[Lease]) -> Moment | None:
    """When another lease of its owner was confirmed at its head after its last use; `kin` are those that were ever
    confirmed, by when."""
    for at in range(bisect_left(kin, (last.time, 0), key=_confirmed), len(kin)):
        other = kin[at]
        if other is not lease and (other.head == lease.head or other.addresses & lease.addresses):
            return other.confirmed
    return None


def change_near(changes: Sequence[Change], address: str, time: int) -> Change | None:
    """The change of an address to which a moment belongs: moves before restarts, certain ones before undetermined
    ones."""
    rank = {"takeover": 0, "failback": 0, "restart": 1, "undetermined": 2}
    near = [
        c
        for c in changes
        if c.address == address
        and (c.outage_from.time if c.outage_from else c.episode.time - 1) - 1 <= time <= c.episode.until
    ]
    return min(near, key=lambda c: (rank[c.kind], abs(c.episode.time - time)), default=None)


def lease_gaps(
    leases: Sequence[Lease],
    refused: dict[int, list[Refusal]],
    times: dict[int, LeaseTime],
    changes: Sequence[Change],
    census: Census,
    end: int,
) -> list[LeaseGap]:
    """All silences longer than the lease time: between accepted renewals, and from the last one to the first
    refusal."""
    out = []
    for lease in leases:
        lease_time = times[lease.lease]
        limit = int(lease_time.seconds * 1e9)
        told = refused.get(lease.lease, ())
        last = lease.last_renewal or lease.confirmed
        if last is None:
            continue
        for before, following in _silences(lease, limit):
            out.append(_gap(lease, lease_time, before, following, told, changes, census, end))
        tail = [r for r in told if r.asked.time > last.time]
        until = tail[0].asked.time if tail else end
        if until - last.time > limit and (tail or lease.end in ("open", "silent")):
            out.append(_gap(lease, lease_time, last, None, tail, changes, census, end))
    # a refusal within the lease time ends the silence, whatever was accepted elsewhere later
    lapsed = [g for g in out if g.seconds > g.lease_time.seconds]
    return sorted(lapsed, key=lambda g: (g.last.frame, g.lease.lease))


def _silences(lease: Lease, limit: int) -> Iterator[tuple[Moment, Moment]]:
    """Where a lease was not renewed for longer than the limit, from its confirmation on: the moments before and
    after."""
    beats, frames, start = lease.times, lease.frames, lease.confirmed
    if start is not None and len(beats) and int(beats[0]) - start.time > limit:
        yield start, Moment(time=int(beats[0]), frame=int(frames[0]))
    for at in np.flatnonzero(beats[1:] - beats[:-1] > limit).tolist():
        before, after = (Moment(time=int(beats[n]), frame=int(frames[n])) for n in (at, at + 1))
        yield before, after


def _gap(
    lease: Lease,
    lease_time: LeaseTime,
    last: Moment,
    following: Moment | None,
    refused: Sequence[Refusal],
    changes: Sequence[Change],
    census: Census,
    end: int,
) -> LeaseGap:
    inside = [r for r in refused if r.asked.time > last.time and (following is None or r.told.time <= following.time)]
    soon = following.time + int(lease_time.seconds * 1e9) if following else end
    revoked = [
        r for r in refused if following is not None and r.what == "revoked" and following.time <= r.told.time <= soon
    ]
    told = next(iter(inside or revoked), None)
    nxt = told.asked if told and told in inside else following
    until = nxt.time if nxt else end
    addresses = {r.address for r in ([told] if told else [])} or lease.addresses
    address = told.address if told else sorted(lease.addresses)[0]
    excused = None
    later = max(until, told.told.time if told else until)
    kinds = {c.kind for c in changes if c.address in addresses and _explains(c, last.time, later, told)}
    if kinds:
        excused = "moved" if kinds & {"takeover", "failback"} else "restarted" if "restart" in kinds else "changed"
    elif all(
        census.silent(a, last.time, until)
        or until - last.time - census.unanswered(a, last.time, until) <= lease_time.seconds * 1e9
        for a in addresses
    ):
        excused = "unanswered"
    silence = "continued" if following else "end"
    return LeaseGap(
        lease=lease,
        address=address,
        last=last,
        next=nxt,
        ends=until,
        lease_time=lease_time,
        excused=excused,
        after=told.what if told is not None else silence,
        after_at=told.told if told else following,
    )


def _explains(change: Change, since: int, until: int, told: Refusal | None) -> bool:
    """Whether a move or restart may lie in a window: its first sign does; or, where the client was told of ids that are
    known no longer, the instance changed (if only it is not known how) at a time that is known to be after its last
    sighting and before the first one of its successor."""
    if change.kind != "undetermined" and since <= change.episode.time <= until:
        return True
    instance = change.episode.instance
    if instance is None or told is None or told.what not in ("stale", "badsession"):
        return False
    return instance.before.time <= until and since <= instance.after.time
