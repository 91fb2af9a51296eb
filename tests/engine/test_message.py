"""Messages: what a template may hold, and how values read."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfsanalyze.engine.message import listed, placeholders, render


@pytest.mark.parametrize(
    ("template", "value", "text"),
    [
        ("{x}", None, "unknown"),
        ("{x}", True, "yes"),
        ("{x}", 12, "12"),
        ("{x:,}", 12345, "12,345"),
        ("{x}", 12.0, "12"),
        ("{x}", 12.345, "12.3"),
        ("{x:.2f}", 12.345, "12.35"),
        ("{x:.0f}", Decimal("30.0000"), "30"),
        ("{x:.1f}", None, "unknown"),
        ("{x:.1f}", "text", "text"),
        ("{x}", b"\x00\xff", "00ff"),
        ("{x}", ("a", "b"), "a, b"),
        ("{x}", ["a", None], "a, unknown"),
        ("{x}", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC), "2026-01-02T03:04:05Z"),
        ("{{x}} {x}", 1, "{x} 1"),
        ("a\n   {x}", "b", "a b"),
    ],
)
def test_values_read_as_people_write_them(template: str, value: Any, text: str) -> None:
    assert render(template, {"x": value}) == text


def test_a_long_list_is_cut_and_counted() -> None:
    assert listed(range(3)) == "0, 1, 2"
    assert listed(range(5000)) == "0, 1, 2, 3, 4, 5, 6, 7 and 4,992 more"


def test_fields_are_named_once() -> None:
    assert placeholders("{a} {b:.1f} {a} {{c}}") == ("a", "b")


@pytest.mark.parametrize("template", ["{}", "{0}", "{a.b}", "{a[0]}", "{a!r}", "{a:>10}", "{a:{b}}", "{a", "a}"])
def test_anything_but_a_plain_name_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        placeholders(template)


@given(st.text(alphabet="ab{}:.1f,![] "), st.one_of(st.none(), st.integers(), st.floats(), st.text(), st.binary()))
def test_what_is_accepted_can_be_rendered(template: str, value: Any) -> None:
    try:
        names = placeholders(template)
    except ValueError:
        return
    assert isinstance(render(template, dict.fromkeys(names, value)), str)
