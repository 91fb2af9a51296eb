"""The batches of a decoder taken together, as tests read them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from dissect.nfs4.batch import FRAME_SHIFT, Batch, Kind, Marks, Note
from dissect.nfs4.capture import open_capture
from dissect.nfs4.capture.frame import Frame
from dissect.nfs4.exact import exact
from wire.dialogue import Wire

SAMPLES = Path(__file__).parents[1] / "samples"
CAPTURES = sorted(path for path in SAMPLES.iterdir() if path.suffix != ".toml")
ETHERNET = 1


class Row(NamedTuple):
    """A message as a test reads it; `answers` is the frame of its call."""

    frame: int
    conn: int
    direction: int
    kind: str
    xid: int
    answers: int
    marks: Marks


class Decoded:
    """All batches of a capture together, with keys and credentials in place of their numbers."""

    def __init__(self, batches: Iterable[Batch]) -> None:
        self.messages: list[tuple[Any, ...]] = []
        self.ops: list[tuple[Any, ...]] = []
        self.details: list[tuple[int, int, Any]] = []
        self.connections: list[Any] = []
        self.events: list[Any] = []
        self.batches = 0
        for batch in batches:
            self.batches += 1
            assert list(batch.messages["id"]) == sorted(batch.messages["id"])
            assert list(batch.ops[["id", "index"]].tolist()) == sorted(batch.ops[["id", "index"]].tolist())
            for message in batch.messages.tolist():
                named = list(message)
                named[9] = batch.credentials[message[9]]
                self.messages.append(tuple(named))
            for row in batch.ops.tolist():
                self.ops.append((*row[:4], batch.keys[row[4]], *row[5:]))
            self.details += batch.details
            self.connections += batch.connections
            self.events += batch.events
        self.messages.sort(key=lambda row: row[0])
        self.ops.sort(key=lambda row: row[:2])
        self.details.sort(key=lambda row: row[:2])
        assert len({row[0] for row in self.messages}) == len(self.messages)

    @property
    def rows(self) -> list[Row]:
        return [
            Row(m[0] >> FRAME_SHIFT, m[2], m[3], Kind(m[4]).name, m[5], m[6] >> FRAME_SHIFT, Marks(m[12]))
            for m in self.messages
        ]

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def notes(self) -> dict[str, int]:
        return {note.reason: note.count for note in self.of(Note)}


def taken(wire: Wire, snaplen: int | None = None) -> list[Frame]:
    return [
        Frame(
            number=number,
            time=time,
            data=data[:snaplen],
            original_length=len(data),
            link_type=ETHERNET,
            interface=0,
        )
        for number, (time, data) in enumerate(wire.frames, 1)
    ]


def decode(wire: Wire, **how: Any) -> Decoded:
    return Decoded(exact(taken(wire), **how))


def read(path: Path, **how: Any) -> Decoded:
    with open_capture(path) as capture:
        return Decoded(exact(capture, **how))
