"""The analysis of a case, and what is said of it on stderr, for all commands that show or take part of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from nfsanalyze.cli.asked import Asked
from nfsanalyze.cli.inputs import total_size
from nfsanalyze.cli.progress import progress
from nfsanalyze.cli.streams import complain
from nfsanalyze.facts.printable import readable
from nfsanalyze.lean import lean

if TYPE_CHECKING:
    from dissect.nfs4.decoder import Decoder
    from nfsanalyze.analysis import Analysis
    from nfsanalyze.redaction.redactor import Redactor
    from nfsanalyze.reports.document import Document
    from nfsanalyze.stages import Stages


def analysed(
    paths: Sequence[str],
    wanted: Asked,
    *,
    same_clock: bool,
    tables: Collection[str] = (),
    quiet: bool = False,
    decoder: Decoder = "auto",
    redactor: Redactor | None = None,
    stages: Stages | None = None,
) -> Analysis:
    """The case as it is asked for, with these `tables` of volume; `quiet`: without progress. Raises as `analyse`."""
    lean()
    from nfsanalyze.analysis import analyse
    from nfsanalyze.engine.select import NoSuchRule

    try:
        with progress(0 if quiet else total_size(paths)) as meter:
            return analyse(
                paths,
                lease_time_s=wanted.lease_time_s,
                ports=wanted.ports,
                decoder=decoder,
                same_clock=same_clock,
                select=wanted.select,
                ignore=wanted.ignore,
                own=wanted.own,
                wanted=tables,
                declared=wanted.declared,
                redactor=redactor,
                progress=None if quiet else meter,
                stages=stages,
            )
    except NoSuchRule as error:
        raise wanted.origin(error) from error


def shown(paths: Sequence[str], hiding: Redactor | None) -> dict[str, str]:
    """By path as a report names it, the file that it is of."""
    return {(readable if hiding is None else hiding.path)(path): path for path in paths}


def tell_strangers(
    report: Document, *, clients: Sequence[str], servers: Sequence[str], hiding: Redactor | None, so: str
) -> None:
    """A line for each address that is asked for and was not seen, as the user named it."""
    from nfsanalyze.reports.narrow import strangers

    for address in strangers(report, clients=clients, servers=servers):
        said = address if hiding is None else hiding.original(address)
        complain(f"{said}: not seen in these captures; {so}")
