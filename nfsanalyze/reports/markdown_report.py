"""The report as Markdown, short enough for a ticket: what happened, the findings with their frames, what to do."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any

from nfsanalyze.facts.printable import printable
from nfsanalyze.reports.document import STAND_INS
from nfsanalyze.reports.terminal.page import View
from nfsanalyze.reports.terminal.verdict import story

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~])")
_BARS = re.compile(r"(\\*)\|")
_EVIDENCE = 12
_UNJUDGED = 20


def render_markdown(document: dict[str, Any]) -> str:
    """The document as CommonMark with tables; text from the wire cannot become markup."""
    lines = ["# NFSv4 client-ID and lease report", "", *_summary(document)]
    for number, finding in enumerate(document["findings"], 1):
        lines += _finding(number, finding)
    lines += _clients(document)
    lines += _unjudged(document)
    lines += _captures(document)
    tool = document["tool"]
    ending = f"Made by {tool['name']} {tool['version']}; times are UTC."
    lines += ["", f"{ending} Redacted: {STAND_INS}." if document["redacted"] else ending, ""]
    return "\n".join(lines)


def plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return _SPECIAL.sub(r"\\\1", printable(" ".join(text.split())))


def _code(text: str) -> str:
    """A code span; a backtick in it would end it."""
    return f"`{printable(text).replace('`', chr(39))}`"


def _code_cell(text: str) -> str:
    """The same in a table, where a bar would end the cell, code or not, even one behind a backslash of the text."""
    return _BARS.sub(r"\1\1\\|", _code(text))


def _summary(document: dict[str, Any]) -> list[str]:
    lines = [plain(story(View(document, zone=UTC, show_all=False))) or "No findings."]
    if document["summary"]["incomplete"]:
        lines += ["", "Not everything was analysed:", "", *(f"- {plain(e)}" for e in document["summary"]["incomplete"])]
    if document["findings"]:
        lines += ["", "| severity | rule | what | client | servers |", "|---|---|---|---|---|"]
        for finding in document["findings"]:
            who = _who(document, finding["client"])
            servers = ", ".join(finding["servers"])
            lines.append(
                f"| {finding['severity']} | {finding['rule']} | {plain(finding['title'])} | {who} | {plain(servers)} |"
            )
    return lines


def _who(document: dict[str, Any], client: str | None) -> str:
    for each in document["clients"]:
        if each["id"] == client:
            return plain(", ".join(each["addresses"]))
    return ""


def _finding(number: int, finding: dict[str, Any]) -> list[str]:
    lines = ["", f"## {number}. {finding['rule']} {plain(finding['title'])} ({finding['severity']})", ""]
    lines += [plain(finding["message"]), ""]
    lines += ["| frame | time | what it shows |", "|---:|---|---|"]
    several = len({each["capture"] for each in finding["evidence"]}) > 1
    for each in finding["evidence"][:_EVIDENCE]:
        frame = f"{each['frame']} of {plain(each['capture'])}" if several else str(each["frame"])
        lines.append(f"| {frame} | {_time(each['time'])} | {plain(each['note'])} |")
    if len(finding["evidence"]) > _EVIDENCE:
        lines.append(f"| | | and {len(finding['evidence']) - _EVIDENCE} more |")
    lines += [
        "",
        f"Wireshark filter for {_code(finding['capture'])}: {_code(finding['filter'])}",
        "",
        "What to do:",
        "",
    ]
    lines += [
        plain(line) if not line.startswith("- ") else f"- {plain(line[2:])}" for line in finding["fix"].splitlines()
    ]
    lines += ["", f"Confidence: {finding['confidence']}. References: {plain('; '.join(finding['references']))}."]
    return lines


def _step(line: str) -> str:
    """A line of a remedy; its own bullets stay."""
    return f"- {plain(line[2:])}" if line.startswith("- ") else plain(line)


def _clients(document: dict[str, Any]) -> list[str]:
    rows = [
        f"| {plain(', '.join(client['addresses']))} | {owner['server_address']} | v4.{owner['minor_version']} |"
        f" {_code_cell(owner['owner_text'])} | {' '.join(map(_code, owner['clientids']))} |"
        for client in document["clients"]
        for owner in client["owners"]
    ]
    head = ["", "## Clients", "", "| client | server | version | client owner | clientids |", "|---|---|---|---|---|"]
    return [*head, *rows] if rows else []


def _unjudged(document: dict[str, Any]) -> list[str]:
    entries = document["not_evaluable"]
    lines = ["", "## Not evaluable", ""] if entries else []
    lines += [f"- {each['rule']}, {plain(each['subject'])}: {plain(each['reason'])}" for each in entries[:_UNJUDGED]]
    if len(entries) > _UNJUDGED:
        lines.append(f"- and {len(entries) - _UNJUDGED} more")
    return lines


def _captures(document: dict[str, Any]) -> list[str]:
    head = ["", "## Captures", "", "| capture | format | packets | from | to |", "|---|---|---:|---|---|"]
    rows = [
        f"| {plain(each['path'])} | {each['format']} | {each['packets']} |"
        f" {_time(each['first'])} | {_time(each['last'])} |"
        for each in document["captures"]
    ]
    return [*head, *rows] if rows else []


def _time(time: str | None) -> str:
    """To the microsecond; finer is for programs."""
    return "" if time is None else time[:26].replace("T", " ")
