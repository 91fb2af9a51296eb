"""The shipped rules: each compiles without a capture, does what its examples say, and explains itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nfsanalyze.engine.examples import example_faults
from nfsanalyze.engine.loader import load_rules
from nfsanalyze.engine.message import placeholders
from nfsanalyze.engine.needs import needed
from nfsanalyze.engine.rule import GROUPS, Example, Rule
from nfsanalyze.engine.run import run
from nfsanalyze.engine.sql import compile_rule, empty_tables
from nfsanalyze.engine.statement import statement
from nfsanalyze.facts.schema import TABLES, VOLUME

FOLDER = Path(__file__).resolve().parents[2] / "rules"
RULES = load_rules(FOLDER)
EXAMPLES = [(rule, example) for rule in RULES for example in rule.examples]
EACH = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


@EACH
def test_it_compiles_without_a_capture(rule: Rule) -> None:
    schema = compile_rule(rule)
    assert set(placeholders(rule.message)) <= set(schema)


@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=[f"{rule.id}-{example.name}" for rule, example in EXAMPLES])
def test_its_example_holds(rule: Rule, example: Example) -> None:
    assert example_faults(rule, example) == []


@EACH
def test_it_lies_where_its_number_says(rule: Rule) -> None:
    path = Path(rule.source)
    assert path.name == f"{rule.id}.toml"
    assert path.parent == FOLDER / rule.group
    assert rule.group in GROUPS


@EACH
def test_it_needs_only_what_it_reads(rule: Rule) -> None:
    read = set(re.findall(r"\w+", rule.detect)) & set(TABLES)
    tables = {need.table for need in needed(rule.needs)}
    assert tables <= read
    assert set(statement(rule.detect).reads(VOLUME)) <= tables


@EACH
def test_it_explains_itself(rule: Rule) -> None:
    for part in (rule.what, rule.why, rule.fix, rule.false_positives):
        assert len(part.split()) > 10
    assert all(re.fullmatch(r"RFC [0-9]{4}( section [0-9.]+)?", reference) for reference in rule.references)
    assert not rule.title.endswith(".")
    for other in re.findall(r"\bNFS[0-9]{3}\b", " ".join((rule.what, rule.why, rule.fix, rule.false_positives))):
        assert other in {known.id for known in RULES}


@EACH
def test_it_is_tried_on_something_tempting(rule: Rule) -> None:
    silent = [example for example in rule.examples if not example.expect]
    assert any(rows for example in silent for rows in example.tables.values())


def test_nothing_comes_of_nothing() -> None:
    assert run(RULES, empty_tables()) == ([], [])
    assert run(RULES, {}) == ([], [])


def test_a_scan_reads_the_same_rules_without_their_examples() -> None:
    lean = load_rules(FOLDER, examples=False)
    assert [(rule.id, rule.detect, rule.fix) for rule in lean] == [(rule.id, rule.detect, rule.fix) for rule in RULES]


def test_two_rules_agree_on_what_a_duplicate_lease_is() -> None:
    """NFS101 is high where NFS201 fires: the two must not drift apart."""
    by_id = {rule.id: rule.detect for rule in RULES}
    blocks = [re.findall(r"    FROM lease_pairs.*\n    WHERE .*\n", by_id[id]) for id in ("NFS101", "NFS201")]
    assert len(blocks[0]) == 1
    assert blocks[0] == blocks[1]
