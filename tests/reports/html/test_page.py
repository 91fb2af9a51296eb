"""The HTML report as text: one file that fetches nothing, whose policy admits its own script and style only."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from nfsanalyze.analysis import analyse
from nfsanalyze.reports.document import document, empty_document
from nfsanalyze.reports.html import render_html
from nfsanalyze.reports.html.assets import embedded

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)><!-- {{ 7*7 }} \u2028\u202e & ' \""

Document = dict[str, Any]


class Outline(HTMLParser):
    """The elements of a page, and what stands in its scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag
        if tag in self.raw:
            self.raw[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open in self.raw:
            self.raw[self._open][-1] += data

    @property
    def data(self) -> Document:
        """What the scripts draw."""
        loaded: Document = json.loads(self.raw["script"][0])
        return loaded


def report_of(*names: str) -> Document:
    analysis = analyse([str(SAMPLES / name) for name in names])
    return document(analysis.tables, analysis.findings, analysis.not_evaluable, rules=analysis.rules)


@pytest.fixture(scope="module")
def report() -> Document:
    return report_of("01-v40-nonucs-takeover.pcap")


@pytest.fixture(scope="module")
def outline(report: Document) -> Outline:
    return Outline(render_html(report))


def test_the_policy_admits_the_script_and_the_style_of_the_page_and_nothing_else(outline: Outline) -> None:
    (policy,) = [a["content"] for tag, a in outline.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    for name, text in (("script-src", outline.raw["script"][1]), ("style-src", outline.raw["style"][0])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[name] == f"'sha256-{digest}'"
    assert "unsafe" not in policy


def test_nothing_is_fetched_and_nothing_is_inline_that_the_policy_would_refuse(outline: Outline) -> None:
    assert len(outline.raw["script"]) == 2
    assert len(outline.raw["style"]) == 1
    for tag, attributes in outline.tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "form"), tag
        assert not [name for name in attributes if name in ("src", "style") or name.startswith("on")], (tag, attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert not re.search(r"url\((?!#)|@import", outline.raw["style"][0])
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|eval|innerHTML|Function)\b", outline.raw["script"][1])


def test_the_same_report_is_the_same_file(report: Document) -> None:
    assert render_html(report) == render_html(json.loads(json.dumps(report)))


def test_hostile_text_adds_no_element_and_ends_no_script(report: Document) -> None:
    hostile = json.loads(json.dumps(report))
    hostile["findings"][0].update(message=HOSTILE, title=HOSTILE, fix=HOSTILE, capture=HOSTILE, filter=HOSTILE)
    hostile["findings"][0]["evidence"][0]["note"] = HOSTILE
    hostile["clients"][0]["hostnames"] = [HOSTILE]
    hostile["clients"][0]["owners"][0]["owner_text"] = HOSTILE
    hostile["captures"][0].update(capture=HOSTILE, path=HOSTILE)
    page = render_html(hostile)
    told, plain = Outline(page), Outline(render_html(report))
    assert [tag for tag, _ in told.tags] == [tag for tag, _ in plain.tags]
    assert told.raw["script"][1] == plain.raw["script"][1]
    assert told.data["findings"][0]["message"].startswith("</script><script>alert(1)</script><img")
    assert not [c for c in page if ord(c) < 0x20 and c != "\n"]
    assert "\u202e" not in page and "\u2028" not in page
    assert "{{ 7*7 }}" in told.data["findings"][0]["message"]


@pytest.mark.parametrize("text", ["</script>", "<!--", "<script", "]]>", "a&b", "\u2028\u2029", "\ud800", '"\\'])
def test_embedded_json_is_the_value_again_and_holds_no_markup(text: str) -> None:
    told = embedded({"x": [text]})
    assert json.loads(told) == {"x": [text]}
    assert not set("<>&") & set(told)
    assert told.isascii()


def test_the_page_holds_every_finding_with_its_evidence_and_call_flow(report: Document, outline: Outline) -> None:
    data = outline.data
    assert [f["rule"] for f in data["findings"]] == [f["rule"] for f in report["findings"]]
    for drawn, finding in zip(data["findings"], report["findings"], strict=True):
        assert [each[1] for each in drawn["evidence"]] == finding["frames"]
        assert data["texts"][drawn["fix"]] == finding["fix"]
        steps = [row for row in drawn["ladder"]["rows"] if isinstance(row, list)]
        assert sorted(row[4] for row in steps if row[4] is not None) == list(range(len(finding["evidence"])))


def test_readers_without_scripts_find_the_findings(report: Document) -> None:
    page = render_html(report)
    plain = page[page.index("<noscript>") : page.index("</noscript>")]
    for finding in report["findings"]:
        assert finding["rule"] in plain
        assert finding["filter"] in plain


def test_nothing_to_analyse_is_a_page_too() -> None:
    outline = Outline(render_html(empty_document(["x.pcap: not a <capture>"])))
    assert outline.data["findings"] == outline.data["timeline"] == []


def test_columns_and_cells_are_as_many(outline: Outline) -> None:
    for table in outline.data["tables"]:
        assert {len(row) for row in table["rows"]} <= {len(table["columns"])}, table["id"]
    filled = {table["id"] for table in outline.data["tables"] if table["rows"]}
    assert {"clients", "leases", "servers", "moves", "signals", "recoveries", "lost", "captures"} <= filled


def test_what_two_taps_show_is_one_step_of_the_call_flow() -> None:
    report = report_of("02-v40-ucs-takeover.pcapng", "02-v40-ucs-takeover-c1.pcap")
    data = Outline(render_html(report)).data
    drawn, finding = data["findings"][0], report["findings"][0]
    steps = [row for row in drawn["ladder"]["rows"] if isinstance(row, list)]
    assert len(finding["evidence"]) == 2 * len(finding["frames"])
    assert sorted(drawn["evidence"][row[4]][1] for row in steps) == finding["frames"]
    assert {drawn["evidence"][row[4]][0] for row in steps} == {data["captures"].index(finding["capture"])}
