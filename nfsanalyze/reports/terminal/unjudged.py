"""What could not be judged, and what would settle it."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from nfsanalyze.reports.advice import advice
from nfsanalyze.reports.terminal.page import Page, View, counted, listing

_REASONS = 8
_SUBJECTS = 3
_COUNT = re.compile(r"and ([\d,]+) more")


def unjudged(page: Page, view: View) -> None:
    """A paragraph a reason with the rules it stops, then what to do about it."""
    entries = view.report["not_evaluable"]
    if not entries:
        return
    page.heading("Could not be judged")
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in entries:
        groups[entry["reason"]].append(entry)
    by_weight = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    shown, hidden = view.bound(by_weight, _REASONS)
    for reason, group in shown:
        rules = sorted({entry["rule"] for entry in group})
        page.line((reason, "bold"), indent=2)
        page.hanging("rules", listing(rules), indent=4, style="dim")
        page.hanging("about", _subjects(view, group), indent=4, style="dim")
    if hidden:
        page.line(f"... and {counted(hidden, 'more reason')} (--all shows them)", indent=2)
    settled = advice(view.report)
    page.line(" ".join(settled.sentences), indent=2)
    if settled.command is not None:
        page.verbatim("", settled.command, indent=4)


def _subjects(view: View, group: list[dict[str, Any]]) -> str:
    """The subjects of a reason; those that the engine only counted stay a count, at the end."""
    names = sorted({entry["subject"] for entry in group})
    counts = [match for name in names if (match := _COUNT.fullmatch(name))]
    named = [name for name in names if not _COUNT.fullmatch(name)]
    shown = named if view.show_all else named[:_SUBJECTS]
    # rules count what they leave out each for itself, so the largest count is what is surely missing
    hidden = len(named) - len(shown) + max((int(match[1].replace(",", "")) for match in counts), default=0)
    if not hidden:
        return listing(shown)
    return f"{', '.join(shown)} and {hidden:,} more" if shown else f"{hidden:,} subjects"
