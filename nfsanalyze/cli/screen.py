"""How wide a page may be, and whether in colour."""

from __future__ import annotations

import os
import shutil
import sys

_NARROWEST = 60
_WIDEST = 120
_PIPE_WIDTH = 80


def page_width(widest: int = _WIDEST) -> int:
    """Columns for what goes to stdout."""
    # get_terminal_size heeds COLUMNS, which a pipe may set
    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    width = shutil.get_terminal_size((_PIPE_WIDTH, 24)).columns if known else _PIPE_WIDTH
    return min(max(width, _NARROWEST), widest)


def color_wanted() -> bool:
    """stdout is a terminal, and nobody asked for none."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") not in ("", "dumb")
