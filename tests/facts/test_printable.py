"""Nothing that comes from the wire acts on a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfsanalyze.facts.printable import printable


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"Linux NFSv4.0 client1/10.0.0.1", "Linux NFSv4.0 client1/10.0.0.1"),
        ("Grüße 客户".encode(), "Grüße 客户"),
        (b"\x1b[31mred", "\\x1b[31mred"),
        (b"Solaris: h\x00\x02\x08\x01", "Solaris: h\\x00\\x02\\x08\\x01"),
        (b"\xff\xfe bad", "\\xff\\xfe bad"),
        (b"tab\tline\nfeed\x7f", "tab\\x09line\\x0afeed\\x7f"),
        ("c1 \x9b31m", "c1 \\u{9b}31m"),
        ("abc\u202etxt\u200b\ufeff", "abc\\u{202e}txt\\u{200b}\\u{feff}"),
        ("a\u2028b\xa0", "a\\u{2028}b\\u{a0}"),
        ("tag\U000e0041", "tag\\u{e0041}"),
        ("\udcff from a file name, \ud800 alone", "\\xff from a file name, \\u{d800} alone"),
        (b"a\\x1b", "a\\x1b"),
        ("", ""),
    ],
)
def test_escapes(data: bytes | str, shown: str) -> None:
    assert printable(data) == shown


@given(st.one_of(st.binary(), st.text()))
def test_any_bytes_become_text_that_can_be_printed(data: bytes | str) -> None:
    shown = printable(data)
    assert shown.isprintable()
    assert shown.encode("utf-8").decode("utf-8") == shown


@given(st.one_of(st.binary(), st.text()))
def test_escaping_twice_changes_nothing(data: bytes | str) -> None:
    once = printable(data)
    assert printable(once) == once
