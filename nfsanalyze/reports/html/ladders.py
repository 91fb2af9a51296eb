"""Call flows as the page draws them: columns, and rows that point to the evidence they are of."""

from __future__ import annotations

from typing import Any

from nfsanalyze.reports.document import Document
from nfsanalyze.reports.document.source import NS
from nfsanalyze.reports.ladder.model import Manner, Pause, Scene
from nfsanalyze.reports.ladder.of_document import finding_ladder

MANNERS = tuple(manner.value for manner in Manner)


def ladder_data(document: Document, finding: dict[str, Any], known: Scene) -> dict[str, Any]:
    """Actors and rows of one finding: a number is a pause of so many seconds, else columns, manner, label and evidence;
    where that is null, time, frame and note."""
    ladder = finding_ladder(document, {**finding, "evidence": _once(finding)}, known)
    places = {(each["capture"], each["frame"]): at for at, each in enumerate(finding["evidence"])}
    rows: list[Any] = []
    for row in ladder.rows:
        if isinstance(row, Pause):
            rows.append(round(row.length / NS, 3))
            continue
        sight = row.sight
        at = places.get((sight.capture, sight.frame or 0))
        shown = [row.source, row.target, MANNERS.index(row.manner.value), sight.label]
        if at is None:
            # not evidence, but an address that moves meanwhile
            rows.append([*shown, None, round((sight.time - known.start) / NS, 9), sight.frame, sight.note])
        else:
            rows.append([*shown, at])
    actors = [{"title": actor.title, "lines": list(actor.lines)} for actor in ladder.actors]
    return {"actors": actors, "rows": rows}


def _once(finding: dict[str, Any]) -> list[dict[str, Any]]:
    """The evidence without what another capture shows of the same frames: a flow has each of them once."""
    shown: dict[tuple[Any, ...], str] = {}
    kept = []
    for each in sorted(finding["evidence"], key=lambda entry: bool(entry["capture"] != finding["capture"])):
        key = tuple(each[name] for name in ("time", "note", "client", "server", "what", "sender"))
        if shown.setdefault(key, each["capture"]) == each["capture"]:
            kept.append(each)
    return kept
