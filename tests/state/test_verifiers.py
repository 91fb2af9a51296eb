"""Boot verifiers that change: a restart, one host that did not restart, two that run at once."""

from __future__ import annotations

import pytest

from scenarios.cluster import Cluster
from scenarios.facts import inferred
from scenarios.identity_scenarios import containers, forgotten, on_one_connection, purged, rebooted
from wire.dialogue import Wire


def seen(story: Cluster | Wire) -> list[tuple[bool, bool, bool]]:
    """(comes back, on a connection of the one before, the one before still alive) of each change."""
    return [(c.returns, c.shared is not None, c.alive is not None) for c in inferred(story).aftermath.verifier_changes]


@pytest.mark.parametrize("minor", [0, 1])
def test_a_restart(minor: int) -> None:
    assert seen(rebooted(minor)) == [(False, False, False)]


def test_one_connection_lies_across_no_restart() -> None:
    assert seen(on_one_connection()) == [(False, True, False)]


def test_two_that_run_at_once() -> None:
    assert seen(containers(turns=0)) == [(False, False, True)]
    assert seen(containers(turns=0, alive=False)) == [(False, False, False)]
    first, *more = seen(containers(turns=3))
    assert first == (False, False, True)
    assert {returns for returns, _, _ in more} == {True}


def test_neither_a_new_clientid_nor_a_purge_is_a_new_verifier() -> None:
    assert seen(forgotten(1, 2, 60)) == []
    assert seen(purged()) == []
