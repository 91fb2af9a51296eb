"""Notes of frames that stand in the tables of one rule's facts: what findings quote of them.

`nfsanalyze.state.events` tells of requests, answers and renewals; what only a table like `callbacks` or `migrations`
knows is told here, one line of `NOTES` a column of frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from nfsanalyze.state.infer import Case
from nfsanalyze.state.tables.said import Said

Row = dict[str, Any]

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


NOTED = frozenset(table for table, *_ in NOTES)


def with_notes(case: Case, events: Iterable[Row], tables: Mapping[str, Sequence[Row]]) -> list[Row]:
    """Rows of the table `events`, and one for each frame of `NOTES` that they do not tell of; `tables` are the rows of
    those `NOTED`, in order."""
    told = list(events)
    known = {row["frame"] for row in told}
    found: dict[int, tuple[str, str, Row]] = {}
    for table, column, text in NOTES:
        for row in tables[table]:
            for frame in _frames(row[column]):
                if frame not in known:
                    found.setdefault(frame, (table, text, row))
    frames = list(found)
    columns = zip(found.values(), frames, _times(case, frames), Said(case).of(frames), strict=True)
    for (table, text, row), frame, time, said in columns:
        if time is not None:
            told.append(
                {
                    "frame": frame,
                    "time": time,
                    "client": row.get("client"),
                    "address": row.get("server_address", row.get("address")),
                    "kind": table,
                    "note": text.format(**row, answer=row.get("status_name") or row.get("refused") or "done"),
                    **said,
                }
            )
    return told


def _frames(value: int | Sequence[int] | None) -> Iterable[int]:
    if value is None:
        return ()
    return (value,) if isinstance(value, int) else value


def _times(case: Case, frames: Sequence[int]) -> Iterator[int | None]:
    """When each frame was captured: those that hold the end of a message, or begin or end a connection."""
    trace = case.trace
    others = {event.frame: event.time for event in trace.tcp}
    for half in trace.halves:
        others.setdefault(half.first_frame, half.first)
        others.setdefault(half.last_frame, half.last)
    rows = trace.ending_in(frames)
    for frame, row, time in zip(frames, rows.tolist(), trace.messages["time"][rows].tolist(), strict=True):
        yield time if row >= 0 else others.get(frame)
