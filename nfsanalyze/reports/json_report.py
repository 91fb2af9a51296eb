"""The document as JSON: ASCII only, so that nothing in it can reach a terminal as a control code."""

from __future__ import annotations

import json
from typing import Any


def render_json(document: dict[str, Any]) -> str:
    """The document, indented, ending in a newline. Equal documents give equal text."""
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"
