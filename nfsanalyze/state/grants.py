"""What became of each short form that was granted: what confirmed it, what it followed, how long it was used.

RFC 7530 section 16.33: a clientid is worth nothing before SETCLIENTID_CONFIRM; section 16.34: the confirm may go to any
address that is the same server. RFC 8881 section 18.36: the first CREATE_SESSION confirms.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np

from dissect.nfs4.const import ExchgidFlag
from dissect.nfs4.dataclass import dataclass, replace
from nfsanalyze.facts.identity import ClientOwner, Confirm
from nfsanalyze.state.census import Moment
from nfsanalyze.state.disorder import MOST_NS, Slack
from nfsanalyze.state.gaps import LeaseTime, Refusal
from nfsanalyze.state.heads import Heads
from nfsanalyze.state.hosts import Clients
from nfsanalyze.state.ids import Ids
from nfsanalyze.state.leases import Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One grant. `tried`: the first attempt to confirm it, whatever the answer; `superseded`: the client asked again
    for the same owner at the same address before that. `previous`: the clientid its owner had confirmed there before,
    and why it was given up: moved, destroyed, restarted, refused, lapsed, live (none of these)."""

    owner: ClientOwner
    client: int
    head: int | None
    already_confirmed: bool
    tried: Confirm | None
    confirmed: Confirm | None
    superseded: ClientOwner | None
    previous: bytes | None
    previous_end: str | None
    previous_at: Moment | None
    used: Moment | None
    "its last accepted use over connections that can only be this owner's"

    @property
    def in_force(self) -> Moment | None:
        """When it was confirmed: by the client's answer, or before it was granted (EXCHGID4_FLAG_CONFIRMED_R)."""
        if self.confirmed is not None:
            c = self.confirmed
            return Moment(time=c.reply_time or c.time, frame=c.reply_frame or c.frame)
        if self.already_confirmed:
            return Moment(time=_told(self.owner), frame=self.owner.reply_frame or self.owner.frame)
        return None


def _told(o: ClientOwner) -> int:
    return o.reply_time or o.time


def grants(
    owners: Sequence[ClientOwner],
    confirms: Sequence[Confirm],
    leases: Sequence[Lease],
    refused: Mapping[int, Sequence[Refusal]],
    times: Mapping[int, LeaseTime],
    clients: Clients,
    heads: Heads,
    ids: Ids,
    slack: Slack,
) -> list[Grant]:
    """All clientids granted, in order of the requests."""
    granted = [o for o in owners if o.status == 0 and o.clientid is not None and o.reply_frame is not None]
    answers = _by_grant(confirms)
    asked: dict[tuple[object, ...], list[ClientOwner]] = defaultdict(list)
    for o in owners:
        asked[o.minor, o.owner, o.link.server_address, o.link.client_address].append(o)
    # the first request later than a moment is the first that raises the latest time so far above it
    reached = {series: list(accumulate((o.time for o in there), max)) for series, there in asked.items()}
    own = _connections(granted, clients)
    of_id: dict[bytes, list[Lease]] = defaultdict(list)
    for lease in leases:
        of_id[lease.clientid].append(lease)
    ends = _Ends(confirms, of_id, refused, times, clients, ids)
    out = []
    spent: set[int] = set()
    held: dict[tuple[object, ...], Grant] = {}
    for o in granted:
        # nobody knows a confirm verifier before it is given out: one captured just before shows disorder by itself
        known = MOST_NS if o.op == "SETCLIENTID" else 0
        since = o.time - max(known, slack.get((clients.of_owner[o.frame], o.link.server_address), 0))
        mine = answers.get(_key(o), [])
        tried = [c for c in mine if c.time >= since and c.frame not in spent]
        if o.op == "SETCLIENTID" and any(o.confirm_verifier or b""):
            tried = tried or mine[-1:]  # of two taps the one with the late clock may show the request, the other this
        series = o.minor, o.owner, o.link.server_address, o.link.client_address
        at = bisect_right(reached[series], o.time)
        later = asked[series][at] if at < len(asked[series]) else None
        superseded = later if later and (not tried or later.time < tried[0].time) else None
        lineage = (o.minor, o.owner, o.link.server_address)
        before = held.get(lineage)
        grant = Grant(
            owner=o,
            client=clients.of_owner[o.frame],
            head=heads.at(o.link.server_address, _told(o)),
            already_confirmed=bool((o.eir_flags or 0) & ExchgidFlag.CONFIRMED_R),
            tried=tried[0] if tried else None,
            confirmed=next((c for c in tried if c.status == 0), None),
            superseded=superseded,
            previous=None,
            previous_end=None,
            previous_at=None,
            used=_last_use(of_id[o.clientid or b""], o, own[o.frame]),
        )
        if o.complete and grant.in_force is not None:
            if before is not None and before.owner.clientid != o.clientid:
                grant = ends.with_previous(grant, before)
            held[lineage] = grant
        out.append(grant)
        if o.op == "SETCLIENTID" and not any(o.confirm_verifier or b"") and superseded is None:
            # a verifier of zeros does not tell whose it is: each confirms one grant
            spent.update(c.frame for c in (grant.tried, grant.confirmed) if c is not None)
    return out


def _key(o: ClientOwner) -> tuple[bytes | None, bytes | None]:
    return o.clientid, o.confirm_verifier if o.op == "SETCLIENTID" else None


def _by_grant(confirms: Sequence[Confirm]) -> dict[tuple[bytes | None, bytes | None], list[Confirm]]:
    found: dict[tuple[bytes | None, bytes | None], list[Confirm]] = defaultdict(list)
    for c in confirms:
        if c.op in ("SETCLIENTID_CONFIRM", "CREATE_SESSION"):
            found[c.clientid, c.confirm_verifier].append(c)
    for there in found.values():
        there.sort(key=lambda c: (c.time, c.frame))
    return found


def _connections(granted: Sequence[ClientOwner], clients: Clients) -> dict[int, frozenset[int]]:
    """By grant: the connections of its client, but only those that carried its owner where the client has several."""
    of_client: dict[int, set[int]] = defaultdict(set)
    for conn, client in clients.of_conn.items():
        of_client[client].add(conn)
    carried: dict[tuple[int, bytes], set[int]] = defaultdict(set)
    for o in granted:
        carried[clients.of_owner[o.frame], o.owner].add(o.link.conn)
    owners_of: dict[int, set[bytes]] = defaultdict(set)
    owners_on: dict[int, set[tuple[int, bytes]]] = defaultdict(set)
    for (client, owner), conns in carried.items():
        owners_of[client].add(owner)
        for conn in conns:
            owners_on[conn].add((client, owner))
    out = {}
    for o in granted:
        client = clients.of_owner[o.frame]
        conns = of_client[client] if len(owners_of[client]) == 1 else carried[client, o.owner]
        out[o.frame] = frozenset(conn for conn in conns if owners_on[conn] <= {(client, o.owner)})
    return out


def _last_use(leases: Sequence[Lease], o: ClientOwner, conns: frozenset[int]) -> Moment | None:
    """Of the leases of its clientid."""
    last: Moment | None = None
    for lease in leases:
        if o.link.server_address not in lease.addresses:
            continue
        first = int(lease.times.searchsorted(o.time))
        if first == len(lease.times):
            continue
        at = len(lease.times) - 1
        if int(lease.conns[at]) not in conns:
            here = np.flatnonzero(np.isin(lease.conns[first:], list(conns)))
            if not len(here):
                continue
            at = first + int(here[-1])
        moment = Moment(time=int(lease.times[at]), frame=int(lease.frames[at]))
        last = moment if last is None or moment.time > last.time else last
    return last


class _Ends:
    """Why clientids were given up, looked up for many."""

    def __init__(
        self,
        confirms: Sequence[Confirm],
        leases: Mapping[bytes, Sequence[Lease]],
        refused: Mapping[int, Sequence[Refusal]],
        times: Mapping[int, LeaseTime],
        clients: Clients,
        ids: Ids,
    ) -> None:
        self.leases = leases
        self.refused, self.times = refused, times
        self.replaces = {c.client: c.replaces for c in clients.clients}
        self.destroyed: dict[bytes, list[Confirm]] = defaultdict(list)
        for c in confirms:
            if c.op == "DESTROY_CLIENTID" and c.status in (0, None) and c.clientid is not None:
                self.destroyed[c.clientid].append(c)
            elif c.op == "DESTROY_SESSION" and c.status in (0, None) and c.session_id is not None:
                clientid = ids.clientid(c.session_id, c.link.server_address)
                if clientid is not None:
                    self.destroyed[clientid].append(c)

    def with_previous(self, grant: Grant, before: Grant) -> Grant:
        """The same grant, and why the one before was given up."""
        clientid = before.owner.clientid
        assert clientid is not None
        end, at = self._end(grant, before, clientid)
        return replace(grant, previous=clientid, previous_end=end, previous_at=at)

    def _end(self, grant: Grant, before: Grant, clientid: bytes) -> tuple[str, Moment | None]:
        o = grant.owner
        if grant.head is None or grant.head != before.head:
            return "moved", None
        there = [x for x in self.leases.get(clientid, ()) if o.link.server_address in x.addresses]
        used = [found[0] for x in there if (found := x.last_before(o.time)) is not None]
        start = before.in_force
        assert start is not None
        last = max([*used, start], key=lambda m: (m.time, m.frame))
        ended = [c for c in self.destroyed[clientid] if last.time <= c.time <= o.time]
        if ended:
            return "destroyed", Moment(time=ended[0].time, frame=ended[0].frame)
        if self.replaces.get(grant.client) == before.client:
            return "restarted", None
        told = [r.told for x in there for r in self.refused.get(x.lease, ()) if last.time <= r.told.time <= o.time]
        if told:
            return "refused", min(told, key=lambda m: (m.time, m.frame))
        limit = min((self.times[x.lease].seconds for x in there), default=0.0)
        return ("lapsed" if o.time - last.time > limit * 1e9 else "live"), last
