"""What an earlier report knew already."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from reports.example import finding, takeover_tables
from reports.test_document import valid

from nfsanalyze.reports.baseline import BaselineError, against, read_baseline
from nfsanalyze.reports.document import document
from nfsanalyze.reports.json_report import render_json
from nfsanalyze.reports.terminal import render_text


def test_known_findings_are_marked_and_gone_ones_counted(tmp_path: Path) -> None:
    old, new, gone = (finding("NFS101", "high", id=name) for name in ("old", "new", "gone"))
    path = tmp_path / "then.json"
    path.write_text(render_json(document(takeover_tables(), [old, gone], [])))
    known = read_baseline(path)
    assert known == {"old", "gone"}
    report = valid(against(document(takeover_tables(), [old, new], []), known, "then.json"))
    assert {f["id"]: f["known"] for f in report["findings"]} == {"old": True, "new": False}
    assert report["baseline"] == {"file": "then.json", "known": 1, "gone": 1}
    assert report["summary"]["known"] == 1
    text = render_text(report)
    assert "Known from the baseline then.json: 1 of 2 findings; 1 of its findings are gone." in text
    assert text.count("known: the baseline has it too") == 1


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("{", "cannot be read: "),
        ("[]", "is no report of schema nfsanalyze/1"),
        ('{"schema": "other/1"}', "is no report of schema nfsanalyze/1; make one with --format json -o FILE"),
        ('{"schema": "nfsanalyze/1"}', "its findings have no ids"),
        ('{"schema": "nfsanalyze/1", "findings": [5]}', "its findings have no ids"),
        ('{"schema": "nfsanalyze/1", "findings": [{"id": 5}]}', "its findings have no ids"),
        ("[" * 100_000, "cannot be read: "),
    ],
)
def test_what_is_no_report_is_refused(tmp_path: Path, content: str, fault: str) -> None:
    path = tmp_path / "then.json"
    path.write_text(content)
    with pytest.raises(BaselineError) as raised:
        read_baseline(path)
    assert fault in str(raised.value)
    assert str(raised.value).startswith(f"--baseline {path}: ")


def test_a_missing_baseline_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match="cannot be read: No such file or directory"):
        read_baseline(tmp_path / "gone.json")


def test_a_report_without_a_baseline_says_so() -> None:
    report = valid(document(takeover_tables(), [finding()], []))
    assert report["baseline"] is None
    assert [f["known"] for f in report["findings"]] == [False]
    json.dumps(report)
