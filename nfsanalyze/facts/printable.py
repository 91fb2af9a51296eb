"""Text from the wire, made safe to print: what a terminal would obey, or a reader could not see, is escaped."""

from __future__ import annotations

import re

_SUSPECT = re.compile(r"[^\x20-\x7e]")
_FORMULA = ("=", "+", "-", "@")


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:
        # surrogateescape: a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return character if character.isprintable() else f"\\u{{{code:x}}}"


def printable(data: bytes | str) -> str:
    r"""The text of `data`, with control characters and bytes that are no UTF-8 as \xNN, and other characters
    that do not show (C1 and bidirectional controls, zero width, odd spaces) as \u{N}.

    A backslash stays as it is, so escaping twice changes nothing; the exact bytes of an owner stand beside it in hex.
    """
    text = data.decode("utf-8", "surrogateescape") if isinstance(data, bytes) else data
    return text if text.isascii() and text.isprintable() else _SUSPECT.sub(_escape, text)


def readable(path: str) -> str:
    r"""The name of a file as text: bytes of it that are no UTF-8 as \xNN, for no table and no report can hold them."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def cell(data: bytes | str) -> str:
    """The same for a cell of CSV: what a spreadsheet would take for a formula gets an apostrophe before it."""
    text = printable(data)
    return f"'{text}" if text.startswith(_FORMULA) else text
