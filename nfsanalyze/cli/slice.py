"""`nfsanalyze slice`: the packets behind one finding, as a capture that gives it again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nfsanalyze.cli.asked import (
    Asked,
    ConfigFile,
    LeaseTime,
    NoConfig,
    OwnRules,
    Ports,
    SameClock,
    asked,
    configured,
)
from nfsanalyze.cli.case import analysed
from nfsanalyze.cli.inputs import STDIN, addresses, refuse_overwrite, usable
from nfsanalyze.cli.redaction import Redact, RedactKey, redactor
from nfsanalyze.cli.streams import check_writable, complain, write_file
from nfsanalyze.errors import ExitCode, UsageError
from nfsanalyze.facts.printable import readable

if TYPE_CHECKING:
    from nfsanalyze.analysis import Analysis
    from nfsanalyze.redaction.redactor import Redactor
    from nfsanalyze.slicing.cut import Hiding, Slice


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(epilog="\b\nExample:\n  nfsanalyze slice case.pcapng NFS301 -o nfs301.pcapng")(slice)


def slice(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="CAPTURE... FINDING",
            help="Capture files of one incident; last a rule (NFS301), one of several findings of it (NFS301#2) or "
            "the number of a finding in the report (3).",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Write the slice to FILE (pcapng).")],
    client: Annotated[
        list[str] | None, typer.Option(metavar="ADDR", help="Count only findings of this client. May be repeated.")
    ] = None,
    port: Ports = None,
    lease_time: LeaseTime = None,
    same_clock: SameClock = False,
    rules: OwnRules = None,
    redact: Redact = False,
    redact_key: RedactKey = None,
    config: ConfigFile = None,
    no_config: NoConfig = False,
) -> None:
    """Write the packets that are needed to see a finding to a capture of their own.

    Scanning it gives the finding again, and accuses nobody whom the captures do not: it starts with the frames of the
    finding and those of identity, sessions and state, whole messages with the handshakes of their connections, is
    scanned, and widened until that is so. Each packet has its original number as a comment. Several captures become
    the interfaces of one file, on one clock. --redact puts stand-ins into the packets where addresses and names stand,
    and zero for whatever is not needed.

    Exit code 4 where no slice gives the finding, which is then said, and the widest is written.
    """
    *captures, word = arguments
    if not captures:
        raise UsageError(f'slice: give the captures first and the finding last; there is only "{word}"')
    if STDIN in captures:
        raise UsageError("- (standard input) cannot be read twice, as a slice needs: save it in a file")
    if output == Path("-"):
        raise UsageError("-o -: a slice is not for a terminal; give the name of a file")
    addresses("--client", client or ())
    wanted = asked(
        configured(config, no_config), rules=rules or (), lease_time=lease_time, ports=port or (), fail_on=None
    )
    paths, unread = usable(captures)
    refuse_overwrite(output, paths)
    check_writable(output)
    hiding = redactor(redact, redact_key)
    analysis = analysed(paths, wanted, same_clock=same_clock, tables=("rpc", "renewals"))
    finding = _picked(analysis, word, client or ())
    found = _cut(paths, analysis, finding["id"], wanted, same_clock=same_clock, hiding=hiding)
    write_file(output, found.data)
    _tell(found, finding, output)
    incomplete = [*unread, *analysis.incomplete]
    for line in incomplete:
        complain(f"incomplete: {line}")
    raise typer.Exit(ExitCode.OK if found.faithful and not incomplete else ExitCode.INCOMPLETE)


def _picked(analysis: Analysis, word: str, clients: Sequence[str]) -> dict[str, Any]:
    """The finding as the report of `scan` has it."""
    from nfsanalyze.reports.document import document
    from nfsanalyze.reports.narrow import narrow
    from nfsanalyze.reports.pick import picked

    report = document(analysis.tables, analysis.findings, analysis.not_evaluable)
    return picked(narrow(report, clients=clients)["findings"], word)


def _cut(
    paths: Sequence[str], analysis: Analysis, id: str, wanted: Asked, *, same_clock: bool, hiding: Redactor | None
) -> Slice:
    from dissect.nfs4.decoder import opened
    from nfsanalyze.several import several
    from nfsanalyze.slicing.cut import Case, cut

    known = set(analysis.tables["captures"]["path"].to_list())
    captures = [opened(path, "auto") for path in paths if readable(path) in known]
    together = several(captures, same_clock=same_clock) if len(captures) > 1 else None
    finding = next(each for each in analysis.findings if each.id == id)
    comment = f"{finding.rule} {finding.title}" + (f": {finding.message}" if hiding is None else "")
    return cut(
        Case(captures, together),
        analysis,
        finding,
        lambda path: analysed([path], wanted, same_clock=False, quiet=True),
        hiding=None if hiding is None else _hiding(wanted, hiding),
        comment=comment,
    )


def _hiding(wanted: Asked, hiding: Redactor) -> Hiding:
    from dataclasses import replace

    from nfsanalyze.redaction.frames import redacted
    from nfsanalyze.slicing.cut import Hiding
    from nfsanalyze.wishes import redacted_declarations, redacted_ignores

    of_stand_ins = replace(
        wanted,
        ignore=redacted_ignores(wanted.ignore, hiding),
        declared=redacted_declarations(wanted.declared, hiding),
    )
    return Hiding(
        frames=lambda frames: redacted(frames, hiding, ports=wanted.ports),
        name=hiding.path,
        told=lambda path: analysed([path], wanted, same_clock=False, quiet=True, redactor=hiding),
        again=lambda path: analysed([path], of_stand_ins, same_clock=False, quiet=True),
    )


def _tell(found: Slice, finding: dict[str, Any], output: Path) -> None:
    size = f"{found.packets:,} of {found.of:,} packets, {len(found.data):,} bytes"
    if found.faithful:
        complain(f"{output}: {size}: {found.what}; scanning it gives {finding['rule']} again")
    else:
        complain(f"{output}: {size}, but scanning it does not give {finding['rule']} again: {found.reason}")
