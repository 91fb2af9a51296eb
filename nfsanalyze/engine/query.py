"""One SELECT over the fact tables, asked by a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.engine.faults import Fault, fault
from nfsanalyze.engine.limits import LimitError, bounded
from nfsanalyze.engine.sql import lazy
from nfsanalyze.engine.statement import Statement, StatementError, line_and_column, statement
from nfsanalyze.errors import UsageError

if TYPE_CHECKING:
    import polars as pl


class QueryError(UsageError):
    """A SELECT that cannot run; the message names line and column of it, and the nearest right name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The rows of a query; `more` where there are more than were asked for."""

    rows: pl.DataFrame
    more: bool


def parse_query(sql: str, tables: Mapping[str, pl.DataFrame | pl.LazyFrame] | None = None) -> Statement:
    """The text as a statement that was tried on empty tables, so that a fault shows before any capture is read.

    `tables`: empty ones to try it on instead of the fact tables. Raises QueryError.
    """
    try:
        asked = statement(sql)
    except StatementError as error:
        _fail(sql, (str(error), line_and_column(sql, error.at)))
    answer(asked, tables or {}, limit=0)
    return asked


def answer(asked: Statement, tables: Mapping[str, pl.DataFrame | pl.LazyFrame], *, limit: int) -> Answer:
    """At most `limit` rows. Where the text asks for no order they are sorted by their columns from left to right, for
    equal captures must give equal answers. Raises QueryError."""
    import polars as pl

    def work() -> pl.DataFrame:
        plan = lazy(asked, tables)
        if asked.ordered:
            return plan.head(limit + 1).collect(engine="in-memory")
        return _sorted(plan.collect(engine="in-memory")).head(limit + 1)

    try:
        rows = bounded(work, seconds=None)
    except LimitError as error:
        raise QueryError(f"query: {error}") from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        _fail(asked.sql, fault(error, asked))
    return Answer(rows=rows.head(limit), more=rows.height > limit)


def _sorted(rows: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    plain = [name for name, kind in rows.schema.items() if not isinstance(kind, (pl.Struct, pl.Object, pl.Null))]
    return rows.sort(plain, nulls_last=True, maintain_order=True) if plain else rows


def _fail(sql: str, found: Fault) -> NoReturn:
    text, place = found
    if place is None:
        raise QueryError(f"query: {text}")
    line, column = place
    where = f"line {line}, column {column}" if "\n" in sql.strip() else f"column {column}"
    raise QueryError(f"query: {where}: {text}")
