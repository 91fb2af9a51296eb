"""The words by which users name rules."""

from __future__ import annotations

from dataclasses import replace

import pytest
from engine.small import rule

from nfsanalyze.engine.rule import Rule, RuleError
from nfsanalyze.engine.select import find_rule, select_rules

NAMES = {
    "NFS001": "capture-starts-mid-session",
    "NFS101": "server-ip-in-client-owner",
    "NFS115": "client-restarted",
    "NFS201": "duplicate-leases",
    "NFS202": "lease-gap",
    "NFS900": "mine",
}
RULES: tuple[Rule, ...] = tuple(replace(rule(), id=id, name=name) for id, name in NAMES.items())


def chosen(select: str = "", ignore: str = "") -> str:
    return " ".join(found.id.removeprefix("NFS") for found in select_rules(RULES, [select], [ignore]))


@pytest.mark.parametrize(
    "word", ["NFS101", "nfs101", " Nfs101 ", "server-ip-in-client-owner", "SERVER-IP-in-client-owner"]
)
def test_a_rule_is_found_by_id_or_name(word: str) -> None:
    assert find_rule(RULES, word).id == "NFS101"


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("NFS1O1", "NFS101"),
        ("dupicate-leases", "duplicate-leases"),
        ("lease-gaps", "lease-gap"),
        ("server-ip", "server-ip-in-client-owner"),
    ],
)
def test_a_misspelt_rule_is_answered_with_the_nearest(word: str, hint: str) -> None:
    with pytest.raises(RuleError) as raised:
        find_rule(RULES, word)
    assert str(raised.value) == f'no rule "{word}"; did you mean "{hint}"?'


def test_what_is_near_nothing_has_no_hint() -> None:
    with pytest.raises(RuleError, match=r'^no rule "xyzzy"$'):
        find_rule(RULES, "xyzzy")


@pytest.mark.parametrize(
    ("select", "ignore", "ids"),
    [
        ("", "", "001 101 115 201 202 900"),
        ("NFS1", "", "101 115"),
        ("nfs1,LEASE", "", "101 115 201 202"),
        ("lease", "NFS202", "201"),
        ("", "identity, duplicate-leases", "001 202 900"),
        ("own", "", "900"),
        (" , ", ",", "001 101 115 201 202 900"),
    ],
)
def test_selecting_and_ignoring(select: str, ignore: str, ids: str) -> None:
    assert chosen(select, ignore) == ids


def test_ignoring_all_that_is_selected_is_an_error() -> None:
    with pytest.raises(RuleError, match="nothing is left to check"):
        chosen("NFS101", "NFS1")


@pytest.mark.parametrize("word", ["NFS7", "lease-gapp", "101"])
def test_a_word_that_fits_nothing_is_an_error(word: str) -> None:
    with pytest.raises(RuleError, match=f'no rule fits "{word}"'):
        chosen("NFS101," + word)
    with pytest.raises(RuleError, match=f'no rule fits "{word}"'):
        chosen("", word)
