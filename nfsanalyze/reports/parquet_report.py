"""The fact tables of a case as Parquet, with its findings and what could not be judged as tables beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from nfsanalyze.facts.schema import TABLES, VOLUME, polars_schema

if TYPE_CHECKING:
    import polars as pl

    from nfsanalyze.engine.finding import Finding, NotEvaluable

FINDINGS, NOT_EVALUABLE = "findings", "not_evaluable"


def parquet_files(
    tables: Mapping[str, pl.DataFrame], findings: Sequence[Finding] = (), unjudged: Sequence[NotEvaluable] = ()
) -> Iterator[tuple[str, bytes]]:
    """Name and content of a file a table: all but those of volume, without rows too, each with the types that
    `nfsanalyze tables` documents and sorted as it says; zstd. Equal tables give equal bytes."""
    import polars as pl

    from nfsanalyze.reports.rows import parquet_rows

    for name, table in TABLES.items():
        if name in VOLUME:
            continue
        rows = tables.get(name, pl.DataFrame(schema=polars_schema(name)))
        yield f"{name}.parquet", parquet_rows(rows.sort(table.sort, maintain_order=True))
    yield f"{FINDINGS}.parquet", parquet_rows(findings_table(findings))
    yield f"{NOT_EVALUABLE}.parquet", parquet_rows(_unjudged_table(unjudged))


def findings_table(findings: Sequence[Finding]) -> pl.DataFrame:
    """A row a finding, in the order of the report."""
    import polars as pl

    columns = findings_schema()
    rows = [{name: getattr(finding, name) for name in columns} for finding in findings]
    raw = {name: pl.Int64() if isinstance(kind, pl.Datetime) else kind for name, kind in columns.items()}
    return pl.DataFrame(rows, schema=raw, orient="row").cast(columns)  # type: ignore[arg-type]


def _unjudged_table(unjudged: Sequence[NotEvaluable]) -> pl.DataFrame:
    import polars as pl

    text = pl.String()
    columns = {"rule": text, "subject": text, "reason": text, "kinds": pl.List(text)}
    rows = [{name: getattr(entry, name) for name in columns} for entry in unjudged]
    return pl.DataFrame(rows, schema=columns, orient="row")


def findings_schema() -> dict[str, pl.DataType]:
    """Columns of the table of findings; frames are of `capture`."""
    import polars as pl

    text, texts, time = pl.String(), pl.List(pl.String()), pl.Datetime("ns", "UTC")
    return {
        "id": text,
        "rule": text,
        "name": text,
        "severity": text,
        "confidence": text,
        "title": text,
        "message": text,
        "client": text,
        "other_clients": texts,
        "servers": texts,
        "clientids": texts,
        "capture": text,
        "frames": pl.List(pl.UInt64()),
        "first": time,
        "last": time,
        "caused_by": texts,
    }
