"""Columns of tables from their values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl


@cache
def _nothing(kind: pl.DataType) -> pl.Series:
    import polars as pl

    return pl.Series([], dtype=kind)


def empty(name: str, kind: pl.DataType) -> pl.Series:
    """A series of that type without values: most tables of a case are empty, and a name is given sooner than a series
    is made."""
    return _nothing(kind).alias(name)


_MANY = 64
"""Lists from which on it pays to make them together."""


def column(name: str, values: Sequence[Any], kind: pl.DataType) -> pl.Series:
    """A series of that type; times are given in nanoseconds. Raises TypeError for a value of another type."""
    import polars as pl

    if isinstance(kind, pl.Datetime):
        return pl.Series(name, values, dtype=pl.Int64).cast(kind)
    if isinstance(kind, pl.List) and len(values) > _MANY:
        return _lists(name, values, kind)
    return pl.Series(name, values, dtype=kind)


def _lists(name: str, values: Sequence[Sequence[Any] | None], kind: pl.List) -> pl.Series:
    """Lists of one length are cut out of one series of their items: Polars makes a series of each list, which takes ten
    times as long."""
    import polars as pl

    places = defaultdict(list)
    for place, value in enumerate(values):
        places[-1 if value is None else len(value)].append(place)
    parts, order = [], []
    for length, these in places.items():
        order += these
        if length > 0:
            items = [item for place in these for item in values[place] or ()]
            parts.append(pl.Series(name, items, dtype=kind.inner).reshape((len(these), length)).cast(kind))
        else:
            same = pl.Series(name, [None if length < 0 else []], dtype=kind)
            parts.append(same.new_from_index(0, len(these)))
    back = [0] * len(order)
    for at, place in enumerate(order):
        back[place] = at
    return pl.concat(parts).gather(back)
