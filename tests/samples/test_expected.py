"""Every sample, analysed from file to report, says what is true of it."""

from __future__ import annotations

import pytest

from samples.expectations import cases, faults, faults_of_copy, report_of

CASES = cases()
COPIES = [name for name, case in CASES.items() if "base" in case]
ORIGINALS = [name for name in CASES if name not in COPIES]


@pytest.mark.parametrize("name", ORIGINALS)
def test_the_report_says_what_is_true(name: str) -> None:
    assert faults(CASES[name], report_of(name)) == []


@pytest.mark.parametrize("name", COPIES)
def test_another_form_or_a_damaged_copy_says_no_more_and_owns_up_to_less(name: str) -> None:
    base = CASES[name]["base"]
    assert faults_of_copy(CASES[name], report_of(name), CASES[base], report_of(base)) == []
