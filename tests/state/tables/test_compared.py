"""Columns that say whether there is something to compare: rules that compare rows of one table need them."""

from __future__ import annotations

import pytest

from scenarios.identity_scenarios import IDENTITY
from scenarios.judged import judged, rows
from scenarios.scenario import Scenario
from scenarios.session_scenarios import SESSIONS
from scenarios.stories import pair


def told(case: Scenario, table: str, column: str) -> list[bool]:
    return [row[column] for row in rows(judged(case.tell()), table)]


@pytest.mark.parametrize(
    ("case", "table"),
    [
        (IDENTITY["a host that was renamed"], "client_owners"),
        (IDENTITY["one clientid for two"], "grants"),
    ],
)
def test_two_owners(case: Scenario, table: str) -> None:
    assert any(told(case, table, "two_owners"))


def test_one_owner_at_each_address_is_not_two() -> None:
    done = judged(pair().cluster)
    for table in ("client_owners", "grants"):
        found = rows(done, table)
        assert len({row["owner_text"] for row in found}) == 2
        assert not any(row["two_owners"] for row in found)


def test_one_clientid_at_two_servers_is_not_one_for_two_owners() -> None:
    assert not any(told(IDENTITY["one clientid at two servers"], "grants", "two_owners"))


def test_a_session_is_followed_where_the_next_is_made_after_its_last_use() -> None:
    assert told(SESSIONS["a session left behind"], "sessions", "followed") == [True, False]
    assert told(SESSIONS["a session destroyed before the next"], "sessions", "followed") == [True, False]
    assert told(SESSIONS["two sessions side by side"], "sessions", "followed") == [False, False]
