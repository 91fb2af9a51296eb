"""Lines, hanging indents and aligned columns; and the view of a document that all sections share."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, TypeVar

from nfsanalyze.facts.printable import printable
from nfsanalyze.reports.document import Document
from nfsanalyze.reports.terminal.clock import Clock
from nfsanalyze.reports.terminal.layout import lines

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

T = TypeVar("T")

Piece = str | tuple[str, str]
"""A text, or a text and its style."""

SEVERITY_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "note": "blue"}


def text(*pieces: Piece) -> Text:
    """One line of styled text, every piece made printable."""
    from rich.text import Text

    line = Text(overflow="fold")
    for piece in pieces:
        words, style = (piece, "") if isinstance(piece, str) else piece
        line.append(printable(words), style=style)
    return line


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 lease`, `5,000 leases`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listing(words: Sequence[str], bound: int | None = None) -> str:
    """`a, b and c`; with a bound `a, b and 7 more`."""
    if bound is not None and len(words) > bound:
        return f"{', '.join(words[:bound])} and {len(words) - bound:,} more"
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


class Page:
    """Writes to a console of fixed width; without colour past it, as plain text needs no rendering."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._plain = not console.is_terminal

    def blank(self) -> None:
        self._put(text(""))

    def heading(self, words: str) -> None:
        """A section begins."""
        self.blank()
        self.line((words, "bold"))

    def line(self, *pieces: Piece, indent: int = 0) -> None:
        """A paragraph, wrapped, all of it indented."""
        self.columns([[text(*pieces)]], indent=indent)

    def hanging(self, label: str, *pieces: Piece, indent: int = 0, style: str = "") -> None:
        """A label (a short word of ours), and a paragraph that wraps beside it."""
        self.columns([[text((label, style)), text(*pieces)]], whole=(0,), indent=indent, gap=1)

    def verbatim(self, label: str, words: str, indent: int = 0) -> None:
        """A command or filter: one line, however long."""
        self._put(text(" " * indent, label, words))

    def row(self, *pieces: Piece) -> None:
        """One line as it stands."""
        self._put(text(*pieces))

    def columns(
        self,
        rows: Iterable[Sequence[Text]],
        *,
        heads: Sequence[str] = (),
        right: Collection[int] = (),
        whole: Collection[int] = (),
        indent: int = 0,
        gap: int = 2,
    ) -> None:
        """Rows in aligned columns; what does not fit wraps in its cell, but never in the columns of `whole`."""
        rows = list(rows)
        if not rows:
            return
        if heads:
            rows.insert(0, [text((head, "dim")) for head in heads])
        width = self._console.width
        for line in lines(rows, console=self._console, width=width, indent=indent, gap=gap, right=right, whole=whole):
            self._put(line)

    def _put(self, line: Text) -> None:
        if self._plain:
            self._console.file.write(line.plain.rstrip(" ") + "\n")
        else:
            self._console.print(line, soft_wrap=True)


class View:
    """A document, how its times are shown, and how much of its lists."""

    def __init__(self, report: Document, *, zone: tzinfo | None, show_all: bool) -> None:
        self.report = report
        self.show_all = show_all
        captures = report["captures"]
        self.clock = Clock(zone, {c["capture"]: c["first"] for c in captures}, [c["last"] for c in captures])
        self.several = len(captures) > 1
        self.by_id: dict[str, Any] = {client["id"]: client for client in report["clients"]}

    def bound(self, items: Sequence[T], limit: int) -> tuple[Sequence[T], int]:
        """What is shown of a list, and how many are not."""
        shown = items if self.show_all else items[:limit]
        return shown, len(items) - len(shown)

    def limit(self, number: int) -> int | None:
        """A bound for `listing`."""
        return None if self.show_all else number

    def who(self, client: str | None) -> str:
        """`10.0.0.11 (client1)`, or the name itself where it is no client of the document."""
        entry = self.by_id.get(client or "")
        if entry is None:
            return client or "unknown client"
        names = f" ({listing(entry['hostnames'], 2)})" if entry["hostnames"] else ""
        return (listing(entry["addresses"], 3) or entry["id"]) + names

    def frame(self, number: int, capture: str | None) -> str:
        """`frame 12`, with the capture where there are several."""
        return f"frame {number} of {capture}" if self.several and capture else f"frame {number}"


def lost_name(entry: dict[str, Any]) -> str:
    """`lock on a.txt`; the handle where no name was seen, its middle left out where it is long."""
    what = f"{entry['kind']} {'on' if entry['kind'] == 'lock' else 'of'}"
    name = entry["name"]
    if name:
        return f'{what} "{name}"'
    handle = entry["filehandle"]
    if not handle:
        return f"{what} a file whose name and handle were not seen"
    brief = handle if len(handle) <= 32 else f"{handle[:16]}..{handle[-16:]} ({len(handle) // 2} bytes)"
    return f"{what} file handle {brief}"
