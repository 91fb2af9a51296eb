"""An example of a rule as TOML, ready to be pasted into the rule's file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from nfsanalyze.engine.rule import Example


def render_example(example: Example) -> str:
    """The `[[example]]` as text; reading it back gives the same rows."""
    lines = ["[[example]]", f"name = {_value(example.name)}", f"expect = {_inline(example.expect)}"]
    for table, rows in example.tables.items():
        lines += [f"tables.{table} = [", *(f"  {_value(row)}," for row in rows), "]"]
    if not example.tables:
        lines.append("tables = {}")
    return "\n".join(lines) + "\n"


def _inline(rows: Sequence[Mapping[str, Any]]) -> str:
    return f"[{', '.join(map(_value, rows))}]"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, bytes):
        return f'"0x{value.hex()}"'
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_value(item)}' for key, item in value.items())} }}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_value, value))}]"
    # a JSON string of ASCII is a TOML basic string, but for surrogate pairs and DEL
    return _tomlised(json.dumps(str(value), ensure_ascii=False))


def _tomlised(text: str) -> str:
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    code = ord(character)
    if character.isprintable():
        return character
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
