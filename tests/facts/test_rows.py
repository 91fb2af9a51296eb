"""Groups of rows: the same whether found by a table or by sorting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfsanalyze.facts.rows import Rows, ascending, first_rows, grouped, last_rows, numbered

pairs = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)))


def columns(found: list[tuple[int, int]], factor: int) -> tuple[np.ndarray, np.ndarray]:
    high, low = (np.array([pair[at] * factor for pair in found], np.uint32) for at in (0, 1))
    return high, low


@pytest.mark.parametrize("factor", [1, 1 << 20])
@given(found=pairs)
def test_pairs_are_numbered_in_their_order(factor: int, found: list[tuple[int, int]]) -> None:
    values, numbers = numbered(*columns(found, factor))
    told = [(value >> 32, value & 0xFFFFFFFF) for value in values.tolist()]
    assert told == sorted({(high * factor, low * factor) for high, low in found})
    assert [told[number] for number in numbers.tolist()] == [(high * factor, low * factor) for high, low in found]


@given(found=pairs)
def test_groups_have_their_rows_in_order(found: list[tuple[int, int]]) -> None:
    values, numbers = numbered(*columns(found, 1))
    rows = {number: part.tolist() for number, part in grouped(numbers, len(values))}
    expected = {n: [at for at, number in enumerate(numbers.tolist()) if number == n] for n in range(len(values))}
    assert rows == expected
    assert first_rows(numbers, len(values)).tolist() == [part[0] for part in expected.values()]
    assert last_rows(numbers, len(values)).tolist() == [part[-1] for part in expected.values()]


def test_more_groups_than_16_bits_number() -> None:
    numbers = np.arange(70_000)[::-1]
    assert [part.tolist() for _, part in grouped(numbers, 70_000)][:2] == [[69_999], [69_998]]


def test_empty_groups_are_passed_over() -> None:
    assert [(n, part.tolist()) for n, part in grouped(np.array([3, 1, 3]), 5)] == [(1, [1]), (3, [0, 2])]


def test_a_table() -> None:
    table = Rows({"id": np.arange(3), "kind": np.zeros(3)})
    assert (len(table), table["id"].tolist(), [name for name, _ in table.items()]) == (3, [0, 1, 2], ["id", "kind"])
    assert len(Rows({})) == 0


@pytest.mark.parametrize(("values", "yes"), [([], True), ([1], True), ([1, 1, 2], True), ([2, 1], False)])
def test_ascending(values: list[int], yes: bool) -> None:
    assert ascending(np.array(values)) == yes
