"""Stories brought before the rules: what fired, and what the tables hold."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nfsanalyze.analysis import Analysis, analyse
from scenarios.cluster import Cluster
from wire.dialogue import Wire

if TYPE_CHECKING:
    from nfsanalyze.engine.finding import Finding

Row = dict[str, Any]


def judged(story: Cluster | Wire, *, snaplen: int = 262144, **options: Any) -> Analysis:
    """Analyse what a story left on the wire; `options` as of `analyse`."""
    wire = story.wire if isinstance(story, Cluster) else story
    with tempfile.TemporaryDirectory() as folder:
        return analyse([str(wire.write(Path(folder) / "story.pcap", snaplen=snaplen))], **options)


def fired(done: Analysis) -> set[str]:
    return {finding.rule for finding in done.findings}


def found(done: Analysis, rule: str) -> list[Finding]:
    return [finding for finding in done.findings if finding.rule == rule]


def rows(done: Analysis, table: str, **where: Any) -> list[Row]:
    """Rows of a table in which these columns have these values."""
    return [row for row in done.tables[table].iter_rows(named=True) if all(row[k] == v for k, v in where.items())]


def moves(done: Analysis) -> list[tuple[str, str]]:
    """Address and kind of everything that changed, in order."""
    return [(row["address"], row["kind"]) for row in rows(done, "takeovers")]


def signals(done: Analysis, takeover: int = 1) -> set[str]:
    return {row["signal"] for row in rows(done, "signals", takeover=takeover)}
