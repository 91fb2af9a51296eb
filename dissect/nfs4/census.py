"""What a capture holds besides NFS: counted by kind, so that a capture without NFS can say what is there."""

from __future__ import annotations

from collections.abc import Iterator

from dissect.nfs4.batch import Note
from dissect.nfs4.bounds import CENSUS_REASONS

REST = "other traffic, of more kinds than are told apart"


class Census:
    """Counts by reason, of the first CENSUS_REASONS reasons met; the others are one."""

    def __init__(self) -> None:
        self._counts: dict[str, list[int]] = {}

    def count(self, reason: str, frame: int, count: int = 1) -> None:
        """`frame`: the first of those counted."""
        if reason not in self._counts and len(self._counts) >= CENSUS_REASONS:
            reason = REST
        entry = self._counts.setdefault(reason, [0, frame])
        entry[0] += count
        entry[1] = min(entry[1], frame)

    def notes(self) -> Iterator[Note]:
        """The most frequent first."""
        ranked = sorted(self._counts.items(), key=lambda item: (-item[1][0], item[0]))
        for reason, (count, frame) in ranked:
            yield Note(reason=reason, count=count, frame=frame)
