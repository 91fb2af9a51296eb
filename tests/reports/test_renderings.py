"""JSON Lines, Markdown, JUnit and SARIF: each valid by its own rules, none loses a finding, hostile text stays text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import ValidationError
from reports.official_sarif import valid

from dissect.nfs4.capture import open_capture
from dissect.nfs4.capture.offsets import packet_regions
from nfsanalyze.analysis import analyse
from nfsanalyze.reports.document import document, empty_document
from nfsanalyze.reports.markdown_report import plain
from nfsanalyze.reports.renderings import FILE_FORMATS, render

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
NAMES = ("02-v40-ucs-takeover.pcapng", "12-02-cutfile.pcap", "12-02-oneway-c2s.pcap", "14-idle-renewals.pcap")
HOSTILE = "<script>alert(1)</script> | `x` [a](javascript:b) \x1b[31m\u202e]]> &amp; \"'"


def report_of(*names: str) -> dict[str, Any]:
    analysis = analyse([str(SAMPLES / name) for name in names])
    return document(
        analysis.tables,
        analysis.findings,
        analysis.not_evaluable,
        incomplete=analysis.incomplete,
        rules=analysis.rules,
    )


@pytest.fixture(scope="module", params=NAMES)
def report(request: pytest.FixtureRequest) -> dict[str, Any]:
    return report_of(request.param)


@pytest.fixture(scope="module")
def hostile() -> dict[str, Any]:
    told = report_of(NAMES[0])
    told["findings"][0].update(message=HOSTILE, title=HOSTILE, fix=HOSTILE, capture=HOSTILE)
    told["findings"][0]["evidence"][0]["note"] = HOSTILE
    told["clients"][0]["owners"][0]["owner_text"] = HOSTILE
    told["captures"][0].update(capture=HOSTILE, path=HOSTILE)
    return told


def test_the_same_report_twice_is_the_same_text(report: dict[str, Any]) -> None:
    for each in FILE_FORMATS:
        assert render(each, report) == render(each, json.loads(json.dumps(report)))


def test_json_lines_hold_a_record_a_line(report: dict[str, Any]) -> None:
    records = [json.loads(line) for line in render("jsonl", report).splitlines()]
    assert records[0]["record"] == "summary"
    found = [record for record in records if record["record"] == "finding"]
    assert [{k: v for k, v in record.items() if k != "record"} for record in found] == report["findings"]
    assert sum(record["record"] == "not_evaluable" for record in records) == len(report["not_evaluable"])


def test_sarif_is_what_the_standard_says(report: dict[str, Any]) -> None:
    raw = valid(render("sarif", report))
    assert len(raw["results"]) == len(report["findings"])
    places = [each["location"]["uri"].removeprefix("file://") for each in raw["artifacts"]]
    assert places == [each["path"] for each in report["captures"]]
    told = raw["invocations"][0].get("toolExecutionNotifications", [])
    assert len(told) == len(report["summary"]["incomplete"]) + len(report["not_evaluable"])
    for result in raw["results"]:
        assert raw["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        flow = result["codeFlows"][0]["threadFlows"][0]["locations"]
        assert [step["executionOrder"] for step in flow] == list(range(1, len(flow) + 1))
    assert raw["invocations"][0]["executionSuccessful"] is report["summary"]["complete"]


def test_sarif_of_nothing_and_of_everything_is_valid() -> None:
    assert valid(render("sarif", empty_document(["x.pcap: not a capture"])))["results"] == []
    raw = valid(render("sarif", report_of("12-02-loss50.pcap", "12-02-dup.pcap")))
    assert len(raw["artifacts"]) == 2


def test_the_schema_refuses_what_is_no_sarif(report: dict[str, Any]) -> None:
    """Or it would prove nothing."""
    log = json.loads(render("sarif", report))
    for change in (
        lambda run: run["invocations"][0].pop("executionSuccessful"),
        lambda run: run["tool"]["driver"].pop("name"),
        lambda run: run["artifacts"][0].update(kind="capture"),
    ):
        broken = json.loads(json.dumps(log))
        change(broken["runs"][0])
        with pytest.raises(ValidationError):
            valid(json.dumps(broken))


def test_sarif_regions_are_the_packets(report: dict[str, Any]) -> None:
    raw = json.loads(render("sarif", report))["runs"][0]
    capture = report["captures"][0]
    data = Path(capture["path"]).read_bytes()
    with open_capture(capture["path"]) as opened:
        packets = {frame.number: frame.data for frame in opened}
    steps = [step for result in raw["results"] for step in result["codeFlows"][0]["threadFlows"][0]["locations"]]
    told = 0
    for step in steps:
        number = int(step["location"]["logicalLocations"][0]["name"].split()[1])
        region = step["location"]["physicalLocation"]["region"]
        assert data[region["byteOffset"] :][: region["byteLength"]] == packets[number]
        told += 1
    assert told == sum(len(finding["evidence"]) for finding in report["findings"])


@pytest.mark.parametrize(
    "name", ["12-02-bigendian.pcap", "12-02-snoop.snoop", "12-02-merged-two-taps.pcapng", "12-02-nsec.pcap"]
)
def test_every_format_s_packets_are_where_they_are_said_to_be(name: str) -> None:
    data = (SAMPLES / name).read_bytes()
    with open_capture(SAMPLES / name) as opened:
        packets = {frame.number: frame.data for frame in opened}
    regions = packet_regions(SAMPLES / name, packets)
    assert {number: data[at : at + size] for number, (at, size) in regions.items()} == packets


def test_packed_files_have_no_regions() -> None:
    assert packet_regions(SAMPLES / "12-02-gz.pcap.gz", [1, 2]) == {}
    assert packet_regions(SAMPLES / "nothing.pcap", [1]) == {}


def test_junit_fails_on_findings_and_skips_what_is_not_evaluable(report: dict[str, Any]) -> None:
    root = ElementTree.fromstring(render("junit", report))
    (suite,) = root
    failures = [case for case in suite if case.find("failure") is not None]
    assert len(failures) == sum(finding["severity"] != "note" for finding in report["findings"])
    skipped = {str(case.get("name"))[:6] for case in suite if case.find("skipped") is not None}
    fired = {finding["rule"] for finding in report["findings"]}
    assert skipped == {entry["rule"] for entry in report["not_evaluable"]} - fired
    assert int(suite.get("tests", 0)) == len(suite)
    assert {str(case.get("name"))[:6] for case in suite if case.find("error") is None} == {
        r["id"] for r in report["rules"]
    }


def test_markdown_names_findings_frames_and_remedies(report: dict[str, Any]) -> None:
    text = render("markdown", report)
    for finding in report["findings"]:
        assert f"{finding['rule']} " in text
        assert f"`{finding['filter']}`" in text
    assert text.count("\n## ") >= len(report["findings"]) + 1


def test_markdown_says_what_was_not_analysed(report: dict[str, Any]) -> None:
    line = "case.pcap: the file is *cut*"
    for lines in ([], [line], [line, "another"]):
        text = render("markdown", {**report, "summary": {**report["summary"], "incomplete": lines}})
        told = "".join(f"- {plain(each)}\n" for each in lines)
        assert (f"Not everything was analysed:\n\n{told}\n" in text) is bool(lines)
        assert ("Not everything" in text) is bool(lines)


def test_a_bar_in_code_of_a_table_ends_no_cell(report: dict[str, Any]) -> None:
    """Neither one behind a backslash, which a parser takes for one that escapes the other (GFM, Tables)."""
    for owner in ("a|b", "a\\|b", "a\\\\|b"):
        report = json.loads(json.dumps(report))
        report["clients"][0]["owners"][0]["owner_text"] = owner
        (row,) = [line for line in render("markdown", report).splitlines() if "`a" in line and "b`" in line]
        cells = re.sub(r"\\.", "", row).strip("|").split("|")
        assert len(cells) == 5, row


def test_hostile_text_stays_text(hostile: dict[str, Any]) -> None:
    for each in FILE_FORMATS:
        text = render(each, hostile)
        assert not [c for c in text if ord(c) < 0x20 and c != "\n"], each
        assert "\u202e" not in text, each
    ElementTree.fromstring(render("junit", hostile))
    valid(render("sarif", hostile))
    markdown = render("markdown", hostile)
    assert "<script>" not in "".join(line for line in markdown.splitlines() if "`" not in line)
    assert plain("a|b<c>[d](e)*f*") == r"a\|b\<c\>\[d\](e)\*f\*"
