"""`nfsanalyze batch`: many cases, each for itself, and what all of them show together."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nfsanalyze.cli.asked import ConfigFile, IgnoredRules, NoConfig, OwnRules, Ports, Selected, asked, configured, words
from nfsanalyze.cli.progress import Line
from nfsanalyze.cli.streams import complain, write_stdout
from nfsanalyze.errors import ExitCode, NothingToAnalyse, UsageError
from nfsanalyze.facts.printable import printable

if TYPE_CHECKING:
    from nfsanalyze.batch.executors import Executor
    from nfsanalyze.batch.work import Outcome

Severity = Literal["note", "low", "medium", "high", "critical"]
Grouping = Literal["file", "folder"]

_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(epilog="\b\nExample:\n  nfsanalyze batch /cases --group folder --out results --jobs 4")(batch)


def batch(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the results.")],
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH]...", help="Captures, folders with all below, patterns, or URLs of object stores."
        ),
    ] = None,
    group: Annotated[
        Grouping, typer.Option(help="A case is each capture file, or the captures of each folder together.")
    ] = "file",
    cases: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Cases from a file with the columns case,path instead.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(metavar="N", min=1, help="Cases at once; one for each processor.")] = None,
    timeout: Annotated[float, typer.Option(metavar="S", min=1, help="Seconds that one case may take.")] = 600,
    memory: Annotated[
        int | None, typer.Option(metavar="MB", min=128, help="Memory of one case; its share of the machine's.")
    ] = None,
    shard: Annotated[
        str | None, typer.Option(metavar="I/N", help="Only the I-th of N parts of the cases, for schedulers.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Run on this Dask cluster, such as tcp://host:8786.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Analyse anew what is done already.")] = False,
    port: Ports = None,
    lease_time: Annotated[
        float | None,
        typer.Option(metavar="S", min=0.001, help="Lease time in seconds, where a capture does not show it."),
    ] = None,
    same_clock: Annotated[
        bool, typer.Option("--same-clock", help="Captures of a case that share no packets were taken by one clock.")
    ] = False,
    select: Selected = None,
    ignore: IgnoredRules = None,
    rules: OwnRules = None,
    fail_on: Annotated[Severity | None, typer.Option(help="Exit 1 if any finding is this serious, or more.")] = None,
    config: ConfigFile = None,
    no_config: NoConfig = False,
) -> None:
    """Analyse many cases, each in a process of its own, and gather what they show.

    For each case: cases/CASE/report.json, and its facts as Parquet below facts/. Over all: cases.csv, findings.jsonl,
    findings.parquet and metrics.prom. A case that is bad, huge or hangs harms no other. What is done already is not
    done again unless captures, version, rules or options changed, so a run that was broken off can be taken up.
    """
    from nfsanalyze.batch.cases import found, from_csv, grouped, share
    from nfsanalyze.batch.run import run_batch
    from nfsanalyze.batch.work import Limits, Options
    from nfsanalyze.engine.loader import load_rules
    from nfsanalyze.engine.select import NoSuchRule, select_rules

    if bool(paths) == (cases is not None):
        raise UsageError("batch: give either paths or --cases CSV")
    chosen = from_csv(cases) if cases is not None else grouped(found(paths or ()), group)
    if shard is not None:
        chosen = share(chosen, shard)
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out}: is no folder")
    wanted = asked(
        configured(config, no_config),
        select=words(select),
        ignore=words(ignore),
        rules=rules or (),
        lease_time=lease_time,
        ports=port or (),
        fail_on=fail_on,
    )
    options = Options(
        lease_time_s=wanted.lease_time_s,
        ports=wanted.ports,
        same_clock=same_clock,
        select=wanted.select,
        ignore=tuple(asdict(each) for each in wanted.ignore),
        one_server=tuple(sorted(map(sorted, wanted.declared.one))),
        different_servers=tuple(sorted(map(sorted, wanted.declared.apart))),
        configuration=wanted.file,
        rules=tuple(str(each.resolve()) for each in wanted.own),
    )
    try:
        select_rules(load_rules(own=wanted.own, examples=False), wanted.select, wanted.everywhere)
    except NoSuchRule as error:
        raise wanted.origin(error) from error
    jobs = min(jobs or _processors(), max(len(chosen), 1))
    limits = Limits(seconds=timeout, megabytes=memory or _share_of_memory(jobs))
    meter = _Meter()
    done = run_batch(
        chosen,
        out,
        options=options,
        limits=limits,
        executor=lambda: _executor(scheduler, jobs),
        again=again,
        told=meter.show,
    )
    meter.erase()
    write_stdout(_summary(done.outcomes, done.kept, out))
    if done.outcomes and all(outcome.status == "nothing" for outcome in done.outcomes):
        raise NothingToAnalyse("no case holds NFSv4")
    raise typer.Exit(_exit_code(done.outcomes, wanted.fail_on))


def _executor(scheduler: str | None, jobs: int) -> Executor:
    from nfsanalyze.batch.executors import dask, local

    return local(jobs) if scheduler is None else dask(scheduler)


def _processors() -> int:
    with suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _share_of_memory(jobs: int) -> int:
    """Four fifths of the machine's memory for all cases at once, in MB; 0 for no limit where it is not known."""
    with suppress(AttributeError, ValueError, OSError):
        return max(512, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 4 // 5 // jobs >> 20)
    return 0


def _exit_code(outcomes: Sequence[Outcome], fail_on: str | None) -> ExitCode:
    """1 wins over 4, as for one case; a case that was not analysed makes the batch incomplete."""
    from nfsanalyze.engine.finding import SEVERITIES

    if fail_on is not None:
        serious = SEVERITIES[SEVERITIES.index(fail_on) :]
        if any(outcome.findings.get(severity) for outcome in outcomes for severity in serious):
            return ExitCode.FINDINGS
    return ExitCode.OK if all(o.status in ("done", "nothing") for o in outcomes) else ExitCode.INCOMPLETE


def _summary(outcomes: Sequence[Outcome], kept: int, out: Path) -> str:
    from nfsanalyze.engine.finding import SEVERITIES
    from nfsanalyze.reports.terminal.page import counted

    statuses = Counter(outcome.status for outcome in outcomes)
    told = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items(), key=lambda each: -each[1]))
    lines = [f"{counted(len(outcomes), 'case')}: {told}" + (f"; {kept} of them done before" if kept else "")]
    severities: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    for outcome in outcomes:
        severities.update(outcome.findings)
        rules.update(outcome.rules.keys())
    shown = [f"{severities[name]} {name}" for name in reversed(SEVERITIES) if severities[name]]
    lines.append(f"findings: {', '.join(shown) or 'none'}")
    for rule, count in sorted(rules.items(), key=lambda each: (-each[1], each[0]))[:_SHOWN]:
        lines.append(f"  {rule} in {counted(count, 'case')}")
    troubled = [outcome for outcome in outcomes if outcome.status != "done"]
    if troubled:
        lines.append("not wholly analysed:")
    lines += [f"  {printable(o.case)} ({o.status}): {printable(' '.join(o.error.split()))}" for o in troubled[:_SHOWN]]
    if len(troubled) > _SHOWN:
        lines.append(f"  ... and {len(troubled) - _SHOWN} more, see cases.csv")
    lines.append(
        f"results in {printable(str(out))}: cases.csv, findings.jsonl, findings.parquet, metrics.prom, cases/, facts/"
    )
    return "\n".join(lines) + "\n"


class _Meter:
    """One line on stderr: how many cases, how fast, how long still; on a terminal only, errors everywhere."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._first = 0
        self._line = Line()
        self._terminal = sys.stderr.isatty()

    def show(self, done: int, of: int, last: Outcome | None) -> None:
        if last is None:
            self._first = done
        elif last.status not in ("done", "nothing", "incomplete"):
            self.erase()
            complain(f"{last.case}: {last.status}: {last.error}")
        if not self._terminal:
            return
        seconds = time.monotonic() - self._begun
        rate = (done - self._first) / seconds if seconds > 0 else 0.0
        left = f", {(of - done) / rate:,.0f} s left" if rate > 0 else ""
        self._line.write(f"nfsanalyze: {done:,} of {of:,} cases, {rate:.1f} a second{left}")

    def erase(self) -> None:
        self._line.erase()
