"""The report for a person at a terminal: the verdict first, then what proves it, then what could not be judged.

Drawn from the document alone. All text is printed as rich `Text` (no markup, no highlighting) after `printable`;
the only lines that may be wider than the page are commands and filters, which are there to be copied.
"""

from __future__ import annotations

import io
from datetime import UTC, tzinfo

from nfsanalyze.reports.document import Document
from nfsanalyze.reports.terminal.draw import console
from nfsanalyze.reports.terminal.page import Page, View


def render_text(
    report: Document, *, width: int = 80, color: bool = False, zone: tzinfo | None = UTC, show_all: bool = False
) -> str:
    """The report as text of `width` columns, at least 60. `zone` None: the local zone; `show_all`: shorten no list."""
    from nfsanalyze.reports.terminal.behaviour import behaviour
    from nfsanalyze.reports.terminal.captures import captures
    from nfsanalyze.reports.terminal.clients import clients
    from nfsanalyze.reports.terminal.findings import findings
    from nfsanalyze.reports.terminal.servers import servers
    from nfsanalyze.reports.terminal.takeovers import takeovers
    from nfsanalyze.reports.terminal.unjudged import unjudged
    from nfsanalyze.reports.terminal.verdict import verdict

    file = io.StringIO()
    page = Page(console(file, width, color))
    view = View(report, zone=zone, show_all=show_all)
    for section in (verdict, captures, takeovers, findings, clients, servers, behaviour, unjudged):
        section(page, view)
    return file.getvalue()
