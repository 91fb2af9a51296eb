"""Arrays as sets of values."""

import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dissect.nfs4.sets import among, distinct, runs

numbers = st.lists(st.integers(0, 2**32 - 1) | st.integers(10_000, 10_100), max_size=40)


@given(numbers, numbers)
def test_distinct_is_the_sorted_set(left: list[int], right: list[int]) -> None:
    assert distinct(np.array(left, np.int64), np.array(right, np.int64)).tolist() == sorted({*left, *right})


@given(numbers, st.lists(st.integers(10_000, 10_100), max_size=8))
def test_among_is_membership(values: list[int], wanted: list[int]) -> None:
    assert among(np.array(values, np.uint32), wanted).tolist() == [value in wanted for value in values]


@given(st.lists(st.integers(0, 2), max_size=12))
def test_runs_begin_where_values_change(values: list[int]) -> None:
    begins = [at for at, value in enumerate(values) if at == 0 or value != values[at - 1]]
    assert runs(np.array(values, np.int64)).tolist() == begins


def test_neither_loads_masked_arrays() -> None:
    asked = """
import sys
import numpy as np
from dissect.nfs4.sets import among, distinct
values = np.arange(10_000, dtype=np.uint32)
among(values, range(10_001, 10_090, 2)), distinct(values)
sys.exit("numpy.ma" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
