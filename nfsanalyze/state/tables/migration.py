"""Tables of filesystems that moved, and of where clients went."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from nfsanalyze.facts.migration import asked, moved
from nfsanalyze.facts.printable import printable
from nfsanalyze.facts.sequences import flag_runs
from nfsanalyze.state import migrations
from nfsanalyze.state.infer import DEFAULT_LEASE_S, Case
from nfsanalyze.state.tables.leases import lease_time_at

Row = dict[str, Any]


def _found(case: Case) -> list[migrations.Migration]:
    return migrations.migrations(
        case.trace,
        case.links,
        moved(case.trace, case.links),
        flag_runs(case.trace),
        asked(case.exchanges),
        case.clients.of_conn,
    )


def migration_rows(case: Case) -> Iterator[Row]:
    """migrations."""
    times, seen = lease_time_at(case), migrations.last_seen(case.links)
    for m in _found(case):
        yield {
            "client": m.client,
            "client_address": m.link.client_address,
            "server_address": m.link.server_address,
            "minor_version": m.minor,
            "kind": m.kind,
            "referral": m.referral,
            "first_frame": m.first.frame,
            "last_frame": m.last.frame,
            "first": m.first.time,
            "last": m.last.time,
            "count": m.count,
            "asked_frame": m.asked.frame if m.asked else None,
            "asked": m.asked.time if m.asked else None,
            "listed": [printable(x.server) for x in m.asked.listed] if m.asked else [],
            "followed_frame": m.followed[0].frame if m.followed else None,
            "followed_address": m.followed[1] if m.followed else None,
            "elsewhere": m.elsewhere,
            "lease_time_s": times.get((m.client, m.link.server_address), DEFAULT_LEASE_S),
            "until": seen.get(m.link.client_address, m.last.time),
        }


def fs_locations(case: Case) -> Iterator[Row]:
    """fs_locations."""
    for target in migrations.targets(case.trace, case.links, asked(case.exchanges), case.ends.time):
        x = target.listed
        yield {
            "frame": x.frame,
            "time": x.time,
            "client": case.clients.of_conn.get(x.link.conn),
            "client_address": x.link.client_address,
            "server_address": x.link.server_address,
            "server": printable(x.server),
            "address": x.address,
            "rootpath": printable(x.rootpath),
            "tries": target.tries,
            "connected": target.connected,
            "try_frames": [at.frame for at in target.failed],
            "last_try": max((at.time for at in target.failed), default=None),
        }


def migrated_state(case: Case) -> Iterator[Row]:
    """migrated_state."""
    uniform = {c.client: c.uniform for c in case.clients.clients}
    for c in migrations.carried(_found(case), case.errors, case.files.held, case.clients.of_conn):
        client = case.clients.of_conn.get(c.error.link.conn)
        yield {
            "frame": c.error.frame,
            "call_frame": c.error.call_frame,
            "time": c.error.time,
            "client": client,
            "from_address": c.held.link.server_address,
            "address": c.error.link.server_address,
            "stateid": c.held.other,
            "kind": c.held.kind,
            "status_name": c.error.status_name,
            "name": printable(c.held.name) if c.held.name else None,
            "uniform": uniform.get(client) if client is not None else None,
            "moved_frame": c.migration.first.frame,
            "asked_frame": c.migration.asked.frame if c.migration.asked else None,
        }


BUILDERS: dict[str, Callable[[Case], Iterator[Row]]] = {
    "migrations": migration_rows,
    "fs_locations": fs_locations,
    "migrated_state": migrated_state,
}
