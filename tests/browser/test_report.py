"""The HTML report in a real browser: one session of headless Chromium for all tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from browser.chrome import Chrome
from browser.crowd import crowd

from nfsanalyze.analysis import analyse
from nfsanalyze.reports.document import document
from nfsanalyze.reports.html import render_html
from nfsanalyze.reports.terminal.page import View

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
HOSTILE = "</script><script>window.pwned = 1</script><img src=x onerror='window.pwned = 2'> {{ 7*7 }}"

Document = dict[str, Any]


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with Chrome(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture(scope="module")
def report() -> Document:
    analysis = analyse([str(SAMPLES / "01-v40-nonucs-takeover.pcap")])
    return document(analysis.tables, analysis.findings, analysis.not_evaluable, rules=analysis.rules)


@pytest.fixture(scope="module")
def file(report: Document, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render_html(report), encoding="utf-8")
    return path


@pytest.fixture
def page(chrome: Chrome, file: Path) -> Iterator[Chrome]:
    chrome.scheme("light")
    chrome.size(1440, 1000)
    chrome.open(file)
    yield chrome
    assert chrome.troubles() == []


def middle(page: Chrome, selector: str) -> tuple[float, float]:
    """Where an element's middle is in the window."""
    x, y = page.js(
        f"const b = $({json.dumps(selector)}).getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]"
    )
    return x, y


def shown(page: Chrome) -> float:
    """How much of the case the axis shows, by the words beside it."""
    words = page.js("return $('.tl-span').textContent").split()
    return float(words[0]) * {"µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}[words[1]]


def test_it_renders_and_complains_of_nothing(page: Chrome, report: Document) -> None:
    assert page.js("return $('h1').textContent") == f"{len(report['findings'])} findings"
    assert page.js("return $$('.finding').length") == len(report["findings"])
    assert page.js("return $$('.tl-row.lane').length") == 2
    assert page.js("return $$('.tl-row .lease').length") == 3
    assert page.js("return $$('.tl-row .move').length") == 1
    assert page.js("return $$('.tl-row .mark.loss, .tl-row .mark.error').length") > 0
    assert page.js("return $$('#leases tbody tr').length") == len(report["leases"])
    # nothing sticks out sideways
    assert page.js("return document.documentElement.scrollWidth <= innerWidth")


def test_the_policy_is_in_force(page: Chrome) -> None:
    page.js("const s = document.createElement('script'); s.textContent = 'window.pwned = 3'; document.body.append(s)")
    assert page.js("return window.pwned === undefined")
    assert any("Content Security Policy" in line for line in page.troubles())
    page.events.clear()


def test_times_are_those_of_the_text_report(chrome: Chrome, tmp_path: Path) -> None:
    """Of a capture whose first packet, as most, comes between two microseconds."""
    analysis = analyse([str(SAMPLES / "02-v40-ucs-takeover.pcapng")])
    told = document(analysis.tables, analysis.findings, analysis.not_evaluable, rules=analysis.rules)
    assert any(not each["first"].endswith("000Z") for each in told["captures"])
    (tmp_path / "report.html").write_text(render_html(told), encoding="utf-8")
    chrome.open(tmp_path / "report.html")
    chrome.js("$('#open-all').click(); await new Promise((done) => setTimeout(done, 200))")
    clock = View(told, zone=UTC, show_all=True).clock
    expected = [clock.exact(each["time"]) for finding in told["findings"] for each in finding["evidence"]]
    assert chrome.js("return $$('.evidence tr.jump').map((row) => row.cells[1].textContent)") == expected


def test_severities_and_words_filter_findings(page: Chrome, report: Document) -> None:
    counts = report["summary"]["findings"]
    page.click(*middle(page, ".chip.sev-high"))
    assert page.js("return $$('.finding').length") == counts["high"]
    page.click(*middle(page, ".chip.sev-critical"))
    assert page.js("return $$('.finding').length") == counts["high"] + counts["critical"]
    page.js("const f = $('#finding-filter'); f.value = 'nfs208'; f.dispatchEvent(new Event('input'))")
    page.js("await new Promise((done) => setTimeout(done, 200))")
    assert page.js("return $$('.finding .rule').map((each) => each.textContent)") == ["NFS208"]


def test_tables_filter_and_sort(page: Chrome) -> None:
    page.js("const f = $('#signals input'); f.value = 'mac 38:01'; f.dispatchEvent(new Event('input'))")
    page.js("await new Promise((done) => setTimeout(done, 200))")
    rows = page.js("return $$('#signals tbody tr').map((row) => row.textContent)")
    assert rows and all("MAC" in row for row in rows)
    assert "of" in page.js("return $('#signals .count').textContent")
    weights = "return $$('#signals tbody tr').map((row) => Number(row.cells[2].textContent))"
    page.js("const f = $('#signals input'); f.value = ''; f.dispatchEvent(new Event('input'))")
    page.js("await new Promise((done) => setTimeout(done, 200)); $$('#signals th button')[2].click()")
    assert page.js(weights) == sorted(page.js(weights))
    page.js("$$('#signals th button')[2].click()")
    assert page.js(weights) == sorted(page.js(weights), reverse=True)
    assert page.js("return $$('#signals th')[2].ariaSort") == "descending"


def test_wheel_buttons_and_dragging_move_the_timeline(page: Chrome, report: Document) -> None:
    whole = shown(page)
    x, y = middle(page, ".tl-row.lane svg")
    page.wheel(x, y, -400, control=True)
    closer = shown(page)
    assert closer < whole
    page.click(*middle(page, "#zoom-in"))
    assert shown(page) < closer
    left = page.js("return $('.tl-thumb').offsetLeft")
    page.mouse("mouseMoved", x, y)
    page.mouse("mousePressed", x, y, pressed=True)
    page.mouse("mouseMoved", x + 200, y, pressed=True)
    page.mouse("mouseReleased", x + 200, y)
    page.frame()
    assert page.js("return $('.tl-thumb').offsetLeft") < left
    page.click(*middle(page, "#zoom-reset"))
    assert shown(page) == pytest.approx(whole)
    # the wheel alone scrolls the page
    page.mouse("mouseMoved", 5, 5)
    page.wheel(x, y, 300)
    page.js("await new Promise((done) => setTimeout(done, 300))")
    assert page.js("return scrollY") > 0
    assert shown(page) == pytest.approx(whole)


def test_evidence_leads_to_the_timeline_and_a_mark_to_its_finding(page: Chrome) -> None:
    page.js("$('tr.jump[data-frame=\"267\"]').click()")
    page.frame()
    assert shown(page) < 60
    lit = page.js("return $$('.mark.lit').map((mark) => mark.dataset.frame)")
    assert len(lit) == 1
    page.js("$$('.finding').forEach((each) => (each.open = false)); await new Promise((d) => setTimeout(d, 900))")
    page.click(*middle(page, ".mark.lit .shape"))
    page.js("await new Promise((done) => setTimeout(done, 100))")
    assert page.js("return $$('.finding').filter((each) => each.open).length") == 1
    assert page.js("return $$('tr.flash').length") == 1


def test_pointing_and_stepping_tell_frame_and_time(page: Chrome) -> None:
    x, y = middle(page, ".tl-row .mark.loss .shape")
    page.mouse("mouseMoved", x, y)
    page.frame()
    assert not page.js("return $('#tip').hidden")
    told = page.js("return $('#tip').textContent")
    assert "frame " in told and "16:20:25." in told
    page.mouse("mouseMoved", 5, 5)
    page.js("$$('.tl-row.lane svg')[1].focus()")
    page.key("ArrowRight")
    first = page.js("return $('#tl-live').textContent")
    page.key("ArrowRight")
    assert first and page.js("return $('#tl-live').textContent") not in ("", first)
    assert page.js("return $$('.cursor').length") == 1


def test_the_call_flow_has_a_column_an_actor_and_a_row_a_frame(page: Chrome, report: Document) -> None:
    page.js("$('#open-all').click(); await new Promise((done) => setTimeout(done, 200))")
    frames_of = "(each) => [...each.querySelectorAll('.step')].map((step) => step.dataset.frame)"
    drawn = page.js(f"return $$('.finding').map({frames_of})")
    for frames, finding in zip(drawn, report["findings"], strict=True):
        assert set(map(str, finding["frames"])) <= set(frames)
    assert page.js("return $$('.finding')[1].querySelectorAll('.actor').length") == 3


def test_filters_are_copied(page: Chrome) -> None:
    page.js("$('.copy').scrollIntoView({ block: 'center', behavior: 'instant' })")
    page.click(*middle(page, ".copy"))
    page.js("await new Promise((done) => setTimeout(done, 100))")
    assert page.js("return $('.copy').textContent") == "Copied"


def test_light_and_dark_by_system_and_by_switch(page: Chrome) -> None:
    colour = "return getComputedStyle(document.body).backgroundColor"
    light = page.js(colour)
    page.scheme("dark")
    dark = page.js(colour)
    assert dark != light
    page.js("$('#theme [data-theme=light]').click()")
    assert page.js(colour) == light
    page.scheme("light")
    page.js("$('#theme [data-theme=dark]').click()")
    assert page.js(colour) == dark


def test_it_prints_with_everything_open_and_is_as_before(page: Chrome, report: Document) -> None:
    page.js("window.seen = []; addEventListener('beforeprint', () => seen.push($$('.finding[open] .body').length))")
    printed = page.pdf()
    assert printed.startswith(b"%PDF-")
    assert page.js("return seen") == [len(report["findings"])]
    assert page.js("return $$('.finding[open]').length") == 1


def test_hostile_text_stays_text(chrome: Chrome, report: Document, tmp_path: Path) -> None:
    hostile = json.loads(json.dumps(report))
    hostile["findings"][0].update(message=HOSTILE, title=HOSTILE, fix=HOSTILE, filter=HOSTILE)
    hostile["findings"][0]["evidence"][0]["note"] = HOSTILE
    hostile["clients"][0].update(hostnames=[HOSTILE])
    hostile["clients"][0]["owners"][0]["owner_text"] = HOSTILE
    hostile["captures"][0]["path"] = HOSTILE
    (tmp_path / "hostile.html").write_text(render_html(hostile), encoding="utf-8")
    chrome.open(tmp_path / "hostile.html")
    assert chrome.js("return window.pwned === undefined")
    assert chrome.js("return $$('img').length") == 0
    assert chrome.js("return $('.finding .title').textContent") == HOSTILE
    assert HOSTILE in chrome.js("return $('#clients').textContent")
    assert chrome.troubles() == []


def test_five_thousand_clients_and_a_hundred_thousand_marks(chrome: Chrome, report: Document, tmp_path: Path) -> None:
    (tmp_path / "crowd.html").write_text(render_html(crowd(report, 5000, 100_000, 50)), encoding="utf-8")
    chrome.open(tmp_path / "crowd.html")
    assert chrome.js("return document.querySelectorAll('*').length") < 12_000
    chrome.js("$('#timeline-quiet').click()")
    chrome.frame()
    assert chrome.js("return $$('.tl-row').length") < 60
    assert chrome.js("return $('.tl-rows').offsetHeight") > 5000 * 25
    chrome.js("$('.tl-scroll').scrollTop = 90000")
    chrome.frame()
    assert 0 < chrome.js("return $$('.tl-row').length") < 60
    drawn = "await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    took = chrome.js(f"const t = performance.now(); $('#zoom-in').click(); {drawn}; return performance.now() - t")
    assert took < 2000
    chrome.js("const f = $('#timeline-filter'); f.value = '10.1.19.'; f.dispatchEvent(new Event('input'))")
    chrome.js("await new Promise((done) => setTimeout(done, 300))")
    assert chrome.js("return $$('.tl-row.client').every((row) => row.textContent.includes('10.1.19.'))")
    chrome.js("const f = $('#leases input'); f.value = '10.1.19.9 moved'; f.dispatchEvent(new Event('input'))")
    chrome.js("await new Promise((done) => setTimeout(done, 600))")
    assert chrome.js("return $('#leases .count').textContent").endswith("of 15,000")
    assert chrome.troubles() == []
