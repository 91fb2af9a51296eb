"""Several captures of one incident, read as one: each packet once, on one clock as far as the packets prove it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from dissect.nfs4.dataclass import dataclass

if TYPE_CHECKING:
    import polars as pl

    from dissect.nfs4.capture import Capture
    from dissect.nfs4.taps import Clock, Cover, Merged, Places, Plan

NS = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """Captures that were read once, and how they are laid together."""

    captures: tuple[Capture, ...]
    clocks: tuple[Clock, ...]
    plan: Plan
    cover: Cover

    @property
    def places(self) -> Places:
        """From merged frame numbers to those of the files."""
        return self.plan.places

    def clock(self, number: int) -> dict[str, object]:
        """Columns of the table `captures`: what is known of a capture's clock, and its packets that others show too."""
        from dissect.nfs4.taps import Tie

        clock = self.clocks[number]
        tied = clock.tie is not Tie.NONE
        return {
            "clock_group": clock.group,
            "clock_tie": clock.tie.value,
            "clock_offset_s": clock.middle / NS if tied else None,
            "clock_uncertainty_s": clock.uncertainty / NS if tied else None,
            "copies": self.plan.twice[number],
        }

    def merged(self) -> Merged:
        """The frames of all, in the order of the case; opens the files again."""
        from dissect.nfs4.taps import Merged

        return Merged([each.again() for each in self.captures], self.plan)


def several(captures: Sequence[Capture], *, same_clock: bool = False) -> Several:
    """Read captures to their ends and compare them; `same_clock`: somebody vouches that they share one clock.

    Each is read twice: none may be standard input.
    """
    from dissect.nfs4.taps import Cover, clocks, plan, prints

    found = []
    for each in captures:
        with each:
            found.append(prints(each))
    ticking = clocks(found, vouched=same_clock)
    planned = plan(found, ticking)
    return Several(captures=tuple(captures), clocks=tuple(ticking), plan=planned, cover=Cover(found, ticking, planned))


def restored(tables: Mapping[str, pl.DataFrame], places: Places) -> dict[str, pl.DataFrame]:
    """Tables whose frames are those of the files again, and not numbers of merged frames."""
    return {name: _restored(table, places) for name, table in tables.items()}


def _restored(table: pl.DataFrame, places: Places) -> pl.DataFrame:
    import polars as pl

    changed = []
    for name in table.columns:
        kind = table.schema[name]
        if "frame" not in name:
            continue
        if kind == pl.UInt64:
            changed.append(_series(table[name], places))
        elif kind == pl.List(pl.UInt64):
            flat = _series(table[name].explode(empty_as_null=False), places)
            changed.append(_nested(table[name], flat))
    return table.with_columns(changed)


def _series(column: pl.Series, places: Places) -> pl.Series:
    import numpy as np
    import polars as pl

    numbers = column.fill_null(0).to_numpy().astype(np.int64)
    found = pl.Series(column.name, places.places(numbers), dtype=pl.UInt64)
    return pl.select(pl.when(column.is_not_null()).then(found)).to_series().alias(column.name)


def _nested(column: pl.Series, flat: pl.Series) -> pl.Series:
    import polars as pl

    items: Iterator[int] = iter(flat.to_list())
    lists = [None if row is None else [next(items) for _ in row] for row in column.to_list()]
    return pl.Series(column.name, lists, dtype=pl.List(pl.UInt64))
