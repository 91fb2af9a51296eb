"""All operations of the messages that are drawn: the tables name only those that bear on leases and state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dissect.nfs4.batch import CAPTURE_STRIDE, Kind
from dissect.nfs4.peek import FRAMES, Sought, operations

if TYPE_CHECKING:
    import polars as pl

    from dissect.nfs4.capture import Frame

MESSAGES = 5_000
"""Of more messages the operations that the tables name must do."""

_KINDS = {"COMPOUND": Kind.COMPOUND_CALL, "CB_COMPOUND": Kind.CB_COMPOUND_CALL}


def named(
    rows: pl.DataFrame, rpc: pl.DataFrame, frames: Mapping[int, Callable[[], Iterable[Frame]]]
) -> dict[tuple[int, int], tuple[str, ...]]:
    """By frame and part, the operations of the COMPOUNDs in `rows`, read from the captures again: `frames` gives those
    of each by its number. `rpc` holds all messages."""
    import polars as pl

    compounds = rows.filter(pl.col("kind").is_in(list(_KINDS)))
    if compounds.height > MESSAGES:
        return {}
    begins = _begins(rpc)
    found: dict[tuple[int, int], tuple[str, ...]] = {}
    for capture, read in frames.items():
        sought = {
            (row["frame"], row["part"]): _sought(row, begins.get((row["frame"], row["part"])))
            for row in compounds.iter_rows(named=True)
            if row["frame"] // CAPTURE_STRIDE == capture
        }
        keys = list(sought)
        read_again = operations(read(), dict(enumerate(sought.values()))) if sought else {}
        found.update((keys[at], names) for at, names in read_again.items())
    return found


def _begins(rpc: pl.DataFrame) -> dict[tuple[int, int], int]:
    """By frame and part, the frame in which the message before it of the same sender ended."""
    import polars as pl

    way = ["conn", "capture", "from_client"]
    table = rpc.with_columns(
        capture=pl.col("frame") // CAPTURE_STRIDE,
        from_client=(pl.col("direction") == "call") != pl.col("kind").str.starts_with("CB_"),
    ).sort(*way, "frame", "part")
    table = table.with_columns(before=pl.col("frame").shift(1).over(way))
    return {(f, p): b for f, p, b in table.select("frame", "part", "before").iter_rows() if b is not None}


def _sought(row: dict[str, Any], before: int | None) -> Sought:
    reply, callback = row["direction"] == "reply", row["kind"] == "CB_COMPOUND"
    last = row["frame"] % CAPTURE_STRIDE
    first = max(last - FRAMES, 1) if before is None else before % CAPTURE_STRIDE
    frames = [*range(first, min(first + FRAMES, last)), last]
    return Sought(
        xid=row["xid"],
        kind=Kind(_KINDS[row["kind"]] | reply),
        source=row["server_address" if reply != callback else "client_address"],
        prog=row["prog"],
        minor=row["minor_version"] or 0,
        frames=tuple(frames),
    )
