"""A page drawn into a text: the console that fits it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from nfsanalyze.reports.terminal.page import Page

if TYPE_CHECKING:
    from rich.console import Console


def console(file: TextIO, width: int, color: bool) -> Console:
    """A console that prints what it is given: no markup, no highlighting."""
    from rich.console import Console

    return Console(
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


def drawn(draw: Callable[[Page], None], width: int, color: bool) -> str:
    """What `draw` writes on a page of `width` columns, without blanks at the ends of lines."""
    file = io.StringIO()
    draw(Page(console(file, width, color)))
    return "".join(line.rstrip(" ") + "\n" for line in file.getvalue().rstrip("\n").split("\n"))
