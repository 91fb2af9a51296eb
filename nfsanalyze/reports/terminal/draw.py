"""A page drawn into a text: the console that fits it."""

from __future__ import annotations

import io
from collections.abc import Callable

from nfsanalyze.reports.terminal.page import Page


def drawn(draw: Callable[[Page], None], width: int, color: bool) -> str:
    """What `draw` writes on a page of `width` columns, without blanks at the ends of lines."""
    from rich.console import Console

    file = io.StringIO()
    console = Console(
        file=file,
        width=width,
        force_terminal=color,
        no_color=not color,
        color_system="auto" if color else None,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
    )
    draw(Page(console))
    return "".join(line.rstrip(" ") + "\n" for line in file.getvalue().rstrip("\n").split("\n"))
