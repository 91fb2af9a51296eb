"""From the facts to everything inferred: one function that calls each step once, in the order in which they rest on
each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from dissect.nfs4 import types as t
from dissect.nfs4.const import Op
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.sets import distinct
from nfsanalyze.facts.callbacks import Callback, callbacks, locations
from nfsanalyze.facts.errors import StateError
from nfsanalyze.facts.exchange import Exchange
from nfsanalyze.facts.facts import Facts
from nfsanalyze.facts.files import Files, Held
from nfsanalyze.facts.identity import ClientOwner, Confirm
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.rows import first_rows, last_rows, numbered
from nfsanalyze.facts.trace import Trace
from nfsanalyze.facts.uses import Uses, accepted
from nfsanalyze.state.aftermath import Aftermath, Known, aftermath
from nfsanalyze.state.blind import Blind, Missing, blind, damage
from nfsanalyze.state.callback_paths import Path, paths
from nfsanalyze.state.census import Census, Moment, census
from nfsanalyze.state.declared import NOTHING, Declared
from nfsanalyze.state.detection import Detected, SessionUse, completions, detections, session_uses
from nfsanalyze.state.disorder import disorder, shuffled, slack
from nfsanalyze.state.episodes import episodes, foreigns
from nfsanalyze.state.events import Event, events
from nfsanalyze.state.gaps import LeaseGap, LeaseTime, lease_gaps, refusals, settle
from nfsanalyze.state.heads import Heads, heads
from nfsanalyze.state.hosts import Clients, clients
from nfsanalyze.state.ids import Ids, ids
from nfsanalyze.state.leases import Lease, leases
from nfsanalyze.state.macs import Macs, Record, fronts, macs, routers, without
from nfsanalyze.state.proofs import Evidence, Verifiers
from nfsanalyze.state.recoveries import Recovery, recoveries
from nfsanalyze.state.sightings import Seen, seen
from nfsanalyze.state.takeovers import Change, Doubt, judge

DEFAULT_LEASE_S = 90.0
"""Assumed where no GETATTR shows the lease time: the default of Linux nfsd, illumos and nfs4j."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything known about one case, before it is laid out as tables."""

    trace: Trace
    begins: Moment
    ends: Moment
    links: dict[int, Link]
    exchanges: tuple[Exchange, ...]
    owners: tuple[ClientOwner, ...]
    confirms: tuple[Confirm, ...]
    errors: tuple[StateError, ...]
    files: Files
    held_by: dict[tuple[int, bytes], list[Held]]
    "what was held, by client and clientid"
    uses: Uses
    ids: Ids
    clients: Clients
    seen: Seen
    macs: Macs
    verifiers: Verifiers
    census: Census
    changes: tuple[Change, ...]
    doubts: tuple[Doubt, ...]
    detected: tuple[Detected, ...]
    session_uses: tuple[SessionUse, ...]
    heads: Heads
    leases: tuple[Lease, ...]
    lease_times: dict[int, LeaseTime]
    gaps: tuple[LeaseGap, ...]
    recoveries: tuple[Recovery, ...]
    callbacks: tuple[Callback, ...]
    callback_paths: tuple[Path, ...]
    aftermath: Aftermath
    blind: tuple[Blind, ...]
    events: tuple[Event, ...]


def infer(
    facts: Facts,
    *,
    begins: Moment,
    ends: Moment,
    missing: Missing | None = None,
    cut_short: Sequence[str] = (),
    lease_time_s: float | None = None,
    declared: Declared = NOTHING,
) -> Case:
    """Infer a case from its facts; `begins` and `ends` are the first and last packet, `cut_short` the names of broken
    captures, `missing` tells when no capture that shows two addresses was running, `declared` is the user's word."""
    trace, found_links, told, owners = facts.trace, facts.links, facts.exchanges, facts.owners
    confirmed, errors, used, held = facts.confirms, facts.errors, facts.uses, facts.files
    renewals = accepted(used)
    known = ids(owners, confirmed, told, {trace.keys[k] for k in np.flatnonzero(np.bincount(used.key)).tolist()})
    found_clients = clients(owners, found_links)
    of = found_clients.of_conn
    sightings = seen(trace, found_links, owners, confirmed, used, known, of)
    found_macs = _macs(trace, sightings, owners)
    counted = census(trace, found_links)
    foreign = foreigns(sightings, owners, of)
    addresses = {link.server_address for link in found_links.values() if not link.callback}
    found_episodes = episodes(sightings, owners, foreign, found_macs, counted, addresses)
    judged = judge(sightings, found_episodes, found_macs, counted, owners, declared)
    found_changes = judged.changes
    mixed = disorder(trace, found_links)
    late = slack(mixed, of, found_links)
    used_sessions = tuple(session_uses(trace, found_links, renewals, confirmed))
    detected = tuple(detections(foreign, owners, confirmed, used_sessions, counted, of, late))
    verifiers = _write_verifiers(trace, found_links)
    damaged = damage(trace, found_links, missing)
    evidence = Evidence(
        seen=sightings,
        macs=found_macs,
        completions=completions(detected, used_sessions),
        verifiers=verifiers,
        unseen=_unseen(damaged),
        owner_of=_owner_of(owners),
        declared=declared,
    )
    found_heads = heads(found_changes, _spans(found_links), owners, evidence)
    found_leases = leases(trace, found_links, owners, confirmed, renewals, known, found_heads, of)
    times = _lease_times(told, found_leases, found_heads, lease_time_s)
    refused = refusals(found_leases, errors, known, of)
    settle(found_leases, refused, confirmed, found_clients.clients, found_changes, times, ends.time)
    gaps = tuple(lease_gaps(found_leases, refused, times, found_changes, counted, ends.time))
    recovered = tuple(recoveries(errors, owners, confirmed, held.reclaims, known, of, late))
    called = callbacks(trace, found_links)
    return Case(
        trace=trace,
        begins=begins,
        ends=ends,
        links=found_links,
        exchanges=told,
        owners=owners,
        confirms=confirmed,
        errors=errors,
        files=held,
        held_by=_held_by(held, known, of),
        uses=used,
        ids=known,
        clients=found_clients,
        seen=sightings,
        macs=found_macs,
        verifiers=verifiers,
        census=counted,
        changes=found_changes,
        doubts=judged.doubts,
        detected=detected,
        session_uses=used_sessions,
        heads=found_heads,
        leases=tuple(found_leases),
        lease_times=times,
        gaps=gaps,
        recoveries=recovered,
        callbacks=tuple(called),
        callback_paths=tuple(paths(trace, found_links, locations(owners, of), called, ends.time)),
        aftermath=aftermath(
            Known(
                facts=facts,
                ids=known,
                clients=found_clients,
                census=counted,
                heads=found_heads,
                changes=found_changes,
                leases=found_leases,
                lease_times=times,
                refused=refused,
                recoveries=recovered,
                slack=late,
            )
        ),
        blind=tuple(blind(found_links, (*damaged, *shuffled(mixed)), found_leases, judged, begins, ends, cut_short)),
        events=tuple(
            events(
                found_clients,
                owners,
                confirmed,
                errors,
                held.reclaims,
                held.tested,
                found_leases,
                gaps,
                found_changes,
                recovered,
            )
        ),
    )


def _macs(trace: Trace, sightings: Seen, owners: Sequence[ClientOwner]) -> Macs:
    """MACs, with those that spoke for two instances at once known as routers."""
    first = macs(trace.links)
    shown = [
        (s.address, s.time, instance)
        for there in sightings.by_address.values()
        for s in there
        if s.how != "refused" and (instance := sightings.instance(s)) is not None
    ]
    return without(first, routers(first, shown) | fronts(first, _records(sightings, owners)))


def _records(sightings: Seen, owners: Sequence[ClientOwner]) -> list[Record]:
    """From the first to the last use that an address accepted of a clientid that it is known to have given an owner."""
    owner_of = {
        (o.link.server_address, o.clientid): (o.minor, o.owner) for o in owners if o.clientid is not None and o.complete
    }
    accepted: dict[tuple[str, bytes], list[int]] = defaultdict(list)
    for address, there in sightings.by_address.items():
        for s in there:
            if s.how == "accepted":
                accepted[address, s.clientid].append(s.time)
    return [
        Record(owner=owner, address=address, clientid=clientid, first=min(times), last=max(times))
        for (address, clientid), times in sorted(accepted.items())
        if (owner := owner_of.get((address, clientid))) is not None
    ]


def _owner_of(owners: Sequence[ClientOwner]) -> dict[tuple[str, bytes], frozenset[tuple[int, bytes]]]:
    """By address and clientid: the owners that it was given to."""
    out: dict[tuple[str, bytes], set[tuple[int, bytes]]] = defaultdict(set)
    for o in owners:
        if o.clientid is not None and o.status == 0 and o.complete:
            out[o.link.server_address, o.clientid].add((o.minor, o.owner))
    return {key: frozenset(found) for key, found in out.items()}


def _unseen(damaged: Iterable[Blind]) -> dict[str | None, list[tuple[int, int]]]:
    """From when to when something of a server address may be missing."""
    out: dict[str | None, list[tuple[int, int]]] = defaultdict(list)
    for row in damaged:
        out[row.server_address].append((row.first.time, row.last.time))
    return out


def _spans(found: dict[int, Link]) -> dict[str, tuple[Moment, Moment]]:
    spans: dict[str, tuple[Moment, Moment]] = {}
    for link in found.values():
        if link.callback:
            continue
        first, last = Moment(time=link.first, frame=link.first_frame), Moment(time=link.last, frame=link.last_frame)
        known = spans.get(link.server_address, (first, last))
        spans[link.server_address] = (
            min(known[0], first, key=lambda m: (m.time, m.frame)),
            max(known[1], last, key=lambda m: (m.time, m.frame)),
        )
    return spans


def _write_verifiers(trace: Trace, found: dict[int, Link]) -> Verifiers:
    """First and last reply with each write verifier, per connection."""
    o, conns = trace.ops, trace.messages["conn"]
    at = np.flatnonzero(((o["op"] == int(Op.WRITE)) | (o["op"] == int(Op.COMMIT))) & (o["status"] == 0))
    out: Verifiers = defaultdict(lambda: defaultdict(list))
    pairs, numbers = numbered(conns[o["row"][at]], o["key"][at])
    for end in distinct(first_rows(numbers, len(pairs)), last_rows(numbers, len(pairs))).tolist():
        row, key = int(o["row"][at[end]]), trace.keys[int(o["key"][at[end]])]
        link = found.get(int(conns[row]))
        if len(key) == 8 and link is not None:
            out[link.server_address][key].append(Moment(time=trace.time(row), frame=trace.frame(row)))
    return out


def _held_by(found: Files, known: Ids, client_of: dict[int, int]) -> dict[tuple[int, bytes], list[Held]]:
    out: dict[tuple[int, bytes], list[Held]] = defaultdict(list)
    for h in found.held:
        clientid = h.clientid or (known.clientid(h.session, h.link.server_address) if h.session else None)
        client = client_of.get(h.link.conn)
        if clientid is not None and client is not None:
            out[client, clientid].append(h)
    return dict(out)


def _lease_times(
    told: Sequence[Exchange], found: Sequence[Lease], found_heads: Heads, option: float | None
) -> dict[int, LeaseTime]:
    """The lease time of each lease: as its head told in a GETATTR, else as given, else assumed."""
    shown: dict[int | None, list[tuple[int, float]]] = defaultdict(list)
    for e in told:
        for result in e.results.values():
            if isinstance(result, t.GETATTR4resok) and result.lease_time:
                head = found_heads.at(e.link.server_address, e.reply_time or e.time)
                shown[head].append((e.time, float(result.lease_time)))
    out = {}
    for lease in found:
        there = shown.get(lease.head)
        if option is not None:
            out[lease.lease] = LeaseTime(seconds=option, source="option")
        elif there:
            until = lease.last_renewal.time if lease.last_renewal else lease.first.time
            before = [seconds for time, seconds in sorted(there) if time <= until]
            out[lease.lease] = LeaseTime(seconds=before[-1] if before else there[0][1], source="getattr")
        else:
            out[lease.lease] = LeaseTime(seconds=DEFAULT_LEASE_S, source="assumed")
    return out
