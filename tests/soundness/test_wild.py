"""Any damage on top of any other, to every sample and story: no finding is made by it, and none is hidden in silence.

`make soundness` does the same with as many seeds as are wanted.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from soundness.trial import Trial, captures
from soundness.wild import MORE_FROM

SEEDS = (4, 87)
"""Each made false findings once, or hid some."""
PARTS = 8
"""All captures, a few in each test, so that several processes share them evenly; a part has all seeds, which are held
against the same wholes."""


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    folder: Path = tmp_path_factory.mktemp("wild")
    return Trial(folder / "copy.pcap", captures())


SHARE = 12
"Of as many captures each of these seeds takes one: they strike one connection, operation, address or clock."


@pytest.mark.parametrize("seed", range(MORE_FROM + 6, MORE_FROM + 12))
def test_no_single_stroke_makes_a_finding_or_hides_one(trial: Trial, seed: int) -> None:
    names = list(captures())[seed % SHARE :: SHARE]
    assert {name: found for name in names if (found := trial.violations(name, seed))} == {}


@pytest.mark.parametrize("part", range(PARTS))
def test_no_damage_makes_a_finding_or_hides_one(trial: Trial, part: int) -> None:
    names = list(captures())[part::PARTS]
    assert {(name, seed): found for seed in SEEDS for name in names if (found := trial.violations(name, seed))} == {}
