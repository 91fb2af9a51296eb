"""What a rule says of itself, as text and as values; and the list of all rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from nfsanalyze.engine.rule import Rule
from nfsanalyze.engine.trial import Trial
from nfsanalyze.facts.printable import printable
from nfsanalyze.reports.terminal.draw import drawn
from nfsanalyze.reports.terminal.page import SEVERITY_STYLES, Page, counted, text

_PARTS = (
    ("what", "What it looks for"),
    ("why", "Why it matters"),
    ("fix", "What to do"),
    ("false_positives", "When it may be wrong"),
)
_FIELDS = ("id", "name", "group", "title", "severity", "confidence", "since")
_JUDGES = re.compile(r"\bAS\s+(severity|confidence)\b", re.IGNORECASE)


def rule_values(rule: Rule) -> dict[str, Any]:
    """All a rule says, for programs; its examples by name and number of findings."""
    values = {key: value for key, value in asdict(rule).items() if key not in ("examples", "source", "detect_at")}
    values["group"] = rule.group
    values["examples"] = [{"name": example.name, "findings": len(example.expect)} for example in rule.examples]
    return values


def rule_rows(rules: Sequence[Rule]) -> list[dict[str, str]]:
    """One row a rule, for programs: what it is, not how it works."""
    return [{field: getattr(rule, field) for field in _FIELDS} for rule in rules]


def render_rule(rule: Rule, *, width: int = 80, color: bool = False) -> str:
    """The page of one rule, `width` columns wide; only its SQL may be wider."""
    return drawn(lambda page: _rule(page, rule), width, color)


def render_rules(rules: Sequence[Rule], *, width: int = 80, color: bool = False) -> str:
    """A table of rules: id, severity, name and title."""
    rows = [
        (
            text((rule.id, "bold")),
            text((rule.severity, SEVERITY_STYLES[rule.severity])),
            text(rule.name),
            text(rule.title),
        )
        for rule in rules
    ]
    return drawn(
        lambda page: page.columns(rows, heads=("id", "severity", "name", "title"), whole=(0, 1, 2)), width, color
    )


def render_trials(trials: Sequence[Trial]) -> str:
    """A line a file that holds, the faults of the others, and a count."""
    lines = []
    for trial in trials:
        if trial.faults:
            lines += [printable(fault) for fault in trial.faults]
        elif trial.rule is not None:
            examples = counted(len(trial.rule.examples), "example")
            lines.append(printable(f"{trial.source}: {trial.rule.id} {trial.rule.name}: {examples}, as expected"))
    bad = sum(bool(trial.faults) for trial in trials)
    good = len(trials) - bad
    lines.append(f"{counted(good, 'rule')} good" + (f", {bad:,} not" if bad else ""))
    return "\n".join(lines) + "\n"


def _rule(page: Page, rule: Rule) -> None:
    page.line((f"{rule.id}  {rule.name}", "bold"))
    page.line(rule.title)
    page.blank()
    varied = {found.lower() for found in _JUDGES.findall(rule.detect)}
    facts = (
        (
            "severity",
            (rule.severity, SEVERITY_STYLES[rule.severity]),
            ", or less by what it meets" if "severity" in varied else "",
        ),
        ("confidence", rule.confidence, ", or less by what it meets" if "confidence" in varied else ""),
        ("group", rule.group),
        ("since", rule.since),
        ("needs", ", ".join(rule.needs)),
        ("may miss", ", ".join(rule.misses) or "nothing: it speaks of the capture itself"),
        ("withholds", ", ".join(rule.withhold) or "nothing: what it finds is proven by what was seen"),
        ("references", ", ".join(rule.references)),
    )
    page.columns([(text((name, "dim")), text(*value)) for name, *value in facts], whole=(0,), indent=2)
    for key, heading in _PARTS:
        page.heading(heading)
        for line in getattr(rule, key).splitlines():
            _paragraph(page, line)
    page.heading("How it is found")
    for line in rule.detect.splitlines():
        page.verbatim("", line, indent=2)
    if rule.examples:
        page.heading("Examples it is tested on")
        for example in rule.examples:
            found = counted(len(example.expect), "finding") if example.expect else "silent"
            _paragraph(page, f"- {example.name}: {found}")


def _paragraph(page: Page, line: str) -> None:
    if not line:
        page.blank()
    elif line.startswith("- "):
        page.hanging("-", line[2:], indent=2)
    else:
        page.line(line, indent=2)
