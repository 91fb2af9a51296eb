"""Several captures of one conversation, given as one case: together they accuse nobody whom the whole does not.

`python tools/damage.py FIRST LAST --together` does the same with as many seeds as are wanted.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from soundness.trial import Trial, captures

SEEDS = range(4)
NAMES = (
    "01-v40-nonucs-takeover.pcap",
    "03-v41-takeover.pcap",
    "taken over, v4.0 uniform, random ids",
    "one server, restarted, v4.1, nfs4j ids",
)


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    folder: Path = tmp_path_factory.mktemp("together")
    found = captures()
    return Trial(folder / "copy.pcap", {name: found[name] for name in NAMES})


@pytest.mark.parametrize("name", NAMES)
def test_several_captures_make_no_finding(trial: Trial, name: str) -> None:
    assert {seed: found for seed in SEEDS if (found := trial.violations_together(name, seed))} == {}
