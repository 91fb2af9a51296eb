"""captures[]: what was read, how much of it was NFSv4, and what could not be decoded."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from nfsanalyze.reports.document.source import Row, Source, iso, lasted, seconds

_DECODERS = ("fast", "exact", "tshark")


def captures(source: Source) -> list[dict[str, Any]]:
    """One entry a file, in the order of their numbers."""
    notes: dict[str, list[Row]] = defaultdict(list)
    for note in source.rows("decode_notes"):
        notes[note["capture"]].append(note)
    rows = source.rows("captures")
    return [_capture(source, row, notes[row["capture"]]) for row in rows]


def _capture(source: Source, row: Row, notes: list[Row]) -> dict[str, Any]:
    return {
        "capture": row["capture"],
        "path": row["path"],
        "format": row["format"],
        "packets": row["packets"],
        "first": iso(row["first"]),
        "last": iso(row["last"]),
        "duration_s": lasted(row["first"], row["last"]),
        "clock_offset_s": seconds(row["clock_offset_s"]),
        "clock_uncertainty_s": seconds(row["clock_uncertainty_s"]),
        "clock_tie": row["clock_tie"],
        "clock_group": row["clock_group"],
        "copies": row["copies"],
        "link_types": sorted(row["link_types"] or ()),
        "snaplen": row["snaplen"],
        "cut_short": row["cut_short"],
        "snaplen_cut_packets": row["snaplen_cut_packets"],
        "rpc_messages": row["rpc_messages"],
        "nfs4_calls": row["nfs4_calls"],
        "nfs4_replies": row["nfs4_replies"],
        "gaps": row["gaps"],
        # messages by decoder, where the tables count them
        "decoded": {name: row.get(f"decoded_{name}") for name in _DECODERS},
        "not_decoded": [
            {
                "reason": note["reason"],
                "count": note["count"],
                "decoder": note["decoder"],
                "first_frame": source.number(note["first_frame"]),
            }
            for note in notes
            if not note["decoded"]
        ],
        "opened_by_tshark": [
            {
                "reason": note["reason"],
                "frames": note["count"],
                "first_frame": source.number(note["first_frame"]),
                "last_frame": source.number(note["last_frame"]),
            }
            for note in notes
            if note["decoded"]
        ],
    }
