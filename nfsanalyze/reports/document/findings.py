"""findings[] and not_evaluable[]: what the rules say, most serious first."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nfsanalyze.engine.finding import SEVERITIES
from nfsanalyze.reports.document.source import Source, iso
from nfsanalyze.reports.document.takeovers import lost_file

if TYPE_CHECKING:
    from nfsanalyze.engine.finding import Finding, NotEvaluable

_NUMBER = re.compile(r"\d+")


def findings(source: Source, found: Sequence[Finding], lost: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One entry a finding: most serious first, then in order of rule, time and fingerprint."""
    ordered = sorted(found, key=lambda f: (-SEVERITIES.index(f.severity), f.rule, f.first, f.id))
    by_frame: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for entry in lost:
        by_frame[entry["capture"], entry["frame"]].append(lost_file(entry))
    return [_finding(source, finding, by_frame) for finding in ordered]


def _finding(source: Source, finding: Finding, lost: Mapping[tuple[str, int], list[dict[str, Any]]]) -> dict[str, Any]:
    shown = {(finding.capture, frame) for frame in source.numbers(finding.frames)}
    shown |= {(entry.capture, source.number(entry.frame) or 0) for entry in finding.evidence}
    return {
        "id": finding.id,
        "caused_by": sorted(finding.caused_by),
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "title": finding.title,
        "message": finding.message,
        "client": _client(finding.client),
        "servers": list(finding.servers),
        "clientids": list(finding.clientids),
        "capture": finding.capture,
        "frames": source.numbers(finding.frames),
        "evidence": [
            {
                "capture": entry.capture,
                "frame": source.number(entry.frame),
                "time": iso(entry.time),
                "note": entry.note,
            }
            for entry in finding.evidence
        ],
        "first": iso(finding.first),
        "last": iso(finding.last),
        "files": [entry for place in sorted(shown) for entry in lost.get(place, ())],
        "filter": finding.filter,
        "fix": finding.fix,
        "references": list(finding.references),
    }


def _client(name: str | None) -> str | None:
    """A bare number of a client instance reads as its id."""
    return f"c{name}" if name is not None and _NUMBER.fullmatch(name) else name


def unjudged(entries: Sequence[NotEvaluable]) -> list[dict[str, Any]]:
    """One entry a rule and subject that could not be judged."""
    distinct = {(entry.rule, entry.subject, entry.reason) for entry in entries}
    return [{"rule": rule, "subject": subject, "reason": reason} for rule, subject, reason in sorted(distinct)]
