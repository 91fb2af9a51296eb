"""Compares a report with an earlier one: what was known then is marked, what is gone is counted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nfsanalyze.engine.subject import Client, fingerprint
from nfsanalyze.errors import UsageError
from nfsanalyze.reports.document import SCHEMA, Document, complete_summary

if TYPE_CHECKING:
    from nfsanalyze.redaction.redactor import Redactor


class BaselineError(UsageError):
    """A baseline that is no report of ours."""


def read_baseline(path: Path, redactor: Redactor | None = None) -> frozenset[str]:
    """The fingerprints of the findings in a JSON report; under a redaction those that they have there, whether the
    report is redacted itself or is not. Raises BaselineError."""
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
    if redactor is not None and not report.get("redacted"):
        try:
            return frozenset(_stand_ins(report, redactor))
        except (KeyError, TypeError, AttributeError) as error:
            raise BaselineError(f"--baseline {path}: lacks what --redact needs of it: {error}") from error
    return frozenset(finding["id"] for finding in findings)


def _stand_ins(report: Mapping[str, Any], redactor: Redactor) -> Iterator[str]:
    """The fingerprints that the findings of a report have under a redaction."""
    clients = {
        client["id"]: Client(
            addresses=tuple(map(redactor.address, client["addresses"])),
            hostnames=tuple(map(redactor.words, client["hostnames"])),
        )
        for client in report["clients"]
    }
    for finding in report["findings"]:
        servers = [*map(redactor.address, finding["servers"])]
        yield fingerprint(finding["rule"], clients.get(finding["client"]), servers, finding["clientids"])


def _has_id(finding: Any) -> bool:
    return isinstance(finding, dict) and isinstance(finding.get("id"), str)


def against(report: Document, known: frozenset[str], file: str) -> Document:
    """The report with its findings marked as known or not, and how many of the baseline are gone."""
    findings = [{**finding, "known": finding["id"] in known} for finding in report["findings"]]
    found = {finding["id"] for finding in findings}
    baseline = {"file": file, "known": len(known & found), "gone": len(known - found)}
    return complete_summary({**report, "findings": findings, "baseline": baseline})
