"""Places in a stream where a record may begin, and of whose record a part was lost before enough spoke for it.

What would settle it lies past the hole: the record's mark says where it ends, and there a segment ends, or another
record begins, if it is one.
"""

from __future__ import annotations

from operator import attrgetter

from dissect.nfs4.dataclass import dataclass

KEPT = 4
"""Places kept for a half-connection; a later one pushes out the first."""

DOUBT_OCTETS = 1024
"""Octets kept of such a record: the operations before file data."""

_end = attrgetter("end")


@dataclass(slots=True, eq=False)
class Doubt:
    """`body`: the record up to the hole, or its beginning; `end`: where in the stream it would end."""

    body: bytes
    end: int
    points: int
    marks: int = 0


class Doubts(list[Doubt]):
    """Those of one half-connection, in the order in which they were met."""

    def due(self, before: int) -> Doubt | None:
        """The first whose record would end at this position of the stream or before it."""
        first = min(self, key=_end, default=None)
        return first if first is not None and first.end <= before else None

    def pass_hole(self, end: int, missing: int) -> None:
        """A hole ends here: forget those that would have ended in it."""
        self[:] = [doubt for doubt in self if doubt.end > end][-KEPT:]
        for doubt in self:
            doubt.marks |= missing
