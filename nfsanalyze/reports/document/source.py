"""Reads the fact tables: rows in the contract's order, times as whole nanoseconds, frames by capture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from dissect.nfs4.batch import CAPTURE_STRIDE
from nfsanalyze.facts.schema import TABLES

if TYPE_CHECKING:
    import polars as pl

Row = dict[str, Any]

NS = 10**9


class Source:
    """The tables of one case. A missing table reads as an empty one."""

    def __init__(self, tables: Mapping[str, pl.DataFrame]) -> None:
        self._tables = tables
        self._rows: dict[str, list[Row]] = {}
        #: the k-th row of `captures`, as the table comes, is the capture whose frames start at k * CAPTURE_STRIDE
        self.captures: list[str] = tables["captures"]["capture"].to_list() if "captures" in tables else []

    def rows(self, name: str) -> list[Row]:
        """Rows of a table in the contract's order; times in ns since 1970 (a Python datetime would cut them to µs)."""
        if name not in self._rows:
            self._rows[name] = self._read(name)
        return self._rows[name]

    def _read(self, name: str) -> list[Row]:
        if name not in self._tables:
            return []
        import polars as pl

        table = self._tables[name]
        columns = [column.cast(pl.Int64) if column.dtype == pl.Datetime else column for column in table.get_columns()]
        names = [column.name for column in columns]
        rows = [dict(zip(names, values, strict=True)) for values in zip(*(c.to_list() for c in columns), strict=True)]
        if name != "captures":
            # plain sorting: most tables are short, and the first query of a process would cost more than all of it
            rows.sort(key=itemgetter(*TABLES[name].sort))
        return rows

    def capture(self, frame: int) -> str:
        """Name of the capture that a frame of the tables lies in."""
        number = frame // CAPTURE_STRIDE
        return self.captures[number] if number < len(self.captures) else ""

    def number(self, frame: int | None) -> int | None:
        """The frame's number within its capture, as Wireshark shows it."""
        return None if frame is None else frame % CAPTURE_STRIDE

    def numbers(self, frames: Iterable[int] | None) -> list[int]:
        """The same for a list of frames."""
        return [frame % CAPTURE_STRIDE for frame in frames or ()]


def iso(time: int | None) -> str | None:
    """ISO 8601 in UTC with nanoseconds."""
    if time is None:
        return None
    seconds, ns = divmod(time, NS)
    return f"{_to_seconds(seconds)}.{ns:09d}Z"


@lru_cache(maxsize=1 << 12)
def _to_seconds(time: int) -> str:
    """Many of the times of a report lie in one second."""
    return datetime.fromtimestamp(time, UTC).isoformat()[: len("1970-01-01T00:00:00")]


def seconds(value: float | None) -> float | None:
    """Seconds for JSON: to the nanosecond, and null for what is no number."""
    return None if value is None or not math.isfinite(value) else round(value, 9)


def lasted(first: int | None, last: int | None) -> float | None:
    """Seconds between two times."""
    return None if first is None or last is None else (last - first) / NS


def hexed(data: bytes | None) -> str | None:
    """Lower-case hex of wire bytes."""
    return None if data is None else data.hex()


def client_id(number: int | None) -> str | None:
    """Name of a client instance in the document."""
    return None if number is None else f"c{number}"


def unique(values: Iterable[Any]) -> list[Any]:
    """Each value that is not null once, in the order met."""
    return list(dict.fromkeys(value for value in values if value is not None))
