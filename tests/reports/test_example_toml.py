"""Examples as TOML: read back, they are the same."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nfsanalyze.engine.rule import Example
from nfsanalyze.reports.example_toml import render_example

VALUES = st.one_of(
    st.booleans(),
    st.integers(0, 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.lists(st.integers(0, 9)),
    st.lists(st.text(max_size=3).filter(str.isascii)),
)


@settings(max_examples=80)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.lists(st.dictionaries(st.just("key"), VALUES)))
def test_any_row_survives(name: str, rows: list[dict[str, Any]]) -> None:
    example = Example(name=name, expect=({"frames": [1]},), tables={"leases": tuple(rows)})
    (raw,) = tomllib.loads(render_example(example))["example"]
    assert raw == {"name": name, "expect": [{"frames": [1]}], "tables": {"leases": rows}}


def test_bytes_are_hex_and_no_tables_are_none() -> None:
    text = render_example(Example(name="n", expect=(), tables={"leases": ({"owner": b"\x00\xff"},)}))
    assert tomllib.loads(text)["example"][0]["tables"]["leases"] == [{"owner": "0x00ff"}]
    assert tomllib.loads(render_example(Example(name="n", expect=(), tables={})))["example"][0]["tables"] == {}
