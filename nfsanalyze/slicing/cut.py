"""Finds the smallest step that gives the finding again, by scanning what it would write."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dissect.nfs4.batch import CAPTURE_STRIDE
from dissect.nfs4.capture import Frame, LinkType
from dissect.nfs4.capture.pcapng_write import MAX_LINK_TYPE, Origin, Packet, pcapng
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.taps.merge import without_link
from nfsanalyze.analysis import Analysis
from nfsanalyze.engine.finding import Finding
from nfsanalyze.errors import NothingToAnalyse
from nfsanalyze.slicing.anatomy import Anatomy, Mask, anatomy
from nfsanalyze.slicing.steps import steps, subject

if TYPE_CHECKING:
    from dissect.nfs4.capture import Capture
    from nfsanalyze.several import Several

Scan = Callable[[str], Analysis]
"""Analyses one capture file as the case was analysed."""

Change = Callable[[Packet], Packet]
"""What is done to each packet before it is written: nothing, unless a slice is to be redacted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hiding:
    """What puts stand-ins into a slice: into its `frames` and into the `name` of a capture. `told` analyses a capture
    of originals under the redaction, `again` one of stand-ins; they must find the same."""

    frames: Callable[[list[Frame]], list[Frame]]
    name: Callable[[str], str]
    told: Scan
    again: Scan


_OF_CAPTURE = "capture"
"""Rules of this group tell what a capture lacks, and accuse nobody; a slice lacks much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The bytes of a capture that gives a finding again (`faithful`), or else of the widest there is, and why not."""

    data: bytes
    packets: int
    of: int
    what: str
    faithful: bool
    reason: str = ""


class Case:
    """The captures of a case, read again and again as one."""

    def __init__(self, captures: Sequence[Capture], together: Several | None) -> None:
        self._captures, self._together = captures, together

    def place(self, number: int) -> int:
        """Where in the files a frame of the case is."""
        return number if self._together is None else self._together.places.place(number)

    def frames(self) -> Iterator[Frame]:
        """Its frames in its order."""
        source = self._captures[0].again() if self._together is None else self._together.merged()
        with source:
            yield from source

    @property
    def names(self) -> list[str]:
        """Names of the captures by number."""
        return [Path(capture.path).name for capture in self._captures]


def cut(
    case: Case,
    analysis: Analysis,
    finding: Finding,
    scan: Scan,
    *,
    change: Change | None = None,
    hiding: Hiding | None = None,
    comment: str = "",
) -> Slice:
    """The slice of a finding, its packets of stand-ins where there is a `hiding`. `scan` must ask the same rules as
    `analysis` did. Raises CaptureError, OSError, and what `hiding` does."""
    found = anatomy(case.frames(), case.place)
    about = subject(finding, analysis.tables, _places(analysis, finding))
    tied = _tied(found, analysis, finding)
    best: _Trial | None = None
    before = -1
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nfsanalyze-")))
        for number, step in enumerate(steps(found, analysis.tables, about)):
            mask = step.mask & tied
            size = int(mask.sum())
            if size == before or (step.beyond and best is not None and best.grade >= Grade.SAME_WORDS):
                continue
            before = size
            path = folder / f"{number}.pcapng"
            with path.open("wb") as file:
                file.writelines(_written(case, found, mask, change, comment))
            grade, reason = _judged(path, analysis, finding, scan)
            trial = _Trial(grade=grade, reason=reason, what=step.what, packets=size, path=path, mask=mask)
            if best is None or grade > best.grade or best.grade is Grade.NOT_IT:
                best = trial
            if grade is Grade.ALL_THE_SAME:
                break
        assert best is not None, "the whole capture is a step"
        if hiding is not None:
            best = _hidden(case, found, best, hiding, comment, folder / "hidden.pcapng")
        return Slice(
            data=best.path.read_bytes(),
            packets=best.packets,
            of=len(found.places),
            what=best.what,
            faithful=best.grade is not Grade.NOT_IT,
            reason=best.reason,
        )


class Grade(IntEnum):
    """How well a slice gives a finding."""

    NOT_IT = 0
    "it is not found, or something is found that the capture does not show"
    OTHER_WORDS = 1
    "found, but told with other numbers"
    SAME_WORDS = 2
    ALL_THE_SAME = 3
    "so are all other findings of the slice"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    grade: Grade
    reason: str
    what: str
    packets: int
    path: Path
    mask: Mask


def _hidden(case: Case, found: Anatomy, best: _Trial, hiding: Hiding, comment: str, path: Path) -> _Trial:
    """The same of stand-ins. It must say what a redacted report says of the originals."""
    with path.open("wb") as file:
        file.writelines(_written(case, found, best.mask, None, comment, hiding))
    told, again = (_said(scan(str(file))) for scan, file in ((hiding.told, best.path), (hiding.again, path)))
    if told == again:
        return replace(best, path=path)
    return replace(best, path=path, grade=Grade.NOT_IT, reason="with stand-ins it does not say the same")


def _said(analysis: Analysis) -> list[tuple[str, ...]]:
    """Its findings word for word; of those about the capture itself, which may count what became zero, that they are
    there."""
    of_capture = _about_the_capture(analysis)
    return sorted((each.id, each.severity, each.message * (each.rule not in of_capture)) for each in analysis.findings)


def _about_the_capture(analysis: Analysis) -> set[str]:
    return {rule.id for rule in analysis.rules if rule.group == _OF_CAPTURE}


def _places(analysis: Analysis, finding: Finding) -> set[int]:
    """Places of the frames that prove it."""
    numbers = {name: number for number, name in enumerate(analysis.tables["captures"]["capture"].to_list())}
    cited = {(finding.capture, frame) for frame in finding.frames}
    cited |= {(each.capture, each.frame) for each in finding.evidence}
    return {numbers[capture] * CAPTURE_STRIDE + frame for capture, frame in cited if capture in numbers}


def _tied(found: Anatomy, analysis: Analysis, finding: Finding) -> Mask:
    """Frames of captures whose clocks are tied to that of the finding's: in one file the others would come in an order
    that nothing proves."""
    rows = analysis.tables["captures"].select("capture_no", "capture", "clock_group").rows()
    group = next((clock for _, name, clock in rows if name == finding.capture), 0)
    return np.isin(found.places // CAPTURE_STRIDE, [number for number, _, clock in rows if clock == group])


def _judged(path: Path, analysis: Analysis, finding: Finding, scan: Scan) -> tuple[Grade, str]:
    """How well a slice gives the finding, and why it does not."""
    try:
        scanned = scan(str(path))
    except NothingToAnalyse:
        return Grade.NOT_IT, "it holds no NFSv4"
    again = {each.id: each for each in scanned.findings}
    if finding.id not in again:
        doubts = sorted({each.reason for each in scanned.not_evaluable if each.rule == finding.rule})
        return Grade.NOT_IT, f"{finding.rule} does not fire in it{': ' + doubts[0] if doubts else ''}"
    if again[finding.id].severity != finding.severity:
        return Grade.NOT_IT, f"{finding.rule} is {again[finding.id].severity} in it, not {finding.severity}"
    known = {each.id: each for each in analysis.findings}
    of_capture = _about_the_capture(scanned)
    others = [each for each in again.values() if each.rule not in of_capture]
    if more := sorted({each.rule for each in others if each.id not in known}):
        return Grade.NOT_IT, f"it shows what the capture does not: {', '.join(more)}"
    if again[finding.id].message != finding.message:
        return Grade.OTHER_WORDS, ""
    same = all(_words(each) == _words(known[each.id]) for each in others)
    return (Grade.ALL_THE_SAME if same else Grade.SAME_WORDS), ""


def _words(finding: Finding) -> tuple[str, str]:
    return finding.severity, finding.message


def _written(
    case: Case, found: Anatomy, mask: Mask, change: Change | None, comment: str, hiding: Hiding | None = None
) -> Iterator[bytes]:
    """The blocks of a file with these frames."""
    names = case.names if hiding is None else [hiding.name(name) for name in case.names]
    captures = found.places // CAPTURE_STRIDE
    keys = np.unique(captures[mask] * len(found.links) + found.origins[mask]).tolist()
    declared = []
    for key in keys:
        capture, origin = divmod(key, len(found.links))
        link_type = found.links[origin][1]
        # a link type of snoop that pcapng has no number for: what is in the frame has one
        known = link_type if link_type <= MAX_LINK_TYPE else int(LinkType.RAW)
        declared.append(Origin(link_type=known, name=names[capture]))

    def chosen() -> Iterator[tuple[int, Frame]]:
        for index, frame in enumerate(case.frames()):
            if index >= len(mask):
                return
            bare = (frame if frame.link_type <= MAX_LINK_TYPE else without_link(frame)) if mask[index] else None
            if bare is not None and bare.link_type <= MAX_LINK_TYPE:
                yield index, bare

    def shown() -> Iterator[tuple[int, Frame]]:
        if hiding is None:
            return chosen()
        told = list(chosen())
        stand_ins = hiding.frames([frame for _, frame in told])
        return zip((index for index, _ in told), stand_ins, strict=True)

    def packets() -> Iterator[Packet]:
        for index, bare in shown():
            capture, number = divmod(int(found.places[index]), CAPTURE_STRIDE)
            packet = Packet(
                time=bare.time,
                data=bare.data,
                original_length=bare.original_length,
                interface=keys.index(capture * len(found.links) + int(found.origins[index])),
                comment=f"frame {number} of {names[capture]}",
            )
            yield packet if change is None else change(packet)

    return pcapng(declared, packets(), comment=comment)
