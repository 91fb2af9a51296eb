"""The targets of `make fuzz` on what they start from and on errors in it, without a fuzzer: a few at every run."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from fuzz.blind import changed
from fuzz.found import FOUND
from fuzz.siege import Siege
from fuzz.targets import TARGETS
from soundness.trial import captures

RUNS = 3000
"""Of all targets together, shared out as in a long run."""
LEAST = 3


@pytest.mark.parametrize("name", TARGETS)
def test_errors_in_what_is_usual(name: str) -> None:
    target = TARGETS[name]
    dice = Random(name)
    seeds = list(target.seeds())
    assert seeds and len(set(seeds)) > len(seeds) // 2
    runs = max(round(RUNS * target.share), LEAST)
    for seed in dice.sample(seeds, min(len(seeds), LEAST)):
        target.run(seed[: target.most])
    for _ in range(runs):
        target.run(changed(dice.choice(seeds), dice, seeds)[: target.most])
    target.run(b"")


@pytest.mark.parametrize(
    ("name", "data"),
    [pytest.param(name, data, id=f"{name}: {what}") for name, inputs in FOUND.items() for what, data in inputs.items()],
)
def test_what_failed_once_does_not_again(name: str, data: bytes) -> None:
    TARGETS[name].run(data)


def test_the_shares_are_of_a_whole() -> None:
    assert sum(target.share for target in TARGETS.values()) == pytest.approx(1, abs=0.02)


def test_whole_scans_of_broken_captures(tmp_path: Path) -> None:
    """`make broken` does the same with as many seeds as are wanted."""
    told = captures()
    siege = Siege(tmp_path / "copy.pcap", told)
    faults = {name: fault for name in list(told)[::9] if (fault := siege.fault(name, 1)) is not None}
    assert faults == {}
    assert siege.ended["document"] > 2
