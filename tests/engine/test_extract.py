"""Examples made of captures: what the rule found there, from as few rows as it takes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from engine.small import facts, rule

from nfsanalyze.analysis import read_tables
from nfsanalyze.engine.examples import example_faults
from nfsanalyze.engine.extract import extract
from nfsanalyze.engine.loader import load_rules
from nfsanalyze.engine.rule import Example, Rule
from nfsanalyze.reports.example_toml import render_example

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
RULES = {rule.id: rule for rule in load_rules(examples=False)}


def pasted(rule: Rule, example: Example) -> list[str]:
    """The faults of the example, after it was written and read again."""
    (raw,) = tomllib.loads(render_example(example))["example"]
    tables = {name: tuple(rows) for name, rows in raw["tables"].items()}
    return example_faults(rule, Example(name=raw["name"], expect=tuple(raw["expect"]), tables=tables))


@pytest.mark.parametrize(
    ("capture", "id"),
    [
        ("01-v40-nonucs-takeover.pcap", "NFS101"),
        ("01-v40-nonucs-takeover.pcap", "NFS201"),
        ("02-v40-ucs-takeover.pcapng", "NFS301"),
        ("02-v40-ucs-takeover.pcapng", "NFS208"),
        ("08a-v41-cloned-owner.pcap", "NFS103"),
    ],
)
def test_what_a_capture_shows_holds_as_an_example(capture: str, id: str) -> None:
    made = extract(RULES[id], read_tables([str(SAMPLES / capture)]).tables, name="e")
    assert made.findings >= 1
    assert made.example.expect
    assert pasted(RULES[id], made.example) == []


def test_rows_and_columns_that_do_not_matter_are_left_out() -> None:
    detect = "SELECT client, server_address AS servers, frames FROM leases WHERE renewals > 5 AND last_renewal > first"
    tables = facts(
        clients=[{"client": 1, "addresses": ["10.0.0.11"]}, {"client": 2, "addresses": ["10.0.0.12"]}],
        leases=[
            {"lease": 1, "client": 1, "server_address": "10.0.0.1", "frames": [3], "renewals": 2},
            {
                "lease": 2,
                "client": 2,
                "server_address": "10.0.0.2",
                "frames": [4, 9],
                "renewals": 7,
                "first": 1000.25,
                "last_renewal": 1060.5,
                "clientid": "0x01",
            },
        ],
    )
    small = rule(detect=detect, message="{client}", watches=())
    made = extract(small, tables, name="busy")
    assert made.example == Example(
        name="busy",
        expect=({"severity": "medium", "client": "c2", "servers": ["10.0.0.2"], "frames": [4, 9]},),
        tables={
            "clients": ({"client": 2, "addresses": ["10.0.0.12"]},),
            "leases": (
                {
                    "client": 2,
                    "server_address": "10.0.0.2",
                    "first": 0.25,
                    "last_renewal": 60.5,
                    "renewals": 7,
                    "frames": [4, 9],
                },
            ),
        },
    )
    assert pasted(small, made.example) == []


def test_where_nothing_fires_the_rows_stay_silent() -> None:
    small = rule(detect="SELECT client, server_address AS servers, frames FROM leases WHERE renewals > 5", message="x")
    rows = [{"client": 1, "server_address": "10.0.0.1", "frames": [number]} for number in range(1, 30)]
    made = extract(small, facts(leases=rows), name="e")
    assert (made.findings, made.example.expect, len(made.example.tables["leases"])) == (0, (), 10)
    assert pasted(small, made.example) == []


def test_one_of_several_findings_is_chosen_by_number() -> None:
    small = rule(detect="SELECT client, server_address AS servers, frames FROM leases", message="x", watches=())
    rows = [{"client": number, "server_address": f"10.0.0.{number}", "frames": [number]} for number in (1, 2, 3)]
    tables = facts(leases=rows)
    for number, server in ((1, "10.0.0.1"), (2, "10.0.0.2"), (9, "10.0.0.3")):
        made = extract(small, tables, number=number, name="e")
        assert made.findings == 3
        assert [row["server_address"] for row in made.example.tables["leases"]] == [server]


def test_a_rule_that_fires_on_rows_that_belong_together_keeps_them() -> None:
    """Where no row can go without the finding, all stay; what else these rows give is expected too."""
    detect = """SELECT client, server_address AS servers, frames FROM leases
                WHERE (SELECT COUNT(*) FROM leases) > 1"""
    small = rule(detect=detect, message="x", watches=())
    rows = [{"client": 1, "server_address": "a", "frames": [1]}, {"client": 2, "frames": [2]}]
    made = extract(small, facts(leases=rows), name="e")
    assert len(made.example.expect) == 2
    assert pasted(small, made.example) == []
