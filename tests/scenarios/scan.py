"""From files to the JSON report, in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Report = dict[str, Any]


def scan(*captures: Path, **options: Any) -> Report:
    """The report on one case, as `nfsanalyze scan --format json` prints it; `options` as `analyse` takes them."""
    from nfsanalyze.analysis import analyse
    from nfsanalyze.reports.document import document
    from nfsanalyze.reports.json_report import render_json

    done = analyse([str(capture) for capture in captures], **options)
    told = document(done.tables, done.findings, done.not_evaluable, incomplete=done.incomplete)
    report: Report = json.loads(render_json(told))
    return report


def fired(report: Report) -> set[str]:
    return {finding["rule"] for finding in report["findings"]}


def finding(report: Report, rule: str) -> Report:
    """The one finding of a rule."""
    (one,) = [each for each in report["findings"] if each["rule"] == rule]
    found: Report = one
    return found
