"""The document as JSON: ASCII only, so that nothing in it can reach a terminal as a control code."""

from __future__ import annotations

import json
from typing import Any

# Indented any deeper the standard library writes in Python, which on a large case took longer than all rules.
# Nothing in a document holds itself: to watch for that would only cost time.
_written = json.JSONEncoder(ensure_ascii=True, allow_nan=False, check_circular=False).encode


def render_json(document: dict[str, Any]) -> str:
    """The document, a line for each field and each item of a list, ending in a newline. Equal documents give equal
    text."""
    fields = (f"  {_written(name)}: {_lines(value)}" for name, value in document.items())
    return "{\n" + ",\n".join(fields) + "\n}\n"


def _lines(value: object) -> str:
    if not isinstance(value, list) or not value:
        return _written(value)
    return "[\n" + ",\n".join(f"    {_written(item)}" for item in value) + "\n  ]"
