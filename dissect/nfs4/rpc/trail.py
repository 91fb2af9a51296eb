"""The segments that octets in a buffer came from: which one holds the last of a record, and where one ends."""

from __future__ import annotations

from bisect import bisect_left
from operator import itemgetter

from dissect.nfs4.tcp.half import Origin

_end = itemgetter(0)


class Trail:
    """Segments in the order of the stream, each with the position where what was captured of it ends."""

    __slots__ = ("_from", "_spans")

    def __init__(self) -> None:
        self._spans: list[tuple[int, Origin]] = []
        self._from = 0  # the first that has not been passed

    def __len__(self) -> int:
        return len(self._spans) - self._from

    def add(self, end: int, origin: Origin) -> None:
        """A segment comes, and ends here."""
        self._spans.append((end, origin))

    def pass_to(self, at: int) -> Origin | None:
        """Octets before this position are left behind: the segment of the last of them."""
        origin = None
        while self._from < len(self._spans):
            end, origin = self._spans[self._from]
            if end > at:
                break
            self._from += 1
            if end == at:
                break
        return origin

    def first(self) -> Origin:
        """The segment of the next octet."""
        return self._spans[self._from][1]

    def holding(self, at: int) -> Origin:
        """The segment of the octet before this position, which must have come and not be left behind."""
        return self._spans[bisect_left(self._spans, at, lo=self._from, key=_end)][1]

    def forget(self, but: int = 0) -> None:
        """Forget what was passed; with `but` also all others except the last so many."""
        del self._spans[: max(self._from, len(self._spans) - but) if but else self._from]
        self._from = 0

    def clear(self) -> None:
        self._spans.clear()
        self._from = 0
