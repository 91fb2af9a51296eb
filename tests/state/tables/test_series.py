"""Columns of tables."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfsanalyze.state.tables import series
from nfsanalyze.state.tables.series import column

KINDS: dict[str, tuple[pl.DataType, st.SearchStrategy[Any]]] = {
    "list[u64]": (pl.List(pl.UInt64()), st.integers(0, 2**64 - 1) | st.none()),
    "list[str]": (pl.List(pl.String()), st.text(max_size=4) | st.none()),
}


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
def test_lists_are_as_polars_makes_them(kind: str, data: st.DataObject) -> None:
    dtype, items = KINDS[kind]
    values = data.draw(st.lists(st.none() | st.lists(items, max_size=5), max_size=20))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(series, "_MANY", 0)
        made = column("frames", values, dtype)
    assert made.dtype == dtype
    assert made.name == "frames"
    assert made.equals(pl.Series("frames", values, dtype=dtype), null_equal=True)
    assert made.to_list() == values


def test_a_value_of_another_type_is_refused() -> None:
    for values in ([[-1]] * 100, [["ten"]] * 100, [[1.5]] * 100):
        with pytest.raises(TypeError):
            column("frames", values, pl.List(pl.UInt64()))


def test_times_are_nanoseconds() -> None:
    made = column("time", [1, None, 2**62], pl.Datetime("ns", "UTC"))
    assert made.dtype == pl.Datetime("ns", "UTC")
    assert made.cast(pl.Int64).to_list() == [1, None, 2**62]
