"""`nfsanalyze scan`: analyse captures as one case and print the report."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nfsanalyze.cli import BEGUN
from nfsanalyze.cli.asked import Asked, ConfigFile, NoConfig, asked, configured
from nfsanalyze.cli.inputs import addresses, refuse_overwrite, time_zone, total_size, usable
from nfsanalyze.cli.progress import progress
from nfsanalyze.cli.stats import table
from nfsanalyze.cli.streams import check_writable, complain, write_file, write_stderr, write_stdout
from nfsanalyze.errors import ExitCode, NothingToAnalyse
from nfsanalyze.lean import lean
from nfsanalyze.stages import Stages

if TYPE_CHECKING:
    from nfsanalyze.reports.document import Document

Format = Literal["text", "json"]
Decoder = Literal["auto", "fast", "tshark"]
Severity = Literal["note", "low", "medium", "high", "critical"]

_NARROWEST = 60
_WIDEST = 120
_PIPE_WIDTH = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rendering:
    """How a report is written, and where."""

    format: Format
    output: Path | None
    zone: tzinfo | None
    show_all: bool


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
    format: Annotated[Format, typer.Option(help="text for people, json for programs (schema nfsanalyze/1).")] = "text",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report to FILE instead of stdout.")
    ] = None,
    client: Annotated[
        list[str] | None, typer.Option(metavar="ADDR", help="Report only this client. May be repeated.")
    ] = None,
    server: Annotated[
        list[str] | None, typer.Option(metavar="ADDR", help="Report only this server address. May be repeated.")
    ] = None,
    port: Annotated[
        list[int] | None,
        typer.Option(metavar="N", min=1, max=65535, help="Take this TCP port for NFS too. May be repeated."),
    ] = None,
    lease_time: Annotated[
        float | None,
        typer.Option(metavar="S", min=0.001, help="Lease time in seconds, where the capture does not show it."),
    ] = None,
    same_clock: Annotated[
        bool,
        typer.Option("--same-clock", help="Captures that share no packets were taken by one clock, or by equal ones."),
    ] = False,
    decoder: Annotated[
        Decoder,
        typer.Option(help="auto: tshark opens what ours cannot; fast: without tshark; tshark: it opens all."),
    ] = "auto",
    select: Annotated[
        list[str] | None, typer.Option(metavar="IDS", help="Only these rules: ids, starts of ids or names, by comma.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(metavar="IDS", help="All rules but these.")] = None,
    rules: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Rules of your own besides: a folder or a file. May be repeated."),
    ] = None,
    fail_on: Annotated[Severity | None, typer.Option(help="Exit 1 if a finding is this serious, or more.")] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="REPORT", help="An earlier report (--format json): its findings do not count for --fail-on."
        ),
    ] = None,
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
    What the command line says wins over the configuration.
    """
    stages = Stages(begun=BEGUN)
    if output == Path("-"):
        output = None
    rendering = _Rendering(format=format, output=output, zone=time_zone(tz), show_all=show_all or bool(client))
    addresses("--client", client or ())
    addresses("--server", server or ())
    wanted = asked(
        configured(config, no_config),
        select=_words(select),
        ignore=_words(ignore),
        rules=rules or (),
        lease_time=lease_time,
        ports=port or (),
        fail_on=fail_on,
    )
    known = None if baseline is None else _known(baseline)
    paths, unread = usable(captures)
    if output is not None:
        refuse_overwrite(output, paths)
        check_writable(output)
    try:
        report = _report(paths, unread, wanted, decoder=decoder, same_clock=same_clock, stages=stages)
    except NothingToAnalyse as error:
        if format == "json":
            _write(_empty(unread, error), rendering)
        for line in unread:
            complain(line)
        raise
    for line in report["summary"]["incomplete"]:
        complain(f"incomplete: {line}")
    told = report["captures"]
    if baseline is not None and known is not None:
        from nfsanalyze.reports.baseline import against

        report = against(report, known, str(baseline))
    report = _narrowed(report, clients=client or (), servers=server or ())
    _write(report, rendering)
    if stats:
        stages.enter("end")
        write_stderr(table(stages, told))
    raise typer.Exit(_exit_code(report, wanted.fail_on))


def _report(
    paths: Sequence[str],
    unread: Sequence[str],
    wanted: Asked,
    *,
    decoder: Decoder,
    same_clock: bool,
    stages: Stages,
) -> Document:
    lean()
    from nfsanalyze.analysis import analyse
    from nfsanalyze.engine.select import NoSuchRule
    from nfsanalyze.reports.document import document

    try:
        with progress(total_size(paths)) as meter:
            analysis = analyse(
                paths,
                lease_time_s=wanted.lease_time_s,
                ports=wanted.ports,
                decoder=decoder,
                same_clock=same_clock,
                select=wanted.select,
                ignore=wanted.ignore,
                own=wanted.own,
                declared=wanted.declared,
                progress=meter,
                stages=stages,
            )
    except NoSuchRule as error:
        raise wanted.origin(error) from error
    stages.enter("report")
    return document(
        analysis.tables,
        analysis.findings,
        analysis.not_evaluable,
        incomplete=[*unread, *analysis.incomplete],
        ignored=analysis.ignored,
        configuration=wanted.file,
    )


def _empty(unread: Sequence[str], error: NothingToAnalyse) -> Document:
    from nfsanalyze.reports.document import empty_document

    return empty_document([*unread, str(error)], error.tables)


def _narrowed(report: Document, *, clients: Sequence[str], servers: Sequence[str]) -> Document:
    from nfsanalyze.reports.narrow import narrow, strangers

    for address in strangers(report, clients=clients, servers=servers):
        complain(f"{address}: not seen in these captures; the report holds nothing of it")
    return narrow(report, clients=clients, servers=servers)


def _write(report: Document, rendering: _Rendering) -> None:
    if rendering.format == "json":
        from nfsanalyze.reports.json_report import render_json

        text = render_json(report)
    else:
        text = _text(report, rendering)
    if rendering.output is None:
        write_stdout(text)
    else:
        write_file(rendering.output, text)


def _text(report: Document, rendering: _Rendering) -> str:
    from nfsanalyze.reports.terminal import render_text

    terminal = rendering.output is None and sys.stdout.isatty()
    # get_terminal_size heeds COLUMNS, which a pipe may set
    width = shutil.get_terminal_size((_PIPE_WIDTH, 24)).columns if terminal or "COLUMNS" in os.environ else _PIPE_WIDTH
    return render_text(
        report,
        width=max(_NARROWEST, min(width, _WIDEST)),
        color=terminal and _color_wanted(),
        zone=rendering.zone,
        show_all=rendering.show_all,
    )


def _color_wanted() -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") not in (None, "", "dumb")


def _known(baseline: Path) -> frozenset[str]:
    from nfsanalyze.reports.baseline import read_baseline

    return read_baseline(baseline)


def _exit_code(report: Document, fail_on: str | None) -> ExitCode:
    """1 wins over 4: what was found holds, whatever else was not read. What the baseline knows does not count."""
    from nfsanalyze.engine.finding import SEVERITIES

    if fail_on is not None:
        least = SEVERITIES.index(fail_on)
        if any(SEVERITIES.index(f["severity"]) >= least and not f["known"] for f in report["findings"]):
            return ExitCode.FINDINGS
    return ExitCode.OK if report["summary"]["complete"] else ExitCode.INCOMPLETE


def _words(lists: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(word for joined in lists or () for word in joined.replace(",", " ").split())
