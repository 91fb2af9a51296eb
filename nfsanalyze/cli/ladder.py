"""`nfsanalyze ladder`: who said what to whom, as a call flow."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nfsanalyze.cli import complete
from nfsanalyze.cli.asked import (
    ConfigFile,
    LeaseTime,
    NoConfig,
    OwnRules,
    Ports,
    SameClock,
    asked,
    configured,
)
from nfsanalyze.cli.case import analysed, shown, tell_strangers
from nfsanalyze.cli.inputs import STDIN, addresses, refuse_overwrite, time_zone, usable
from nfsanalyze.cli.redaction import Redact, RedactKey, redactor
from nfsanalyze.cli.screen import color_wanted, page_width
from nfsanalyze.cli.streams import check_writable, complain, write_file, write_stdout
from nfsanalyze.errors import ExitCode, UsageError

if TYPE_CHECKING:
    import polars as pl

    from nfsanalyze.analysis import Analysis
    from nfsanalyze.redaction.redactor import Redactor
    from nfsanalyze.reports.document import Document
    from nfsanalyze.reports.ladder import Ladder
    from nfsanalyze.reports.ladder.of_tables import Choice

Format = Literal["text", "svg", "mermaid"]

_WIDEST = 200


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(epilog="\b\nExample:\n  nfsanalyze ladder case.pcapng --finding NFS301")(ladder)


def ladder(
    captures: Annotated[
        list[str],
        typer.Argument(metavar="CAPTURE", help="Capture files of one incident, or - for standard input."),
    ],
    finding: Annotated[
        str | None,
        typer.Option(
            metavar="FINDING",
            help="Only the frames of this finding: a rule (NFS301), NFS301#2, or its number in the report.",
            autocompletion=complete.rule,
        ),
    ] = None,
    around: Annotated[
        str | None,
        typer.Option(
            metavar="FRAME", help="The messages before and after a frame; CAPTURE:FRAME where there are several."
        ),
    ] = None,
    show_all: Annotated[bool, typer.Option("--all", help="Every NFS message, and every beginning and end.")] = False,
    client: Annotated[
        list[str] | None, typer.Option(metavar="ADDR", help="Draw only this client. May be repeated.")
    ] = None,
    server: Annotated[
        list[str] | None, typer.Option(metavar="ADDR", help="Draw only this server address. May be repeated.")
    ] = None,
    format: Annotated[Format, typer.Option(help="text for people; svg and mermaid for tickets.")] = "text",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to FILE instead of stdout.")
    ] = None,
    port: Ports = None,
    lease_time: LeaseTime = None,
    same_clock: SameClock = False,
    rules: OwnRules = None,
    tz: Annotated[
        str, typer.Option(metavar="ZONE", help="Zone of the start of the text: UTC, local, Europe/Berlin.")
    ] = "UTC",
    redact: Redact = False,
    redact_key: RedactKey = None,
    config: ConfigFile = None,
    no_config: NoConfig = False,
) -> None:
    """Draw who said what to whom: a column for each client and head, an arrow for each message.

    Where an address moves, its arrows go to the other head's column. Without --finding, --around or --all only what
    matters is drawn: findings, takeovers, identity, recovery, errors, calls without a reply; renewals between them are
    one line. Frames with a * are those on which a finding rests.
    """
    if sum((finding is not None, around is not None, show_all)) > 1:
        raise UsageError("--finding, --around and --all: give one of them")
    zone = time_zone(tz)
    addresses("--client", client or ())
    addresses("--server", server or ())
    wanted = asked(configured(config, no_config), rules=rules or (), lease_time=lease_time, ports=port or ())
    paths, unread = usable(captures)
    if output == Path("-"):
        output = None
    if output is not None:
        refuse_overwrite(output, paths)
        check_writable(output)
    hiding = redactor(redact, redact_key)
    analysis = analysed(paths, wanted, same_clock=same_clock, tables=("rpc", "ops", "renewals"), redactor=hiding)
    files = shown(paths, hiding)
    if hiding is not None:
        client, server = [*map(hiding.address, client or ())], [*map(hiding.address, server or ())]
    from nfsanalyze.reports.document import document

    report = document(analysis.tables, analysis.findings, analysis.not_evaluable, redacted=hiding is not None)
    tell_strangers(report, clients=client or (), servers=server or (), hiding=hiding, so="nothing of it is drawn")
    choice = _choice(
        report,
        finding=finding,
        around=None if around is None else _place(report, around, files),
        show_all=show_all,
        clients=client or (),
        servers=server or (),
    )
    drawn = _drawn(paths, analysis, report, choice, files, hiding)
    _write(drawn, format, output, zone)
    incomplete = [*unread, *analysis.incomplete]
    for line in incomplete:
        complain(f"incomplete: {line}")
    raise typer.Exit(ExitCode.INCOMPLETE if incomplete else ExitCode.OK)


def _choice(
    report: Document,
    *,
    finding: str | None,
    around: int | None,
    show_all: bool,
    clients: Sequence[str],
    servers: Sequence[str],
) -> Choice:
    from nfsanalyze.reports.addresses import canonical
    from nfsanalyze.reports.ladder.of_tables import Choice
    from nfsanalyze.reports.narrow import narrow
    from nfsanalyze.reports.pick import picked

    asked_for = set(map(canonical, clients))
    mine = {each["id"] for each in report["clients"] if asked_for & {each["id"], *each["addresses"]}}
    findings = narrow(report, clients=clients, servers=servers)["findings"]
    return Choice(
        everything=show_all,
        around=around,
        finding=None if finding is None else picked(findings, finding),
        clients=frozenset(mine or asked_for),
        servers=frozenset(map(canonical, servers)),
    )


def _place(report: Document, word: str, files: Mapping[str, str]) -> int:
    """Where in the case a frame is; `files`: by path in the report the file it stands for, which is what users name."""
    from dissect.nfs4.batch import CAPTURE_STRIDE

    name, _, number = word.rpartition(":")
    captures = report["captures"]
    given = [files.get(each["path"], each["path"]) for each in captures]
    short = [
        path if each["capture"] == each["path"] else Path(path).name for each, path in zip(captures, given, strict=True)
    ]
    known = [at for at, names in enumerate(zip(given, short, strict=True)) if name in names]
    if not name and len(captures) == 1:
        known = [0]
    if not number.isdigit() or not known:
        choices = ", ".join(f"{each}:FRAME" for each in short)
        raise UsageError(f'--around "{word}": give a frame, with its capture where there are several: {choices}')
    packets = captures[known[0]]["packets"]
    if not 1 <= int(number) <= packets:
        raise UsageError(f"--around {word}: there are frames 1 to {packets:,}")
    return known[0] * CAPTURE_STRIDE + int(number)


def _drawn(
    paths: Sequence[str],
    analysis: Analysis,
    report: Document,
    choice: Choice,
    files: Mapping[str, str],
    hiding: Redactor | None,
) -> Ladder:
    from functools import partial

    from dissect.nfs4.decoder import opened
    from nfsanalyze.reports.ladder.of_tables import case_ladder, chosen
    from nfsanalyze.reports.ladder.operations import named

    rows = chosen(analysis.tables, report, choice)
    names = {}
    if STDIN not in paths:
        places = [files.get(each["path"], each["path"]) for each in report["captures"]]
        read = {at: partial(opened, place, "auto") for at, place in enumerate(places)}
        names = named(_as_captured(rows, hiding), analysis.tables["rpc"], read)
    drawn, left = case_ladder(analysis.tables, report, choice, rows, names)
    if left:
        complain(left)
    return drawn


def _as_captured(rows: pl.DataFrame, hiding: Redactor | None) -> pl.DataFrame:
    """Rows with the addresses that the captures hold."""
    if hiding is None:
        return rows
    import polars as pl

    addresses = pl.col("client_address", "server_address")
    return rows.with_columns(addresses.map_elements(hiding.original, return_dtype=pl.String))


def _write(drawn: Ladder, format: Format, output: Path | None, zone: tzinfo | None) -> None:
    if format == "text":
        text = _text(drawn, output, zone)
    else:
        from nfsanalyze.reports.ladder import render_mermaid, render_svg

        text = {"svg": render_svg, "mermaid": render_mermaid}[format](drawn)
    if output is None:
        write_stdout(text)
    else:
        write_file(output, text)


def _text(drawn: Ladder, output: Path | None, zone: tzinfo | None) -> str:
    from nfsanalyze.reports.ladder.text import render_text

    to_terminal = output is None
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "") if to_terminal else "utf8"
    return render_text(
        drawn,
        width=page_width(widest=_WIDEST),
        color=to_terminal and color_wanted(),
        ascii=encoding != "utf8",
        zone=zone,
    )
