"""Compiles and runs the `detect` of a rule: one SELECT over fact tables, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from nfsanalyze.engine import limits
from nfsanalyze.engine.faults import fault
from nfsanalyze.engine.message import placeholders
from nfsanalyze.engine.nearest import nearest
from nfsanalyze.engine.needs import needed
from nfsanalyze.engine.rule import USER_GROUP, Rule, RuleError
from nfsanalyze.engine.statement import Statement, StatementError, line_and_column, statement, trusted
from nfsanalyze.facts.schema import TABLES, VOLUME, polars_schema

if TYPE_CHECKING:
    import polars as pl

TEXTS = ("severity", "confidence")
LABELS = ("servers", "clientids")
TIMES = ("first", "last")


def frame_columns(names: Iterable[str]) -> tuple[str, ...]:
    """The columns of a result that hold frames: `frames`, `frame`, `…_frames`, `…_frame`; numbers or nested lists."""
    return tuple(name for name in names if name.split("_")[-1] in ("frames", "frame"))


def run_detect(rule: Rule, tables: Mapping[str, pl.DataFrame | pl.LazyFrame]) -> pl.DataFrame:
    """The rows a rule finds in these tables; those not given are empty. Raises RuleError with one line."""
    import polars as pl

    asked = _asked(rule)

    def work() -> pl.DataFrame:
        return lazy(asked, tables).collect(engine="in-memory")

    try:
        return limits.bounded(work, seconds=limits.SECONDS) if rule.group == USER_GROUP else work()
    except limits.LimitError as error:
        raise _error(rule, str(error), None) from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise _error(rule, *fault(error, asked)) from error


def run_detects(rules: Sequence[Rule], tables: Mapping[str, pl.DataFrame | pl.LazyFrame]) -> list[pl.DataFrame]:
    """What `run_detect` returns for each of the rules, several of them at a time."""
    import polars as pl

    ours = [rule for rule in rules if rule.group != USER_GROUP]
    try:
        found = iter(pl.collect_all([lazy(trusted(rule.detect), tables) for rule in ours], engine="in-memory"))
        # those of users each in bounds of its own
        return [run_detect(rule, tables) if rule.group == USER_GROUP else next(found) for rule in rules]
    except (RuleError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        # one by one, so that the rule at fault is named
        return [run_detect(rule, tables) for rule in rules]


def _asked(rule: Rule) -> Statement:
    return _statement(rule) if rule.group == USER_GROUP else trusted(rule.detect)


def compile_rule(rule: Rule) -> dict[str, pl.DataType]:
    """Types of the columns a rule returns, checked on empty tables: SQL, types, columns, fields of the message.

    Raises RuleError with one line.
    """
    import polars as pl

    asked = _statement(rule)

    def work() -> dict[str, pl.DataType]:
        plan = lazy(asked, {})
        plan.collect_schema()
        # Some clashes of types show only when the plan runs.
        return dict(plan.collect(engine="in-memory").schema)

    try:
        schema = limits.bounded(work, seconds=limits.SECONDS)
    except limits.LimitError as error:
        raise _error(rule, str(error), None) from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise _error(rule, *fault(error, asked)) from error
    _check_columns(rule, schema)
    return schema


def volume_read(rules: Iterable[Rule]) -> tuple[str, ...]:
    """Tables of volume that rules read; ours say so in `needs`. Checks the user's rules, before anything is run.

    Raises RuleError with one line.
    """
    wanted: set[str] = set()
    for rule in rules:
        wanted.update(need.table for need in needed(rule.needs) if need.table in VOLUME)
        if rule.group == USER_GROUP:
            compile_rule(rule)
            wanted.update(_statement(rule).reads(VOLUME))
    return tuple(sorted(wanted))


def empty_tables() -> dict[str, pl.DataFrame]:
    """Every fact table, typed and without rows."""
    import polars as pl

    return {name: pl.DataFrame(schema=polars_schema(name)) for name in TABLES}


def lazy(asked: Statement, tables: Mapping[str, pl.DataFrame | pl.LazyFrame]) -> pl.LazyFrame:
    """The plan of a statement over these tables; those not given are empty. Raises what Polars raises."""
    import polars as pl

    given: dict[str, pl.DataFrame | pl.LazyFrame] = {}
    # each registered frame costs time
    for name in asked.reads({**TABLES, **tables}):
        given[name] = tables[name] if name in tables else pl.DataFrame(schema=polars_schema(name))
    # A context of its own for each statement: nothing that one defines is seen by another.
    return pl.SQLContext(given, eager=False).execute(asked.sql)


def _statement(rule: Rule) -> Statement:
    try:
        return statement(rule.detect)
    except StatementError as error:
        raise _error(rule, str(error), line_and_column(rule.detect, error.at)) from error


def _error(rule: Rule, text: str, place: tuple[int, int] | None) -> RuleError:
    if place is None:
        return RuleError(f"{rule.source}: detect: {text}")
    line, column = place
    start_line, start_column = rule.detect_at
    column += start_column - 1 if line == 1 else 0
    return RuleError(f"{rule.source}:{start_line + line - 1}:{column}: detect: {text}")


def _check_columns(rule: Rule, schema: Mapping[str, pl.DataType]) -> None:
    import polars as pl

    for name in ("client", "servers"):
        if name not in schema:
            raise RuleError(f"{rule.source}: detect: returns no column {name}{nearest(name, schema)}")
    frames = frame_columns(schema)
    if not frames:
        raise RuleError(
            f"{rule.source}: detect: returns no frames: name a column frames, or let one end in _frame or _frames"
        )
    text = (pl.String, pl.List(pl.String))
    times = (pl.Datetime("ns", "UTC"),)
    numbers = (pl.UInt32, pl.UInt64, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.Int8, pl.Int16)
    lists = tuple(pl.List(kind) for kind in numbers)
    for names, what, kinds in (
        (("client",), "the number of a client", numbers),
        (("others",), "a list of numbers of clients", lists),
        (frames, "frame numbers", (*numbers, *lists, *(pl.List(kind) for kind in lists))),
        (LABELS, "text or a list of texts", text),
        (TEXTS, "text", text[:1]),
        (TIMES, "a time", times),
    ):
        for name in names:
            if name in schema and schema[name] not in (*kinds, pl.Null):
                raise RuleError(f"{rule.source}: detect: column {name} is {schema[name]}, not {what}")
    for name in placeholders(rule.message):
        if name not in schema:
            raise RuleError(f"{rule.source}: message: {{{name}}} is no column of detect{nearest(name, schema)}")
