"""Each sign of a takeover with its weight (positive speaks for a move), and what it takes to show it."""

from __future__ import annotations

from typing import Any

import pytest

from nfsanalyze.analysis import Analysis
from scenarios.cluster import A1, A2
from scenarios.judged import judged, moves, rows
from scenarios.layouts import RANDOM
from scenarios.stories import both_restarted, heads, one_server, pair, restarted_in_place, taken_over

WEIGHTS = {"S1": 4, "S2": 6, "S3": 4, "S4": 2, "S5": 2, "S9": 6, "S11": 5, "S12": 5, "S14": 3}


def told(done: Analysis, takeover: int = 1) -> dict[str, dict[str, Any]]:
    return {row["signal"]: row for row in rows(done, "signals", takeover=takeover)}


def moved(**how: Any) -> dict[str, dict[str, Any]]:
    p = pair(**how)
    taken_over(p)
    return told(judged(p.cluster))


@pytest.mark.parametrize("signal", WEIGHTS)
def test_weights(signal: str) -> None:
    shown = {**moved(minor=1), **moved(minor=1, adjacent=False)}
    assert shown[signal]["weight"] == WEIGHTS[signal]


@pytest.mark.parametrize("signal", ["S2", "S9", "S11", "S12", "S14"])
def test_signs_that_tie_to_another_address_name_it(signal: str) -> None:
    shown = moved(minor=1)
    assert shown[signal]["other_address"] == A1
    assert A1 in shown[signal]["note"]


def test_every_sign_has_a_frame_of_the_capture() -> None:
    p = pair(minor=1)
    taken_over(p)
    done = judged(p.cluster)
    assert {row["frame"] for row in rows(done, "signals")} <= set(range(1, len(p.cluster.wire.frames) + 1))


def test_the_score_is_their_sum() -> None:
    p = pair(minor=1)
    taken_over(p)
    done = judged(p.cluster)
    (move,) = rows(done, "takeovers")
    assert move["score"] == sum(row["weight"] for row in rows(done, "signals"))


def test_without_an_announcement() -> None:
    p = pair()
    taken_over(p, announce=False)
    done = judged(p.cluster)
    assert {"S1", "S9"} <= set(told(done))
    assert "S3" not in told(done)
    assert moves(done) == [(A2, "takeover")]


def test_grace_of_the_head_that_takes_over() -> None:
    """It enters grace for all of its clients, also for those of the address it always had."""
    p = pair()
    p.cluster.fail(A2)
    p.cluster.wait(20)
    p.head_1.grace_until = p.cluster.now + 60 * 10**9
    p.cluster.serve(A2, p.head_1)
    p.second.reconnect()
    p.second.renew()
    p.second.identify()
    for mount in p.mounts:
        mount.connection.call("OPEN", name="n", clientid=mount.clientid).reply("NFS4ERR_GRACE")
    p.cluster.wait(30)
    p.first.renew()
    done = judged(p.cluster)
    assert (told(done)["S15"]["weight"], told(done)["S16"]["weight"]) == (1, 3)
    assert told(done)["S16"]["other_address"] == A1


def test_refusals_on_both_addresses_of_a_head_speak_against_it() -> None:
    p = one_server()
    both_restarted(p, p.head_1)
    done = judged(p.cluster)
    for number in (1, 2):
        assert told(done, number)["S20"]["weight"] == -6


def test_refusals_elsewhere_that_are_of_another_head_do_not() -> None:
    p = pair()
    p.head_1.forget(p.first.clientid)
    p.first.renew()
    p.first.recover(reclaim=False)
    taken_over(p)
    assert "S20" not in told(judged(p.cluster))


def test_a_boot_inside_the_outage_speaks_against_it() -> None:
    p = pair(adjacent=False)
    restarted_in_place(p)
    assert told(judged(p.cluster))["S9"]["weight"] < 0


def test_a_claim_to_be_another_head_that_its_instance_contradicts_is_no_sign() -> None:
    """Server owners that are made equal at a restart: the instances stay two."""
    head_1, head_2 = heads()
    head_1.name = b"cluster"
    p = pair(head_1=head_1, head_2=head_2, minor=1, adjacent=False)
    head_2.name = b"cluster"
    restarted_in_place(p)
    done = judged(p.cluster)
    assert "S12" not in told(done)
    assert moves(done) == [(A2, "restart")]


def test_ids_that_tell_nothing_give_no_s9() -> None:
    assert "S9" not in moved(layout=RANDOM)
    assert "S11" in moved(layout=RANDOM, uniform=True)
