"""takeovers[], recoveries[] and lost_state[]: what moved, what the clients did about it, and what they lost."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from dissect.nfs4.const import status_name
from nfsanalyze.reports.document.source import Row, Source, client_id, hexed, iso, seconds


def takeovers(source: Source) -> list[dict[str, Any]]:
    """One entry a change of head behind an address, with all that speaks for and against it."""
    signals: dict[int, list[Row]] = defaultdict(list)
    for signal in source.rows("signals"):
        signals[signal["takeover"]].append(signal)
    return [
        {
            "address": row["address"],
            "kind": row["kind"],
            "from_head": row["from_head"],
            "to_head": row["to_head"],
            "to_address": row["to_address"],
            "outage_s": seconds(row["outage_s"]),
            "time": iso(row["time"]),
            "capture": source.capture(row["first_frame"]),
            "first_frame": source.number(row["first_frame"]),
            "score": row["score"],
            "signals": [_signal(source, signal) for signal in signals[row["takeover"]]],
        }
        for row in source.rows("takeovers")
    ]


def _signal(source: Source, row: Row) -> dict[str, Any]:
    return {
        "signal": row["signal"],
        "weight": row["weight"],
        "capture": source.capture(row["frame"]),
        "frame": source.number(row["frame"]),
        "time": iso(row["time"]),
        "other_address": row["other_address"],
        "other_capture": source.capture(row["other_frame"]) if row["other_frame"] is not None else None,
        "other_frame": source.number(row["other_frame"]),
        "note": row["note"],
    }


def lost_state(source: Source) -> list[dict[str, Any]]:
    """One entry an open, lock or delegation lost, by the frame that shows it."""
    return [
        {
            "kind": row["kind"],
            "name": row["name"],
            "filehandle": hexed(row["filehandle"]),
            "status_name": row["status_name"],
            "client": client_id(row["client"]),
            "server_address": row["server_address"],
            "recovery": row["recovery"],
            "capture": source.capture(row["frame"]),
            "frame": source.number(row["frame"]),
            "time": iso(row["time"]),
        }
        for row in source.rows("lost_state")
    ]


def lost_file(entry: dict[str, Any]) -> dict[str, Any]:
    """What a recovery or a finding repeats of an entry of lost_state[]."""
    return {key: entry[key] for key in ("kind", "name", "filehandle", "status_name", "frame")}


def recoveries(source: Source, lost: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One entry a recovery; `files` are the losses of it."""
    files: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for entry in lost:
        if entry["recovery"] is not None:
            files[entry["recovery"]].append(lost_file(entry))
    return [_recovery(source, row, files[row["recovery"]]) for row in source.rows("recoveries")]


def _recovery(source: Source, row: Row, files: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "recovery": row["recovery"],
        "client": client_id(row["client"]),
        "address": row["server_address"],
        "minor_version": row["minor_version"],
        "capture": source.capture(row["first_frame"]),
        "takeover_kind": row["takeover_kind"],
        "trigger": {
            "status": row["trigger_status"],
            "status_name": status_name(row["trigger_status"]),
            "frame": source.number(row["trigger_frame"]),
        },
        "first": iso(row["first"]),
        "last": iso(row["last"]),
        "old_clientid": row["old_clientid"],
        "new_clientid": row["new_clientid"],
        "live_at": row["live_at"],
        "detection": row["detection"],
        "detection_frame": source.number(row["detection_frame"]),
        "reclaims": {"tried": row["reclaims"], "failed": row["reclaims_failed"]},
        "outcome": row["outcome"],
        "seconds": seconds(row["seconds"]),
        "files": files,
        "frames": source.numbers(row["frames"]),
    }
