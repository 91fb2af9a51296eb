"""What Polars says of a SELECT that it cannot run, as one clause a support engineer can use, and where."""

from __future__ import annotations

import re

from nfsanalyze.engine.functions import FUNCTIONS
from nfsanalyze.engine.nearest import nearest
from nfsanalyze.engine.statement import Statement, line_and_column
from nfsanalyze.facts.schema import TABLES

_PLAN = re.compile(r"Resolved plan until failure|This error occurred")
# Polars shows the parser's tree of what it does not support: no reader wants that.
_TREE = re.compile(r"\W*\b(?:Query|Ident|Identifier|CompoundIdentifier|Function|Subquery|Nested|BinaryOp)\b ?[({]")
_UNKNOWN_COLUMN = re.compile(r'unable to find column "([^"]*)"; valid columns: \[(.*)\]')
_UNKNOWN_IN_TABLE = re.compile(r"no column named '([^']*)' found in table '([^']*)'")
_UNKNOWN_TABLE = re.compile(r"relation '([^']*)' was not found")
_UNKNOWN_FUNCTION = re.compile(r"unsupported function '([^']*)'")
_PLACE = re.compile(r" at Line: ([0-9]+), Column: ([0-9]+)")

_ADVICE = {
    "of dtype: Datetime": "write a time as text, such as '2026-11-22 16:25:24'",
    "of dtype: List": "of a list write ARRAY_CONTAINS(column, value)",
    "cannot cast List type": "of a list write ARRAY_CONTAINS(column, value)",
}
"""What helps, by what Polars says."""

Fault = tuple[str, tuple[int, int] | None]
"""What is wrong, and line and column in the text where that is known, both from 1."""


def fault(error: BaseException, asked: Statement) -> Fault:
    """What an exception of Polars means for the text that raised it."""
    text = " ".join(_PLAN.split(str(error), maxsplit=1)[0].split())
    if place := _PLACE.search(text):
        return text.replace(place[0], ""), (int(place[1]), int(place[2]))
    if _TREE.search(text):
        text = f"Polars SQL does not support this: {_TREE.split(text, maxsplit=1)[0]}"
    name = ""
    if found := _UNKNOWN_COLUMN.search(text):
        name, known = found[1], re.findall(r'"([^"]*)"', found[2])
        text = f'no column "{name}"{_meant(name, known, asked)}'
    elif found := _UNKNOWN_IN_TABLE.search(text):
        name = found[1]
        known = [column.name for column in TABLES[found[2]].columns] if found[2] in TABLES else _all_columns()
        text = f'no column "{name}" in {found[2]}{nearest(name, known)}'
    elif found := _UNKNOWN_TABLE.search(text):
        name = found[1]
        text = f'no table "{name}"{nearest(name, TABLES)}'
    elif found := _UNKNOWN_FUNCTION.search(text):
        name = found[1]
        text = f"no function {name}(){nearest(name, FUNCTIONS)}"
    elif type(error).__name__ == "StructFieldNotFoundError":
        name, text = text, f'no column "{text}" there: before a dot stands a table or its alias'
    text = next((f"{text}; {advice}" for sign, advice in _ADVICE.items() if sign in text), text)
    at = asked.places.get(name)
    return text, None if at is None else line_and_column(asked.sql, at)


def _meant(name: str, known: list[str], asked: Statement) -> str:
    at = asked.places.get(name)
    if at is not None and asked.sql[at] == '"' and name not in known:
        return f"; if that is a text, write '{name}'"
    return nearest(name, known) or f"; there are {', '.join(known)}"


def _all_columns() -> list[str]:
    return sorted({column.name for table in TABLES.values() for column in table.columns})
