"""Cells of the page's tables that take more than one field of the document."""

from __future__ import annotations

from typing import Any

from nfsanalyze.facts.printable import printable
from nfsanalyze.reports.terminal.page import lost_name


def lease_text(entry: dict[str, Any]) -> str | None:
    """`10 s`, and where that is from if the wire did not say it."""
    if entry["lease_time_s"] is None:
        return None
    source = entry["lease_time_source"]
    return f"{entry['lease_time_s']:g} s" + ("" if source == "getattr" else f" ({source})")


def bytes_text(digits: str | None) -> str | None:
    """Bytes of an identity as text."""
    return None if digits is None else printable(bytes.fromhex(digits)) if digits else "(empty)"


def stay_notes(stay: dict[str, Any] | None) -> str | None:
    """`one with 10.0.0.2 (instance, mac)`."""
    if stay is None:
        return None
    notes = []
    proven = sorted({each["address"] for each in stay["evidence"] if each["proven"]})
    for other in proven:
        proofs = sorted({each["proof"] for each in stay["evidence"] if each["proven"] and each["address"] == other})
        notes.append(f"one with {other} ({', '.join(proofs)})")
    claimed = {each["address"] for each in stay["evidence"]} - set(proven)
    notes += [f"claims to be one with {other}" for other in sorted(claimed)]
    return "; ".join(notes)


def frames_text(answer: dict[str, Any]) -> str:
    """`, frames 3, 5`."""
    numbers = ", ".join(map(str, answer["frames"][:4]))
    return f", {'frame' if len(answer['frames']) == 1 else 'frames'} {numbers}" if numbers else ""


def lost_text(files: list[dict[str, Any]]) -> str:
    """What a recovery lost."""
    return ", ".join(dict.fromkeys(map(lost_name, files)))
