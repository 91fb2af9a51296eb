"""NFS4xx from the wire to the finding: each story sets off what its table says, nothing else of the family, and with a
part of it missing nothing new."""

from __future__ import annotations

from dataclasses import replace
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
    for finding in done.findings:
        assert set(finding.frames) == {each.frame for each in finding.evidence if each.note}, finding.rule


@pytest.mark.parametrize("name", [name for name, case in SESSIONS.items() if case.fires])
def test_harm_to_the_capture_makes_no_finding_and_hides_none(name: str, tmp_path: Path) -> None:
    case = replace(SESSIONS[name], options={**SESSIONS[name].options, "select": ["session"]})
    assert {harm: faults for harm in HARMS if (faults := faults_of_harm(case, harm, tmp_path))} == {}


def test_every_rule_of_the_family_fires_and_is_tempted() -> None:
    fires = {rule for case in SESSIONS.values() for rule in case.fires}
    tempted = {rule for case in SESSIONS.values() for rule in case.tempts}
    rules = {path.stem for path in (Path(__file__).resolve().parents[2] / "rules" / "session").glob("*.toml")}
    assert (rules - fires, rules - tempted) == (set(), set())
