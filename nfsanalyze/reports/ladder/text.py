"""A call flow for a terminal: lifelines, an arrow a row, what it says beside it or below.

Every line fits the page, unless there are more columns than it has room for: then lines grow, and nothing is cut off.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from itertools import pairwise

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.printable import printable
from nfsanalyze.reports.ladder.model import NS, Arrow, Ladder, Manner, Pause, lasting, remark, since
from nfsanalyze.reports.terminal.draw import console
from nfsanalyze.reports.terminal.page import Page, Piece

_NARROWEST, _WIDEST, _BESIDE = 13, 34, 32
"""Cells between two lifelines: at least, at most, and at most where notes stand beside the arrows."""
_NOTE = 44
"""Cells that a note beside an arrow needs."""

_STYLES: dict[Manner, str] = {
    Manner.CALL: "cyan",
    Manner.REPLY: "green",
    Manner.ERROR: "red",
    Manner.LOST: "bold red",
    Manner.AGAIN: "yellow",
    Manner.TURN: "dim",
    Manner.RESET: "red",
    Manner.MOVE: "bold magenta",
    Manner.FOLD: "dim",
    Manner.MARK: "magenta",
}
_MANNERS = tuple(Manner)


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """What is drawn with; the shafts in the order of `Manner`."""

    shafts: str
    life: str
    quiet: str
    from_left: str
    from_right: str
    cross: str
    mark: str
    dots: str


LINES = Glyphs(shafts="─╌╌─┄·═━┈ ", life="│", quiet="┊", from_left="├", from_right="┤", cross="┼", mark="●", dots="…")
ASCII = Glyphs(shafts="-..-~:=#. ", life="|", quiet=":", from_left="|", from_right="|", cross="+", mark="*", dots="...")


def render_text(
    ladder: Ladder, *, width: int = 80, color: bool = False, ascii: bool = False, zone: tzinfo | None = UTC
) -> str:
    """The flow as lines of at most `width` cells; `ascii`: with nothing but ASCII of our own."""
    file = io.StringIO()
    page = Page(console(file, max(width, 40), color))
    page.line((ladder.title, "bold"))
    if not ladder.rows:
        page.line("nothing to show: no NFS message is among what was asked for")
        return file.getvalue()
    start = datetime.fromtimestamp(ladder.start // NS, UTC).astimezone(zone)
    second = f"{start:%Y-%m-%d %H:%M:%S}.{ladder.start % NS // 1000:06d} {start.tzname()}"
    page.line((f"times since {second}", "dim"))
    page.blank()
    drawing = _Drawing(ladder, width, ASCII if ascii else LINES)
    for line in drawing.lines():
        page.row(*line)
    return file.getvalue()


Line = list[Piece]


class _Drawing:
    def __init__(self, ladder: Ladder, width: int, glyphs: Glyphs) -> None:
        self._ladder, self._width, self._glyphs = ladder, width, glyphs
        self._times = max(len(since(arrow.sight.time, ladder.start)) for arrow in ladder.arrows)
        frames = [len(str(arrow.sight.frame or "")) for arrow in ladder.arrows]
        self._frames = max(frames) + 2
        left = self._times + self._frames + 3
        steps = max(len(ladder.actors) - 1, 1)
        beside = (width - left - 3 - _NOTE) // steps
        self._beside = beside >= 20
        step = min(beside, _BESIDE) if self._beside else min(max((width - left - 2) // steps, _NARROWEST), _WIDEST)
        self._columns = [left + step * at for at in range(len(ladder.actors))]
        self._right = self._columns[-1] + 3

    def lines(self) -> Iterator[Line]:
        yield from self._heads()
        yield [self._life()]
        for row in self._ladder.rows:
            if isinstance(row, Pause):
                words = f"{self._glyphs.dots} {lasting(row.length)} {self._glyphs.dots}"
                yield [(self._over(self._life(self._glyphs.quiet), self._columns[0] + 2, words), "dim")]
            else:
                yield from self._row(row)
        yield [self._life()]

    def _heads(self) -> Iterator[Line]:
        columns = self._columns
        edges = [0, *((a + b) // 2 for a, b in pairwise(columns)), max(self._width, self._right)]
        cells = []
        for at, actor in enumerate(self._ladder.actors):
            room = edges[at + 1] - edges[at] - 1
            cells.append([part for words in (actor.title, *actor.lines) for part in folded(printable(words), room)])
        for level in range(max(map(len, cells))):
            line = ""
            for at, parts in enumerate(cells):
                if level < len(parts):
                    words = parts[level]
                    begin = min(columns[at] - cells_of(words) // 2, edges[at + 1] - 1 - cells_of(words))
                    line += " " * (max(begin, edges[at]) - cells_of(line)) + words
            yield [(line, "bold" if level == 0 else "")]

    def _life(self, glyph: str = "") -> str:
        line = ""
        for column in self._columns:
            line += " " * (column - len(line)) + (glyph or self._glyphs.life)
        return line

    def _over(self, line: str, at: int, words: str) -> str:
        """The line with words over it from a cell on; lifelines go on behind them."""
        end = at + cells_of(words)
        return line[:at].ljust(at) + words + line[end:]

    def _row(self, row: Arrow) -> Iterator[Line]:
        sight, style = row.sight, _STYLES[row.manner]
        frame = "" if sight.frame is None else f"#{sight.frame}{'*' if sight.rules else ' '}"
        gutter = f"{since(sight.time, self._ladder.start):>{self._times}} {frame:>{self._frames}}"
        words = printable(self._remark(row))
        drawn, labelled = self._arrow(row)
        if not labelled:
            label = printable(sight.label)
            words = words if label in words else f"{label} {words}".strip()
        first, last = sorted((self._columns[row.source], self._columns[row.target]))
        pieces: Line = [(gutter, "dim"), *self._styled(drawn[len(gutter) :], len(gutter), first, last, style)]
        if self._beside:
            notes = folded(words, max(self._width - self._right, _NOTE)) or [""]
            pad = " " * (self._right - len(self._life()))
            yield [*pieces, pad + notes[0]]
            for more in notes[1:]:
                yield [self._life() + pad + more]
            return
        if words and cells_of(words) <= self._width - last - 3:
            tail = self._over(drawn, last + 2, words)[last + 1 :]
            yield [*pieces[:-1], tail]
            return
        yield pieces
        at = (first if self._width - first - 2 >= _NOTE else self._columns[0]) + 2
        for more in folded(words, max(self._width - at, _NOTE)):
            yield [self._over(self._life(), at, more)]

    def _styled(self, drawn: str, before: int, first: int, last: int, style: str) -> Line:
        begin, end = first - before, last + 1 - before
        return [drawn[:begin], (drawn[begin:end], style), drawn[end:]]

    def _remark(self, row: Arrow) -> str:
        words = remark(row)
        return f"{words} [{row.sight.capture}]" if self._ladder.several and row.sight.frame is not None else words

    def _arrow(self, row: Arrow) -> tuple[str, bool]:
        """The lifelines with the arrow over them, and whether its label stands on it."""
        glyphs = self._glyphs
        source, target = self._columns[row.source], self._columns[row.target]
        cells = list(self._life())
        if source == target:
            cells[source] = glyphs.mark
            return "".join(cells), False
        first, last = sorted((source, target))
        shaft = glyphs.shafts[_MANNERS.index(row.manner)]
        for at in range(first + 1, last):
            cells[at] = glyphs.cross if at in self._columns else shaft
        cells[source] = glyphs.from_left if source < target else glyphs.from_right
        tip = "X" if row.manner is Manner.LOST else ">" if source < target else "<"
        cells[target - 1 if source < target else target + 1] = tip
        label = printable(row.sight.label)
        fits = bool(label) and cells_of(label) == len(label) and len(label) <= last - first - 6
        if fits:
            begin = first + (last - first - len(label)) // 2 + 1
            cells[begin - 1 : begin + len(label) + 1] = f" {label} "
        return "".join(cells), fits


def cells_of(words: str) -> int:
    """Cells that a text takes in a terminal."""
    from rich.cells import cell_len

    return len(words) if words.isascii() else cell_len(words)


def folded(words: str, room: int) -> list[str]:
    """The text in lines of at most `room` cells, broken at blanks where there are any."""
    lines: list[str] = []
    line = ""
    for word in words.split(" "):
        joined = f"{line} {word}" if line else word
        if cells_of(joined) <= room:
            line = joined
            continue
        if line:
            lines.append(line)
        pieces = _broken(word, room)
        lines += pieces[:-1]
        line = pieces[-1]
    return [*lines, line] if line else lines


def _broken(word: str, room: int) -> Sequence[str]:
    pieces = [""]
    for character in word:
        if cells_of(pieces[-1] + character) > max(room, 2):
            pieces.append("")
        pieces[-1] += character
    return pieces
