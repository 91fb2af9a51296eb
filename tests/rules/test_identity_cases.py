"""The rules on identity, on whole conversations: what fires, what is tempted and must not, what damage may do."""

from __future__ import annotations

import pytest

from scenarios.identity_cases import CASES
from scenarios.weather import faults, invented

EACH = pytest.mark.parametrize("name", CASES)


@EACH
def test_it_fires_where_it_must_and_nowhere_else(name: str) -> None:
    assert faults(CASES[name]) == []


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.unjudged])
def test_damage_invents_nothing(name: str) -> None:
    assert invented(CASES[name], "identity") == []
