"""The configuration of a site, the command line that wins over it, and the baseline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nfsanalyze.cli.app import run

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
CASE = str(SAMPLES / "01-v40-nonucs-takeover.pcap")
CONFIG = """
fail_on = "critical"
lease_time = 33
ports = [2050]

[[ignore]]
rule = "NFS102"
reason = "never here"

[[ignore]]
rule = "NFS101"
reason = "clients are replaced in May"
"""


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    (tmp_path / "nfsanalyze.toml").write_text(CONFIG)
    return tmp_path


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def scan(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code, out, err = call(capsys, "scan", CASE, "--format", "json", *arguments)
    assert err == ""
    return code, json.loads(out)


def fired(report: dict[str, Any]) -> set[str]:
    return {finding["rule"] for finding in report["findings"]}


def test_it_is_heeded_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    code, report = scan(capsys)
    assert code == 1
    assert "NFS101" not in fired(report)
    assert report["configuration"]["file"] == "nfsanalyze.toml"
    assert [(e["rule"], e["reason"], e["findings"]) for e in report["configuration"]["ignored"]] == [
        ("NFS102", "never here", 0),
        ("NFS101", "clients are replaced in May", 1),
    ]
    assert report["summary"]["ignored"] == 1
    _, out, _ = call(capsys, "scan", CASE)
    assert "1 finding ignored: NFS101 (1): clients are replaced in May." in " ".join(out.split())


def test_the_command_line_wins(capsys: pytest.CaptureFixture[str], site: Path) -> None:
    assert scan(capsys, "--fail-on", "critical", "--select", "NFS3")[0] == 0
    _, report = scan(capsys, "--ignore", "NFS208,NFS201")
    assert "NFS101" in fired(report)
    assert [(e["rule"], e["reason"]) for e in report["configuration"]["ignored"]] == [
        ("NFS208", "--ignore"),
        ("NFS201", "--ignore"),
    ]
    assert fired(scan(capsys, "--select", "NFS101")[1]) == {"NFS101"}
    code, report = scan(capsys, "--no-config")
    assert (code, report["configuration"]["file"]) == (0, None)
    assert "NFS101" in fired(report)
    (site / "other.toml").write_text('select = ["NFS302"]')
    code, report = scan(capsys, "--config", "other.toml")
    assert (code, fired(report), report["configuration"]["file"]) == (0, {"NFS302"}, "other.toml")


def test_a_lease_time_holds_for_queries_too(capsys: pytest.CaptureFixture[str]) -> None:
    sql = "SELECT DISTINCT lease_time_s, lease_time_source FROM leases"
    _, out, _ = call(capsys, "query", CASE, sql, "--format", "jsonl")
    assert json.loads(out.splitlines()[0]) == {"lease_time_s": 33.0, "lease_time_source": "option"}
    _, out, _ = call(capsys, "query", CASE, sql, "--format", "jsonl", "--lease-time", "7")
    assert json.loads(out)["lease_time_s"] == 7.0


def test_its_folders_of_rules_are_used_everywhere(capsys: pytest.CaptureFixture[str], site: Path) -> None:
    (site / "nfsanalyze.toml").write_text('rules = ["mine"]')
    assert call(capsys, "rules", "new", "often-there")[1].startswith("mine/NFS900.toml\n")
    assert call(capsys, "rules", "test")[0] == 0
    assert "often-there" in call(capsys, "rules", "NFS9")[1]
    assert call(capsys, "explain", "often-there")[0] == 0
    assert call(capsys, "rules", "example", "NFS900", CASE)[0] == 0
    clones = str(SAMPLES / "08a-v41-cloned-owner.pcap")
    assert "NFS900" in call(capsys, "scan", clones)[1]
    assert call(capsys, "explain", "often-there", "--no-config")[0] == 2


def test_declared_heads_are_told_in_the_report(capsys: pytest.CaptureFixture[str], site: Path) -> None:
    (site / "nfsanalyze.toml").write_text(
        '[heads]\none_server = [["10.0.0.1", "10.9.9.9"]]\ndifferent_servers = [["10.0.0.1", "10.0.0.2"]]'
    )
    _, report = scan(capsys)
    assert report["configuration"]["declared_heads"] == [
        {"addresses": ["10.0.0.1", "10.0.0.2"], "one_server": False, "outcome": "agrees"},
        {"addresses": ["10.0.0.1", "10.9.9.9"], "one_server": True, "outcome": "not-seen"},
    ]
    _, out, _ = call(capsys, "scan", CASE)
    assert "declared: 10.0.0.1 and 10.0.0.2 are different servers; the captures show it too" in " ".join(out.split())


def test_faults_are_one_line_and_2(capsys: pytest.CaptureFixture[str], site: Path) -> None:
    for text, fault in (
        ("lease_tme = 5", 'nfsanalyze.toml:1: lease_tme: is unknown; did you mean "lease_time"?'),
        ('select = ["NFS1O1"]', 'nfsanalyze.toml: no rule fits "NFS1O1"; did you mean "NFS101"?'),
        ('[[ignore]]\nrule = "NFS99"\nreason = "x"', 'nfsanalyze.toml: no rule fits "NFS99"'),
        ('rules = ["gone"]', "no rules found in gone: no such file or folder"),
    ):
        (site / "nfsanalyze.toml").write_text(text)
        code, out, err = call(capsys, "scan", CASE)
        assert (code, out) == (2, ""), text
        assert fault in err
        assert len(err.splitlines()) == 1
    assert "--config and --no-config: give one of them" in call(capsys, "scan", CASE, "--config", "x", "--no-config")[2]
    assert "gone.toml: cannot be read" in call(capsys, "scan", CASE, "--config", "gone.toml")[2]


def test_what_a_baseline_knows_does_not_fail_a_run(capsys: pytest.CaptureFixture[str], site: Path) -> None:
    (site / "nfsanalyze.toml").unlink()
    assert call(capsys, "scan", CASE, "--format", "json", "-o", "then.json")[0] == 0
    code, report = scan(capsys, "--baseline", "then.json", "--fail-on", "note")
    assert code == 0
    assert report["summary"]["known"] == len(report["findings"]) > 0
    assert report["baseline"] == {"file": "then.json", "known": len(report["findings"]), "gone": 0}
    then = json.loads((site / "then.json").read_text())
    then["findings"] = [f for f in then["findings"] if f["severity"] != "critical"]
    (site / "then.json").write_text(json.dumps(then))
    assert scan(capsys, "--baseline", "then.json", "--fail-on", "high")[0] == 1
    code, out, err = call(capsys, "scan", CASE, "--baseline", CASE)
    assert (code, out) == (2, "")
    assert "cannot be read" in err


def test_a_batch_heeds_it_too(capsys: pytest.CaptureFixture[str], site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(SAMPLES.parent))
    (site / "nfsanalyze.toml").write_text(
        CONFIG + '\n[heads]\ndifferent_servers = [["10.0.0.1", "10.0.0.2"]]\none_server = [["10.0.0.1", "10.9.9.9"]]'
    )
    code, _, err = call(capsys, "batch", CASE, "--out", "results", "--jobs", "1")
    assert (code, err) == (1, "")
    (path,) = (site / "results" / "cases").rglob("report.json")
    report = json.loads(path.read_text())
    assert "NFS101" not in fired(report)
    assert [e["findings"] for e in report["configuration"]["ignored"]] == [0, 1]
    assert [e["outcome"] for e in report["configuration"]["declared_heads"]] == ["agrees", "not-seen"]
    (site / "nfsanalyze.toml").write_text('select = ["NFS1O1"]')
    code, _, err = call(capsys, "batch", CASE, "--out", "results")
    assert (code, err) == (2, 'nfsanalyze: error: nfsanalyze.toml: no rule fits "NFS1O1"; did you mean "NFS101"?\n')
