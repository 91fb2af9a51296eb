"""leases[] and sessions[]: which clientid lived where, from when to when, and how it was kept alive."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from nfsanalyze.reports.document.source import NS, Row, Source, client_id, iso, seconds


def leases(source: Source) -> list[dict[str, Any]]:
    """One entry a lease, by number."""
    runs: dict[int, list[Row]] = defaultdict(list)
    for run in source.rows("renewal_runs"):
        runs[run["lease"]].append(run)
    gaps: dict[int, float] = defaultdict(float)
    for gap in source.rows("lease_gaps"):
        gaps[gap["lease"]] = max(gaps[gap["lease"]], gap["gap_s"])
    return [_lease(source, row, runs[row["lease"]], gaps.get(row["lease"])) for row in source.rows("leases")]


def _lease(source: Source, row: Row, runs: list[Row], gap: float | None) -> dict[str, Any]:
    by_address: Counter[str] = Counter()
    for run in runs:
        by_address[run["server_address"]] += run["count"]
    return {
        "lease": row["lease"],
        "client": client_id(row["client"]),
        "server_address": row["server_address"],
        "head": row["head"],
        "clientid": row["clientid"],
        "minor_version": row["minor_version"],
        "capture": source.capture(row["frames"][0]) if row["frames"] else None,
        "origin_seen": row["origin_seen"],
        "established_frame": source.number(row["established_frame"]),
        "confirmed_frame": source.number(row["confirmed_frame"]),
        "confirmed": iso(row["confirmed"]),
        "first": iso(row["first"]),
        "last_renewal": iso(row["last_renewal"]),
        "renewals": row["renewals"],
        "renewals_by_address": dict(sorted(by_address.items())),
        "longest_gap_s": seconds(_longest_gap(row, runs, gap)),
        "lease_time_s": seconds(row["lease_time_s"]),
        "lease_time_source": row["lease_time_source"],
        "held_state": row["held_state"],
        "after_takeover": row["after_takeover"],
        "end": {"reason": row["end"], "frame": source.number(row["end_frame"])},
        "frames": source.numbers(row["frames"]),
    }


def _longest_gap(row: Row, runs: list[Row], gap: float | None) -> float | None:
    """A silence beyond the lease time, which may end in a refusal; else what the lease or its runs tell."""
    if gap is not None:
        return gap
    own: float | None = row.get("longest_gap_s")
    return own if own is not None else longest_silence(runs)


def longest_silence(runs: list[Row]) -> float | None:
    """Longest silence between renewals of one lease, seconds; None where the runs do not tell.

    A silence inside a run that lies alone in time is the lease's own. While two runs overlap, either may have spoken
    in the other's silence, and how long both were silent cannot be read from them.
    """
    longest: float | None = None
    end: int | None = None
    for run in sorted(runs, key=lambda r: (r["first"], r["last"])):
        if end is not None and run["first"] < end:
            return None
        between = (run["first"] - end) / NS if end is not None else 0.0
        if end is not None or run["count"] > 1:
            longest = max(longest or 0.0, between, run["longest_gap_s"])
        end = run["last"]
    return longest


def sessions(source: Source) -> list[dict[str, Any]]:
    """One entry a session, by its first frame."""
    return [
        {
            "session_id": row["session_id"].hex(),
            "clientid": row["clientid"],
            "client": client_id(row["client"]),
            "server_addresses": sorted(row["server_addresses"] or [row["server_address"]]),
            "connections": row["connections"],
            "backchannel": row["backchannel"],
            "capture": source.capture(row["first_frame"]),
            "first_frame": source.number(row["first_frame"]),
            "last_frame": source.number(row["last_frame"]),
            "created_frame": source.number(row["created_frame"]),
            "destroyed_frame": source.number(row["destroyed_frame"]),
        }
        for row in source.rows("sessions")
    ]
