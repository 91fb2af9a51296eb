"""Tables of leases, their renewals and silences, and of sessions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from dissect.nfs4.const import ChannelDirFromServer, CreateSessionFlag, Status
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.identity import Confirm
from nfsanalyze.facts.rows import first_rows
from nfsanalyze.facts.trace import frame_of
from nfsanalyze.state.census import Moment
from nfsanalyze.state.infer import Case
from nfsanalyze.state.leases import Lease
from nfsanalyze.state.stays import begins
from nfsanalyze.state.tables.identity import hexed

Row = dict[str, Any]

_UNKNOWN_SESSION = {int(Status.BADSESSION), int(Status.DEADSESSION)}


def leases(case: Case) -> Iterator[Row]:
    """leases."""
    for lease in case.leases:
        last, time = lease.last_renewal, case.lease_times[lease.lease]
        proof = [m for m in (lease.granted, lease.confirmed, lease.first, last) if m is not None]
        yield {
            "lease": lease.lease,
            "client": lease.client,
            "head": lease.head,
            "head_since": head_since(case, lease),
            "server_address": lease.address,
            "minor_version": lease.minor,
            "clientid": hexed(lease.clientid),
            "origin_seen": lease.origin_seen,
            "established_frame": lease.granted.frame if lease.granted else None,
            "confirmed_frame": lease.confirmed.frame if lease.confirmed else None,
            "confirmed": lease.confirmed.time if lease.confirmed else None,
            "first": lease.first.time,
            "last_renewal": last.time if last else None,
            "renewals": len(lease.times),
            "longest_gap_s": float((lease.times[1:] - lease.times[:-1]).max()) / 1e9 if len(lease.times) > 1 else None,
            "lease_time_s": time.seconds,
            "lease_time_source": time.source,
            "held_state": held_state(case, lease),
            "end": lease.end,
            "end_frame": lease.end_at.frame if lease.end_at else None,
            "end_time": lease.end_at.time if lease.end_at else None,
            "after_takeover": _after_takeover(case, lease),
            "frames": sorted({m.frame for m in proof}),
        }


def head_since(case: Case, lease: Lease) -> int:
    """From when it is proven that other addresses share its instance."""
    stay = case.heads.stay(lease.address, lease.first.time)
    return stay.since if stay else lease.first.time


def lease_time_at(case: Case) -> dict[tuple[int | None, str], float]:
    """By client and server address: the lease time of the lease begun there last."""
    return {
        (lease.client, address): case.lease_times[lease.lease].seconds
        for lease in sorted(case.leases, key=lambda entry: entry.first.time)
        for address in sorted(lease.addresses)
    }


def held_state(case: Case, lease: Lease, at: Moment | None = None) -> bool | None:
    """Whether the client held opens, locks or delegations under the lease (at a moment, or ever); None if it cannot
    be told."""
    for held in case.held_by.get((lease.client, lease.clientid), ()):
        if at is None or (held.time <= at.time and (held.until is None or held.until > at.frame)):
            return True
    return False if lease.origin_seen else None


def _after_takeover(case: Case, lease: Lease) -> bool:
    if lease.confirmed is None or lease.confirmed_address is None:
        return False
    return any(
        c.kind in ("takeover", "failback")
        and c.address == lease.confirmed_address
        and begins(c).time <= lease.confirmed.time
        for c in case.changes
    )


def renewal_runs(case: Case) -> Iterator[Row]:
    """renewal_runs."""
    for lease in case.leases:
        for run in lease.runs:
            yield {
                "lease": lease.lease,
                "conn": run.conn,
                "server_address": run.address,
                "how": run.how,
                "first_frame": run.first.frame,
                "last_frame": run.last.frame,
                "first": run.first.time,
                "last": run.last.time,
                "count": run.count,
                "longest_gap_s": run.longest_gap_s,
                "longest_gap_frame": run.longest_gap_frame,
            }


def lease_gaps(case: Case) -> Iterator[Row]:
    """lease_gaps."""
    for gap in case.gaps:
        yield {
            "lease": gap.lease.lease,
            "client": gap.lease.client,
            "server_address": gap.address,
            "last_frame": gap.last.frame,
            "next_frame": gap.next.frame if gap.next else None,
            "first": gap.last.time,
            "last": gap.ends,
            "gap_s": gap.seconds,
            "lease_time_s": gap.lease_time.seconds,
            "assumed": gap.lease_time.source == "assumed",
            "excused": gap.excused,
            "held_state": held_state(case, gap.lease, gap.last),
            "after": gap.after,
            "after_frame": gap.after_at.frame if gap.after_at else None,
        }


def sessions(case: Case) -> Iterator[Row]:
    """sessions."""
    newest: dict[tuple[str | None, str], int] = {}
    rows = list(_sessions(case))
    for row in rows:
        key = row["clientid"], row["server_address"]
        newest[key] = max(newest.get(key, 0), row["created_frame"] or 0)
    for row in rows:
        yield {**row, "followed": newest[row["clientid"], row["server_address"]] > row["last_frame"]}


def _sessions(case: Case) -> Iterator[Row]:
    made: dict[bytes, Confirm] = {}
    ended: dict[bytes, Confirm] = {}
    for c in case.confirms:
        if c.session_id is not None and c.status == 0:
            if c.op == "CREATE_SESSION":
                made.setdefault(c.session_id, c)
            elif c.op == "DESTROY_SESSION":
                ended[c.session_id] = c
    bound = {c.session_id for c in case.confirms if c.op == "BIND_CONN_TO_SESSION" and c.status == 0 and _backwards(c)}
    seen = {s: [(c.reply_frame or c.frame, c.reply_time or c.time, c.link.conn)] for s, c in made.items()}
    for span in spans(case):
        if len(span.key) == 16 and span.conn in case.links:
            ends = [(at.frame, at.time, span.conn) for at in (span.first, span.last)]
            seen.setdefault(span.key, []).extend(ends)
    refused: dict[bytes, int] = {}
    for e in case.errors:
        if e.session is not None and e.status in _UNKNOWN_SESSION:
            refused.setdefault(e.session, e.frame)
    for session_id, places in seen.items():
        origin, conns = made.get(session_id), sorted({conn for *_, conn in places})
        addresses = list(dict.fromkeys(case.links[conn].server_address for *_, conn in sorted(places)))
        clientid = case.ids.clientid(session_id, addresses[0])
        yield {
            "session_id": session_id,
            "session_text": session_id.hex(),
            "clientid": hexed(clientid),
            "client": case.clients.of_conn.get(places[0][2]),
            "server_address": origin.link.server_address if origin else addresses[0],
            "server_addresses": addresses,
            "connections": len(conns),
            "backchannel": session_id in bound or bool((origin.flags or 0) & CreateSessionFlag.CONN_BACK_CHAN)
            if origin
            else None,
            "first_frame": min(frame for frame, *_ in places),
            "last_frame": max(frame for frame, *_ in places),
            "first": min(time for _, time, _ in places),
            "last": max(time for _, time, _ in places),
            "created_frame": origin.reply_frame if origin else None,
            "destroyed_frame": ended[session_id].reply_frame if session_id in ended else None,
            "refused_frame": refused.get(session_id),
        }


def _backwards(bound: Confirm) -> bool:
    """Its bit stands in CDFS4_BOTH, too."""
    return bool((bound.flags or 0) & ChannelDirFromServer.CDFS4_BACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The first and last use of one id on one connection."""

    key: bytes
    conn: int
    first: Moment
    last: Moment


def spans(case: Case) -> Iterator[Span]:
    """Of every id used on every connection."""
    used, trace = case.uses, case.trace
    first, last = np.full(used.pairs, np.iinfo(np.int32).max, np.int32), np.zeros(used.pairs, np.int32)
    # rows stand in the order of their frames
    np.minimum.at(first, used.pair, used.row)
    np.maximum.at(last, used.pair, used.row)
    each = used.picked(first_rows(used.pair, used.pairs))
    times, ids = trace.messages["time"], trace.messages["id"]
    columns = (each.conn, each.key, times[first], ids[first], times[last], ids[last])
    for conn, key, begin, begin_id, end, end_id in zip(*(c.tolist() for c in columns), strict=True):
        yield Span(
            key=trace.keys[key],
            conn=conn,
            first=Moment(time=begin, frame=frame_of(begin_id)),
            last=Moment(time=end, frame=frame_of(end_id)),
        )
