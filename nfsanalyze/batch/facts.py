"""The facts of all cases of a batch as tables: those of one case, with the case's name in the first column."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nfsanalyze.batch.layout import PARTITION
from nfsanalyze.errors import UsageError
from nfsanalyze.reports.parquet_report import FINDINGS, findings_schema

if TYPE_CHECKING:
    import polars as pl


def empty_tables() -> dict[str, pl.DataFrame]:
    """Every table, typed and without rows."""
    import polars as pl

    return {name: pl.DataFrame(schema=schema) for name, schema in _schemas().items()}


def batch_tables(out: Path) -> dict[str, pl.DataFrame | pl.LazyFrame]:
    """The tables of the batch in a folder, not read until they are asked for; those without rows are empty.

    Raises UsageError where the folder holds no batch.
    """
    import polars as pl

    if not (out / "cases").is_dir():
        raise UsageError(f"--batch {out}: holds no batch; make one with nfsanalyze batch --out {out}")
    found: dict[str, pl.DataFrame | pl.LazyFrame] = {}
    for name, schema in _schemas().items():
        files = sorted((out / "facts" / name).glob(f"{PARTITION}=*/facts.parquet"))
        if not files:
            found[name] = pl.DataFrame(schema=schema)
            continue
        # A version that knew fewer columns may have written some of them.
        found[name] = pl.scan_parquet(
            files,
            glob=False,
            hive_partitioning=True,
            hive_schema={PARTITION: pl.String()},
            schema=schema,
            missing_columns="insert",
            extra_columns="ignore",
        ).select(list(schema))
    return found


def _schemas() -> dict[str, dict[str, pl.DataType]]:
    import polars as pl

    from nfsanalyze.facts.schema import TABLES, VOLUME, polars_schema

    schemas = {name: polars_schema(name) for name in TABLES if name not in VOLUME}
    schemas[FINDINGS] = findings_schema()
    return {name: {PARTITION: pl.String(), **schema} for name, schema in schemas.items()}
