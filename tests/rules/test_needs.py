"""What the shipped rules need costs no finding: a rule that was not run would have found nothing."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from nfsanalyze.analysis import Analysis, analyse
from nfsanalyze.engine.examples import example_tables
from nfsanalyze.engine.loader import load_rules
from nfsanalyze.engine.needs import Need, alternatives, are_met, needed
from nfsanalyze.engine.rule import Example, Rule
from nfsanalyze.engine.sql import run_detect, run_detects
from nfsanalyze.engine.statement import statement
from scenarios.capture_scenarios import CAPTURES
from scenarios.healthy_networks import NETWORKS
from scenarios.identity_scenarios import IDENTITY
from scenarios.judged import judged
from scenarios.layouts import LINUX
from scenarios.lease_scenarios import LEASES
from scenarios.session_scenarios import SESSIONS
from scenarios.trunking_scenarios import TRUNKING

ROOT = Path(__file__).resolve().parents[2]
RULES = load_rules(ROOT / "rules")
EXAMPLES = [(rule, example) for rule in RULES for example in rule.examples if example.expect]
FIRING = pytest.mark.parametrize(
    ("rule", "example"), EXAMPLES, ids=[f"{rule.id}-{example.name}" for rule, example in EXAMPLES]
)
SAMPLES = sorted(path for path in (ROOT / "samples").iterdir() if path.suffix in (".pcap", ".pcapng", ".snoop", ".gz"))
SCENARIOS = {**CAPTURES, **IDENTITY, **LEASES, **SESSIONS, **TRUNKING}


def missed(done: Analysis) -> list[str]:
    """Rules that were not run, and would have found something."""
    idle = [rule for rule in RULES if not are_met(rule.needs, done.tables)]
    assert idle
    found = run_detects(idle, done.tables)
    return [rule.id for rule, rows in zip(idle, found, strict=True) if not rows.is_empty()]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_nothing_is_missed_in_samples(path: Path) -> None:
    assert missed(analyse([str(path)])) == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_missed_in_stories(name: str) -> None:
    case = SCENARIOS[name]
    assert missed(judged(case.tell(), **case.options)) == []


@pytest.mark.parametrize("minor", [0, 1])
@pytest.mark.parametrize("name", NETWORKS)
def test_nothing_is_missed_in_healthy_networks(name: str, minor: int) -> None:
    assert missed(judged(NETWORKS[name](LINUX, minor))) == []


@FIRING
def test_what_fires_has_what_it_needs(rule: Rule, example: Example) -> None:
    assert are_met(rule.needs, example_tables(rule, example))


@FIRING
def test_without_what_it_needs_nothing_is_found(rule: Rule, example: Example) -> None:
    tables = example_tables(rule, example)
    for entry in rule.needs:
        for alter in (_without_rows, _without_values):
            left = dict(tables)
            for need in (need for need in alternatives(entry) if need.table in left):
                left[need.table] = alter(left[need.table], need)
            assert not are_met([entry], left)
            assert run_detect(rule, left).is_empty(), (entry, alter)


def _without_rows(table: pl.DataFrame, need: Need) -> pl.DataFrame:
    kept = [not are_met([_entry(need)], {need.table: table[n : n + 1]}) for n in range(table.height)]
    return table.filter(pl.Series(kept, dtype=pl.Boolean))


def _without_values(table: pl.DataFrame, need: Need) -> pl.DataFrame:
    if need.column is None:
        return table.clear()
    return table.with_columns(pl.lit(None, dtype=table.schema[need.column]).alias(need.column))


def _entry(need: Need) -> str:
    place = f"{need.table}.{need.column}" if need.column else need.table
    values = "|".join(str(v).lower() if isinstance(v, bool) else str(v) for v in need.values)
    return f"{place}={values}" if values else place


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_its_columns_are_those_it_reads(rule: Rule) -> None:
    for need in needed(rule.needs):
        assert need.column is None or need.column in statement(rule.detect).places
