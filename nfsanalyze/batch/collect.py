"""Over all cases of an output folder: tables of cases and findings, and figures for a monitoring system."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nfsanalyze.batch import layout
from nfsanalyze.batch.work import Outcome
from nfsanalyze.engine.finding import SEVERITIES
from nfsanalyze.facts.printable import cell
from nfsanalyze.reports.parquet_report import FINDINGS, findings_schema

if TYPE_CHECKING:
    import polars as pl

_COLUMNS = (
    "case_id",
    "status",
    "error",
    *reversed(SEVERITIES),
    "rules",
    "clients",
    "leases",
    "takeovers",
    "not_evaluable",
    "captures",
    "bytes",
    "packets",
    "seconds",
    "cpu_s",
    "peak_mb",
)


def collect(out: Path) -> tuple[Outcome, ...]:
    """Write the tables over all cases that the folder holds, and give their outcomes. Raises OSError."""
    from nfsanalyze.reports.rows import parquet_rows

    found = tuple(layout.outcomes(out))
    layout.write(out / "cases.csv", _cases(found).encode())
    rows = findings(out, [outcome.case for outcome in found])
    layout.write(out / "findings.parquet", parquet_rows(rows))
    layout.write(out / "findings.jsonl", _lines(rows).encode())
    layout.write(out / "metrics.prom", metrics(found).encode())
    return found


def findings(out: Path, cases: Sequence[str]) -> pl.DataFrame:
    """The findings of cases, one row each, by case and then as in their reports."""
    import polars as pl

    parts = [pl.DataFrame(schema={layout.PARTITION: pl.String(), **findings_schema()})]
    for case in cases:
        file = layout.facts_file(out, FINDINGS, case)
        if file.exists():
            table = pl.read_parquet(file, glob=False, hive_partitioning=False)
            parts.append(table.select(pl.lit(case).alias(layout.PARTITION), *findings_schema()))
    return pl.concat(parts)


def _lines(rows: pl.DataFrame) -> str:
    import polars as pl

    times = pl.selectors.datetime().dt.strftime("%Y-%m-%dT%H:%M:%S%.9fZ")
    told = rows.with_columns(times).iter_rows(named=True)
    return "".join(json.dumps(row, ensure_ascii=True) + "\n" for row in told)


def _cases(outcomes: Sequence[Outcome]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    for outcome in outcomes:
        table.writerow(
            (
                cell(outcome.case),
                outcome.status,
                cell(outcome.error),
                *(outcome.findings.get(severity, 0) for severity in reversed(SEVERITIES)),
                " ".join(outcome.rules),
                outcome.clients,
                outcome.leases,
                outcome.takeovers,
                outcome.not_evaluable,
                len(outcome.paths),
                outcome.bytes,
                outcome.packets,
                round(outcome.seconds, 3),
                round(outcome.cpu_s, 3),
                outcome.peak_mb,
            )
        )
    return text.getvalue()


def metrics(outcomes: Sequence[Outcome]) -> str:
    """Figures over all cases in the text format of OpenMetrics 1.0."""
    statuses = Counter(outcome.status for outcome in outcomes)
    severities: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    for outcome in outcomes:
        severities.update(outcome.findings)
        rules.update(outcome.rules.keys())
    families = (
        ("cases", "Cases by what became of them.", [(f'{{status="{s}"}}', n) for s, n in sorted(statuses.items())]),
        ("findings", "Findings by severity.", [(f'{{severity="{s}"}}', severities[s]) for s in SEVERITIES]),
        ("rule_cases", "Cases in which a rule fired.", [(f'{{rule="{r}"}}', n) for r, n in sorted(rules.items())]),
        ("bytes", "Bytes of captures.", [("", sum(o.bytes for o in outcomes))]),
        ("packets", "Packets read.", [("", sum(o.packets for o in outcomes))]),
        ("cpu_seconds", "Seconds of processors.", [("", round(sum(o.cpu_s for o in outcomes), 3))]),
        ("peak_memory_megabytes", "Most that one case needed.", [("", max((o.peak_mb for o in outcomes), default=0))]),
    )
    lines = []
    for name, help, samples in families:
        lines += [f"# TYPE nfsanalyze_{name} gauge", f"# HELP nfsanalyze_{name} {help}"]
        lines += [f"nfsanalyze_{name}{labels} {value}" for labels, value in samples]
    return "\n".join([*lines, "# EOF", ""])
