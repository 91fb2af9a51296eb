"""Findings that are not wanted: set aside, each for a reason, and counted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from engine.small import facts, rule

from nfsanalyze.engine.finding import NotEvaluable
from nfsanalyze.engine.ignore import Ignore, set_aside
from nfsanalyze.engine.rule import RuleError
from nfsanalyze.engine.run import run

RULES = [rule(), replace(rule(), id="NFS901", name="other")]
ADDRESSES = {"c1": ["10.0.0.11"], "c2": ["10.0.0.12", "fd00::12"]}
LEASES = facts(
    clients=[{"client": number, "addresses": ADDRESSES[f"c{number}"]} for number in (1, 2)],
    leases=[
        {"client": 1, "server_address": "10.0.0.1", "frames": [3]},
        {"client": 1, "server_address": "10.0.0.2", "frames": [4]},
        {"client": 2, "server_address": "10.0.0.1", "frames": [5]},
    ],
)
FOUND, _ = run(RULES, LEASES)
UNJUDGED = [
    NotEvaluable(rule="NFS900", subject="capture", reason="x"),
    NotEvaluable(rule="NFS901", subject="s", reason="x"),
]


def left(*ignores: Ignore) -> tuple[list[tuple[str, str | None, str]], list[int], list[str]]:
    kept, unjudged, told = set_aside(FOUND, UNJUDGED, ignores, RULES, ADDRESSES)
    assert [each.ignore for each in told] == list(ignores)
    return (
        [(finding.rule, finding.client, finding.servers[0]) for finding in kept],
        [each.findings for each in told],
        [entry.rule for entry in unjudged],
    )


def test_nothing_is_ignored_unasked() -> None:
    assert len(FOUND) == 6
    assert (len(left()[0]), left()[1:]) == (6, ([], ["NFS900", "NFS901"]))


@pytest.mark.parametrize("word", ["NFS900", "nfs900", "silent-client"])
def test_a_whole_rule_goes_with_what_it_could_not_judge(word: str) -> None:
    kept, counts, unjudged = left(Ignore(rule=word, reason="r"))
    assert {rule for rule, _, _ in kept} == {"NFS901"}
    assert (counts, unjudged) == ([3], ["NFS901"])


def test_a_client_or_a_server_narrows_it() -> None:
    kept, counts, unjudged = left(Ignore(rule="NFS900", reason="r", client="fd00::12"))
    assert ("NFS900", "c2", "10.0.0.1") not in kept
    assert (len(kept), counts, len(unjudged)) == (5, [1], 2)
    assert left(Ignore(rule="own", reason="r", server="10.0.0.2"))[1] == [2]
    assert left(Ignore(rule="NFS9", reason="r", client="10.0.0.11", server="10.0.0.1"))[1] == [2]


def test_the_first_that_fits_takes_a_finding() -> None:
    counts = left(Ignore(rule="NFS901", reason="a", client="10.0.0.11"), Ignore(rule="NFS9", reason="b"))[1]
    assert counts == [2, 4]


def test_a_word_that_names_no_rule_is_refused() -> None:
    with pytest.raises(RuleError, match='no rule fits "NFS999"'):
        left(Ignore(rule="NFS999", reason="r"))
