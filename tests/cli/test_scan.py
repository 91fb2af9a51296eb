"""`scan`: exit codes, where each line goes, and what is refused."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from reports.example import finding, takeover_tables

from nfsanalyze.cli.app import run
from nfsanalyze.engine.rule import RuleError
from nfsanalyze.errors import NothingToAnalyse

Stage = Any

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def test_a_report_on_stdout_and_nothing_on_stderr(stage: Stage, pcap: Path) -> None:
    code, out, err = stage("scan", pcap)
    assert (code, err) == (0, "")
    assert out.startswith("1 finding (1 critical)\n")
    assert "\x1b" not in out


def test_options_reach_the_analysis(stage: Stage, pcap: Path) -> None:
    stage("scan", pcap, "--lease-time=45", "--port=20049", "--port=3049", "--select=NFS1,lease", "--ignore=NFS203")
    ((paths, options),) = stage.asked
    assert paths == [str(pcap)]
    assert (options["lease_time_s"], options["ports"]) == (45.0, (20049, 3049))
    assert options["select"] == ("NFS1", "lease")
    assert [(each.rule, each.reason) for each in options["ignore"]] == [("NFS203", "--ignore")]


def test_client_and_server_narrow_the_report_only(stage: Stage, pcap: Path) -> None:
    stage.gives(finding(), finding("NFS101", "high", client="c2", servers=("10.0.0.1",)))
    _, out, err = stage("scan", pcap, "--client", "10.0.0.12", "--format", "json")
    report = json.loads(out)
    assert [f["rule"] for f in report["findings"]] == ["NFS101"]
    assert "client" not in stage.asked[0][1]
    assert err == ""


def test_an_address_nobody_has_is_said(stage: Stage, pcap: Path) -> None:
    code, out, err = stage("scan", pcap, "--client", "10.9.9.9")
    assert code == 0
    assert "10.9.9.9: not seen in these captures" in err
    assert out.startswith("No findings.")


@pytest.mark.parametrize(("threshold", "code"), [("critical", 0), ("high", 1), ("medium", 1), ("note", 1)])
def test_fail_on(stage: Stage, pcap: Path, threshold: str, code: int) -> None:
    stage.gives(finding(severity="high"))
    assert stage("scan", pcap, "--fail-on", threshold)[0] == code


def test_incomplete_is_4_with_a_line_each_and_a_valid_report(stage: Stage, pcap: Path) -> None:
    stage.gives(incomplete=("a.pcap: ends inside a record", "b.pcap: not a capture"))
    code, out, err = stage("scan", pcap, "--format", "json")
    assert code == 4
    assert err.splitlines() == [
        "nfsanalyze: incomplete: a.pcap: ends inside a record",
        "nfsanalyze: incomplete: b.pcap: not a capture",
    ]
    summary = json.loads(out)["summary"]
    assert (summary["complete"], len(summary["incomplete"])) == (False, 2)


def test_1_wins_over_4(stage: Stage, pcap: Path) -> None:
    stage.gives(incomplete=("a.pcap: ends inside a record",))
    code, out, _ = stage("scan", pcap, "--fail-on", "high", "--format", "json")
    assert code == 1
    assert json.loads(out)["summary"]["complete"] is False


def test_nothing_to_analyse_is_3(stage: Stage, pcap: Path) -> None:
    stage.answer = NothingToAnalyse("case.pcap: no NFSv4 in it: 12 packets, NFSv3 on port 2049")
    code, out, err = stage("scan", pcap)
    assert (code, out) == (3, "")
    assert err == "nfsanalyze: error: case.pcap: no NFSv4 in it: 12 packets, NFSv3 on port 2049\n"
    code, out, _ = stage("scan", pcap, "--format", "json")
    assert code == 3
    report = json.loads(out)
    assert (report["schema"], report["findings"], report["summary"]["complete"]) == ("nfsanalyze/1", [], False)


def test_what_was_read_for_nothing_is_listed(stage: Stage, pcap: Path) -> None:
    stage.answer = NothingToAnalyse("no NFSv4 in it", {"captures": takeover_tables()["captures"]})
    code, out, _ = stage("scan", pcap, "--format", "json")
    report = json.loads(out)
    assert code == 3
    assert [capture["capture"] for capture in report["captures"]] == takeover_tables()["captures"]["capture"].to_list()
    assert report["clients"] == report["findings"] == []


def test_a_missing_file_among_good_ones_is_incomplete(stage: Stage, pcap: Path, tmp_path: Path) -> None:
    code, out, err = stage("scan", pcap, tmp_path / "gone.pcap", "--format", "json")
    assert code == 4
    assert stage.asked[0][0] == [str(pcap)]
    assert "gone.pcap: no such file" in err
    assert "gone.pcap" in json.loads(out)["summary"]["incomplete"][0]


def test_only_missing_files_are_a_usage_error(stage: Stage, tmp_path: Path) -> None:
    code, out, err = stage("scan", tmp_path / "gone.pcap", "--format", "json")
    assert (code, out) == (2, "")
    assert err.startswith("nfsanalyze: error: ")
    assert "gone.pcap: no such file; check the name" in err
    assert stage.asked == []


def test_a_folder_is_a_usage_error(stage: Stage, pcap: Path, tmp_path: Path) -> None:
    code, _, err = stage("scan", pcap, tmp_path)
    assert code == 2
    assert "is a folder; give its capture files" in err


@pytest.mark.parametrize(
    "arguments",
    [(), ("--format", "xml"), ("--fail-on", "loud"), ("--lease-time", "-1"), ("--port", "70000"), ("--nonsense",)],
)
def test_bad_options_are_2(stage: Stage, pcap: Path, arguments: tuple[str, ...]) -> None:
    code, out, err = stage("scan", *((pcap, *arguments) if arguments else ()))
    assert (code, out) == (2, "")
    assert "Error:" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "/etc/localtime", "", "Europe"])
def test_an_unknown_zone_is_2(stage: Stage, pcap: Path, zone: str) -> None:
    code, _, err = stage("scan", pcap, "--tz", zone)
    assert code == 2
    assert "no such time zone" in err


def test_standard_input_is_passed_on(stage: Stage) -> None:
    assert stage("scan", "-")[0] == 0
    assert stage.asked[0][0] == ["-"]
    assert stage("scan", "-", "-")[0] == 2


def test_a_hostile_file_name_is_inert(stage: Stage, tmp_path: Path) -> None:
    _, _, err = stage("scan", tmp_path / "a\x1b[2J\nb.pcap")
    assert "\x1b" not in err
    assert len(err.splitlines()) == 1


def test_an_internal_error_is_70_in_one_line(stage: Stage, pcap: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.answer = KeyError("boom")
    code, out, err = stage("scan", pcap)
    assert (code, out) == (70, "")
    assert len(err.splitlines()) == 1
    assert "internal error: KeyError: 'boom'" in err
    assert "please report it" in err
    monkeypatch.setenv("NFSANALYZE_DEBUG", "1")
    assert "Traceback" in stage("scan", pcap)[2]


def test_a_rule_that_does_not_exist_is_2(stage: Stage, pcap: Path) -> None:
    stage.answer = RuleError('no rule fits "NFS9999"; did you mean "NFS999"?')
    code, out, err = stage("scan", pcap, "--select", "NFS9999")
    assert (code, out) == (2, "")
    assert err == 'nfsanalyze: error: no rule fits "NFS9999"; did you mean "NFS999"?\n'


def test_interrupted_is_130(stage: Stage, pcap: Path) -> None:
    stage.answer = KeyboardInterrupt()
    code, out, err = stage("scan", pcap)
    assert (code, out, err) == (130, "", "nfsanalyze: interrupted\n")


def test_a_closed_pipe_is_quiet(stage: Stage, pcap: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_: str) -> int:
        raise BrokenPipeError

    monkeypatch.setattr("sys.stdout.write", closed)
    code, _, err = stage("scan", pcap, "--fail-on", "high")
    assert (code, err) == (1, "")


def test_colour_only_on_a_terminal_and_not_against_no_color(
    stage: Stage, pcap: Path, terminal: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    terminal("stdout")
    assert "\x1b[" in stage("scan", pcap)[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in stage("scan", pcap)[1]


def test_output_goes_to_the_file(stage: Stage, pcap: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    code, out, _ = stage("scan", pcap, "--format", "json", "-o", target)
    assert (code, out) == (0, "")
    assert json.loads(target.read_text())["schema"] == "nfsanalyze/1"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case.pcap", "report.json"]
    mask = os.umask(0)
    os.umask(mask)
    assert target.stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_report_that_cannot_be_written_leaves_the_old_one(
    stage: Stage, pcap: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "report.txt"
    target.write_text("old")

    def full(self: Path, _: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    code, _, err = stage("scan", pcap, "-o", target)
    assert code == 2
    assert "No space left on device" in err
    assert target.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case.pcap", "report.txt"]


def test_what_cannot_be_written_is_refused_before_the_work(stage: Stage, pcap: Path, tmp_path: Path) -> None:
    assert stage("scan", pcap, "-o", tmp_path / "no" / "report.txt")[0] == 2
    assert stage("scan", pcap, "-o", tmp_path)[0] == 2
    assert stage.asked == []


def test_a_report_never_replaces_a_capture(stage: Stage, pcap: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.pcap"
    link.symlink_to(pcap)
    before = pcap.read_bytes()
    for target in (pcap, link):
        code, _, err = stage("scan", pcap, "-o", target)
        assert code == 2
        assert "is one of the captures" in err
    assert pcap.read_bytes() == before


def test_times_in_another_zone(stage: Stage, pcap: Path) -> None:
    assert "01:26:10.274568" in stage("scan", pcap, "--tz", "Asia/Tokyo")[1]


def test_a_client_that_is_no_address_is_a_usage_error(stage: Stage, pcap: Path) -> None:
    code, out, err = stage("scan", pcap, "--client", "web01")
    assert (code, out) == (2, "")
    assert "--client web01: not an IP address" in err


def test_stats_tell_what_each_stage_cost_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    sample = str(SAMPLES / "02-v40-ucs-takeover.pcapng")
    assert run(["scan", sample, "--format", "json"]) == 0
    plain = capsys.readouterr()
    assert run(["scan", sample, "--format", "json", "--stats"]) == 0
    told = capsys.readouterr()
    assert (told.out, plain.err) == (plain.out, "")
    stages = ["start", "open", "decode", "facts", "state", "tables", "rules", "report", "total"]
    rows = [line.split() for line in told.err.splitlines()]
    assert [row[0] for row in rows[1:-1]] == stages
    assert sum(float(row[1]) for row in rows[1:-2]) == pytest.approx(float(rows[-2][1]), abs=0.01)
    assert rows[-1][:4] == ["360", "packets", "and", "195"]


def test_several_reports_in_one_run(stage: Stage, pcap: Path, tmp_path: Path) -> None:
    files = {each: tmp_path / f"case.{each}" for each in ("json", "jsonl", "sarif", "markdown", "junit")}
    words = [word for each, file in files.items() for word in ("--report", f"{each}={file}")]
    code, out, _ = stage("scan", pcap, *words)
    assert code == 0
    assert out.startswith("1 finding")
    assert all(file.stat().st_size for file in files.values())
    assert json.loads(files["json"].read_text())["findings"]


@pytest.mark.parametrize("word", ["sarf=x", "sarif", "sarif=", "=x"])
def test_a_report_of_no_known_format_is_refused(stage: Stage, pcap: Path, word: str) -> None:
    code, _, err = stage("scan", pcap, "--report", word)
    assert code == 2
    assert "FORMAT=FILE" in err


def test_reports_replace_neither_captures_nor_each_other(stage: Stage, pcap: Path, tmp_path: Path) -> None:
    assert stage("scan", pcap, "--report", f"json={pcap}")[0] == 2
    file = tmp_path / "x"
    assert stage("scan", pcap, "--report", f"json={file}", "--report", f"sarif={file}")[0] == 2


def test_same_clock_reaches_the_analysis(stage: Stage, pcap: Path) -> None:
    stage("scan", pcap, "--same-clock")
    assert stage.asked[0][1]["same_clock"] is True
