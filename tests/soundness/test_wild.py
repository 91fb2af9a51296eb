"""Any damage on top of any other, to every sample and story: no finding is made by it, and none is hidden in silence.

`make soundness` does the same with as many seeds as are wanted.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from soundness.trial import Trial, captures

SEEDS = (4, 87)
"""Each made false findings once, or hid some."""


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    folder: Path = tmp_path_factory.mktemp("wild")
    return Trial(folder / "copy.pcap", captures())


@pytest.mark.parametrize("seed", SEEDS)
def test_no_damage_makes_a_finding_or_hides_one(trial: Trial, seed: int) -> None:
    violations = {name: found for name in captures() if (found := trial.violations(name, seed))}
    assert violations == {}
