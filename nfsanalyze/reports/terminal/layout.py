"""Aligned columns whose cells wrap: lines of styled text, none of it cut off.

rich's own tables crop what does not fit and cost a millisecond each; a report has many, most of one row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_NARROW = 4
"""No column is made narrower than this: the line grows wider than the page instead."""


def lines(
    rows: Sequence[Sequence[Text]],
    *,
    console: Console,
    width: int,
    indent: int,
    gap: int,
    right: Collection[int],
    whole: Collection[int],
) -> Iterator[Text]:
    """The rows (all of one length) as lines of at most `width` cells. Columns in `whole` keep their width,
    those in `right` are flush right."""
    sizes = _sizes(rows, room=width - indent - gap * (len(rows[0]) - 1), whole=whole)
    for row in rows:
        folded = [_fold(cell, size, console) for cell, size in zip(row, sizes, strict=True)]
        for level in range(max(map(len, folded))):
            yield _line([parts[level] if level < len(parts) else None for parts in folded], sizes, indent, gap, right)


def _sizes(rows: Sequence[Sequence[Text]], *, room: int, whole: Collection[int]) -> list[int]:
    """Widths of the columns: as wide as their widest cell, then the widest made narrower until all fit."""
    sizes = [max(row[index].cell_len for row in rows) for index in range(len(rows[0]))]
    excess = sum(sizes) - room
    while excess > 0:
        soft = [index for index in range(len(sizes)) if index not in whole and sizes[index] > _NARROW]
        if not soft:
            break
        soft.sort(key=lambda index: (-sizes[index], index))
        widest = soft[0]
        next_size = sizes[soft[1]] if len(soft) > 1 else _NARROW
        # down to the next widest, and one further so that equals take turns
        step = min(excess, max(1, sizes[widest] - max(next_size, _NARROW)))
        sizes[widest] -= step
        excess -= step
    return sizes


def _fold(cell: Text, size: int, console: Console) -> Sequence[Text]:
    if cell.cell_len <= size:
        return (cell,)
    return list(cell.wrap(console, size, overflow="fold")) or (cell,)


def _line(cells: Sequence[Text | None], sizes: Sequence[int], indent: int, gap: int, right: Collection[int]) -> Text:
    from rich.text import Text

    line = Text(" " * indent)
    owed = 0
    for index, (cell, size) in enumerate(zip(cells, sizes, strict=True)):
        length = cell.cell_len if cell is not None else 0
        before, after = (size - length, 0) if index in right else (0, size - length)
        if cell is not None and length:
            line.append(" " * (owed + before))
            line.append_text(cell)
            owed = after + gap
        else:
            owed += size + gap
    return line
