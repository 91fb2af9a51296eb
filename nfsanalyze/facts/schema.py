"""The one contract of all fact tables: names, types and meaning of every column.

Rules are SQL over these tables, reports are drawn from them. Types: u32 u64 i32 i64 f64 bool str bin time (ns, UTC),
list[u64] list[str]; a trailing `?` admits null. Frames are numbered as in `dissect.nfs4.batch`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from nfsanalyze.facts import (
    schema_access,
    schema_aftermath,
    schema_channels,
    schema_identity,
    schema_lifecycle,
    schema_migration,
    schema_servers,
    schema_state,
    schema_volume,
    schema_wire,
)
from nfsanalyze.facts.columns import Column, Table

if TYPE_CHECKING:
    import polars as pl

_PARTS = (
    schema_wire,
    schema_access,
    schema_identity,
    schema_state,
    schema_lifecycle,
    schema_aftermath,
    schema_servers,
    schema_channels,
    schema_migration,
    schema_volume,
)

TABLES: dict[str, Table] = {table.name: table for part in _PARTS for table in part.TABLES}

VOLUME = tuple(table.name for table in schema_volume.TABLES)
"""Tables as long as the capture, built only where something names them."""


def polars_schema(name: str) -> dict[str, pl.DataType]:
    """Polars types of a table's columns, in order."""
    kinds = _kinds()
    return {column.name: kinds[column.dtype] for column in TABLES[name].columns}


@cache
def _kinds() -> dict[str, pl.DataType]:
    import polars as pl

    return {
        "u32": pl.UInt32(),
        "u64": pl.UInt64(),
        "i32": pl.Int32(),
        "i64": pl.Int64(),
        "f64": pl.Float64(),
        "bool": pl.Boolean(),
        "str": pl.String(),
        "bin": pl.Binary(),
        "time": pl.Datetime("ns", "UTC"),
        "list[u64]": pl.List(pl.UInt64()),
        "list[str]": pl.List(pl.String()),
    }


__all__ = ["TABLES", "VOLUME", "Column", "Table", "polars_schema"]
