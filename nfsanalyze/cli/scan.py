"""`nfsanalyze scan`: analyse captures as one case and print the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nfsanalyze.cli import BEGUN, complete
from nfsanalyze.cli.asked import (
    Asked,
    ConfigFile,
    IgnoredRules,
    LeaseTime,
    NoConfig,
    OwnRules,
    Ports,
    SameClock,
    Selected,
    asked,
    configured,
    words,
)
from nfsanalyze.cli.case import analysed, shown, tell_strangers
from nfsanalyze.cli.inputs import addresses, time_zone, usable
from nfsanalyze.cli.output import Format, Rendering, targets, write_empty, write_reports
from nfsanalyze.cli.redaction import Redact, RedactKey, redactor
from nfsanalyze.cli.stats import table
from nfsanalyze.cli.streams import complain, write_stderr
from nfsanalyze.errors import ExitCode, NothingToAnalyse
from nfsanalyze.stages import Stages

if TYPE_CHECKING:
    import polars as pl

    from nfsanalyze.analysis import Analysis
    from nfsanalyze.redaction.redactor import Redactor
    from nfsanalyze.reports.document import Document

Decoder = Literal["auto", "fast", "tshark"]
Severity = Literal["note", "low", "medium", "high", "critical"]


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(epilog="\b\nExample:\n  nfsanalyze scan head1.pcap head2.pcapng --client 10.0.0.11 --fail-on high")(
        scan
    )


def scan(
    captures: Annotated[
        list[str],
        typer.Argument(metavar="CAPTURE", help="Capture files of one incident, or - for standard input."),
    ],
    format: Annotated[
        Format,
        typer.Option(help="text, html: for people; json: for programs (schema nfsanalyze/1); others: for other tools."),
    ] = "text",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report to FILE instead of stdout.")
    ] = None,
    report: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FORMAT=FILE",
            help="Another report besides, such as sarif=case.sarif. May be repeated.",
            autocompletion=complete.report,
        ),
    ] = None,
    client: Annotated[
        list[str] | None, typer.Option(metavar="ADDR", help="Report only this client. May be repeated.")
    ] = None,
    server: Annotated[
        list[str] | None, typer.Option(metavar="ADDR", help="Report only this server address. May be repeated.")
    ] = None,
    port: Ports = None,
    lease_time: LeaseTime = None,
    same_clock: SameClock = False,
    decoder: Annotated[
        Decoder,
        typer.Option(help="auto: tshark opens what ours cannot; fast: without tshark; tshark: it opens all."),
    ] = "auto",
    select: Selected = None,
    ignore: IgnoredRules = None,
    rules: OwnRules = None,
    fail_on: Annotated[Severity | None, typer.Option(help="Exit 1 if a finding is this serious, or more.")] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="REPORT", help="An earlier report (--format json): its findings do not count for --fail-on."
        ),
    ] = None,
    redact: Redact = False,
    redact_key: RedactKey = None,
    config: ConfigFile = None,
    no_config: NoConfig = False,
    tz: Annotated[
        str, typer.Option(metavar="ZONE", help="Zone of the times in the text: UTC, local, Europe/Berlin.")
    ] = "UTC",
    show_all: Annotated[bool, typer.Option("--all", help="Shorten no list in the text.")] = False,
    stats: Annotated[
        bool, typer.Option("--stats", help="Tell on stderr what each stage cost: seconds, CPU seconds, peak memory.")
    ] = False,
) -> None:
    """Analyse the captures of one incident and report.

    Several captures are one case: taps of one incident, or the files of a ring buffer. A packet that two of them show
    counts once, and their clocks are compared by such packets. The report tells the clients, their leases, what moved
    between heads, the findings with the frames that prove them, and what the captures cannot show.

    Without --fail-on findings do not change the exit code. --client and --server narrow the report, never the analysis.
    What the command line says wins over the configuration. Under --redact options and configuration still name
    originals; --redact-key redacts without --redact.
    """
    stages = Stages(begun=BEGUN)
    zone = time_zone(tz)
    addresses("--client", client or ())
    addresses("--server", server or ())
    wanted = asked(
        configured(config, no_config),
        select=words(select),
        ignore=words(ignore),
        rules=rules or (),
        lease_time=lease_time,
        ports=port or (),
        fail_on=fail_on,
    )
    paths, unread = usable(captures)
    wanted_targets = targets(format, output, report or (), paths)
    hiding = redactor(redact, redact_key)
    known = None if baseline is None else _known(baseline, hiding)
    rendering = Rendering(
        targets=wanted_targets,
        zone=zone,
        show_all=show_all or bool(client),
        files=shown(paths, hiding),
    )
    lines = unread if hiding is None else [hiding.line(line, captures) for line in unread]
    try:
        analysis = analysed(paths, wanted, same_clock=same_clock, decoder=decoder, redactor=hiding, stages=stages)
        stages.enter("report")
        document = _report(analysis, lines, wanted, hiding)
    except NothingToAnalyse as error:
        write_empty(_empty(lines, error, hiding), rendering, _files(error.tables))
        for line in unread:
            complain(line)
        raise
    for line in document["summary"]["incomplete"]:
        complain(f"incomplete: {line}")
    told = document["captures"]
    if baseline is not None and known is not None:
        from nfsanalyze.reports.baseline import against

        document = against(document, known, str(baseline) if hiding is None else hiding.path(str(baseline)))
    document = _narrowed(document, clients=client or (), servers=server or (), hiding=hiding)
    write_reports(document, rendering, _files(analysis.tables, analysis))
    if stats:
        stages.enter("end")
        write_stderr(table(stages, told))
    raise typer.Exit(_exit_code(document, wanted.fail_on))


def _report(analysis: Analysis, unread: Sequence[str], wanted: Asked, hiding: Redactor | None) -> Document:
    from nfsanalyze.reports.document import document

    return document(
        analysis.tables,
        analysis.findings,
        analysis.not_evaluable,
        incomplete=[*unread, *analysis.incomplete],
        ignored=analysis.ignored,
        configuration=wanted.file if hiding is None or wanted.file is None else hiding.path(wanted.file),
        rules=analysis.rules,
        redacted=hiding is not None,
    )


def _files(tables: Mapping[str, pl.DataFrame], analysis: Analysis | None = None) -> Iterator[tuple[str, bytes]]:
    """The files of a report in Parquet; nothing is made before they are asked for."""
    from nfsanalyze.reports.parquet_report import parquet_files

    found = () if analysis is None else (analysis.findings, analysis.not_evaluable)
    yield from parquet_files(tables, *found)


def _empty(unread: Sequence[str], error: NothingToAnalyse, hiding: Redactor | None) -> Document:
    from nfsanalyze.reports.document import empty_document

    return empty_document([*unread, str(error)], error.tables, redacted=hiding is not None)


def _narrowed(report: Document, *, clients: Sequence[str], servers: Sequence[str], hiding: Redactor | None) -> Document:
    from nfsanalyze.reports.narrow import narrow

    if hiding is not None:
        clients, servers = [*map(hiding.address, clients)], [*map(hiding.address, servers)]
    tell_strangers(report, clients=clients, servers=servers, hiding=hiding, so="the report holds nothing of it")
    return narrow(report, clients=clients, servers=servers)


def _known(baseline: Path, hiding: Redactor | None) -> frozenset[str]:
    from nfsanalyze.reports.baseline import read_baseline

    return read_baseline(baseline, hiding)


def _exit_code(report: Document, fail_on: str | None) -> ExitCode:
    """1 wins over 4: what was found holds, whatever else was not read. What the baseline knows does not count."""
    from nfsanalyze.engine.finding import SEVERITIES

    if fail_on is not None:
        least = SEVERITIES.index(fail_on)
        if any(SEVERITIES.index(f["severity"]) >= least and not f["known"] for f in report["findings"]):
            return ExitCode.FINDINGS
    return ExitCode.OK if report["summary"]["complete"] else ExitCode.INCOMPLETE
