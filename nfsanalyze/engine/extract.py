"""Makes an example for a rule file out of the tables of a capture: no more rows and columns than the finding needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.engine.examples import example_tables
from nfsanalyze.engine.finding import Finding
from nfsanalyze.engine.needs import needed
from nfsanalyze.engine.rule import Example, Rule
from nfsanalyze.engine.run import run
from nfsanalyze.engine.statement import statement
from nfsanalyze.facts.schema import TABLES

if TYPE_CHECKING:
    import polars as pl

Rows = dict[str, list[dict[str, Any]]]

_TRIES = 400
"""Runs of the rule (some ms each) that making an example smaller may cost."""
_SILENT = 10
"""Rows a table in an example where nothing fires."""
_LABELS = ("client", "addresses", "hostnames")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """An example ready to be written, and how many findings there were to choose from."""

    example: Example
    findings: int


def extract(rule: Rule, tables: Mapping[str, pl.DataFrame], *, number: int = 1, name: str) -> Extract:
    """The `number`-th finding of the rule on these tables as an example; one that does not fire where there is none.

    Times are counted from the first whole second in it. Raises RuleError where the rule fails.
    """
    read = _given(rule, tables)
    found, _ = run([rule], read)
    if not found:
        few = {
            table: rows
            for table, rows in _rows({t: read[t].head(_SILENT) for t in _names(rule) if t in read}).items()
            if rows
        }
        return Extract(example=_example(name, _named(rule, few), ()), findings=0)
    wanted = found[min(number, len(found)) - 1]
    rows = _least(rule, read, wanted)
    told = _found(rule, _example(name, rows, ()))
    return Extract(example=_example(name, rows, told), findings=len(found))


def _given(rule: Rule, tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """What the rule reads, and the clients that findings name. What the capture cannot show stays out, unless the rule
    reads of it: an example is about what was seen."""
    names = {*_names(rule), "clients"}
    return {name: table for name, table in tables.items() if name in names}


def _rows(tables: Mapping[str, pl.DataFrame]) -> Rows:
    import polars as pl

    return {
        name: list(table.with_columns(pl.selectors.datetime().cast(pl.Datetime("us", "UTC"))).iter_rows(named=True))
        for name, table in tables.items()
    }


def _least(rule: Rule, tables: Mapping[str, pl.DataFrame], wanted: Finding) -> Rows:
    """Fewer rows, then fewer columns, as long as the same finding comes of them."""
    left = _TRIES

    def same(tried: Rows) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and _told(wanted) in map(_told, _found(rule, _example("tried", tried, ())))

    least = _rows(_about(tables, wanted))
    if not same(least):
        least = _rows(tables)
    for table in least:
        least = _halved(least, table, same)
    return _narrowed(rule, {table: kept for table, kept in least.items() if kept}, same)


def _found(rule: Rule, example: Example) -> list[Finding]:
    found, _ = run([rule], example_tables(rule, example))
    return found


def _about(tables: Mapping[str, pl.DataFrame], wanted: Finding) -> dict[str, pl.DataFrame]:
    """Without rows that name another client or another server."""
    import polars as pl

    def kept(table: pl.DataFrame) -> pl.DataFrame:
        if wanted.client is not None and "client" in table.columns:
            table = table.filter(pl.col("client").is_null() | (pl.col("client") == int(wanted.client[1:])))
        if wanted.servers and "server_address" in table.columns:
            server = pl.col("server_address")
            table = table.filter(server.is_null() | server.is_in(wanted.servers))
        return table

    return {name: kept(table) for name, table in tables.items()}


def _halved(rows: Rows, table: str, same: Callable[[Rows], bool]) -> Rows:
    """Leaves out ever smaller parts of a table while nothing changes."""
    size = len(rows[table])
    while size >= 1:
        at = 0
        while at < len(rows[table]):
            tried = {**rows, table: rows[table][:at] + rows[table][at + size :]}
            if same(tried):
                rows = tried
            else:
                at += size
        size //= 2
    return rows


def _narrowed(rule: Rule, rows: Rows, same: Callable[[Rows], bool]) -> Rows:
    """Without the columns that the SQL does not name, unless it reads them all the same (SELECT *)."""
    tried = _named(rule, rows)
    return tried if same(tried) else rows


def _named(rule: Rule, rows: Rows) -> Rows:
    named = {*statement(rule.detect).places, *(need.column for need in needed(rule.needs)), *_LABELS}
    return {table: [{k: v for k, v in row.items() if k in named} for row in listed] for table, listed in rows.items()}


def _names(rule: Rule) -> tuple[str, ...]:
    return statement(rule.detect).reads(TABLES)


def _told(finding: Finding) -> tuple[Any, ...]:
    return finding.severity, finding.client, finding.servers, finding.clientids, finding.frames, finding.message


def _example(name: str, rows: Rows, found: Sequence[Finding]) -> Example:
    times = [
        value for listed in rows.values() for row in listed for value in row.values() if isinstance(value, dt.datetime)
    ]
    start = min(times).replace(microsecond=0) if times else dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    tables = {
        table: tuple(
            {key: _counted(value, start) for key, value in row.items() if value not in (None, [])} for row in listed
        )
        for table, listed in rows.items()
    }
    expect = tuple(
        {
            "severity": finding.severity,
            **({"client": finding.client} if finding.client else {}),
            "servers": list(finding.servers),
            "frames": list(finding.frames),
        }
        for finding in found
    )
    return Example(name=name, expect=expect, tables=tables)


def _counted(value: Any, start: dt.datetime) -> Any:
    return (value - start).total_seconds() if isinstance(value, dt.datetime) else value
