"""A run of bytes read as numbers at any offset: one array item for each byte there is, overlapping its neighbours."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from mmap import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

SLACK = 64
"""Bytes behind the last that is used, so that a gather at any offset in use stays inside."""

Index = NDArray[np.int64]


class Space:
    """Views of `data` with stride 1. `data` is writable and ends in SLACK bytes that mean nothing.

    `prepare` is called with start and stop of a part that is about to be written to.
    """

    def __init__(self, data: bytearray | mmap, prepare: Callable[[int, int], None] | None = None) -> None:
        self.data = data
        self.octets: NDArray[np.uint8] = np.frombuffer(data, np.uint8)
        self.prepare = prepare
        self._views: dict[str, NDArray[Any]] = {}

    def view(self, layout: str) -> NDArray[Any]:
        """Items of dtype `layout`, the one at index n beginning with byte n."""
        found = self._views.get(layout)
        if found is None:
            dtype = np.dtype(layout)
            count = max(len(self.data) - dtype.itemsize + 1, 0)
            found = self._views[layout] = np.ndarray((count,), dtype, self.data, 0, (1,))
        return found

    @cached_property
    def words(self) -> NDArray[Any]:
        """Unsigned 32-bit numbers in network order."""
        return self.view(">u4")

    def u32(self, at: Index) -> Index:
        """The 32-bit numbers at these offsets."""
        found: Index = self.words[at].astype(np.int64)
        return found

    def rows(self, at: Index, octets: int) -> NDArray[np.uint8]:
        """As many bytes at each offset: one row each."""
        picked = self.view(f"V{octets}")[at]
        return picked.view(np.uint8).reshape(len(at), octets)
