"""One line for every frame of interest: what findings quote as their evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from dissect.nfs4.const import ExchgidFlag, Op, op_name, status_name
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.errors import StateError
from nfsanalyze.facts.files import Reclaim, Tested
from nfsanalyze.facts.identity import ClientOwner, Confirm
from nfsanalyze.facts.printable import printable
from nfsanalyze.state.gaps import LeaseGap
from nfsanalyze.state.hosts import Clients
from nfsanalyze.state.leases import Lease
from nfsanalyze.state.recoveries import Recovery
from nfsanalyze.state.stays import begins
from nfsanalyze.state.takeovers import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What one frame shows; several things in one frame are one note, joined by a semicolon."""

    frame: int
    time: int
    client: int | None
    address: str | None
    kind: str
    note: str


_Raw = tuple[int, int, int | None, str | None, str, str]


def events(
    clients: Clients,
    owners: Sequence[ClientOwner],
    confirms: Sequence[Confirm],
    errors: Sequence[StateError],
    reclaims: Sequence[Reclaim],
    tested: Sequence[Tested],
    leases: Sequence[Lease],
    gaps: Sequence[LeaseGap],
    changes: Sequence[Change],
    recoveries: Sequence[Recovery],
) -> list[Event]:
    """All notes, one row a frame, by frame."""
    of = clients.of_conn
    raw: list[_Raw] = []
    for group in (
        _owners(owners, of),
        _confirms(confirms, of),
        _errors(errors, of),
        _reclaims(reclaims, of),
        _tested(tested, of),
    ):
        raw.extend(group)
    told = {r[0] for r in raw}
    raw.extend(
        r
        for group in (_changes(changes), _in_use(recoveries, leases), _renewals(leases, gaps))
        for r in group
        if r[0] not in told
    )
    by_frame: dict[int, list[_Raw]] = defaultdict(list)
    for r in raw:
        by_frame[r[0]].append(r)
    out = []
    for frame, rows in sorted(by_frame.items()):
        _, time, client, address, kind, note = rows[0]
        if len(rows) > 1:
            client = next((r[2] for r in rows if r[2] is not None), None)
            address = next((r[3] for r in rows if r[3] is not None), None)
            note = "; ".join(dict.fromkeys(r[5] for r in rows))
        out.append(Event(frame=frame, time=time, client=client, address=address, kind=kind, note=note))
    return out


def _hex(value: bytes | None) -> str:
    return f"0x{value.hex()}" if value else "?"


def _owners(owners: Iterable[ClientOwner], of: dict[int, int]) -> Iterable[_Raw]:
    for o in owners:
        client, address = of.get(o.link.conn), o.link.server_address
        yield (
            o.frame,
            o.time,
            client,
            address,
            o.op,
            f'{o.op} to {address}, owner "{printable(o.owner)}", verifier {_hex(o.verifier)}',
        )
        if o.reply_frame is None or o.status is None:
            continue
        note = f"{o.op} answered by {address}: {status_name(o.status)}"
        if o.status == 0 and o.clientid is not None:
            note = f"{address} answers with clientid {_hex(o.clientid)}"
            if o.eir_flags is not None and o.eir_flags & ExchgidFlag.CONFIRMED_R:
                note += ", CONFIRMED_R"
            if o.so_major_id is not None:
                note += f', server owner "{printable(o.so_major_id)}", scope "{printable(o.eir_server_scope or b"")}"'
        yield o.reply_frame, o.reply_time or o.time, client, address, o.op, note


def _confirms(confirms: Iterable[Confirm], of: dict[int, int]) -> Iterable[_Raw]:
    for c in confirms:
        client, address = of.get(c.link.conn), c.link.server_address
        what = f" {_hex(c.clientid)}" if c.clientid else f" (session {c.session_id.hex()})" if c.session_id else ""
        yield c.frame, c.time, client, address, c.op, f"{c.op}{what} to {address}"
        if c.reply_frame is not None and c.status is not None:
            made = f", session {c.session_id.hex()}" if c.op == "CREATE_SESSION" and c.session_id else ""
            yield (
                c.reply_frame,
                c.reply_time or c.time,
                client,
                address,
                c.op,
                f"{c.op}{what} answered: {status_name(c.status)}{made}",
            )


_TOLD_AS_CONFIRMS = {
    Op.SETCLIENTID_CONFIRM,
    Op.CREATE_SESSION,
    Op.BIND_CONN_TO_SESSION,
    Op.DESTROY_SESSION,
    Op.DESTROY_CLIENTID,
    Op.RECLAIM_COMPLETE,
}


def _errors(errors: Iterable[StateError], of: dict[int, int]) -> Iterable[_Raw]:
    for e in errors:
        if e.op in _TOLD_AS_CONFIRMS and e.call_frame is not None:
            continue
        client, address = of.get(e.link.conn), e.link.server_address
        kinds = {8: "clientid", 12: "stateid", 16: "session"}
        what = f" ({kinds.get(len(e.key), 'id')} {_hex(e.key)})" if e.key else ""
        yield (
            e.frame,
            e.time,
            client,
            address,
            op_name(e.op),
            f"{address} answers {op_name(e.op)}{what}: {e.status_name}",
        )
        if e.call_frame is not None and e.call_time is not None:
            yield e.call_frame, e.call_time, client, address, op_name(e.op), f"{op_name(e.op)}{what} to {address}"


def _reclaims(reclaims: Iterable[Reclaim], of: dict[int, int]) -> Iterable[_Raw]:
    for r in reclaims:
        client, address = of.get(r.link.conn), r.link.server_address
        what = (
            f'"{printable(r.name)}"'
            if r.name
            else f"handle {r.filehandle.hex()}"
            if r.filehandle
            else "an unknown file"
        )
        yield r.frame, r.time, client, address, r.op, f"reclaim: {r.op} ({r.claim}) of {what} at {address}"
        if r.reply_frame is not None and r.status is not None:
            yield (
                r.reply_frame,
                r.reply_time or r.time,
                client,
                address,
                r.op,
                f"reclaim of {what} answered: {status_name(r.status)}",
            )


def _tested(tested: Iterable[Tested], of: dict[int, int]) -> Iterable[_Raw]:
    for t in tested:
        if t.status:
            yield (
                t.frame,
                t.time,
                of.get(t.link.conn),
                t.link.server_address,
                "TEST_STATEID",
                f"TEST_STATEID: stateid {t.other.hex()} is {status_name(t.status)}",
            )


def _changes(changes: Iterable[Change]) -> Iterable[_Raw]:
    for change in changes:
        kind = "restart" if change.kind == "restart" else "takeover"
        for s in change.signals:
            yield s.frame, s.time, None, change.address, kind, s.note
        first = begins(change)
        if first.frame not in {s.frame for s in change.signals}:
            yield (
                first.frame,
                first.time,
                None,
                change.address,
                kind,
                f"{change.address} answers again: first sign of another instance",
            )


def _in_use(recoveries: Iterable[Recovery], leases: Iterable[Lease]) -> Iterable[_Raw]:
    """Where a clientid that a recovery was answered with had been renewed last."""
    of_id: dict[tuple[int, bytes], list[Lease]] = defaultdict(list)
    for lease in leases:
        of_id[lease.client, lease.clientid].append(lease)
    for r in recoveries:
        for lease in of_id[r.client, r.new_clientid] if r.identity and r.new_clientid else ():
            found = lease.last_before(r.identity.time) if r.identity else None
            if found is not None:
                at, conn = found
                address = next(run.address for run in lease.runs if run.conn == conn)
                note = f"clientid {_hex(lease.clientid)} is in use at {address}: its last renewal before the answer"
                yield at.frame, at.time, lease.client, address, "renewal", note


def _renewals(leases: Iterable[Lease], gaps: Iterable[LeaseGap]) -> Iterable[_Raw]:
    for lease in leases:
        for run in lease.runs:
            for at in (run.first, run.last):
                note = f"{_WORDS[run.how]} of clientid {_hex(lease.clientid)} accepted by {run.address}"
                yield at.frame, at.time, lease.client, run.address, "renewal", note
        last = lease.last_renewal
        if last is not None:
            note = f"clientid {_hex(lease.clientid)} renewed"
            yield last.frame, last.time, lease.client, lease.address, "renewal", note
    for gap in gaps:
        sides = [(gap.last, "last renewal before")] + ([(gap.next, "next use after")] if gap.next else [])
        for at, when in sides:
            note = f"clientid {_hex(gap.lease.clientid)}: {when} {gap.seconds:.1f} s of silence"
            yield at.frame, at.time, gap.lease.client, gap.address, "renewal", note


_WORDS = {"explicit": "RENEW", "sequence": "SEQUENCE", "state": "an operation with state"}
