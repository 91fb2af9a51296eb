"""The tables of the page: a title, columns, and rows of plain cells that the page filters and sorts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nfsanalyze.reports.document import Document
from nfsanalyze.reports.html.rows import (
    Rows,
    behaviour_rows,
    captures_rows,
    clients_rows,
    leases_rows,
    lost_rows,
    moves_rows,
    recoveries_rows,
    servers_rows,
    sessions_rows,
    signals_rows,
    unjudged_rows,
)
from nfsanalyze.reports.html.times import Times


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`columns`: heading and kind: text, code (as on the wire), number, count, seconds, time, frame, client."""

    id: str
    title: str
    columns: tuple[tuple[str, str], ...]
    rows: Callable[[Document, Times], Rows]
    empty: str


def tables(document: Document, times: Times) -> list[dict[str, Any]]:
    """All of them, in the order of the page."""
    return [
        {
            "id": table.id,
            "title": table.title,
            "empty": table.empty,
            "columns": [{"title": title, "kind": kind} for title, kind in table.columns],
            "rows": list(table.rows(document, times)),
        }
        for table in TABLES
    ]


TABLES = (
    Table(
        id="clients",
        title="Clients",
        empty="No client was seen.",
        columns=(
            ("Client", "client"),
            ("Address", "code"),
            ("Host", "text"),
            ("System", "text"),
            ("Sent to", "code"),
            ("Version", "text"),
            ("Client owner (long form)", "code"),
            ("Owner is", "text"),
            ("Clientids (short form)", "code"),
            ("First frame", "frame"),
        ),
        rows=clients_rows,
    ),
    Table(
        id="leases",
        title="Leases",
        empty="No lease was seen.",
        columns=(
            ("Lease", "number"),
            ("Client", "client"),
            ("Server", "code"),
            ("Head", "number"),
            ("Clientid", "code"),
            ("Version", "text"),
            ("From", "time"),
            ("Last renewal", "time"),
            ("Renewals", "count"),
            ("Longest gap", "seconds"),
            ("Lease time", "text"),
            ("End", "text"),
            ("End frame", "frame"),
        ),
        rows=leases_rows,
    ),
    Table(
        id="servers",
        title="Servers and heads",
        empty="No server was seen.",
        columns=(
            ("Address", "code"),
            ("Port", "number"),
            ("Head", "number"),
            ("From", "time"),
            ("To", "time"),
            ("Lease time", "text"),
            ("System", "text"),
            ("so_major_id", "code"),
            ("Scope", "code"),
            ("What ties it to others", "text"),
        ),
        rows=servers_rows,
    ),
    Table(
        id="moves",
        title="Takeovers and restarts",
        empty="No server address moved or restarted.",
        columns=(
            ("Kind", "text"),
            ("Address", "code"),
            ("From head", "number"),
            ("To head", "number"),
            ("Head that serves", "code"),
            ("First sign", "time"),
            ("Frame", "frame"),
            ("Outage", "seconds"),
            ("Score", "number"),
        ),
        rows=moves_rows,
    ),
    Table(
        id="signals",
        title="Signs of them",
        empty="No sign of a move or restart.",
        columns=(
            ("Of", "text"),
            ("Sign", "text"),
            ("Weight", "number"),
            ("Frame", "frame"),
            ("Time", "time"),
            ("What it shows", "text"),
        ),
        rows=signals_rows,
    ),
    Table(
        id="recoveries",
        title="Recoveries",
        empty="No client had to recover.",
        columns=(
            ("Client", "client"),
            ("Server", "code"),
            ("Told", "code"),
            ("Frame", "frame"),
            ("Time", "time"),
            ("After", "text"),
            ("Old clientid", "code"),
            ("New clientid", "code"),
            ("Live already at", "code"),
            ("Trunking detection", "text"),
            ("Reclaims", "count"),
            ("Refused", "count"),
            ("Outcome", "text"),
            ("Took", "seconds"),
            ("Lost", "text"),
        ),
        rows=recoveries_rows,
    ),
    Table(
        id="lost",
        title="Lost state",
        empty="No open, lock or delegation was lost.",
        columns=(
            ("Client", "client"),
            ("Server", "code"),
            ("Kind", "text"),
            ("File", "code"),
            ("File handle", "code"),
            ("Shown by", "code"),
            ("Time", "time"),
            ("Frame", "frame"),
        ),
        rows=lost_rows,
    ),
    Table(
        id="behaviour",
        title="What the servers do",
        empty="Nothing of the servers' ways was seen.",
        columns=(
            ("Head", "number"),
            ("Addresses", "code"),
            ("System", "text"),
            ("Class", "text"),
            ("Clientids", "text"),
            ("A known owner gets", "text"),
            ("Identity", "text"),
            ("After takeovers", "text"),
            ("Because", "text"),
        ),
        rows=behaviour_rows,
    ),
    Table(
        id="sessions",
        title="Sessions",
        empty="No session (NFSv4.1 and later) was seen.",
        columns=(
            ("Session", "code"),
            ("Client", "client"),
            ("Clientid", "code"),
            ("Addresses", "code"),
            ("Connections", "count"),
            ("Back channel", "text"),
            ("Created", "frame"),
            ("Destroyed", "frame"),
            ("First frame", "frame"),
            ("Last frame", "frame"),
        ),
        rows=sessions_rows,
    ),
    Table(
        id="unjudged",
        title="Not evaluable",
        empty="Every rule could be judged everywhere.",
        columns=(("Rule", "text"), ("What it looks for", "text"), ("Subject", "text"), ("Why not", "text")),
        rows=unjudged_rows,
    ),
    Table(
        id="captures",
        title="Captures",
        empty="No capture was read.",
        columns=(
            ("File", "code"),
            ("Format", "text"),
            ("From", "time"),
            ("Lasts", "seconds"),
            ("Packets", "count"),
            ("Calls", "count"),
            ("Replies", "count"),
            ("Gaps", "count"),
            ("Messages decoded", "text"),
            ("Trouble", "text"),
        ),
        rows=captures_rows,
    ),
)
