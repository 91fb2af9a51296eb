"""Tables of what servers say of themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from nfsanalyze.facts.printable import printable
from nfsanalyze.state import identities, leasetimes, purges
from nfsanalyze.state.gaps import change_near
from nfsanalyze.state.infer import Case
from nfsanalyze.state.stays import begins
from nfsanalyze.state.tables.changes import number_of
from nfsanalyze.state.tables.identity import hexed

Row = dict[str, Any]


def server_identities(case: Case) -> Iterator[Row]:
    """server_identities."""
    for run in identities.identities(case.owners):
        before = run.before
        change = change_near(case.changes, run.address, run.first.time) if before else None
        yield {
            "address": run.address,
            "so_major_id": run.major,
            "major_text": printable(run.major),
            "so_minor_id": run.minor,
            "eir_server_scope": run.scope,
            "scope_text": printable(run.scope),
            "answers": run.answers,
            "first_frame": run.first.frame,
            "last_frame": run.last.frame,
            "first": run.first.time,
            "last": run.last.time,
            "before_frame": before.last.frame if before else None,
            "before_major_text": printable(before.major) if before else None,
            "before_scope_text": printable(before.scope) if before else None,
            "major_changed": before is not None and before.major != run.major,
            "major_anew": run.major_anew,
            "scope_changed": before is not None and before.scope != run.scope,
            "scope_anew": run.scope_anew,
            "takeover": number_of(case, change),
            "takeover_kind": change.kind if change else None,
        }


def identity_clashes(case: Case) -> Iterator[Row]:
    """identity_clashes."""
    runs = identities.identities(case.owners)
    for c in identities.clashes(runs, case.heads, case.seen, case.verifiers):
        yield {
            "address_a": c.addresses[0],
            "address_b": c.addresses[1],
            "major_text": printable(c.identity[0]),
            "scope_text": printable(c.identity[1]),
            "proof": c.proof,
            "value_a": c.values[0].hex(),
            "value_b": c.values[1].hex(),
            "first": c.first,
            "last": c.last,
            "frames": list(c.frames),
        }


def lease_time_changes(case: Case) -> Iterator[Row]:
    """lease_time_changes."""
    runs = identities.identities(case.owners)
    for d in leasetimes.differences(case.exchanges, case.heads, case.changes, runs):
        moments = [d.before.at.time, d.after.at.time, *([begins(d.change).time] if d.change else [])]
        yield {
            "address": d.address,
            "other_address": d.after.address if d.after.address != d.address else None,
            "kind": d.kind,
            "before_s": d.before.seconds,
            "after_s": d.after.seconds,
            "before_frame": d.before.at.frame,
            "after_frame": d.after.at.frame,
            "first": min(moments),
            "last": max(moments),
            "takeover": number_of(case, d.change),
        }


def purge_rows(case: Case) -> Iterator[Row]:
    """purges."""
    for p in purges.purges(case.detected, case.owners, case.errors, case.ids, case.clients.of_conn):
        f = p.foreign
        yield {
            "frame": p.owner.frame,
            "reply_frame": p.owner.reply_frame,
            "time": p.owner.time,
            "client": f.client,
            "address": f.address,
            "clientid": hexed(f.owner.clientid),
            "answer_frame": f.owner.reply_frame or f.owner.frame,
            "live_at": f.other_address,
            "live_frame": f.live.frame,
            "harmed_frame": p.harmed.frame if p.harmed else None,
            "moved": f.before is not None,
        }


BUILDERS: dict[str, Callable[[Case], Iterator[Row]]] = {
    "server_identities": server_identities,
    "identity_clashes": identity_clashes,
    "lease_time_changes": lease_time_changes,
    "purges": purge_rows,
}
