"""A whole scan of hostile bytes: both decoders agree, the analysis ends in a document that every report can be drawn
from, or in an error of its type; in time, and in memory that does not grow."""

from __future__ import annotations

import json
import resource
import signal
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from unittest.mock import patch

from same import compare

from dissect.nfs4.capture import CaptureError
from nfsanalyze.analysis import analyse
from nfsanalyze.engine.loader import load_rules
from nfsanalyze.errors import NothingToAnalyse
from nfsanalyze.reports.document import Document, document, empty_document
from nfsanalyze.reports.renderings import FILE_FORMATS, FileFormat, render
from nfsanalyze.reports.terminal import render_text

CHUNKS = (1 << 22, 3000)
"""The fast decoder reads in one go, and in pieces."""

_RULES = load_rules(examples=False)
"""Read once: they take a third of a small scan."""

_OBEYED = "".join(map(chr, (*range(10), 11, 12, *range(14, 32), 127)))
"""What a terminal would obey; line ends are the reports' own."""


class Hang(Exception):
    """A scan took longer than it may."""


def scan(
    data: bytes, desk: Path, *, chunks: tuple[int, ...] = CHUNKS, formats: Sequence[FileFormat] = FILE_FORMATS
) -> str:
    """How the scan of these bytes ended: `document`, `nothing` or `no capture`. `desk`: where the file is written;
    `formats`: reports that are drawn besides the text."""
    try:
        compare(data, *chunks)
    except CaptureError:
        ended = "no capture"
    else:
        ended = "document"
    desk.write_bytes(data)
    try:
        with patch("nfsanalyze.engine.loader.load_rules", return_value=_RULES):
            done = analyse([str(desk)], decoder="exact")
    except NothingToAnalyse as error:
        assert "\n" not in str(error)
        _draw(empty_document([str(error)], error.tables), formats)
        return "nothing" if ended == "document" else ended
    assert ended == "document"
    assert all(finding.frames for finding in done.findings)
    _draw(
        document(
            done.tables,
            done.findings,
            done.not_evaluable,
            incomplete=done.incomplete,
            ignored=done.ignored,
            rules=done.rules,
        ),
        formats,
    )
    return ended


def _draw(report: Document, formats: Sequence[FileFormat]) -> None:
    drawn: dict[str, str] = {format: render(format, report) for format in formats}
    drawn["text"] = render_text(report, width=100, color=False, zone=None, show_all=True)
    for format, text in drawn.items():
        text.encode()
        assert not set(text) & set(_OBEYED), format
        for whole in _PARSED.get(format, lambda text: ())(text):
            assert whole is not None


_PARSED: dict[str, Callable[[str], Iterable[object]]] = {
    "json": lambda text: [json.loads(text)],
    "jsonl": lambda text: map(json.loads, text.splitlines()),
    "sarif": lambda text: [json.loads(text)],
    "junit": lambda text: [ElementTree.fromstring(text)],
}
"""What reads the formats that programs read: it raises where it cannot."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raises Hang where what is done takes longer, in seconds of the processor: a busy machine is no fault. Main thread
    only."""

    def late(_signal: int, _frame: FrameType | None) -> None:
        raise Hang(f"not done after {seconds:.0f} s")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def peak_mb() -> float:
    """The most memory that the process has had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
