"""Findings by what a person calls them."""

from __future__ import annotations

import pytest

from nfsanalyze.errors import UsageError
from nfsanalyze.reports.pick import picked

FINDINGS = [
    {"rule": "NFS208", "name": "reclaim-failed", "id": "a"},
    {"rule": "NFS101", "name": "owner-embeds", "id": "b"},
    {"rule": "NFS101", "name": "owner-embeds", "id": "c"},
]


@pytest.mark.parametrize(
    ("word", "id"),
    [("1", "a"), ("3", "c"), ("NFS101", "b"), ("nfs101#2", "c"), ("owner-embeds", "b"), ("Reclaim-Failed#1", "a")],
)
def test_words(word: str, id: str) -> None:
    assert picked(FINDINGS, word)["id"] == id


@pytest.mark.parametrize("word", ["0", "4", "NFS101#3", "NFS101#0", "NFS999"])
def test_what_is_not_there_lists_what_is(word: str) -> None:
    with pytest.raises(UsageError, match=r"1 NFS208 .* 3 NFS101"):
        picked(FINDINGS, word)


@pytest.mark.parametrize("word", ["", "#2", "NFS101#", "a b", "-1"])
def test_what_names_nothing(word: str) -> None:
    with pytest.raises(UsageError, match="names no finding"):
        picked(FINDINGS, word)


def test_a_report_without_findings() -> None:
    with pytest.raises(UsageError, match="it has none"):
        picked([], "1")
