"""Tables of what went wrong and how clients recovered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from dissect.nfs4.const import Op, Status, op_name, status_name
from nfsanalyze.facts.errors import StateError
from nfsanalyze.facts.files import Held, Reclaim
from nfsanalyze.facts.printable import printable
from nfsanalyze.state.detection import Detected
from nfsanalyze.state.gaps import change_near
from nfsanalyze.state.infer import Case
from nfsanalyze.state.leases import Lease
from nfsanalyze.state.recoveries import FINAL, Phase, Recovery
from nfsanalyze.state.tables.changes import number_of
from nfsanalyze.state.tables.identity import hexed

Row = dict[str, Any]

_REVOKED = {int(Status.EXPIRED), int(Status.ADMIN_REVOKED), int(Status.DELEG_REVOKED)}
_TEST_OPS = {Op.FREE_STATEID, Op.TEST_STATEID}
_RETURNS = {Op.CLOSE, Op.DELEGRETURN}


def state_errors(case: Case) -> Iterator[Row]:
    """state_errors."""
    for e in case.errors:
        key = e.key
        session = e.session or (key if key and len(key) == 16 else None)
        clientid = case.ids.clientid(key or session or b"", e.link.server_address) if key or session else None
        yield {
            "frame": e.frame,
            "call_frame": e.call_frame,
            "time": e.time,
            "conn": e.link.conn,
            "client": case.clients.of_conn.get(e.link.conn),
            "server_address": e.link.server_address,
            "minor_version": max(e.minor, 0),
            "op": op_name(e.op),
            "status": e.status,
            "status_name": e.status_name,
            "sr_status_flags": e.flags,
            "clientid": hexed(clientid),
            "session_id": session,
            "stateid": key if key and len(key) == 12 else None,
            "lone_free_stateid": _harmless(case, e),
        }


def _harmless(case: Case, e: StateError) -> bool:
    if e.op in _TEST_OPS:
        return True
    client = case.clients.of_conn.get(e.link.conn)
    return e.op in _RETURNS and any(
        r.client == client and r.address == e.link.server_address and r.trigger.time <= e.time for r in case.recoveries
    )


def _outcome(case: Case, r: Recovery) -> str:
    if r.failed or any(_loss_of(case, r, {})):
        return "recovered-with-loss" if r.phase is Phase.CONFIRMED or not r.repeated else "repeated"
    if r.repeated:
        return "repeated"
    if r.phase is Phase.CONFIRMED:
        return "session-only" if r.identity is None else "recovered"
    patience = 2 * 90_000_000_000
    return "failed" if case.ends.time - r.last > patience else "open"


def recoveries(case: Case) -> Iterator[Row]:
    """recoveries."""
    detected = {d.foreign.owner.frame: d for d in reversed(case.detected)}
    leases: dict[tuple[int | None, bytes | None], list[Lease]] = defaultdict(list)
    for each in case.leases:
        leases[each.client, each.clientid].append(each)
    refused: dict[bytes, list[StateError]] = defaultdict(list)
    for e in case.errors:
        if e.status == int(Status.CLIENTID_BUSY) and e.key is not None:
            refused[e.key].append(e)
    for r in case.recoveries:
        change = change_near(case.changes, r.address, r.trigger.time)
        found = detected.get(r.identity.frame) if r.identity is not None else None
        live = found.foreign if found else None
        lease = next(
            (
                lease
                for lease in leases.get((r.client, r.new_clientid), ())
                if live is not None and live.other_address in lease.addresses
            ),
            None,
        )
        done = r.confirm or r.session
        busy = next((e for e in refused.get(r.new_clientid or b"", ()) if e.time >= r.last), None)
        detection, at = _detection(r, found)
        yield {
            "recovery": r.recovery,
            "client": r.client,
            "server_address": r.address,
            "minor_version": max(r.minor, 0),
            "uniform": r.identity.uniform if r.identity else None,
            "takeover": number_of(case, change),
            "takeover_kind": change.kind if change else None,
            "trigger_status": r.trigger.status,
            "trigger_frame": r.trigger.frame,
            "trigger_session_id": r.trigger.session,
            "first_frame": r.trigger.frame,
            "last_frame": r.last_frame,
            "first": r.trigger.time,
            "last": r.last,
            "old_clientid": hexed(r.old_clientid),
            "new_clientid": hexed(r.new_clientid),
            "new_frame": r.identity.reply_frame if r.identity and r.new_clientid else None,
            "new_session_id": r.session.session_id if r.session else None,
            "live_at": live.other_address if live else None,
            "live_lease": lease.lease if lease else None,
            "live_frame": _last_use(lease, r) or live.live.frame if live else None,
            "confirm_frame": done.frame if done else None,
            "detection": detection,
            "detection_frame": at,
            "reclaims": len(r.reclaims),
            "reclaims_failed": len(r.failed),
            "complete_already_frame": r.complete_already.reply_frame if r.complete_already else None,
            "busy_frame": busy.frame if busy else None,
            "outcome": _outcome(case, r),
            "seconds": max(0.0, (r.last - r.trigger.time) / 1e9),
            "frames": sorted(set(r.frames)),
        }


def _last_use(lease: Lease | None, r: Recovery) -> int | None:
    """Frame of the last renewal before the answer that gave the same clientid again."""
    found = lease.last_before(r.identity.time) if lease is not None and r.identity is not None else None
    return found[0].frame if found is not None else None


def _detection(r: Recovery, found: Detected | None) -> tuple[str, int | None]:
    if found is None:
        return ("none" if r.phase is Phase.CONFIRMED and r.identity is not None else "not-visible"), None
    if found.foreign.owner.op == "SETCLIENTID" and found.kind in ("collapsed", "distinct"):
        return "done", found.at.frame if found.at else None
    return found.kind, found.at.frame if found.at else None


def reclaims(case: Case) -> Iterator[Row]:
    """reclaims."""
    of = {id(x): r for r in case.recoveries for x in r.reclaims}
    for x in case.files.reclaims:
        recovery = of.get(id(x))
        yield {
            "frame": x.frame,
            "reply_frame": x.reply_frame,
            "time": x.time,
            "client": case.clients.of_conn.get(x.link.conn),
            "server_address": x.link.server_address,
            "recovery": recovery.recovery if recovery else None,
            "op": x.op,
            "claim": x.claim,
            "status": x.status,
            "status_name": status_name(x.status) if x.status is not None else None,
            "final": x in recovery.failed if recovery else x.status in FINAL,
            "name": printable(x.name) if x.name else None,
            "filehandle": x.filehandle,
        }


def lost_state(case: Case) -> Iterator[Row]:
    """lost_state: per recovery what was refused, then what the server says it no longer knows; then what it revoked
    from clients that had not to recover."""
    told = set()
    granted = _granted(case)
    for row in chain(*(_loss_of(case, r, granted) for r in case.recoveries), _revoked(case, granted)):
        key = (row["client"], row["server_address"], row["kind"], row["name"], row["filehandle"])
        if key not in told:
            told.add(key)
            yield row


_Granted = Mapping[tuple[int | None, bytes | None], Sequence[Held]]
"""By client and what the stateid is under."""


def _granted(case: Case) -> _Granted:
    out: dict[tuple[int | None, bytes | None], list[Held]] = defaultdict(list)
    for held in case.files.held:
        out[case.clients.of_conn.get(held.link.conn), held.other].append(held)
    return out


def _held_under(granted: _Granted, client: int | None, other: bytes | None, address: str, time: int) -> Held | None:
    """What a client held under a stateid at that time: at that address, for two servers may give out equal ones; else
    at another one, where a session was used at both."""
    mine = [held for held in granted.get((client, other), ()) if held.time <= time]
    here = [held for held in mine if held.link.server_address == address]
    return max(here or mine, key=lambda held: held.time, default=None)


def _revoked(case: Case, granted: _Granted) -> Iterator[Row]:
    """What TEST_STATEID or an operation was told to be expired or revoked (RFC 8881 section 8.5)."""
    tested = [(t.frame, t.time, t.link, t.other, t.status) for t in case.files.tested]
    refused = [(e.frame, e.time, e.link, e.key, e.status) for e in case.errors]
    for frame, time, link, other, status in sorted([*tested, *refused], key=lambda each: each[:2]):
        client = case.clients.of_conn.get(link.conn)
        if client is None or status is None or status not in _REVOKED:
            continue
        held = _held_under(granted, client, other, link.server_address, time)
        if held is not None:
            yield {
                "frame": frame,
                "time": time,
                "client": client,
                "server_address": link.server_address,
                "recovery": None,
                "kind": held.kind,
                "status_name": status_name(status),
                "name": printable(held.name) if held.name else None,
                "filehandle": held.filehandle,
            }


def _loss_of(case: Case, r: Recovery, granted: _Granted) -> Iterator[Row]:
    for x in r.failed:
        kind = "lock" if x.op == "LOCK" else "open" if x.claim == "CLAIM_PREVIOUS" else "delegation"
        yield _loss(
            r, x.reply_frame or x.frame, x.reply_time or x.time, kind, status_name(x.status or 0), x.name, x.filehandle
        )
        for held in _locks_on(case, r, x):
            yield _loss(
                r,
                x.reply_frame or x.frame,
                x.reply_time or x.time,
                "lock",
                status_name(x.status or 0),
                held.name or x.name,
                x.filehandle,
            )
    yield from _never_reclaimed(case, r)
    for t in case.files.tested:
        if (
            t.status
            and case.clients.of_conn.get(t.link.conn) == r.client
            and t.link.server_address == r.address
            and r.trigger.time <= t.time <= r.last + 60_000_000_000
        ):
            tested = _held_under(granted, r.client, t.other, r.address, t.time)
            yield _loss(
                r,
                t.frame,
                t.time,
                tested.kind if tested else "state",
                status_name(t.status),
                tested.name if tested else None,
                tested.filehandle if tested else None,
            )


def _locks_on(case: Case, r: Recovery, x: Reclaim) -> Iterator[Held]:
    """Locks held on a file whose open could not be reclaimed: they went with it."""
    for held in case.files.held:
        if (
            held.kind == "lock"
            and x.op == "OPEN"
            and held.filehandle is not None
            and held.filehandle == x.filehandle
            and held.link.server_address == r.address
            and held.time < x.time
            and (held.until is None or held.until > r.trigger.frame)
            and case.clients.of_conn.get(held.link.conn) == r.client
        ):
            yield held


def _never_reclaimed(case: Case, r: Recovery) -> Iterator[Row]:
    """Locks of files that the client opened anew, instead of reclaiming, after its clientid was refused as unknown: no
    lock survives that (RFC 7530 section 9.6.2, RFC 8881 section 8.4.2)."""
    if r.identity is None or r.phase is not Phase.CONFIRMED:
        return
    kept = {x.filehandle for x in r.reclaims if x.op == "LOCK" and x.status == 0}
    mine = [
        h
        for h in case.files.held
        if h.filehandle is not None
        and h.link.server_address == r.address
        and case.clients.of_conn.get(h.link.conn) == r.client
    ]
    for lock in mine:
        held = (
            lock.kind == "lock" and lock.time < r.trigger.time and (lock.until is None or lock.until > r.trigger.frame)
        )
        if not held or lock.filehandle in kept:
            continue
        opens = [h for h in mine if h.kind == "open" and not h.reclaimed and h.filehandle == lock.filehandle]
        anew = next((h for h in opens if h.time > r.trigger.time), None)
        if anew is not None:
            yield _loss(r, anew.frame, anew.time, "lock", "opened anew without reclaim", lock.name, lock.filehandle)


def _loss(
    r: Recovery, frame: int, time: int, kind: str, status: str, name: bytes | None, filehandle: bytes | None
) -> Row:
    return {
        "frame": frame,
        "time": time,
        "client": r.client,
        "server_address": r.address,
        "recovery": r.recovery,
        "kind": kind,
        "status_name": status,
        "name": printable(name) if name else None,
        "filehandle": filehandle,
    }


def trunking(case: Case) -> Iterator[Row]:
    """trunking."""
    recovering = {r.identity.frame for r in case.recoveries if r.identity is not None}
    for d in case.detected:
        if d.kind not in ("collapsed", "client-id-trunking", "session-trunking", "distinct") or d.at is None:
            continue
        yield {
            "client": d.foreign.client,
            "address": d.foreign.address,
            "other_address": d.foreign.other_address,
            "minor_version": max(d.foreign.owner.minor, 0),
            "kind": d.kind,
            "in_recovery": d.foreign.owner.frame in recovering or d.foreign.before is not None,
            "frame": d.at.frame,
            "frames": list(d.frames),
        }
