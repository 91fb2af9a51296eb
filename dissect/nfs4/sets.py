"""Arrays as sets of values. `np.unique` and `np.isin` say the same, but load masked arrays to ask whether these are
any, which takes longer than all else that is done with the rows of a small capture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def distinct(*values: NDArray[Any]) -> NDArray[Any]:
    """The different values of some arrays, ascending."""
    ordered = np.sort(np.concatenate(values))
    new = np.ones(len(ordered), np.bool_)
    new[1:] = ordered[1:] != ordered[:-1]
    return ordered[new]


def runs(values: NDArray[Any]) -> NDArray[np.int64]:
    """Where values begin that differ from those before them."""
    found: NDArray[np.int64] = np.flatnonzero(np.concatenate([[len(values) > 0], values[1:] != values[:-1]]))
    return found


def among(values: NDArray[np.integer], numbers: Sequence[int]) -> NDArray[np.bool_]:
    """Which of the values are one of the numbers, which lie close together: one octet is taken for each between the
    least and the greatest of them."""
    return np.isin(values, np.asarray(numbers, np.int64), kind="table")
