"""The page: what can be said without a script, around the data that the scripts draw."""

from __future__ import annotations

from datetime import UTC
from importlib.resources import files
from typing import Any

from nfsanalyze.facts.printable import printable
from nfsanalyze.reports.document import STAND_INS, Document
from nfsanalyze.reports.html.assets import embedded, policy, scripts, styles
from nfsanalyze.reports.html.data import page_data
from nfsanalyze.reports.terminal.page import View, counted, listing
from nfsanalyze.reports.terminal.verdict import hidden, story

PLAIN = 200
"""So many findings stand in the page for readers whose browser runs no scripts."""

_NAMES = 4


def render_html(document: Document) -> str:
    """One file: no part of it is fetched, and text from the wire stays text. Equal documents give equal bytes."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((files("nfsanalyze.reports.html") / "report.html.j2").read_text("utf-8"))
    # carriage returns would be read as line feeds, and the digests would not hold
    style, script = styles().replace("\r", ""), scripts().replace("\r", "")
    return template.render(
        **_summary(document),
        policy=policy(style, script),
        style=Markup(style),
        script=Markup(script),
        data=Markup(embedded(page_data(document))),
    )


def _summary(document: Document) -> dict[str, Any]:
    view = View(document, zone=UTC, show_all=False)
    summary, captures = document["summary"], document["captures"]
    findings = document["findings"]
    return {
        "title": ", ".join(printable(c["capture"]) for c in captures[:_NAMES]) or "no capture",
        "more_captures": max(0, len(captures) - _NAMES),
        "when": _when(view),
        "version": document["tool"]["version"],
        "verdict": counted(len(findings), "finding") if findings else "No findings",
        "severities": [(name, number) for name, number in summary["findings"].items() if number],
        "story": printable(story(view)),
        "notes": [printable(line) for line in _notes(document)],
        "numbers": [
            ("clients", "clients", summary["clients"]),
            ("leases", "leases", summary["leases"]),
            ("servers", "server addresses", len(document["servers"])),
            ("moves", "takeovers", summary["takeovers"]),
            ("captures", "packets", sum(c["packets"] for c in captures)),
            ("unjudged", "not evaluable", summary["not_evaluable"]),
        ],
        "complete": summary["complete"],
        "incomplete": [printable(line) for line in summary["incomplete"]],
        "plain": [_plain(view, finding) for finding in findings[:PLAIN]],
        "plain_left": max(0, len(findings) - PLAIN),
    }


def _when(view: View) -> str:
    """From when to when, to the second."""
    captures = [c for c in view.report["captures"] if c["first"] is not None]
    if not captures:
        return ""
    first, last = min(c["first"] for c in captures), max(c["last"] for c in captures)
    clock = view.clock
    return f"{clock.date(first)} {clock.short(first)[-8:]} to {clock.short(last)} UTC"


def _notes(document: Document) -> list[str]:
    lines = [f"Redacted: {STAND_INS}."] if document["redacted"] else []
    lines += hidden(document)
    if document["summary"]["not_evaluable"]:
        rules = len({entry["rule"] for entry in document["not_evaluable"]})
        lines.append(f"{counted(rules, 'rule')} could not be judged in every place.")
    return lines


def _plain(view: View, finding: dict[str, Any]) -> dict[str, str]:
    return {
        "severity": finding["severity"],
        "rule": finding["rule"],
        "title": printable(finding["title"]),
        "message": printable(finding["message"]),
        "who": printable(view.who(finding["client"])) if finding["client"] else listing(finding["servers"], 3),
        "filter": printable(finding["filter"]),
        "capture": printable(finding["capture"]),
    }
