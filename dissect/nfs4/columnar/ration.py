"""How many of the records of a stretch are believed, where the capture is compressed."""

from __future__ import annotations

import numpy as np

from dissect.nfs4.capture.stream import Source
from dissect.nfs4.columnar.feed import Stretch
from dissect.nfs4.columnar.space import Index


def believed(source: Source, stretch: Stretch, starts: Index, before: int) -> Index:
    """Where those records begin, out of these, of which `source.allowed` raises nothing; `before` them were so many."""
    ration = source.ration
    if ration is None or not len(starts):
        return starts
    first, last = stretch.offset + int(starts[0]), stretch.offset + int(starts[-1])
    if before + len(starts) <= ration.records(first):
        return starts
    begins, records = (np.array(column, np.int64) for column in ration.steps(first, last))
    allowed = records[np.searchsorted(begins, stretch.offset + starts, side="right") - 1]
    beyond = np.flatnonzero(before + np.arange(len(starts)) >= allowed)
    return starts[: int(beyond[0])] if len(beyond) else starts
