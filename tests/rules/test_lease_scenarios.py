"""NFS2xx from the wire to the finding: each story sets off what its table says, nothing else of the family, and with a
part of it missing nothing new."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from scenarios.damaged import HARMS, faults_of_harm
from scenarios.judged import fired, judged
from scenarios.lease_scenarios import LEASES


@pytest.mark.parametrize("name", LEASES)
def test_it_sets_off_what_it_must_and_nothing_else(name: str) -> None:
    case = LEASES[name]
    done = judged(case.tell(), **case.options)
    assert {rule for rule in fired(done) if rule.startswith("NFS2")} == case.fires
    assert not case.tempts & case.fires
    assert case.unjudged <= {each.rule for each in done.not_evaluable}


ALONE = {
    name: replace(case, options={**case.options, "select": ["lease"]})
    for name, case in LEASES.items()
    if not case.unjudged
}
"""Judged by the rules of the family only: there are many ways of harm."""


@pytest.mark.parametrize("name", ALONE)
def test_harm_to_the_capture_makes_no_finding_and_hides_none(name: str, tmp_path: Path) -> None:
    """Of a connection that ended before a capture began nothing can be known, not even that it was."""
    case = ALONE[name]
    harms = HARMS if case.fires else HARMS[::3]
    faults = [f"{harm}: {fault}" for harm in harms for fault in faults_of_harm(case, harm, tmp_path)]
    assert [f for f in faults if not re.match("started at .*: hidden", f)] == []
