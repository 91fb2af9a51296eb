"""What a run costs is charged to the stage that was on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nfsanalyze.stages import Stages, peak_memory


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time by the clock; the processor works half of it."""
    now = [100.0]
    monkeypatch.setattr("nfsanalyze.stages.time.perf_counter", lambda: now[0])
    monkeypatch.setattr("nfsanalyze.stages.time.process_time", lambda: (now[0] - 100) / 2)
    return now


def test_each_stage_has_its_own_time(clock: list[float]) -> None:
    stages = Stages("start", begun=99.0)
    clock[0] += 1
    stages.enter("open")
    clock[0] += 4
    stages.enter("report")
    assert {name: (cost.wall, cost.cpu) for name, cost in stages.costs.items()} == {"start": (2, 0.5), "open": (4, 2)}
    assert all(cost.peak == peak_memory() > 1 << 20 for cost in stages.costs.values())


def test_turns_are_told_apart(clock: list[float]) -> None:
    def decoded() -> Iterator[int]:
        for batch in range(3):
            clock[0] += 10
            yield batch

    stages = Stages("open")
    for _ in stages.turns(decoded(), giving="decode", taking="facts"):
        clock[0] += 1
    stages.enter("end")
    assert {name: cost.wall for name, cost in stages.costs.items()} == {"open": 0, "decode": 30, "facts": 3}
