"""One case, analysed and written down; runs in a child process that may be killed at any moment."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nfsanalyze.batch import key, layout, remote
from nfsanalyze.batch.names import is_url
from nfsanalyze.batch.work import ANALYSED, Outcome, Work
from nfsanalyze.errors import NfsAnalyzeError, NothingToAnalyse
from nfsanalyze.facts.printable import readable
from nfsanalyze.reports.parquet_report import FINDINGS, findings_table

if TYPE_CHECKING:
    import polars as pl


def analyse_case(work: Work) -> Outcome:
    """The outcome of a case, its results written; those of an earlier run stand where nothing changed.

    Raises OSError where the results cannot be written.
    """
    begun, cpu = time.perf_counter(), time.process_time()
    base = Outcome(case=work.case, status="failed", paths=work.paths)
    with tempfile.TemporaryDirectory(prefix="nfsanalyze-") as folder:
        try:
            files = _local(work.paths, Path(folder))
            base = replace(
                base,
                signatures=tuple(signature(path) for path in work.paths),
                bytes=sum(file.stat().st_size for file in files.values()),
                made_with=key.made_with(work.options, work.formats),
                key=key.made_of([key.content(file) for file in files.values()], work.options, work.formats),
            )
        except OSError as error:
            return replace(base, error=f"cannot be read: {error.strerror or error}")
        except NfsAnalyzeError as error:
            return replace(base, error=str(error))
        before = layout.read_outcome(Path(work.out), work.case)
        if before is not None and before.key == base.key and before.status in (*ANALYSED, "nothing"):
            return replace(before, signatures=base.signatures)
        outcome = _analysed(work, files, base)
    return replace(outcome, seconds=time.perf_counter() - begun, cpu_s=time.process_time() - cpu)


def signature(path: str) -> str:
    """What tells, without reading it, that a capture is still the same. Raises OSError, UsageError."""
    return remote.signature(path) if is_url(path) else key.signature(Path(path))


def _local(paths: Sequence[str], folder: Path) -> dict[str, Path]:
    """The captures as files of this machine, by their names. Raises OSError, UsageError."""
    files = {}
    for index, path in enumerate(paths):
        file = remote.fetch(path, folder / str(index)) if is_url(path) else Path(path)
        if not file.is_file():
            # A pipe or a device has no end that a batch could wait for.
            raise OSError(0, f"{path}: {'is no regular file' if file.exists() else 'no such file'}")
        files[path] = file
    return files


def _analysed(work: Work, files: Mapping[str, Path], base: Outcome) -> Outcome:
    from nfsanalyze.analysis import analyse
    from nfsanalyze.engine.ignore import Ignore
    from nfsanalyze.reports.document import document, empty_document
    from nfsanalyze.state.declared import Declared

    options = work.options
    out = Path(work.out)
    names = {str(file): path for path, file in files.items()}
    try:
        analysis = analyse(
            list(names),
            lease_time_s=options.lease_time_s,
            ports=options.ports,
            same_clock=options.same_clock,
            own=tuple(Path(each) for each in options.rules),
            select=options.select,
            ignore=tuple(Ignore(**each) for each in options.ignore),  # type: ignore[arg-type]
            declared=Declared(
                one=tuple(map(frozenset, options.one_server)), apart=tuple(map(frozenset, options.different_servers))
            ),
        )
    except NothingToAnalyse as error:
        reason = _called(str(error), names)
        _write_report(out, work, empty_document([reason], _renamed(error.tables or {}, names)))
        _write_tables(out, work.case, {})
        return replace(base, status="nothing", error=reason)
    tables = _renamed(analysis.tables, names)
    report = document(
        tables,
        analysis.findings,
        analysis.not_evaluable,
        incomplete=[_called(e, names) for e in analysis.incomplete],
        ignored=analysis.ignored,
        configuration=options.configuration,
        rules=analysis.rules,
    )
    _write_report(out, work, report)
    _write_tables(out, work.case, {**tables, FINDINGS: findings_table(analysis.findings)})
    summary = report["summary"]
    rules: dict[str, int] = {}
    for finding in report["findings"]:
        rules[finding["rule"]] = rules.get(finding["rule"], 0) + 1
    return replace(
        base,
        status="done" if summary["complete"] else "incomplete",
        error="; ".join(summary["incomplete"]),
        packets=sum(capture["packets"] for capture in report["captures"]),
        clients=summary["clients"],
        leases=summary["leases"],
        takeovers=summary["takeovers"],
        not_evaluable=summary["not_evaluable"],
        findings=dict(summary["findings"]),
        rules=dict(sorted(rules.items())),
    )


def _called(text: str, names: Mapping[str, str]) -> str:
    """A message that speaks of captures by the names they were given, not by those of copies."""
    for file, name in names.items():
        if file != name:
            text = text.replace(file, name)
    return text


def _renamed(tables: Mapping[str, pl.DataFrame], names: Mapping[str, str]) -> dict[str, pl.DataFrame]:
    import polars as pl

    found = dict(tables)
    if "captures" in found:
        told = {readable(file): readable(name) for file, name in names.items()}
        found["captures"] = found["captures"].with_columns(pl.col("path").replace(told))
    return found


def _write_report(out: Path, work: Work, report: dict[str, Any]) -> None:
    from nfsanalyze.reports.json_report import render_json

    layout.write(layout.case_folder(out, work.case) / "report.json", render_json(report).encode())


def _write_tables(out: Path, case: str, tables: Mapping[str, pl.DataFrame]) -> None:
    """The rows of each table as Parquet; of an earlier run no table is left over."""
    from nfsanalyze.reports.rows import parquet_rows

    for old in (out / "facts").glob(f"*/{layout.PARTITION}={case}/facts.parquet"):
        if tables.get(old.parent.parent.name) is None or tables[old.parent.parent.name].is_empty():
            old.unlink(missing_ok=True)
    for name, table in tables.items():
        if not table.is_empty():
            layout.write(layout.facts_file(out, name, case), parquet_rows(table))
