"""How a table is declared: a name, a sentence, and one line a column."""

from __future__ import annotations

from dissect.nfs4.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: `dtype` is a word of this module's vocabulary, without the `?`."""

    name: str
    dtype: str
    nullable: bool
    doc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One fact table; rows come sorted by `sort`."""

    name: str
    doc: str
    columns: tuple[Column, ...]
    sort: tuple[str, ...]


def table(name: str, doc: str, sort: str, columns: str) -> Table:
    """A table from its text: each line a column's name, its type (`?` admits null) and its meaning."""
    parsed = []
    for line in columns.strip().splitlines():
        column, dtype, text = line.split(None, 2)
        parsed.append(Column(name=column, dtype=dtype.rstrip("?"), nullable=dtype.endswith("?"), doc=text))
    return Table(name=name, doc=doc, columns=tuple(parsed), sort=tuple(sort.split()))
