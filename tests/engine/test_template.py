"""The rule that a user starts from: whole and working."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nfsanalyze.engine.loader import load_rules, parse_rule
from nfsanalyze.engine.rule import RuleError
from nfsanalyze.engine.template import new_rule
from nfsanalyze.engine.trial import trials

SHIPPED = load_rules(examples=False)


def test_it_is_a_good_rule_of_its_name(tmp_path: Path) -> None:
    id, text = new_rule("many-mounts", SHIPPED)
    path = tmp_path / f"{id}.toml"
    path.write_text(text)
    (trial,) = trials([path], SHIPPED)
    assert trial.faults == ()
    assert trial.rule is not None
    assert (trial.rule.id, trial.rule.name, len(trial.rule.examples)) == ("NFS900", "many-mounts", 2)


def test_it_takes_the_lowest_free_id() -> None:
    first = parse_rule(new_rule("first", SHIPPED)[1], "first.toml")
    third = replace(first, id="NFS902", name="third")
    id, text = new_rule("second", [*SHIPPED, first, third])
    assert id == "NFS901"
    assert parse_rule(text, "x").id == "NFS901"
    assert "NFS900.toml" not in text
    all_taken = [replace(first, id=f"NFS{number}") for number in range(900, 1000)]
    with pytest.raises(RuleError, match="NFS900 to NFS999 are all taken"):
        new_rule("more", all_taken)


@pytest.mark.parametrize("name", ["", "Many", "many mounts", "../many", "many-", "mänÿ"])
def test_a_name_must_be_plain(name: str) -> None:
    with pytest.raises(RuleError, match="is no name for a rule: give words in lower case joined by -"):
        new_rule(name, SHIPPED)


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(RuleError, match=r"lease-gap is the name of NFS202 \(.*NFS202\.toml\)"):
        new_rule("lease-gap", SHIPPED)
