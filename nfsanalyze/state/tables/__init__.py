"""The case laid out as the fact tables of `nfsanalyze.facts.schema`: one builder a table, rows as dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from nfsanalyze.facts.schema import TABLES, polars_schema
from nfsanalyze.state.infer import Case
from nfsanalyze.state.tables import (
    access,
    aftermath,
    changes,
    channels,
    identity,
    lease_pairs,
    leases,
    lifecycle,
    migration,
    recoveries,
    renewal_bins,
    servers,
    volume,
    wire,
)
from nfsanalyze.state.tables.notes import NOTED, with_notes
from nfsanalyze.state.tables.series import column, empty

if TYPE_CHECKING:
    import polars as pl

Row = dict[str, Any]
Rows = Iterable[Row]

_BUILDERS: dict[str, Callable[[Case], Rows]] = {
    "connections": wire.connections,
    "links": wire.link_runs,
    "credentials": access.credentials,
    "blind": wire.blind_stretches,
    "events": wire.events,
    "clients": identity.clients,
    "client_owners": identity.client_owners,
    "confirms": identity.confirms,
    "heads": changes.heads,
    "same_head": changes.same_head,
    "declared_heads": changes.declared_heads,
    "takeovers": changes.takeovers,
    "signals": changes.signals,
    "leases": leases.leases,
    "lease_pairs": lease_pairs.lease_pairs,
    "renewal_runs": leases.renewal_runs,
    "lease_gaps": leases.lease_gaps,
    "sessions": leases.sessions,
    "state_errors": recoveries.state_errors,
    "recoveries": recoveries.recoveries,
    "reclaims": recoveries.reclaims,
    "lost_state": recoveries.lost_state,
    "trunking": recoveries.trunking,
    "grants": lifecycle.grants,
    "verifier_changes": lifecycle.verifier_changes,
    "stale_renewals": aftermath.stale_renewals,
    "graces": aftermath.graces,
    "late_reclaims": aftermath.late_reclaims,
    "reclaim_completes": aftermath.reclaim_completes,
    "holdings": aftermath.holdings,
    "late_renewals": aftermath.late_renewals,
    **servers.BUILDERS,
    **channels.BUILDERS,
    **migration.BUILDERS,
}


def tables(case: Case, wanted: Collection[str] = ()) -> dict[str, pl.DataFrame]:
    """All tables of a case but `captures` and `decode_notes`, which are about files; those of volume where wanted."""
    rows = {name: _ordered(name, _BUILDERS[name](case)) for name in NOTED}
    rows["events"] = _ordered("events", with_notes(case, _BUILDERS["events"](case), rows))
    built = {
        name: _laid_out(name, rows.pop(name) if name in rows else _ordered(name, build(case)))
        for name, build in _BUILDERS.items()
    }
    built["renewal_bins"] = renewal_bins.renewal_bins(case)
    built.update({name: build(case) for name, build in volume.BUILDERS.items() if name in wanted})
    return built


def table(name: str, rows: Rows) -> pl.DataFrame:
    """One table from its rows: exactly the columns of the schema, in the order it promises.

    Raises KeyError for a row that lacks a column, so that none is null by oversight.
    """
    return _laid_out(name, _ordered(name, rows))


def _laid_out(name: str, rows: Sequence[Row]) -> pl.DataFrame:
    import polars as pl

    schema = polars_schema(name)
    if not rows:
        return pl.DataFrame([empty(name, kind) for name, kind in schema.items()])
    return pl.DataFrame([column(name, [row[name] for row in rows], kind) for name, kind in schema.items()])


def _ordered(name: str, rows: Rows) -> list[Row]:
    """Rows in the order of their table, what is null last. Sorting by Polars takes a thousand times as long for the few
    rows that most tables have."""
    columns, listed = TABLES[name].sort, list(rows)
    if any(None in [row[column] for row in listed] for column in columns):
        listed.sort(key=lambda row: tuple((row[c] is None, 0 if row[c] is None else row[c]) for c in columns))
    else:
        listed.sort(key=itemgetter(*columns))
    return listed
