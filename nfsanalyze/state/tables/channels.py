"""Tables of sessions at work: slots, flags, callbacks, connections that come and go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from dissect.nfs4.const import status_name
from nfsanalyze.facts.sequences import flag_runs, slot_errors
from nfsanalyze.facts.uses import accepted
from nfsanalyze.facts.versions import version_refusals
from nfsanalyze.state import backchannels, callback_paths, recalls, reconnects, stalls, trunk_attempts
from nfsanalyze.state.infer import DEFAULT_LEASE_S, Case
from nfsanalyze.state.tables.identity import hexed
from nfsanalyze.state.tables.leases import lease_time_at, spans

Row = dict[str, Any]


def _delegations(case: Case) -> dict[tuple[int | None, str], int]:
    return callback_paths.delegations(case.files.held, case.clients.of_conn)


def _clientid(case: Case, key: bytes | None, address: str) -> str | None:
    return hexed(case.ids.clientid(key, address)) if key else None


def sequence_flags(case: Case) -> Iterator[Row]:
    """sequence_flags."""
    trace = case.trace
    for run in flag_runs(trace):
        conn = int(trace.messages["conn"][run.first])
        link = case.links.get(conn)
        if link is None:
            continue
        yield {
            "flag": run.flag.name,
            "session_id": run.session,
            "clientid": _clientid(case, run.session, link.server_address),
            "client": case.clients.of_conn.get(conn),
            "server_address": link.server_address,
            "first_frame": trace.frame(run.first),
            "last_frame": trace.frame(run.last),
            "first": trace.time(run.first),
            "last": trace.time(run.last),
            "count": run.count,
            "cleared_frame": trace.frame(run.cleared) if run.cleared >= 0 else None,
        }


def slot_rows(case: Case) -> Iterator[Row]:
    """slot_errors."""
    made = {
        c.session_id: c.link.server_address
        for c in case.confirms
        if c.op == "CREATE_SESSION" and c.status == 0 and c.session_id
    }
    found = slot_errors(case.trace)
    users = _users(case, {e.session for e in found if e.session is not None})
    for e in found:
        conn = int(case.trace.messages["conn"][e.reply])
        link = case.links.get(conn)
        if link is None:
            continue
        others = {a: frame for a, frame in users.get(e.session or b"", {}).items() if a != link.client_address}
        other = min(others.items(), key=lambda item: item[1], default=(None, None))
        yield {
            "frame": case.trace.frame(e.reply),
            "call_frame": case.trace.frame(e.call) if e.call >= 0 else None,
            "time": case.trace.time(e.reply),
            "conn": conn,
            "client": case.clients.of_conn.get(conn),
            "client_address": link.client_address,
            "server_address": link.server_address,
            "session_id": e.session,
            "slot": e.slot,
            "status": e.status,
            "status_name": status_name(e.status),
            "made_at": made.get(e.session) if e.session else None,
            "other_address": other[0],
            "other_frame": other[1],
            "recovered_frame": case.trace.frame(e.recovered) if e.recovered >= 0 else None,
        }


def _users(case: Case, sessions: set[bytes]) -> dict[bytes, dict[str, int]]:
    """By session: the client addresses that used it, each with a frame."""
    out: dict[bytes, dict[str, int]] = {}
    for span in spans(case) if sessions else ():
        if span.key in sessions and span.conn in case.links:
            there = out.setdefault(span.key, {})
            address = case.links[span.conn].client_address
            there[address] = min(span.first.frame, there.get(address, span.first.frame))
    return out


def trunk_rows(case: Case) -> Iterator[Row]:
    """trunk_attempts."""
    for a in trunk_attempts.attempts(case.trace, case.links, case.uses, case.owners, case.confirms, case.changes):
        yield {
            "frame": a.asked.frame,
            "reply_frame": a.told.frame,
            "time": a.told.time,
            "client": case.clients.of_conn.get(a.link.conn),
            "session_id": a.session,
            "clientid": hexed(a.clientid),
            "made_at": a.made_at,
            "address": a.link.server_address,
            "op": a.op,
            "status": a.status,
            "status_name": status_name(a.status),
            "claimed": a.claimed,
            "claim_frames": list(a.claim_frames),
            "live_frame": a.live.frame,
            "accepted_frame": a.accepted.frame if a.accepted else None,
        }


def version_rows(case: Case) -> Iterator[Row]:
    """version_refusals."""
    for v in version_refusals(case.trace, case.links):
        yield {
            "frame": v.frame,
            "call_frame": v.call_frame,
            "time": v.time,
            "client": case.clients.of_conn.get(v.link.conn),
            "client_address": v.link.client_address,
            "server_address": v.link.server_address,
            "minor_version": v.minor,
            "next_version": v.then[0] if v.then else None,
            "next_frame": v.then[1] if v.then else None,
        }


def reconnect_rows(case: Case) -> Iterator[Row]:
    """reconnects."""
    for s in reconnects.series(case.trace, case.links):
        first, last = s.links[0], max(s.links, key=lambda link: (link.last, link.last_frame))
        yield {
            "client": case.clients.of_conn.get(first.conn),
            "client_address": first.client_address,
            "server_address": first.server_address,
            "connections": len(s.links),
            "most_a_minute": s.most_a_minute,
            "refused": s.refused,
            "first_frame": first.first_frame,
            "last_frame": last.last_frame,
            "first": first.first,
            "last": last.last,
            "frames": [link.first_frame for link in s.links],
        }


def stall_rows(case: Case) -> Iterator[Row]:
    """stalls."""
    for s in stalls.stalls(
        case.trace,
        case.links,
        case.recoveries,
        accepted(case.uses),
        lease_time_at(case),
        case.clients.of_conn,
        DEFAULT_LEASE_S,
    ):
        yield {
            "recovery": s.recovery.recovery,
            "client": s.recovery.client,
            "server_address": s.recovery.address,
            "step": s.step,
            "trigger_frame": s.recovery.trigger.frame,
            "last_frame": s.last.frame,
            "first": s.recovery.trigger.time,
            "last": s.last.time,
            "alive_frame": s.alive.frame,
            "until": s.alive.time,
            "silence_s": s.silence_s,
            "lease_time_s": s.lease_time_s,
        }


def callback_rows(case: Case) -> Iterator[Row]:
    """callbacks."""
    times = lease_time_at(case)
    judged = {
        id(r.callback): r
        for r in recalls.recalls(
            case.callbacks,
            case.exchanges,
            case.errors,
            case.changes,
            times,
            case.clients.of_conn,
            DEFAULT_LEASE_S,
            case.ends.time,
        )
    }
    for c in case.callbacks:
        r, client = judged.get(id(c)), case.clients.of_conn.get(c.link.conn)
        yield {
            "frame": c.frame,
            "reply_frame": c.reply_frame,
            "time": c.time,
            "conn": c.link.conn,
            "client": client,
            "client_address": c.link.client_address,
            "server_address": c.link.server_address,
            "minor_version": c.minor,
            "op": c.op,
            "stateid": c.stateid,
            "status": c.status,
            "status_name": status_name(c.status) if c.status is not None else None,
            "refused": c.refused,
            "returned_frame": r.returned.frame if r and r.returned else None,
            "revoked_frame": r.revoked.frame if r and r.revoked else None,
            "lease_time_s": r.lease_time_s if r else times.get((client, c.link.server_address), DEFAULT_LEASE_S),
            "waited_s": r.waited / 1e9 if r else None,
            "until": c.time + r.waited if r else None,
            "outcome": r.outcome if r else None,
        }


def callback_path_rows(case: Case) -> Iterator[Row]:
    """callback_paths."""
    addresses = {c.client: set(c.addresses) for c in case.clients.clients}
    granted = _delegations(case)
    for path in case.callback_paths:
        place = path.location
        latest = place.owners[-1]
        own = place.address in addresses.get(place.client, ()) if place.address is not None else None
        yield {
            "frame": place.owners[0].frame,
            "last_frame": latest.frame,
            "first": place.owners[0].time,
            "client": place.client,
            "client_address": place.client_address,
            "server_address": place.server_address,
            "clientid": hexed(latest.clientid),
            "cb_address": place.address,
            "cb_port": place.port,
            "cb_program": place.program,
            "cb_ident": place.ident,
            "unroutable": place.unroutable,
            "own": own,
            "delegations": granted.get((place.client, place.server_address), 0),
            "tries": path.tries,
            "connected": path.connected,
            "calls": len(path.callbacks),
            "answered": path.answered_callbacks,
            "failed_frames": [at.frame for at in path.failed],
            "answered_frame": path.answered.frame if path.answered else None,
        }


def callback_down_rows(case: Case) -> Iterator[Row]:
    """callback_downs."""
    granted = _delegations(case)
    found = callback_paths.downs(
        case.trace, case.links, flag_runs(case.trace), case.callback_paths, case.clients.of_conn
    )
    for d in found:
        first, last = d.moments[0], d.moments[-1]
        yield {
            "client": d.client,
            "server_address": d.server_address,
            "minor_version": d.minor,
            "how": d.how,
            "first_frame": first.frame,
            "last_frame": last.frame,
            "first": d.since if d.since is not None else first.time,
            "last": case.ends.time if d.since is not None else last.time,
            "count": d.count,
            "delegations": granted.get((d.client, d.server_address), 0),
            "frames": sorted({at.frame for at in d.moments}),
        }


def backchannel_rows(case: Case) -> Iterator[Row]:
    """backchannels."""
    for b in backchannels.backchannels(case.trace, case.links, case.exchanges, accepted(case.uses)):
        since = b.lost or b.made
        yield {
            "session_id": b.session,
            "clientid": hexed(b.clientid),
            "client": case.clients.of_conn.get(b.link.conn),
            "server_address": b.link.server_address,
            "asked": b.asked,
            "granted": b.granted,
            "created_frame": b.made.frame,
            "bound_frame": b.bound.frame if b.bound else None,
            "lost_frame": b.lost.frame if b.lost else None,
            "used_frame": b.last.frame if b.last else None,
            "first": since.time,
            "last": b.last.time if b.last else None,
            "without_s": (b.last.time - since.time) / 1e9 if b.last else 0.0,
            "uses": b.used,
        }


BUILDERS: dict[str, Callable[[Case], Iterator[Row]]] = {
    "sequence_flags": sequence_flags,
    "slot_errors": slot_rows,
    "trunk_attempts": trunk_rows,
    "version_refusals": version_rows,
    "reconnects": reconnect_rows,
    "stalls": stall_rows,
    "callbacks": callback_rows,
    "callback_paths": callback_path_rows,
    "callback_downs": callback_down_rows,
    "backchannels": backchannel_rows,
}
