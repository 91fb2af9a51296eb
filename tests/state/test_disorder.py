"""What is captured in another order than it was sent: cause is told from effect as far as can be, the rest is said."""

from __future__ import annotations

import pytest

from scenarios.cluster import A2
from scenarios.judged import fired, judged, rows
from scenarios.stories import Pair, pair, taken_over
from wire.dialogue import Wire


def stamped(wire: Wire, late_ms: dict[int, float]) -> None:
    """Frames are stamped so much later (or earlier), and stand where their stamps put them."""
    for frame, ms in late_ms.items():
        time, data = wire.frames[frame - 1]
        wire.frames[frame - 1] = time + round(ms * 1e6), data
    wire.frames.sort(key=lambda f: f[0])


def mixed_up(minor: int) -> Pair:
    """A takeover of which the answer to the client's owner comes before the request, and what follows before both."""
    p = pair(minor=minor, uniform=True)
    taken_over(p)
    asked, confirmed = p.second.asked, p.second.confirmed
    assert asked is not None and confirmed is not None
    stamped(p.cluster.wire, {asked.frame: 1.5, confirmed.frame: -1.1})
    return p


@pytest.mark.parametrize("minor", [0, 1])
def test_a_recovery_is_followed_all_the_same(minor: int) -> None:
    p = pair(minor=minor, uniform=True)
    taken_over(p)
    whole = judged(p.cluster)
    done = judged(mixed_up(minor).cluster)
    assert {"NFS301", "NFS208"} <= fired(whole)
    assert fired(done) == fired(whole)


@pytest.mark.parametrize("minor", [0, 1])
def test_what_may_have_been_missed_is_said(minor: int) -> None:
    done = judged(mixed_up(minor).cluster)
    (row,) = rows(done, "blind")
    assert (row["kind"], row["server_address"]) == ("disorder", A2)
    assert row["reason"] == "packets were captured in another order than they were sent, by up to 0.5 ms"
    doubted = {each.rule for each in done.not_evaluable if "disorder" in each.kinds}
    assert {"NFS202", "NFS303"} <= doubted
    assert not any(A2 in each.subject for each in done.not_evaluable if each.rule in ("NFS301", "NFS208"))


def test_an_orderly_capture_has_none() -> None:
    p = pair(uniform=True)
    taken_over(p)
    assert rows(judged(p.cluster), "blind") == []
