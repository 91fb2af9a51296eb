"""A call flow as a Mermaid sequence diagram, which GitHub, GitLab and many wikis draw."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nfsanalyze.facts.printable import printable
from nfsanalyze.reports.ladder.model import Arrow, Ladder, Manner, Pause, lasting, remark, since

_SHAFTS: dict[Manner, str] = {
    Manner.CALL: "->>",
    Manner.REPLY: "-->>",
    Manner.ERROR: "--x",
    Manner.LOST: "-x",
    Manner.AGAIN: "->>",
    Manner.TURN: "--)",
    Manner.RESET: "-x",
    Manner.FOLD: "-)",
}

_UNSAFE = re.compile(r"[^A-Za-z0-9 .,:()/_+='|\[\]*-]")
_KEYWORD = re.compile(r"\be(?=nd\b)", re.IGNORECASE)
"""`end` closes a block, wherever it stands."""


def render_mermaid(ladder: Ladder) -> str:
    """The diagram; text of others can neither end a line of it nor begin anything."""
    return "\n".join(["sequenceDiagram", *(f"    {line}" for line in _lines(ladder))]) + "\n"


def _lines(ladder: Ladder) -> Iterator[str]:
    yield f"%% {_safe(ladder.title)}"
    for at, actor in enumerate(ladder.actors):
        names = ", ".join(actor.lines)
        yield f"participant A{at} as {_safe(f'{actor.title} ({names})' if names else actor.title)}"
    if not ladder.rows:
        return
    whole = f"A0,A{len(ladder.actors) - 1}" if len(ladder.actors) > 1 else "A0"
    for row in ladder.rows:
        if isinstance(row, Pause):
            yield f"Note over {whole}: {_safe(lasting(row.length))}"
        else:
            yield _arrow(row, ladder)


def _arrow(row: Arrow, ladder: Ladder) -> str:
    sight = row.sight
    frame = "" if sight.frame is None else f"frame {sight.frame}"
    where = f"{frame} of {sight.capture}" if ladder.several and frame else frame
    again = "again: " if row.manner is Manner.AGAIN else ""
    words = _safe(f"{since(sight.time, ladder.start)} {where} {again}{sight.label} {remark(row)}")
    words = " ".join(words.split())
    if row.source == row.target or row.manner is Manner.MOVE:
        first, last = sorted((row.source, row.target))
        return f"Note over {f'A{first}' if first == last else f'A{first},A{last}'}: {words}"
    return f"A{row.source}{_SHAFTS.get(row.manner, '->>')}A{row.target}: {words}"


def _safe(words: str) -> str:
    """Everything that Mermaid or HTML might read as its own becomes a character reference."""
    escaped = _UNSAFE.sub(lambda found: f"#{ord(found.group())};", printable(words))
    return _KEYWORD.sub(lambda found: f"#{ord(found.group())};", escaped)
