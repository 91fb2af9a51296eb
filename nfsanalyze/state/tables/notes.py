"""Notes of frames that stand in the tables of one rule's facts: what findings quote of them.

`nfsanalyze.state.events` tells of requests, answers and renewals; what only a table like `callbacks` or `migrations`
knows is told here, one line of `NOTES` a column of frames.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dissect.nfs4.batch import FRAME_SHIFT
from nfsanalyze.facts.schema import polars_schema
from nfsanalyze.state.infer import Case
from nfsanalyze.state.tables.said import Said

if TYPE_CHECKING:
    import polars as pl

NOTES: tuple[tuple[str, str, str], ...] = (
    ("lease_time_changes", "before_frame", "lease_time is {before_s:.0f} s"),
    ("lease_time_changes", "after_frame", "lease_time is {after_s:.0f} s"),
    ("slot_errors", "frame", "{server_address} refuses SEQUENCE: {status_name}"),
    ("slot_errors", "call_frame", "SEQUENCE that is refused"),
    ("slot_errors", "recovered_frame", "SEQUENCE on the same slot accepted"),
    ("slot_errors", "other_frame", "{other_address} uses the same session"),
    ("trunk_attempts", "live_frame", "the session is good at {made_at}"),
    ("trunk_attempts", "frame", "{op} of the session from {made_at}, sent to {address}"),
    ("trunk_attempts", "reply_frame", "{address} answers {op}: {status_name}"),
    ("version_refusals", "call_frame", "COMPOUND of a minor version that is not served"),
    ("version_refusals", "frame", "{server_address} answers MINOR_VERS_MISMATCH"),
    ("version_refusals", "next_frame", "{server_address} accepts a COMPOUND of an older version"),
    ("callbacks", "frame", "{op} from {server_address} to its client"),
    ("callbacks", "reply_frame", "{op} answered: {answer}"),
    ("callbacks", "returned_frame", "DELEGRETURN of the delegation recalled"),
    ("callbacks", "revoked_frame", "the delegation recalled is revoked"),
    ("callback_paths", "failed_frames", "{server_address} calls {cb_address} and nobody answers"),
    ("callback_downs", "frames", "{server_address} says that it cannot call its client back"),
    ("sequence_flags", "first_frame", "SEQUENCE answered with the status flag {flag}"),
    ("sequence_flags", "last_frame", "SEQUENCE answered with the status flag {flag}, {count} times so far"),
    ("sequence_flags", "cleared_frame", "SEQUENCE answered without the status flag {flag}"),
    ("backchannels", "lost_frame", "the connection with the back channel of the session ends"),
    ("backchannels", "used_frame", "SEQUENCE accepted, and no connection serves callbacks"),
    ("reconnects", "frames", "a connection to {server_address} that comes to nothing"),
    ("reconnects", "last_frame", "the last of these connections ends"),
    ("stalls", "last_frame", "the client's last NFS message before its silence"),
    ("stalls", "alive_frame", "{silence_s:.0f} s later the client is alive"),
    ("migrations", "first_frame", "{server_address} says that a filesystem has moved"),
    ("migrations", "last_frame", "{server_address} says so again"),
    ("migrations", "asked_frame", "{server_address} tells fs_locations"),
    ("migrations", "followed_frame", "first contact with {followed_address} afterwards"),
    ("fs_locations", "frame", "{server_address} tells fs_locations"),
    ("fs_locations", "try_frames", "a connection to {address} that nobody takes"),
    ("sessions", "last_frame", "the session is used for the last time"),
)
"""(table, column of a frame or of frames, what it shows): what stands first of a frame is its note."""


def with_notes(case: Case, events: pl.DataFrame, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The table `events` with a row for each frame of `NOTES` that it does not tell of."""
    import polars as pl

    known = set(events["frame"].to_list())
    told: dict[int, dict[str, Any]] = {}
    times, said = _Times(case), Said(case)
    for table, column, text in NOTES:
        for row in tables[table].iter_rows(named=True):
            for frame in _frames(row[column]):
                if frame not in known and frame not in told and (time := times.of(frame)) is not None:
                    told[frame] = {
                        "frame": frame,
                        "time": time,
                        "client": row.get("client"),
                        "address": row.get("server_address", row.get("address")),
                        "kind": table,
                        "note": text.format(**row, answer=row.get("status_name") or row.get("refused") or "done"),
                        **said.of(frame),
                    }
    if not told:
        return events
    schema = polars_schema("events")
    rows = [told[frame] for frame in sorted(told)]
    made = pl.DataFrame(
        {
            name: pl.Series([row[name] for row in rows], dtype=pl.Int64 if name == "time" else kind).cast(kind)
            for name, kind in schema.items()
        }
    )
    return pl.concat([events, made]).sort("frame", maintain_order=True)


def _frames(value: int | list[int] | None) -> Iterator[int]:
    if isinstance(value, list):
        yield from value
    elif value is not None:
        yield value


class _Times:
    """When a frame was captured: those that hold the end of a message, or begin or end a connection."""

    def __init__(self, case: Case) -> None:
        self._ids, self._times = case.trace.messages["id"], case.trace.messages["time"]
        self._others = {event.frame: event.time for event in case.trace.tcp}
        for half in case.trace.halves:
            self._others.setdefault(half.first_frame, half.first)
            self._others.setdefault(half.last_frame, half.last)

    def of(self, frame: int) -> int | None:
        """Nanoseconds since 1970, None where it is not known."""
        at = int(self._ids.searchsorted(np.uint64(frame << FRAME_SHIFT)))
        if at < len(self._ids) and int(self._ids[at]) >> FRAME_SHIFT == frame:
            return int(self._times[at])
        return self._others.get(frame)
