"""Rows of a query as text, CSV, JSON, JSON Lines or Parquet: times as ISO 8601, bytes as hex."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from nfsanalyze.facts.printable import cell, printable
from nfsanalyze.reports.document.source import NS, iso

if TYPE_CHECKING:
    import polars as pl

_GAP = "  "


def render_rows(rows: pl.DataFrame, *, width: int = 80) -> str:
    """For people: aligned columns where they fit into the width, else a block of lines a row."""
    if not rows.width:
        return ""
    cells = [[_words(value) for value in row] for row in _values(rows)]
    names = [printable(name) for name in rows.columns]
    if not cells:
        return f"{_GAP.join(names)}\n(no rows)\n"
    widths = [max(len(name), *(len(row[at]) for row in cells)) for at, name in enumerate(names)]
    if sum(widths) + len(_GAP) * (len(widths) - 1) <= width:
        return _aligned(rows, names, cells, widths)
    return _stacked(names, cells)


def _aligned(rows: pl.DataFrame, names: list[str], cells: list[list[str]], widths: list[int]) -> str:
    right = [kind.is_numeric() for kind in rows.dtypes]
    lines = []
    for row in [names, *cells]:
        parts = [
            word.rjust(size) if number else word.ljust(size)
            for word, size, number in zip(row, widths, right, strict=True)
        ]
        lines.append(_GAP.join(parts).rstrip() + "\n")
    return "".join(lines)


def _stacked(names: list[str], cells: list[list[str]]) -> str:
    longest = max(map(len, names))
    blocks = []
    for number, row in enumerate(cells, 1):
        lines = [f"{name.ljust(longest)}  {word}".rstrip() for name, word in zip(names, row, strict=True)]
        blocks.append("\n".join([f"-- row {number}", *lines]) + "\n")
    return "".join(blocks)


def csv_rows(rows: pl.DataFrame, **_: int) -> str:
    """RFC 4180 with a header; a null is empty, a list its JSON. No text is a formula."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([cell(name) for name in rows.columns])
    for row in _values(rows):
        writer.writerow(["" if value is None else _csv(value) for value in row])
    return file.getvalue()


def json_rows(rows: pl.DataFrame, **_: int) -> str:
    """A list of objects."""
    lines = [" " + json.dumps(row, allow_nan=False) for row in _objects(rows)]
    return "[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n"


def json_lines(rows: pl.DataFrame, **_: int) -> str:
    """An object a line."""
    return "".join(json.dumps(row, allow_nan=False) + "\n" for row in _objects(rows))


def parquet_rows(rows: pl.DataFrame) -> bytes:
    """With the types of the tables: times in ns, bytes as bytes."""
    file = io.BytesIO()
    rows.write_parquet(file, compression="zstd")
    return file.getvalue()


RENDERINGS: dict[str, Callable[..., str]] = {
    "text": render_rows,
    "csv": csv_rows,
    "json": json_rows,
    "jsonl": json_lines,
}


def _objects(rows: pl.DataFrame) -> Iterator[dict[str, Any]]:
    return (dict(zip(rows.columns, row, strict=True)) for row in _values(rows))


def _values(rows: pl.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Rows of what JSON knows. Times go by way of whole ns: a Python datetime would cut them to µs."""
    import polars as pl

    columns = []
    for column in rows.get_columns():
        if isinstance(column.dtype, pl.Datetime):
            columns.append([iso(time) for time in column.cast(pl.Datetime("ns")).cast(pl.Int64).to_list()])
        elif isinstance(column.dtype, pl.Duration):
            spans = column.cast(pl.Duration("ns")).cast(pl.Int64).to_list()
            columns.append([None if span is None else span / NS for span in spans])
        else:
            columns.append([_plain(value) for value in column.to_list()])
    return zip(*columns, strict=True)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _words(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_words, value))
    return printable(f"{value:.9g}" if isinstance(value, float) else str(value))


def _csv(value: Any) -> str:
    if isinstance(value, str):
        return cell(value)
    return printable(json.dumps(value) if isinstance(value, (list, dict, bool)) else str(value))
