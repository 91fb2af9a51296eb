"""The analysis of a case for commands that show or take part of it: the same findings as `scan` has."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from nfsanalyze.cli.asked import Asked
from nfsanalyze.cli.inputs import total_size
from nfsanalyze.cli.progress import progress

if TYPE_CHECKING:
    from nfsanalyze.analysis import Analysis
    from nfsanalyze.redaction.redactor import Redactor


def analysed(
    paths: Sequence[str],
    wanted: Asked,
    *,
    same_clock: bool,
    tables: Collection[str] = (),
    quiet: bool = False,
    redactor: Redactor | None = None,
) -> Analysis:
    """The case as it is asked for, with these `tables` of volume; `quiet`: without progress. Raises as `analyse`."""
    from nfsanalyze.analysis import analyse
    from nfsanalyze.engine.select import NoSuchRule

    try:
        with progress(0 if quiet else total_size(paths)) as meter:
            return analyse(
                paths,
                lease_time_s=wanted.lease_time_s,
                ports=wanted.ports,
                same_clock=same_clock,
                select=wanted.select,
                ignore=wanted.ignore,
                own=wanted.own,
                wanted=tables,
                declared=wanted.declared,
                redactor=redactor,
                progress=None if quiet else meter,
            )
    except NoSuchRule as error:
        raise wanted.origin(error) from error
