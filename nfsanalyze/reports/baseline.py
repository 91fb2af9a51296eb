"""Compares a report with an earlier one: what was known then is marked, what is gone is counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nfsanalyze.errors import UsageError
from nfsanalyze.reports.document import SCHEMA, Document, complete_summary


class BaselineError(UsageError):
    """A baseline that is no report of ours."""


def read_baseline(path: Path) -> frozenset[str]:
    """The fingerprints of the findings in a JSON report. Raises BaselineError."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise BaselineError(f"--baseline {path}: cannot be read: {why}") from error
    schema = report.get("schema") if isinstance(report, dict) else None
    if schema != SCHEMA:
        raise BaselineError(f"--baseline {path}: is no report of schema {SCHEMA}; make one with --format json -o FILE")
    findings = report.get("findings")
    if not isinstance(findings, list) or not all(_has_id(finding) for finding in findings):
        raise BaselineError(f"--baseline {path}: its findings have no ids")
    return frozenset(finding["id"] for finding in findings)


def _has_id(finding: Any) -> bool:
    return isinstance(finding, dict) and isinstance(finding.get("id"), str)


def against(report: Document, known: frozenset[str], file: str) -> Document:
    """The report with its findings marked as known or not, and how many of the baseline are gone."""
    findings = [{**finding, "known": finding["id"] in known} for finding in report["findings"]]
    found = {finding["id"] for finding in findings}
    baseline = {"file": file, "known": len(known & found), "gone": len(known - found)}
    return complete_summary({**report, "findings": findings, "baseline": baseline})
