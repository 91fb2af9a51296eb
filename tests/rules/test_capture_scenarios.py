"""NFS0xx from the wire to the finding: each story sets off what its table says, and nothing else of the family."""

from __future__ import annotations

import pytest

from scenarios.capture_scenarios import CAPTURES
from scenarios.judged import fired, judged


@pytest.mark.parametrize("name", CAPTURES)
def test_it_sets_off_what_it_must_and_nothing_else(name: str) -> None:
    case = CAPTURES[name]
    done = judged(case.tell(), **case.options)
    assert {rule for rule in fired(done) if rule.startswith("NFS0")} == case.fires
    assert not case.tempts & case.fires
    assert case.unjudged <= {each.rule for each in done.not_evaluable}
