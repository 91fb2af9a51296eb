"""The segments of a window by who sent them to whom."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.columnar.headers import Segments
from dissect.nfs4.columnar.space import Index
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.sets import runs


@dataclass(slots=True, kw_only=True)
class Groups:
    """Segments by way. All but `order` have one item for each way that something was sent; those of group n are at the
    positions `order[starts[n]:stops[n]]`, in the order of frames."""

    order: Index
    way: list[int]
    starts: Index
    stops: Index
    flags: list[int]
    "those of all its segments together"
    wire: list[int]
    "payload octets, repetitions counted again"

    def __len__(self) -> int:
        return len(self.way)

    @property
    def size(self) -> Index:
        return self.stops - self.starts


def grouped(segments: Segments, way: Index, lo: int, hi: int, ways: int) -> Groups:
    """The segments `lo` to `hi` of a chunk; `ways`: how many ways there are."""
    here = way[lo:hi]
    order = np.argsort(here.astype(np.uint16) if ways <= 1 << 16 else here, kind="stable")
    return _of(segments, order + lo, here[order])


def without(groups: Groups, segments: Segments, way: Index, first: dict[int, int]) -> Groups:
    """What is left when so many segments are taken from the front of some groups."""
    keep = np.ones(len(groups.order), np.bool_)
    for group, count in first.items():
        start = int(groups.starts[group])
        keep[start : start + count] = False
    order = groups.order[keep]
    return _of(segments, order, way[order])


def _of(segments: Segments, order: Index, way: Index) -> Groups:
    none = np.zeros(0, np.int64)
    if not len(order):
        return Groups(order=none, way=[], starts=none, stops=none, flags=[], wire=[])
    starts = runs(way)
    flags: NDArray[np.uint8] = np.bitwise_or.reduceat(segments.flags[order], starts)
    wire: Index = np.add.reduceat(segments.length[order], starts)
    return Groups(
        order=order,
        way=way[starts].tolist(),
        starts=starts,
        stops=np.append(starts[1:], len(order)),
        flags=flags.tolist(),
        wire=wire.tolist(),
    )
