"""Findings, most serious first: what is wrong, which frames prove it, what to do."""

from __future__ import annotations

from collections import Counter
from typing import Any

from nfsanalyze.reports.terminal.page import SEVERITY_STYLES, Page, View, counted, listing, lost_name, text

_OF_ONE_RULE = 5
_FRAMES = 12
_SILENT = 40
_FILES = 10
_NAMES = 6


def findings(page: Page, view: View) -> None:
    """A block a finding; of one rule only the first few unless all are asked for."""
    shown: Counter[tuple[str, str]] = Counter()
    entries = view.report["findings"]
    totals = Counter((entry["severity"], entry["rule"]) for entry in entries)
    for entry in entries:
        key = entry["severity"], entry["rule"]
        shown[key] += 1
        if view.show_all or shown[key] <= _OF_ONE_RULE:
            _finding(page, view, entry)
        hidden = totals[key] - _OF_ONE_RULE
        if not view.show_all and hidden > 0 and shown[key] == totals[key]:
            page.blank()
            page.line(
                (entry["severity"], SEVERITY_STYLES[entry["severity"]]),
                f"[{entry['rule']}]: ... and {hidden:,} more of these (--all shows them, --client ADDR one client's)",
            )


def _finding(page: Page, view: View, entry: dict[str, Any]) -> None:
    page.blank()
    style = SEVERITY_STYLES[entry["severity"]]
    label = f"{entry['severity']}[{entry['rule']}]:"
    page.hanging(label, (entry["title"], "bold"), (f" ({entry['name']})", "dim"), style=style)
    subject = _subject(view, entry)
    if subject:
        page.line(subject, indent=2)
    page.line(entry["message"], indent=2)
    _evidence(page, view, entry)
    files, hidden = view.bound(entry["files"], _FILES)
    if files:
        more = f" and {hidden:,} more (--all shows them)" if hidden else ""
        page.hanging("lost:", "; ".join(map(lost_name, files)) + more, indent=2, style="red")
    page.hanging("confidence:", entry["confidence"], indent=2, style="dim")
    if entry["known"]:
        page.hanging("known:", "the baseline has it too", indent=2, style="dim")
    if entry["caused_by"]:
        causes = [_cause(view, cause) for cause in entry["caused_by"]]
        page.hanging("because of:", listing(causes), indent=2, style="dim")
    _help(page, entry["fix"])
    page.verbatim("filter: ", entry["filter"], indent=2)
    page.hanging("more:", f"nfsanalyze explain {entry['rule']}{_origin(entry)}", indent=2, style="dim")


def _origin(entry: dict[str, Any]) -> str:
    """A user's own rule is found only where its folder is named."""
    return " --rules DIR" if entry["rule"].startswith("NFS9") else ""


def _help(page: Page, fix: str) -> None:
    """The remedy: paragraphs and list items of the rule stay apart."""
    lines = [line.strip() for line in fix.splitlines() if line.strip()]
    for index, line in enumerate(lines):
        label = "help:" if index == 0 else "     "
        item = line.startswith("- ")
        page.hanging(f"{label} -" if item else label, line.removeprefix("- "), indent=2, style="bold green")


def _cause(view: View, cause: str) -> str:
    finding = next((f for f in view.report["findings"] if f["id"] == cause), None)
    return f"{finding['rule']} ({finding['name']})" if finding else cause


def _subject(view: View, entry: dict[str, Any]) -> str:
    clients = [each for each in (entry["client"], *entry["other_clients"]) if each is not None]
    who = f"client {listing([view.who(each) for each in clients], view.limit(_NAMES))}" if clients else ""
    servers = listing(entry["servers"], view.limit(_NAMES))
    where = f"{' -> ' if who else ''}server {servers}" if servers else ""
    ids = listing(entry["clientids"], view.limit(_NAMES))
    return who + where + (f", clientid {ids}" if ids else "")


def _evidence(page: Page, view: View, entry: dict[str, Any]) -> None:
    """The frames, each with its time and what it shows; those without a note by number alone."""
    evidence = entry["evidence"]
    told = {(e["capture"], e["frame"]) for e in evidence}
    silent = [str(frame) for frame in entry["frames"] if (entry["capture"], frame) not in told]
    clock = view.clock
    shown, hidden = view.bound(evidence, _FRAMES)
    if shown:
        days = {clock.date(e["time"]) for e in evidence}
        dated = len(days) > 1
        day = "" if dated else f" {days.pop()}"
        page.line((f"in {entry['capture']}{day}, times in {clock.zone(evidence[0]['time'])}:", "dim"), indent=2)
        page.columns(
            (
                [
                    text((str(e["frame"]), "bold")),
                    *([text(clock.date(e["time"]))] if dated else []),
                    text(clock.exact(e["time"])),
                    text(clock.since_start(e["time"], e["capture"])),
                    text(e["note"], f" [{e['capture']}]" if e["capture"] != entry["capture"] else ""),
                ]
                for e in shown
            ),
            heads=("frame", *(["date"] if dated else []), "time", "elapsed", "what it shows"),
            right=(0, 3) if dated else (0, 2),
            whole=(0, 1, 2) if dated else (0, 1),
            indent=4,
        )
    if hidden:
        page.line(f"... and {counted(hidden, 'more frame')} (--all shows them; the filter has them all)", indent=4)
    if silent:
        where = "also " if shown else f"in {entry['capture']}: "
        page.line(where, f"frame {listing(silent, view.limit(_SILENT))}", indent=4)
