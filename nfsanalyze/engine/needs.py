"""What must be in the tables for a rule to find anything: where it is not, the rule need not run.

An entry of `needs` is `table` (it has rows), `table.column` (some row has a value there: not null, not false, no empty
text or list) or `table.column=value` (some row has that text, number, true or false; or one of several: `a|b`). Where
one of several entries will do, `or` stands between them. What a rule needs changes what it costs, never what it finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.engine.nearest import nearest
from nfsanalyze.facts.schema import TABLES

if TYPE_CHECKING:
    import polars as pl

Value = str | int | bool

_OR = re.compile(r"\s+or\s+")
_NUMBER = re.compile(r"-?[0-9]{1,20}")
_RANGES = {"u32": (0, 2**32), "u64": (0, 2**64), "i32": (-(2**31), 2**31), "i64": (-(2**63), 2**63)}
_WANTED = {"str": "a text", "bool": "true or false", **dict.fromkeys(_RANGES, "a number that fits the column")}
_BOOLS = {"true": True, "false": False}


class NeedError(ValueError):
    """What is wrong with an entry, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Rows of a table; with a value in a column; with one of these values."""

    table: str
    column: str | None
    values: tuple[Value, ...]


@cache
def alternatives(entry: str) -> tuple[Need, ...]:
    """What an entry names: one of these must hold. Raises NeedError."""
    return tuple(_need(each) for each in _OR.split(entry))


def needed(entries: Iterable[str]) -> tuple[Need, ...]:
    """All that the entries of a rule name."""
    return tuple(need for entry in entries for need in alternatives(entry))


def are_met(entries: Iterable[str], tables: Mapping[str, pl.DataFrame]) -> bool:
    """Whether each entry holds in these tables; those that are missing have no rows."""
    return all(any(_is_met(need, tables) for need in alternatives(entry)) for entry in entries)


def _is_met(need: Need, tables: Mapping[str, pl.DataFrame]) -> bool:
    if need.table not in tables or tables[need.table].is_empty():
        return False
    if need.column is None:
        return True
    series = tables[need.table].get_column(need.column)
    return any((series == value).any() for value in need.values) if need.values else _holds(series)


def _holds(series: pl.Series) -> bool:
    import polars as pl

    if series.dtype == pl.Boolean:
        return series.any()
    if series.dtype in (pl.String, pl.Binary):
        return bool(series.max())
    if isinstance(series.dtype, pl.List):
        return bool(series.list.len().max())
    return series.null_count() < len(series)


def _need(text: str) -> Need:
    place, equals, values = text.partition("=")
    table, dot, column = place.partition(".")
    if table not in TABLES:
        raise NeedError(f'"{table}" is unknown{nearest(table, TABLES)}')
    kinds = {each.name: each.dtype for each in TABLES[table].columns}
    if dot and column not in kinds:
        raise NeedError(f'"{place}": {table} has no column "{column}"{nearest(column, kinds)}')
    if equals and not dot:
        raise NeedError(f'"{text}" names no column: write table.column=value')
    return Need(
        table=table,
        column=column if dot else None,
        values=tuple(_value(text, kinds[column], word) for word in values.split("|")) if equals else (),
    )


def _value(text: str, kind: str, word: str) -> Value:
    if kind not in _WANTED:
        raise NeedError(f'"{text}": a column of type {kind} has no values to name; leave out "=" and what follows')
    if kind == "str" and word:
        return word
    if kind == "bool" and word in _BOOLS:
        return _BOOLS[word]
    if kind in _RANGES and _NUMBER.fullmatch(word):
        least, beyond = _RANGES[kind]
        if least <= int(word) < beyond:
            return int(word)
    raise NeedError(f'"{text}": "{word}" is not {_WANTED[kind]}')
