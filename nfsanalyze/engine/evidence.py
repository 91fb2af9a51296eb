"""What the frames of a finding show and when: looked up once for all findings of a run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dissect.nfs4.batch import CAPTURE_STRIDE
from nfsanalyze.engine.finding import Evidence

if TYPE_CHECKING:
    import polars as pl

    from dissect.nfs4.taps import Places

FIRST_FRAMES = 30
LAST_FRAMES = 10
"""Of a finding's frames the first and last are kept: enough to look up, short enough to read."""

_NOTES = 3

_SOURCES = (
    ("events", "frame", "time", "note"),
    ("signals", "frame", "time", "note"),
    ("blind", "first_frame", "first", "reason"),
    ("blind", "last_frame", "last", "reason"),
    ("state_errors", "frame", "time", "status_name"),
    ("client_owners", "frame", "time", "op"),
    ("confirms", "frame", "time", "op"),
    ("reclaims", "frame", "time", "claim"),
    ("takeovers", "first_frame", "time", "kind"),
)
"""Tables that tell of a frame, the best first: a frame is looked for in the next only where it is in none before."""

_SAID = ("client", "address", "kind", "what", "sender", "answer_frame")
"""Columns of `events` that no other source has."""


class Story(NamedTuple):
    """Time (ns since 1970 UTC), what the frame shows, and between whom it went."""

    time: int
    note: str
    client: int | None = None
    address: str | None = None
    kind: str | None = None
    what: str | None = None
    sender: str | None = None
    answer_frame: int | None = None


def shortened(frames: Collection[int]) -> tuple[int, ...]:
    """Frames sorted, each once, and no more than a reader can use."""
    ordered = sorted(set(frames))
    if len(ordered) > FIRST_FRAMES + LAST_FRAMES:
        ordered = ordered[:FIRST_FRAMES] + ordered[-LAST_FRAMES:]
    return tuple(ordered)


def stories(frames: Collection[int], tables: Mapping[str, pl.DataFrame]) -> dict[int, Story]:
    """For each frame that a table tells of: its time and its note."""
    import polars as pl

    told: dict[int, Story] = {}
    missing = set(frames)
    for name, frame, time, note in _SOURCES:
        table = tables.get(name)
        if not missing or table is None or table.is_empty():
            continue
        wanted = pl.Series(sorted(missing), dtype=pl.UInt64)
        rows = (
            table.lazy()
            .filter(pl.col(frame).is_in(wanted.implode()))
            .select(frame, pl.col(time).cast(pl.Int64), note, *(_SAID if name == "events" else ()))
            .collect()
        )
        notes: dict[int, tuple[int, list[str], list[Any]]] = {}
        for number, when, text, *said in rows.iter_rows():
            earliest, texts, _ = notes.get(number, (when, [], said))
            if text and text not in texts:
                texts.append(text)
            notes[number] = min(earliest, when), texts, said
        told.update(
            (number, Story(when, "; ".join(texts[:_NOTES]), *said)) for number, (when, texts, said) in notes.items()
        )
        missing -= notes.keys()
    return told


class Captures:
    """Names of the captures, and where in them a frame stands."""

    __slots__ = ("_first", "_groups", "_names", "_places")

    def __init__(self, captures: pl.DataFrame, places: Places | None = None) -> None:
        import polars as pl

        self._names: list[str] = captures["capture"].to_list()
        self._first: list[int | None] = captures["first"].cast(pl.Int64).to_list()
        self._groups: list[int] = captures["clock_group"].to_list()
        self._places = places

    def name(self, index: int) -> str:
        return self._names[index] if index < len(self._names) else f"capture {index + 1}"

    def first(self, index: int) -> int:
        """Time of the earliest packet, 0 where there is none."""
        return (self._first[index] if index < len(self._first) else None) or 0

    def places(self, frame: int) -> tuple[tuple[int, int], ...]:
        """Captures and numbers under which a frame is found in the files: the one that was read, then its copies."""
        found = (frame,) if self._places is None else (self._places.place(frame), *self._places.copies(frame))
        return tuple(divmod(place, CAPTURE_STRIDE) for place in found)

    def main(self, frames: Sequence[int]) -> int:
        """The capture that shows most of the frames, the earlier one of equals."""
        indexes = [index for frame in frames for index in {index for index, _ in self.places(frame)}]
        return max(sorted(set(indexes)), key=indexes.count)

    def within(self, frames: Sequence[int], index: int) -> tuple[int, ...]:
        """Numbers of the frames that one capture shows."""
        return tuple(sorted({number for frame in frames for at, number in self.places(frame) if at == index}))

    def clocks(self, frames: Sequence[int]) -> list[str]:
        """Where frames lie in captures whose clocks nothing ties: one capture of each clock, by name; else nothing."""
        found: dict[int, str] = {}
        for frame in frames:
            index = self.places(frame)[0][0]
            if index < len(self._groups):
                found.setdefault(self._groups[index], self.name(index))
        return sorted(found.values()) if len(found) > 1 else []

    def evidence(self, frames: Sequence[int], told: Mapping[int, Story]) -> tuple[Evidence, ...]:
        """One entry a frame that a table tells of and a capture that shows it, by time."""
        found = [
            self._entry(told[frame], index, number)
            for frame in frames
            if frame in told
            for index, number in self.places(frame)
        ]
        return tuple(sorted(found, key=lambda item: (item.time, item.capture, item.frame)))

    def _entry(self, story: Story, index: int, number: int) -> Evidence:
        answers = () if story.answer_frame is None else self.places(story.answer_frame)
        return Evidence(
            capture=self.name(index),
            frame=number,
            time=story.time,
            note=story.note,
            client=None if story.client is None else f"c{story.client}",
            server=story.address,
            kind=story.kind,
            what=story.what,
            sender=story.sender,
            answer_frame=next((answer for at, answer in answers if at == index), None),
        )
