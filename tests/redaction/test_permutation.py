"""Permutations are permutations, of every size, and no two keys or tweaks share one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfsanalyze.redaction.permutation import SMALL, Permutations

KEYED = Permutations(b"k" * 16)


@pytest.mark.parametrize("size", [1, 2, 3, 10, 90, 156, 1000, SMALL, SMALL + 1, 5000, 1 << 13])
def test_every_number_is_met_once(size: int) -> None:
    assert sorted(KEYED.permute(b"t", number, size) for number in range(size)) == list(range(size))


@pytest.mark.parametrize("size", [2, 3, 10, 156, SMALL])
def test_small_sets_leave_nothing_in_its_place(size: int) -> None:
    assert all(KEYED.permute(b"t", number, size) != number for number in range(size))


@given(st.integers(1, 1 << 400), st.data())
def test_large_sets_are_not_left(size: int, data: st.DataObject) -> None:
    a, b = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    one, other = KEYED.permute(b"t", a, size), KEYED.permute(b"t", b, size)
    assert 0 <= one < size
    assert (one == other) is (a == b)


def test_keys_and_tweaks_differ() -> None:
    size = 1 << 64
    told = {Permutations(key).permute(tweak, 7, size) for key in (b"a", b"b") for tweak in (b"x", b"y")}
    assert len(told) == 4


def test_runs_agree() -> None:
    """What reports agree on is fixed by the key alone, whatever machine they are made on."""
    assert [KEYED.permute(b"t", number, 10) for number in range(10)] == PINNED_SMALL
    assert KEYED.permute(b"t", 7, 1 << 64) == PINNED_LARGE


PINNED_SMALL = [1, 9, 5, 7, 2, 6, 0, 8, 4, 3]
PINNED_LARGE = 5705528996210875124
