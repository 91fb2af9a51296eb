"""Messages of rules: `{column}` or `{column:.1f}`, filled from a result row."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from string import Formatter
from typing import Any

_SPEC = re.compile(r",?(\.[0-9]f)?")

SHOWN = 8
"""Items of a list that a message names before it only counts."""


def placeholders(template: str) -> tuple[str, ...]:
    """Names in braces, in order, each once. Raises ValueError where a brace holds more than a name and a format."""
    names: list[str] = []
    for _, name, spec, conversion in Formatter().parse(template):
        if name is None:
            continue
        if not name.isidentifier() or conversion or not _SPEC.fullmatch(spec or ""):
            raise ValueError(f"{{{name}}} is not a plain column name with a format such as .1f")
        if name not in names:
            names.append(name)
    return tuple(names)


def render(template: str, values: Mapping[str, Any]) -> str:
    """The message for one row; a null reads `unknown`."""
    parts = []
    for literal, name, spec, _ in Formatter().parse(template):
        parts.append(literal)
        if name is not None:
            parts.append(_text(values[name], spec or ""))
    return " ".join("".join(parts).split())


def listed(items: Sequence[Any], shown: int = SHOWN) -> str:
    """The first of a list, and how many more there are."""
    words = [_text(item, "") for item in items[:shown]]
    if len(items) > shown:
        words.append(f"{len(items) - shown:,} more")
        return ", ".join(words[:-1]) + " and " + words[-1]
    return ", ".join(words)


def _text(value: Any, spec: str) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float, Decimal)) and spec:
        return format(value, spec)
    if isinstance(value, (float, Decimal)):
        return f"{value:.1f}".removesuffix(".0")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, (list, tuple)):
        return listed(value)
    return str(value)
