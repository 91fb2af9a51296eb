"""`nfsanalyze tables` and `nfsanalyze query`: the facts that rules and reports rest on, for anybody who knows SQL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nfsanalyze.cli import complete
from nfsanalyze.cli.asked import ConfigFile, LeaseTime, NoConfig, Ports, SameClock, asked, configured
from nfsanalyze.cli.inputs import refuse_overwrite, total_size, usable
from nfsanalyze.cli.progress import progress
from nfsanalyze.cli.screen import color_wanted, page_width
from nfsanalyze.cli.streams import check_writable, complain, write_file, write_stdout
from nfsanalyze.errors import ExitCode, UsageError
from nfsanalyze.lean import lean

if TYPE_CHECKING:
    from nfsanalyze.engine.query import Answer

Format = Literal["text", "json"]
RowFormat = Literal["text", "csv", "json", "jsonl", "parquet"]

_LIMITS = {"text": 1_000}
_LIMIT = 1_000_000
_UNBOUNDED = 10_000


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(epilog="\b\nExample:\n  nfsanalyze tables client_owners")(tables)
    app.command(epilog='\b\nExample:\n  nfsanalyze query case.pcapng "SELECT frame, op, clientid FROM client_owners"')(
        query
    )


def tables(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="A table, to see its columns.", autocompletion=complete.table),
    ] = None,
    format: Annotated[Format, typer.Option(help="text for people, json for programs.")] = "text",
) -> None:
    """List the fact tables that rules and queries read, or the columns of one."""
    from nfsanalyze.engine.nearest import nearest
    from nfsanalyze.facts.schema import TABLES
    from nfsanalyze.reports.table_page import render_table, render_tables, table_values

    if name is not None and name not in TABLES:
        raise UsageError(f'no table "{name}"{nearest(name, TABLES) or "; run nfsanalyze tables for all of them"}')
    chosen = list(TABLES.values()) if name is None else [TABLES[name]]
    if format == "json":
        import json

        write_stdout(json.dumps(table_values(chosen), indent=2, ensure_ascii=True) + "\n")
    elif name is None:
        write_stdout(render_tables(chosen, width=page_width(), color=color_wanted()))
    else:
        write_stdout(render_table(chosen[0], width=page_width(), color=color_wanted()))


def query(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="CAPTURE... SELECT", help="Capture files of one incident, or -; last one SELECT in quotes."
        ),
    ],
    format: Annotated[
        RowFormat, typer.Option(help="text for people; csv, json, jsonl and parquet (with -o) for programs.")
    ] = "text",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the rows to FILE instead of stdout.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="At most N rows; 1,000 as text, 1,000,000 else, if not given."),
    ] = None,
    port: Ports = None,
    lease_time: LeaseTime = None,
    same_clock: SameClock = False,
    batch: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Ask all cases of a batch instead: the tables have a column case_id too."),
    ] = None,
    config: ConfigFile = None,
    no_config: NoConfig = False,
) -> None:
    """Ask the fact tables of captures a question in SQL.

    Several captures are one case. One SELECT (or WITH ... SELECT) of Polars SQL over the tables that nfsanalyze tables
    lists; rpc, ops and renewals are built only where it names them. Nothing else can be read, and nothing changed.
    Without ORDER BY, rows that come of a join or group are sorted by their columns from left to right.
    """
    if output == Path("-"):
        output = None
    if format == "parquet" and output is None:
        raise UsageError("--format parquet: is not for a terminal; add -o FILE")
    *captures, sql = arguments
    if batch is not None:
        _query_batch(batch, captures, sql, format, output, limit)
        return
    if not captures:
        raise UsageError(f'query: give the captures first and the SELECT last, in quotes; there is only "{sql}"')
    lean()
    from nfsanalyze.engine.query import answer, parse_query
    from nfsanalyze.facts.schema import VOLUME

    wanted = asked(configured(config, no_config), lease_time=lease_time, ports=port or ())
    statement = parse_query(sql)
    paths, unread = usable(captures)
    if output is not None:
        refuse_overwrite(output, paths)
        check_writable(output)
    from nfsanalyze.analysis import read_tables

    with progress(total_size(paths)) as meter:
        facts = read_tables(
            paths,
            lease_time_s=wanted.lease_time_s,
            ports=wanted.ports,
            same_clock=same_clock,
            wanted=statement.reads(VOLUME),
            declared=wanted.declared,
            progress=meter,
        )
    found = answer(statement, facts.tables, limit=limit or _LIMITS.get(format, _LIMIT))
    incomplete = [*unread, *facts.incomplete]
    for line in incomplete:
        complain(f"incomplete: {line}")
    _write(found, format, output)
    raise typer.Exit(ExitCode.INCOMPLETE if incomplete else ExitCode.OK)


def _query_batch(
    folder: Path, captures: list[str], sql: str, format: RowFormat, output: Path | None, limit: int | None
) -> None:
    """The same question to the facts of all cases."""
    if captures:
        raise UsageError(f"query: --batch {folder} has its own captures; leave {captures[0]} out")
    lean()
    from nfsanalyze.batch.facts import batch_tables, empty_tables
    from nfsanalyze.engine.query import answer, parse_query

    statement = parse_query(sql, empty_tables())
    if output is not None:
        check_writable(output)
    _write(answer(statement, batch_tables(folder), limit=limit or _LIMITS.get(format, _LIMIT)), format, output)


def _write(found: Answer, format: RowFormat, output: Path | None) -> None:
    from nfsanalyze.reports.rows import RENDERINGS, parquet_rows

    if found.more:
        complain(f"only the first {found.rows.height:,} rows are shown; --limit N shows more")
    if output is not None and format == "parquet":
        write_file(output, parquet_rows(found.rows))
        return
    text = RENDERINGS[format](found.rows, width=page_width(widest=_UNBOUNDED))
    if output is None:
        write_stdout(text)
    else:
        write_file(output, text)
