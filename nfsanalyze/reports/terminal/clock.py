"""Times of the document as a reader wants them: in a zone, to the microsecond, and from the start of the capture."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

from nfsanalyze.reports.document.source import NS


def nanoseconds(iso: str) -> int:
    """ns since 1970 of a time of the document."""
    second = datetime.fromisoformat(f"{iso[:19]}+00:00")
    return int(second.timestamp()) * NS + int(iso[20:29])


class Clock:
    """Shows times in one zone (None: the local one); `first` are the starts of the captures by name."""

    def __init__(self, zone: tzinfo | None, first: dict[str, str | None], ends: Iterable[str | None]) -> None:
        self._zone = zone
        self._first = {name: nanoseconds(iso) for name, iso in first.items() if iso is not None}
        days = {self.date(iso) for iso in (*first.values(), *ends) if iso is not None}
        self.one_day = len(days) < 2

    def _at(self, iso: str) -> datetime:
        return datetime.fromtimestamp(nanoseconds(iso) // NS, UTC).astimezone(self._zone)

    def zone(self, iso: str) -> str:
        """Name of the zone at that time."""
        at = self._at(iso)
        return at.tzname() or f"{at:%z}"

    def date(self, iso: str) -> str:
        """2026-11-22."""
        return f"{self._at(iso):%Y-%m-%d}"

    def exact(self, iso: str) -> str:
        """18:03:52.123456."""
        return f"{self._at(iso):%H:%M:%S}.{iso[20:26]}"

    def full(self, iso: str) -> str:
        """2026-11-22 18:03:52.123456 UTC."""
        return f"{self.date(iso)} {self.exact(iso)} {self.zone(iso)}"

    def short(self, iso: str | None) -> str:
        """18:03:52, with the date before it where the captures span several days."""
        if iso is None:
            return "-"
        return f"{self._at(iso):%H:%M:%S}" if self.one_day else f"{self._at(iso):%Y-%m-%d %H:%M:%S}"

    def since_start(self, iso: str, capture: str) -> str:
        """+43.123s since the first packet of that capture."""
        start = self._first.get(capture)
        return "" if start is None else f"{(nanoseconds(iso) - start) / NS:+.3f}s"
