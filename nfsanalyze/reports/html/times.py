"""Times of the document as the page holds them: seconds after the first packet of the case."""

from __future__ import annotations

from nfsanalyze.reports.document import Document
from nfsanalyze.reports.document.source import NS
from nfsanalyze.reports.terminal.clock import nanoseconds


class Times:
    """The span of a case. One without a packet begins at 1970 and lasts a second."""

    def __init__(self, document: Document) -> None:
        captures = [c for c in document["captures"] if c["first"] is not None]
        #: ns since 1970
        self.start = min((nanoseconds(c["first"]) for c in captures), default=0)
        self.end = max([nanoseconds(c["last"]) for c in captures] + [self.start + 1000])

    @property
    def span(self) -> float:
        """Seconds from the first packet to the last."""
        return (self.end - self.start) / NS

    def at(self, iso: str | None) -> float | None:
        """Seconds after the start, to the nanosecond."""
        return None if iso is None else round((nanoseconds(iso) - self.start) / NS, 9)
