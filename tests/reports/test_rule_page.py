"""The page of a rule, and the list of all."""

from __future__ import annotations

from pathlib import Path

import pytest

from nfsanalyze.engine.loader import load_rules
from nfsanalyze.engine.rule import Rule
from nfsanalyze.reports.rule_page import render_rule, render_rules, rule_rows, rule_values

RULES = load_rules(Path(__file__).resolve().parents[2] / "rules")
NFS101 = next(rule for rule in RULES if rule.id == "NFS101")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_page_says_all_and_keeps_its_width(rule: Rule, width: int) -> None:
    page = render_rule(rule, width=width)
    before, _, after = page.partition("\nHow it is found\n")
    sql, _, examples = after.partition("\nExamples it is tested on\n")
    assert max(map(len, (before + examples).splitlines())) <= width
    assert [line.strip() for line in sql.strip().splitlines()] == [line.strip() for line in rule.detect.splitlines()]
    words = " ".join(before.split())
    for text in (rule.id, rule.name, rule.severity, rule.title, *rule.references):
        assert text in words
    for part in (rule.what, rule.why, rule.fix, rule.false_positives):
        assert " ".join(part.split()) in words
    assert all(example.name in " ".join(examples.split()) for example in rule.examples)


def test_a_page_tells_what_may_change() -> None:
    assert "severity    high, or less by what it meets" in render_rule(NFS101)
    assert "withholds   nothing" in render_rule(NFS101)


def test_colour_only_where_it_is_wanted() -> None:
    assert "\x1b" not in render_rule(NFS101) + render_rules(RULES)
    assert "\x1b[" in render_rule(NFS101, color=True)


def test_hostile_text_of_a_rule_is_printed_escaped() -> None:
    from dataclasses import replace

    page = render_rule(replace(NFS101, title="[red]x[/red] \x1b[2J", what="[/] \u202e"))
    assert "[red]x[/red] \\x1b[2J" in page
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_the_list_has_every_rule() -> None:
    lines = render_rules(RULES, width=120).splitlines()
    assert [line.split()[:3] for line in lines[1:] if line.startswith("NFS")] == [
        [rule.id, rule.severity, rule.name] for rule in RULES
    ]
    assert max(map(len, render_rules(RULES, width=60).splitlines())) <= 60


def test_values_for_programs() -> None:
    assert rule_rows(RULES)[0]["id"] == "NFS001"
    values = rule_values(NFS101)
    assert values["group"] == "identity"
    assert values["fix"] == NFS101.fix
    assert {"name": "a uniform owner, sent to two addresses", "findings": 0} in values["examples"]
    assert "source" not in values
