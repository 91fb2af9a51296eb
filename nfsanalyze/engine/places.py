"""Where in a rule file something stands: TOML's own reader tells of lines only where the TOML is broken."""

from __future__ import annotations

import re

_OPENING = re.compile(r"""^detect\s*=\s*(?:'''|\"\"\"|'|")\s*""", re.MULTILINE)
_EXAMPLE = re.compile(r"^\[\[example\]\]", re.MULTILINE)
_NUMBERED = re.compile(r"example ([0-9]+)\b")
_NAMED = re.compile(r'example "([^"]*)"')


def line_of(text: str, field: str) -> int | None:
    """The line of a field as errors name it: `severity`, `example 2 name`, `example "fires" leases clint`; of an
    example the line where it begins."""
    if numbered := _NUMBERED.match(field):
        starts = [found.start() for found in _EXAMPLE.finditer(text)]
        number = int(numbered[1])
        return _line(text, starts[number - 1]) if number <= len(starts) else None
    name = _NAMED.match(field)
    wanted = rf"name\s*=\s*[\"']{re.escape(name[1])}[\"']" if name else rf"{re.escape(field)}\s*="
    found = re.search(rf"^\s*{wanted}", text, re.MULTILINE)
    return _line(text, found.end() - 1) if found else None


def detect_at(text: str) -> tuple[int, int]:
    """Line and column of the first character of the SQL; (1, 1) where it is not found."""
    found = _OPENING.search(text)
    if found is None:
        return 1, 1
    return _line(text, found.end()), found.end() - (text.rfind("\n", 0, found.end()) + 1) + 1


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
