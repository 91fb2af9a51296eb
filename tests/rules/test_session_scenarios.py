"""NFS4xx from the wire to the finding: each story sets off what its table says, nothing else of the family, and with a
part of it missing nothing new."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.damaged import HARMS, faults_of_harm
from scenarios.judged import fired, judged
from scenarios.session_scenarios import SESSIONS


@pytest.mark.parametrize("name", SESSIONS)
def test_it_sets_off_what_it_must_and_nothing_else(name: str) -> None:
    case = SESSIONS[name]
    done = judged(case.tell(), **case.options)
    assert {rule for rule in fired(done) if rule.startswith("NFS4")} == case.fires
    assert not case.tempts & case.fires
    assert case.unjudged <= {each.rule for each in done.not_evaluable}


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("name", [name for name, case in SESSIONS.items() if case.fires])
def test_harm_to_the_capture_makes_no_finding_and_hides_none(name: str, harm: str, tmp_path: Path) -> None:
    assert faults_of_harm(SESSIONS[name], harm, tmp_path, "NFS4") == []
