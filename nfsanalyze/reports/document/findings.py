"""findings[] and not_evaluable[]: what the rules say, most serious first."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
    return [_finding(source, finding, lost) for finding in ordered]


_ABOUT_STATE = ("NFS208", "NFS209", "NFS301")
"""Findings that cost a client its state carry the files concerned."""


def _files(finding: Finding, lost: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    if finding.rule not in _ABOUT_STATE:
        return []
    client = _client(finding.client)
    return [lost_file(e) for e in lost if e["client"] == client and e["server_address"] in finding.servers]


def _finding(source: Source, finding: Finding, lost: Sequence[dict[str, Any]]) -> dict[str, Any]:
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
        "other_clients": list(finding.other_clients),
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
                "client": entry.client,
                "server": entry.server,
                "kind": entry.kind,
                "what": entry.what,
                "sender": entry.sender,
                "answer_frame": source.number(entry.answer_frame),
            }
            for entry in finding.evidence
        ],
        "first": iso(finding.first),
        "last": iso(finding.last),
        "files": _files(finding, lost),
        "filter": finding.filter,
        "fix": finding.fix,
        "references": list(finding.references),
        "known": False,
    }


def _client(name: str | None) -> str | None:
    """A bare number of a client instance reads as its id."""
    return f"c{name}" if name is not None and _NUMBER.fullmatch(name) else name


def unjudged(entries: Sequence[NotEvaluable]) -> list[dict[str, Any]]:
    """One entry a rule and subject that could not be judged."""
    distinct = {(entry.rule, entry.subject, entry.reason, entry.kinds) for entry in entries}
    return [
        {"rule": rule, "subject": subject, "reason": reason, "kinds": list(kinds)}
        for rule, subject, reason, kinds in sorted(distinct)
    ]
