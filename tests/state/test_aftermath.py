"""What followed refusals, restarts and grace periods, before any rule judges it."""

from __future__ import annotations

import pytest

from nfsanalyze.state.aftermath import Aftermath
from scenarios.cluster import Cluster
from scenarios.facts import inferred
from scenarios.lease_scenarios import (
    deadlocked,
    graced,
    incomplete,
    known_again,
    lapsed,
    moved,
    paced,
    restarted,
    stale,
    too_late,
    untold,
)


def after(cluster: Cluster) -> Aftermath:
    return inferred(cluster).aftermath


def test_refused_renewals_are_one_run_until_the_client_asks_anew() -> None:
    (run,) = after(stale(4, 60, recover=True)).stale_runs
    assert (len(run.replies), run.end) == (4, "identity")
    assert run.end_at is not None
    assert run.calls[-1].time <= run.last_call.time < run.end_at.time


def test_a_run_may_stay_open_or_end_because_the_server_knows_the_client_again() -> None:
    (run,) = after(stale(3, 10)).stale_runs
    assert (run.end, run.end_at, run.last_call) == ("open", None, run.calls[-1])
    (run,) = after(known_again()).stale_runs
    assert (len(run.replies), run.end) == (2, "accepted")


def test_grace_answers_are_one_stretch_with_its_busiest_minute() -> None:
    (grace,) = after(graced(20, 15)).graces
    assert (grace.count, grace.peak, grace.change) == (20, 4, None)
    assert grace.clients == {"10.0.0.11"}
    (storm,) = after(graced(32, 1.5)).graces
    assert storm.peak == 32


@pytest.mark.parametrize("minor", [0, 1])
def test_what_was_held_and_what_was_done_about_it(minor: int) -> None:
    (lost,) = after(restarted(minor=minor, reclaim=False)).holdings
    assert [held.kind for held in lost.held] == ["open", "lock"]
    assert lost.recovery.reclaims == []
    assert (lost.completed is not None) == bool(minor)
    (kept,) = after(restarted(minor=minor, reclaim=True)).holdings
    assert len(kept.recovery.reclaims) == 2


def test_reclaims_that_came_after_the_grace() -> None:
    (late,) = after(too_late()).late_reclaims
    assert late.sign.time < late.ended.time
    assert late.reclaim.time > late.sign.time
    assert after(moved(minor=0)).late_reclaims == ()
    assert after(lapsed(0)).late_reclaims == ()


def test_whether_reclaim_complete_was_said() -> None:
    (said,) = after(incomplete(opened=True, complete=True)).completes
    assert said.sent is not None
    assert said.first_open is not None
    assert said.sent.time < said.first_open.time
    (unsaid,) = after(incomplete(opened=False)).completes
    assert (unsaid.sent, unsaid.first_open, unsaid.grace) == (None, None, None)


def test_grace_counts_only_before_reclaim_complete() -> None:
    by_client = {c.grant.client: c for c in after(deadlocked(300)).completes}
    assert [c.grace_answers for c in by_client.values()] == [0, 20]
    assert {c.grace_answers for c in after(deadlocked(300, complete=True)).completes} == {0}


def test_late_renewals_are_known_only_where_the_lease_time_is() -> None:
    late = after(paced(84)).late_renewals
    assert len(late) == 5
    assert all(83 < x.seconds < 90 for x in late)
    assert after(untold(84)).late_renewals == ()
    assert after(paced(60)).late_renewals == ()
