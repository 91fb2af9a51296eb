"""What the fact tables hold: the list of them, and the columns of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nfsanalyze.facts.schema import VOLUME, Table
from nfsanalyze.reports.terminal.draw import drawn
from nfsanalyze.reports.terminal.page import Page, text

_TYPES = (
    "A type with ? may be null; bin are bytes, shown as hex; time is UTC in ns. Frames are numbered as Wireshark "
    "shows them; those of the second of several captures from 10000000001."
)


def table_values(tables: Sequence[Table]) -> list[dict[str, Any]]:
    """For programs."""
    return [
        {
            "table": table.name,
            "doc": table.doc,
            "volume": table.name in VOLUME,
            "sorted_by": list(table.sort),
            "columns": [
                {"column": column.name, "type": column.dtype, "nullable": column.nullable, "doc": column.doc}
                for column in table.columns
            ],
        }
        for table in tables
    ]


def render_tables(tables: Sequence[Table], *, width: int = 80, color: bool = False) -> str:
    """A line a table."""

    def draw(page: Page) -> None:
        page.columns([[text((table.name, "bold")), text(table.doc)] for table in tables], whole=(0,))
        page.blank()
        page.line("Columns: nfsanalyze tables NAME")

    return drawn(draw, width, color)


def render_table(table: Table, *, width: int = 80, color: bool = False) -> str:
    """A line a column."""

    def draw(page: Page) -> None:
        page.line((table.name, "bold"))
        page.line(table.doc)
        page.blank()
        rows = [
            [text((column.name, "bold")), text(column.dtype + "?" * column.nullable), text(column.doc)]
            for column in table.columns
        ]
        page.columns(rows, heads=("column", "type", "meaning"), whole=(0, 1), indent=2)
        page.blank()
        page.line(f"Rows are sorted by {', '.join(table.sort)}. {_TYPES}")

    return drawn(draw, width, color)
