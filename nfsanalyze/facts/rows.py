"""Tables of millions of rows: one array a field, and groups of rows found without sorting what need not be sorted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]

_SPARE = 1 << 16
_RADIX = 1 << 16
"NumPy sorts numbers of 16 bits by radix, in a fraction of the time of larger ones."


class Rows:
    """A table: `rows[name]` is the array of a field, all of one length."""

    __slots__ = ("_columns", "_length")

    def __init__(self, columns: Mapping[str, NDArray[Any]]) -> None:
        self._columns = dict(columns)
        self._length = len(next(iter(self._columns.values()), ()))

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._columns[name]

    def items(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """The fields by name."""
        return iter(self._columns.items())


def numbered(high: NDArray[Any], low: NDArray[Any]) -> tuple[NDArray[np.int64], Indices]:
    """The distinct pairs of (high, low), ascending, as `high << 32 | low`; and of each row the number of its pair among
    them."""
    if not len(high):
        return np.zeros(0, np.int64), np.zeros(0, np.intp)
    width = int(low.max()) + 1
    size = (int(high.max()) + 1) * width
    if size > 2 * len(high) + _SPARE:
        return _sorted_pairs(high, low)
    codes = high.astype(np.intp) * width
    codes += low.astype(np.intp)
    present = np.zeros(size, np.bool_)
    present[codes] = True
    places = np.flatnonzero(present)
    number = np.zeros(size, np.intp)
    number[places] = np.arange(len(places))
    return (places // width) << 32 | places % width, number[codes]


def _sorted_pairs(high: NDArray[Any], low: NDArray[Any]) -> tuple[NDArray[np.int64], Indices]:
    pairs = high.astype(np.int64) << 32 | low.astype(np.int64)
    halves = [(half >> shift).astype(np.uint16) for half in (low, high) for shift in (0, 16)]
    order = np.lexsort([half for half in halves if half.any()] or [halves[0]])
    ordered = pairs[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = ordered[1:] != ordered[:-1]
    numbers = np.empty(len(order), np.intp)
    numbers[order] = np.cumsum(new) - 1
    return ordered[new], numbers


def first_rows(numbers: NDArray[Any], count: int) -> Indices:
    """The first row of each group that has rows, by the number of the group."""
    return _end_rows(numbers[::-1], np.arange(len(numbers))[::-1], count)


def last_rows(numbers: NDArray[Any], count: int) -> Indices:
    """The last row of each group that has rows, by the number of the group."""
    return _end_rows(numbers, np.arange(len(numbers)), count)


def _end_rows(numbers: NDArray[Any], rows: Indices, count: int) -> Indices:
    ends = np.full(count, -1, np.intp)
    # of an index that comes again NumPy keeps the last assignment
    ends[numbers] = rows
    return ends[ends >= 0]


def grouped(numbers: NDArray[Any], count: int) -> Iterator[tuple[int, Indices]]:
    """The groups that have rows, ascending, each with its rows in their order."""
    order = np.argsort(numbers.astype(np.uint16) if count <= _RADIX else numbers, kind="stable")
    ends = np.cumsum(np.bincount(numbers, minlength=count)).tolist()
    start = 0
    for number, end in enumerate(ends):
        if end > start:
            yield number, order[start:end]
        start = end


def ascending(values: NDArray[Any]) -> bool:
    """No value is smaller than the one before it."""
    return bool((values[1:] >= values[:-1]).all())
