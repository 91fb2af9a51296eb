"""A call flow as SVG. No script, no style attribute: presentation attributes only, and a class on everything, so that a
page with a strict content security policy can hold it and its style sheet can colour it."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from xml.sax.saxutils import quoteattr

from nfsanalyze.facts.printable import printable
from nfsanalyze.reports.ladder.model import Arrow, Ladder, Manner, Pause, lasting, remark, since

_LETTER = 6.7
"""Width of a letter of the note, px: that of the widest monospaced fonts at this size."""
_LINE = 15
_GUTTER = 150
_STEP = 190
_NOTE_LETTERS = 62
_MARGIN = 14
_INK, _FAINT, _PAGE = "#1f2328", "#6e7781", "#ffffff"

_STROKES: dict[Manner, tuple[str, str]] = {
    Manner.CALL: ("#0550ae", ""),
    Manner.REPLY: ("#1a7f37", "5 3"),
    Manner.ERROR: ("#cf222e", "5 3"),
    Manner.LOST: ("#cf222e", ""),
    Manner.AGAIN: ("#bc4c00", "2 3"),
    Manner.TURN: ("#6e7781", "1 3"),
    Manner.RESET: ("#cf222e", "1 3"),
    Manner.MOVE: ("#8250df", ""),
    Manner.FOLD: ("#6e7781", "8 4"),
    Manner.MARK: ("#8250df", ""),
}
"""Colour, and the pattern of its dashes."""


def render_svg(ladder: Ladder) -> str:
    """The picture as one `<svg>` element; it scales to the width it is given."""
    columns = [_GUTTER + _STEP * at + 60 for at in range(len(ladder.actors))]
    right = (columns[-1] if columns else _GUTTER) + 60
    width = right + round(_NOTE_LETTERS * _LETTER) + _MARGIN
    heads = [_titles(actor.title, actor.lines) for actor in ladder.actors]
    top = _MARGIN + _LINE * (2 + max(map(len, heads), default=0)) + 8
    body, bottom = _body(ladder, columns, right, top)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ladder" viewBox="0 0 {width} {bottom}" width="{width}" '
        f'height="{bottom}" role="img" aria-label={_attribute(ladder.title)} font-family="monospace" font-size="11">',
        f"<title>{_text(ladder.title)}</title>",
        f'<rect class="ladder-page" width="{width}" height="{bottom}" fill="{_PAGE}"/>',
        _words("ladder-title", _MARGIN, _MARGIN + _LINE - 4, ladder.title, bold=True),
    ]
    for x, actor, head in zip(columns, ladder.actors, heads, strict=True):
        kind = "client" if actor.is_client else "head"
        lines.append(f'<g class="ladder-actor ladder-{kind}">')
        for at, words in enumerate(head):
            y = _MARGIN + _LINE * (2 + at)
            lines.append(_words("ladder-name", x, y, words, anchor="middle", bold=at == 0))
        end = bottom - _MARGIN
        lines.append(_path("ladder-line", f"M{x} {top - 4}V{end}", _FAINT) + "</g>")
    return "\n".join([*lines, *body, "</svg>"]) + "\n"


def _titles(title: str, lines: tuple[str, ...]) -> list[str]:
    letters = int(_STEP / _LETTER) - 2
    return [part for words in (title, *lines) for part in wrap(printable(words), letters) or [""]]


def _body(ladder: Ladder, columns: list[int], right: int, top: int) -> tuple[list[str], int]:
    drawn: list[str] = []
    y = top + 6
    for row in ladder.rows:
        if isinstance(row, Pause):
            words = f"… {lasting(row.length)} …"
            drawn.append(f'<g class="ladder-pause">{_words("ladder-note", _MARGIN, y + 12, words, fill=_FAINT)}')
            drawn.append(_path("ladder-silence", f"M{columns[0]} {y + 8}H{columns[-1]}", _FAINT, dashes="1 5") + "</g>")
            y += 22
            continue
        notes = wrap(printable(remark(row)), _NOTE_LETTERS) or [""]
        drawn += _arrow(ladder, row, columns, right, y, notes)
        y += max(26, _LINE * len(notes) + 6)
    return drawn, y + _MARGIN


def _arrow(ladder: Ladder, row: Arrow, columns: list[int], right: int, y: int, notes: list[str]) -> Iterator[str]:
    sight, manner = row.sight, row.manner
    colour, dashes = _STROKES[manner]
    x, to, at = columns[row.source], columns[row.target], y + 16
    frame = "" if sight.frame is None else str(sight.frame)
    where = f" of {sight.capture}" if ladder.several else ""
    yield (
        f'<g class="ladder-row ladder-{manner.value}" data-frame="{frame}" '
        f"data-capture={_attribute(sight.capture)}>"
        f"<title>{_text(f'frame {frame}{where}: {sight.note}' if frame else sight.note)}</title>"
    )
    yield _words("ladder-time", _MARGIN, at - 2, since(sight.time, ladder.start), fill=_FAINT)
    if frame:
        yield _words("ladder-frame", _GUTTER - 6, at - 2, f"#{frame}", anchor="end")
    wide = 2 if manner in (Manner.MOVE, Manner.LOST, Manner.RESET) else 1
    if x == to:
        yield f'<circle class="ladder-mark" cx="{x}" cy="{at - 4}" r="4" fill="{colour}"/>'
    else:
        tip = 7 if to > x else -7
        stop = to - tip if manner is not Manner.LOST else to - 2 * tip
        yield _path("ladder-shaft", f"M{x} {at}H{stop}", colour, width=wide, dashes=dashes)
        if manner is Manner.LOST:
            yield _path("ladder-cross", f"M{stop - 4} {at - 4}l8 8m0 -8l-8 8", colour, width=2)
        else:
            yield f'<path class="ladder-tip" d="M{to} {at}l{-tip} -4v8z" fill="{colour}"/>'
        label = _fitting(printable(sight.label), abs(to - x))
        yield _words("ladder-label", (x + to) // 2, at - 4, label, anchor="middle", fill=colour)
    for line, words in enumerate(notes):
        yield _words("ladder-note", right, at - 2 + line * _LINE, words)
    yield "</g>"


def _fitting(label: str, room: int) -> str:
    letters = int((room - 20) / _LETTER)
    return label if len(label) <= letters else label[: letters - 1] + "…"


def _path(kind: str, track: str, colour: str, *, width: int = 1, dashes: str = "") -> str:
    thick = f' stroke-width="{width}"' if width > 1 else ""
    pattern = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path class="{kind}" d="{track}" stroke="{colour}"{thick}{pattern} fill="none"/>'


def _words(kind: str, x: int, y: int, words: str, *, anchor: str = "", bold: bool = False, fill: str = _INK) -> str:
    where = f' text-anchor="{anchor}"' if anchor else ""
    weight = ' font-weight="bold"' if bold else ""
    return f'<text class="{kind}" x="{x}" y="{y}"{where}{weight} fill="{fill}">{_text(words)}</text>'


_ENTITIES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;", ord("'"): "&#39;"}


def _text(words: str) -> str:
    return printable(words).translate(_ENTITIES)


def _attribute(words: str) -> str:
    return quoteattr(printable(words))
