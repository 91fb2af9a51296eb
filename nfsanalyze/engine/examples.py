"""Runs the examples a rule carries: rows of fact tables in, findings compared with what the rule's author expects."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from nfsanalyze.engine.finding import Finding
from nfsanalyze.engine.rule import Example, Rule, RuleError
from nfsanalyze.engine.run import run
from nfsanalyze.facts.schema import TABLES, Column, polars_schema

if TYPE_CHECKING:
    import polars as pl

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_CONTAINED = ("message", "title", "fix", "filter")
"""Fields of which an example may give a part."""

_NEUTRAL: dict[str, Any] = {
    "u32": 0,
    "u64": 0,
    "i32": 0,
    "i64": 0,
    "f64": 0.0,
    "bool": False,
    "str": "",
    "bin": b"",
    "time": _EPOCH,
    "list[u64]": [],
    "list[str]": [],
}


def example_tables(rule: Rule, example: Example) -> dict[str, pl.DataFrame]:
    """The example's tables, typed. A column left out is null, or neutral (0, "", false, 1970) where null cannot be.

    Times may be seconds since 1970; byte strings are text, or hex after `0x`. Raises RuleError where a value is of
    another type.
    """
    import polars as pl

    tables = {}
    for name, rows in example.tables.items():
        columns = TABLES[name].columns
        try:
            data = {column.name: [_value(column, row) for row in rows] for column in columns}
            tables[name] = pl.DataFrame(data, schema=polars_schema(name), strict=True)
        except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError) as error:
            fault = " ".join(str(error).split())
            raise RuleError(f'{rule.source}: example "{example.name}" {name}: {fault}') from error
    return tables


def example_faults(rule: Rule, example: Example) -> list[str]:
    """Where findings and expectation differ, one line each; empty where they agree. Raises RuleError."""
    findings, _ = run([rule], example_tables(rule, example))
    left = list(findings)
    faults = []
    for number, expected in enumerate(example.expect, 1):
        match = next((finding for finding in left if not _differences(expected, finding)), None)
        if match is not None:
            left.remove(match)
            continue
        near = min(left, key=lambda finding: len(_differences(expected, finding)), default=None)
        differences = ["nothing was found"] if near is None else _differences(expected, near)
        if near is not None:
            left.remove(near)
        faults.append(f'{rule.id} example "{example.name}" finding {number}: {"; ".join(differences)}')
    faults += [
        f'{rule.id} example "{example.name}": not expected: {finding.severity}, '
        f"frames {list(finding.frames)}: {finding.message}"
        for finding in left
    ]
    return faults


def _differences(expected: Mapping[str, Any], finding: Finding) -> list[str]:
    found = asdict(finding)
    faults = []
    for key, wanted in expected.items():
        value = list(found[key]) if isinstance(found[key], tuple) else found[key]
        same = wanted in value if key in _CONTAINED and isinstance(wanted, str) else wanted == value
        if not same:
            faults.append(f"{key} is {value!r}, not {wanted!r}")
    return faults


def _value(column: Column, row: Mapping[str, Any]) -> Any:
    if column.name not in row:
        return None if column.nullable else _NEUTRAL[column.dtype]
    value = row[column.name]
    if value is None and column.nullable:
        return None
    if column.dtype == "time" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return _EPOCH + dt.timedelta(seconds=value)
    if column.dtype == "bin" and isinstance(value, str):
        return bytes.fromhex(value[2:]) if value.startswith("0x") else value.encode()
    if column.dtype == "f64" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, _types(column.dtype)) or (isinstance(value, bool) and column.dtype != "bool"):
        raise TypeError(f"{column.name} = {value!r} is not {column.dtype}")
    return value


def _types(dtype: str) -> type | tuple[type, ...]:
    neutral: object = _NEUTRAL[dtype]
    return list if isinstance(neutral, Sequence) and not isinstance(neutral, (str, bytes)) else type(neutral)
