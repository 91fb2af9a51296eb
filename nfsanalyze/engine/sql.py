"""Compiles and runs the `detect` of a rule: one SELECT over fact tables, and nothing else.

A rule is trusted text, not sandboxed; what is refused here (second statements, reading files) keeps mistakes out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NoReturn

from nfsanalyze.engine.loader import nearest
from nfsanalyze.engine.message import placeholders
from nfsanalyze.engine.rule import Rule, RuleError
from nfsanalyze.facts.schema import TABLES, polars_schema

if TYPE_CHECKING:
    import polars as pl

_NOISE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)
_READS = re.compile(r"[\"`]?\b((?:read|scan)_\w*)[\"`]?\s*\(", re.IGNORECASE)
_PLAN = re.compile(r"Resolved plan until failure|This error occurred")
# Polars shows the parser's tree of what it does not support: no reader wants that.
_TREE = re.compile(r"\W*\b(?:Query|Ident|Identifier|CompoundIdentifier|Function|Subquery|Nested|BinaryOp)\b ?[({]")
_UNKNOWN_COLUMN = re.compile(r'unable to find column "([^"]*)"; valid columns: \[(.*)\]')
_UNKNOWN_IN_TABLE = re.compile(r"no column named '([^']*)' found in table '([^']*)'")
_UNKNOWN_TABLE = re.compile(r"relation '([^']*)' was not found")
_UNKNOWN_FUNCTION = re.compile(r"unsupported function '([^']*)'")
# fmt: off
_FUNCTIONS = (
    "ABS", "ARRAY_AGG", "ARRAY_CONTAINS", "ARRAY_LENGTH", "ARRAY_TO_STRING", "AVG", "BIT_AND", "BIT_OR", "CEIL",
    "COALESCE", "CONCAT", "CONCAT_WS", "COUNT", "DENSE_RANK", "DIV", "ENDS_WITH", "FIRST_VALUE", "FLOOR",
    "GREATEST", "IF", "IFNULL", "LAG", "LAST_VALUE", "LEAD", "LEAST", "LEFT", "LENGTH", "LOWER", "MAX",
    "MEDIAN", "MIN", "MOD", "NULLIF", "RANK", "REGEXP_LIKE", "REPLACE", "RIGHT", "ROUND", "ROW_NUMBER", "SIGN",
    "STARTS_WITH", "STDDEV", "STRING_AGG", "STRING_TO_ARRAY", "STRPOS", "SUBSTR", "SUM", "UNNEST", "UPPER",
    "VARIANCE",
)
# fmt: on

TEXTS = ("severity", "confidence")
LABELS = ("servers", "clientids")
TIMES = ("first", "last")


def frame_columns(names: Iterable[str]) -> tuple[str, ...]:
    """The columns of a result that hold frames: `frames`, `frame`, `…_frames`, `…_frame`; numbers or nested lists."""
    return tuple(name for name in names if name.split("_")[-1] in ("frames", "frame"))


def run_detect(rule: Rule, tables: Mapping[str, pl.DataFrame | pl.LazyFrame]) -> pl.DataFrame:
    """The rows a rule finds in these tables; those not given are empty. Raises RuleError with one line."""
    import polars as pl

    lazy = _lazy(rule, tables)
    try:
        return lazy.collect(engine="in-memory")
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        _fail(rule, error)


def compile_rule(rule: Rule) -> dict[str, pl.DataType]:
    """Types of the columns a rule returns, checked on empty tables: SQL, types, columns, fields of the message.

    Raises RuleError with one line.
    """
    import polars as pl

    lazy = _lazy(rule, {})
    try:
        lazy.collect_schema()
        # Some clashes of types show only when the plan runs.
        schema = dict(lazy.collect(engine="in-memory").schema)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        _fail(rule, error)
    _check_columns(rule, schema)
    return schema


def empty_tables() -> dict[str, pl.DataFrame]:
    """Every fact table, typed and without rows."""
    import polars as pl

    return {name: pl.DataFrame(schema=polars_schema(name)) for name in TABLES}


def _lazy(rule: Rule, tables: Mapping[str, pl.DataFrame | pl.LazyFrame]) -> pl.LazyFrame:
    import polars as pl

    statement = _NOISE.sub(" ", rule.detect)
    words = statement.split(None, 1)
    if not words or words[0].upper() not in ("WITH", "SELECT"):
        raise RuleError(f"{rule.source}: detect: must be one statement that starts with WITH or SELECT")
    if ";" in statement.strip().rstrip(";"):
        raise RuleError(f"{rule.source}: detect: must be one statement, and holds a second after ;")
    if found := _READS.search(statement):
        raise RuleError(f"{rule.source}: detect: {found[1]}() is not allowed: a rule reads fact tables only")
    used = {word.lower() for word in re.findall(r"\w+", statement)}
    given: dict[str, pl.DataFrame | pl.LazyFrame] = {}
    for name in TABLES:
        # A name that the text does not hold cannot be read by it, and each registered frame costs time.
        if name in used:
            given[name] = tables[name] if name in tables else pl.DataFrame(schema=polars_schema(name))
    try:
        # A context of its own for each rule: nothing one rule defines is seen by another.
        return pl.SQLContext(given, eager=False).execute(rule.detect)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        _fail(rule, error)


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


def _fail(rule: Rule, error: BaseException) -> NoReturn:
    text = " ".join(_PLAN.split(str(error), maxsplit=1)[0].split())
    if _TREE.search(text):
        text = f"Polars SQL does not support this: {_TREE.split(text, maxsplit=1)[0]}"
    if found := _UNKNOWN_COLUMN.search(text):
        known = re.findall(r'"([^"]*)"', found[2])
        text = f'no column "{found[1]}"{nearest(found[1], known) or "; there are " + ", ".join(known)}'
    elif found := _UNKNOWN_IN_TABLE.search(text):
        known = [column.name for column in TABLES[found[2]].columns] if found[2] in TABLES else _all_columns()
        text = f'no column "{found[1]}" in {found[2]}{nearest(found[1], known)}'
    elif found := _UNKNOWN_TABLE.search(text):
        text = f'no table "{found[1]}"{nearest(found[1], TABLES)}'
    elif found := _UNKNOWN_FUNCTION.search(text):
        text = f"no function {found[1]}(){nearest(found[1], _FUNCTIONS)}"
    raise RuleError(f"{rule.source}: detect: {text}") from error


def _all_columns() -> list[str]:
    return sorted({column.name for table in TABLES.values() for column in table.columns})
