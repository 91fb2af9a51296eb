"""Tables of what followed refusals, restarts and grace periods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from nfsanalyze.state.infer import DEFAULT_LEASE_S, Case
from nfsanalyze.state.stale import StaleRun
from nfsanalyze.state.stays import begins
from nfsanalyze.state.tables.changes import number_of
from nfsanalyze.state.tables.identity import hexed
from nfsanalyze.state.tables.leases import held_state

Row = dict[str, Any]

_SHOWN = 5


def stale_renewals(case: Case) -> Iterator[Row]:
    """stale_renewals."""
    told = _told(case)
    for r in case.aftermath.stale_runs:
        seconds, assumed = _lease_time(told, r)
        times = [m.time for m in r.calls]
        steps = [b - a for a, b in pairwise(times)]
        yield {
            "client": r.client,
            "client_address": r.client_address,
            "server_address": r.server_address,
            "clientid": hexed(r.clientid),
            "count": len(r.replies),
            "first_frame": r.calls[0].frame,
            "last_frame": r.replies[-1].frame,
            "first": r.calls[0].time,
            "last": r.replies[-1].time,
            "period_s": _median(steps) / 1e9 if steps else None,
            "end": r.end,
            "end_frame": r.end_at.frame if r.end_at else None,
            "waited_s": max(0, r.last_call.time - r.replies[0].time) / 1e9,
            "last_call": r.last_call.time,
            "last_call_frame": r.last_call.frame,
            "lease_time_s": seconds,
            "assumed": assumed,
            "frames": sorted({m.frame for m in (*r.calls, *r.replies)}),
        }


_Told = dict[tuple[str, bytes | None], float]
"""Lease times by server address, and of each clientid there."""


def _told(case: Case) -> _Told:
    """Of the first lease that shows one."""
    told: _Told = {}
    for lease in case.leases:
        time = case.lease_times[lease.lease]
        if time.source != "assumed":
            for address in lease.addresses:
                told.setdefault((address, lease.clientid), time.seconds)
                told.setdefault((address, None), time.seconds)
    return told


def _lease_time(told: _Told, r: StaleRun) -> tuple[float, bool]:
    """The lease time of the clientid, else of any lease at that address that shows one."""
    seconds = told.get((r.server_address, r.clientid), told.get((r.server_address, None)))
    return (seconds, False) if seconds is not None else (DEFAULT_LEASE_S, True)


def graces(case: Case) -> Iterator[Row]:
    """graces."""
    for g in case.aftermath.graces:
        yield {
            "address": g.address,
            "takeover": number_of(case, g.change),
            "takeover_kind": g.change.kind if g.change else None,
            "first_frame": g.first.frame,
            "last_frame": g.last.frame,
            "first": g.first.time,
            "last": g.last.time,
            "seconds": (g.last.time - g.first.time) / 1e9,
            "answers": g.count,
            "clients": len(g.clients),
            "peak": g.peak,
            "peak_frame": g.peak_at.frame,
        }


def late_reclaims(case: Case) -> Iterator[Row]:
    """late_reclaims."""
    for x in case.aftermath.late_reclaims:
        start = begins(x.change)
        yield {
            "recovery": x.recovery.recovery,
            "client": x.recovery.client,
            "server_address": x.recovery.address,
            "takeover": number_of(case, x.change),
            "takeover_kind": x.change.kind,
            "begun_frame": start.frame,
            "begun": start.time,
            "frame": x.reclaim.frame,
            "reply_frame": x.reclaim.reply_frame,
            "time": x.reclaim.time,
            "after_s": (x.reclaim.time - start.time) / 1e9,
            "grace_frame": x.sign.frame,
            "grace_last": x.sign.time,
            "ended_frame": x.ended.frame,
            "ended": x.ended.time,
        }


def reclaim_completes(case: Case) -> Iterator[Row]:
    """reclaim_completes."""
    for c in case.aftermath.completes:
        confirmed, time = c.grant.in_force, case.lease_times[c.lease.lease]
        assert confirmed is not None
        first, last = c.grace or (None, None)
        yield {
            "client": c.grant.client,
            "lease": c.lease.lease,
            "server_address": c.grant.owner.link.server_address,
            "addresses": sorted({c.grant.owner.link.server_address, *c.lease.addresses}),
            "clientid": hexed(c.grant.owner.clientid),
            "minor_version": max(c.grant.owner.minor, 0),
            "data_server": c.data_server,
            "confirmed_frame": confirmed.frame,
            "confirmed": confirmed.time,
            "complete_frame": c.sent.frame if c.sent else None,
            "complete": c.sent.time if c.sent else None,
            "complete_status": c.sent.status if c.sent else None,
            "first_open_frame": c.first_open.frame if c.first_open else None,
            "first_open": c.first_open.time if c.first_open else None,
            "grace_answers": c.grace_answers,
            "grace_first_frame": first.frame if first else None,
            "grace_first": first.time if first else None,
            "grace_last_frame": last.frame if last else None,
            "grace_last": last.time if last else None,
            "grace_s": (last.time - first.time) / 1e9 if first and last else 0.0,
            "last_use": c.lease.last_renewal.time if c.lease.last_renewal else None,
            "lease_time_s": time.seconds,
            "assumed": time.source == "assumed",
        }


def holdings(case: Case) -> Iterator[Row]:
    """holdings."""
    for h in case.aftermath.holdings:
        kinds = Counter(x.kind for x in h.held)
        opens = sorted((x for x in h.held if x.kind == "open"), key=lambda x: (x.time, x.frame))
        yield {
            "recovery": h.recovery.recovery,
            "client": h.recovery.client,
            "server_address": h.recovery.address,
            "opens": kinds["open"],
            "locks": kinds["lock"],
            "delegations": kinds["delegation"],
            "held_since": opens[0].time if opens else None,
            "held_frames": [x.frame for x in opens[:_SHOWN]],
            "reclaims": len(h.recovery.reclaims),
            "opened_frame": h.opened.frame if h.opened else None,
            "complete_frame": h.completed.frame if h.completed else None,
        }


def late_renewals(case: Case) -> Iterator[Row]:
    """late_renewals."""
    for x in case.aftermath.late_renewals:
        yield {
            "lease": x.lease.lease,
            "client": x.lease.client,
            "server_address": x.lease.address,
            "clientid": hexed(x.lease.clientid),
            "minor_version": x.lease.minor,
            "last_frame": x.last.frame,
            "next_frame": x.next.frame,
            "first": x.last.time,
            "last": x.next.time,
            "gap_s": x.seconds,
            "lease_time_s": x.lease_time.seconds,
            "held_state": held_state(case, x.lease, x.last),
        }


def _median(values: Sequence[int]) -> float:
    """`statistics.median`; that module loads more than all of this one needs."""
    ordered, middle = sorted(values), len(values) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
