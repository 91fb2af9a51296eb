"""What was read, and what of it could not be."""

from __future__ import annotations

from typing import Any

from nfsanalyze.reports.document import STAND_INS
from nfsanalyze.reports.terminal.page import Page, View, counted

_SHOWN = 10
_REASONS = 5


def captures(page: Page, view: View) -> None:
    """A paragraph a capture."""
    shown, hidden = view.bound(view.report["captures"], _SHOWN)
    if shown:
        page.blank()
    for capture in shown:
        page.hanging("capture", *_facts(view, capture), style="bold")
        clock = _clock(capture)
        if clock:
            page.hanging("       ", clock)
        troubles = _troubles(view, capture)
        if troubles:
            page.hanging("       ", (f"but {'; '.join(troubles)}", "yellow"))
        opened = _opened(view, capture)
        if opened:
            page.hanging("       ", f"opened by tshark: {opened}")
        unread = _not_decoded(view, capture)
        if unread:
            page.hanging("       ", (f"not decoded: {unread}", "dim"))
    if hidden:
        page.line(f"... and {counted(hidden, 'more capture')} (--all shows them)")
    if view.report["redacted"]:
        page.hanging("redacted", f": {STAND_INS}", style="bold")


def _facts(view: View, capture: dict[str, Any]) -> tuple[Any, ...]:
    parts = [f": {capture['format']}, {counted(capture['packets'], 'packet')}"]
    if capture["first"] is not None:
        start = capture["first"]
        clock = view.clock
        parts.append(f" in {capture['duration_s']:.3f} s from {clock.full(start)}")
    replies = counted(capture["nfs4_replies"], "reply", "replies")
    parts.append(f", {counted(capture['nfs4_calls'], 'COMPOUND call')} and {replies}")
    return ((capture["path"], "bold"), "".join(parts))


def _clock(capture: dict[str, Any]) -> str:
    """How the clock of one of several captures was put right, and what the capture shows that others show too."""
    told = []
    offset, wrong = capture["clock_offset_s"], capture["clock_uncertainty_s"]
    match capture["clock_tie"]:
        case "shared packets" | "acknowledgements" as tie:
            told.append(f"clock set by {offset:+.6f} s (within {wrong:.6f} s, by {tie})")
        case "continued":
            told.append("goes on where another file ends")
        case "none":
            told.append("its clock is tied to no other's: it shares no packets with the captures before it")
    if capture["copies"]:
        told.append(f"{counted(capture['copies'], 'packet')} shown by another capture too and counted once")
    return "; ".join(told)


def _troubles(view: View, capture: dict[str, Any]) -> list[str]:
    troubles = []
    if capture["cut_short"]:
        troubles.append("the file ends inside a record")
    if capture["snaplen_cut_packets"]:
        at = f" to {capture['snaplen']} bytes" if capture["snaplen"] is not None else ""
        troubles.append(f"{counted(capture['snaplen_cut_packets'], 'packet')} cut{at} when captured")
    if capture["gaps"]:
        troubles.append(f"{counted(capture['gaps'], 'hole')} in NFS streams")
    return troubles


def _opened(view: View, capture: dict[str, Any]) -> str:
    notes, hidden = view.bound(sorted(capture["opened_by_tshark"], key=lambda note: -note["frames"]), _REASONS)
    words = [f"{note['reason']} ({_frames(note)})" for note in notes]
    if hidden:
        words.append(f"{counted(hidden, 'more kind')} (--all shows them)")
    messages = counted(capture["decoded"]["tshark"], "RPC message")
    return f"{', '.join(words)}: {messages}" if words else ""


def _frames(note: dict[str, Any]) -> str:
    if note["frames"] == 1:
        return f"frame {note['first_frame']}"
    return f"{note['frames']:,} frames, {note['first_frame']} to {note['last_frame']}"


def _not_decoded(view: View, capture: dict[str, Any]) -> str:
    notes, hidden = view.bound(sorted(capture["not_decoded"], key=lambda note: -note["count"]), _REASONS)
    words = [f"{note['reason']} ({note['count']:,})" for note in notes]
    if hidden:
        words.append(f"{counted(hidden, 'more kind')} (--all shows them)")
    return ", ".join(words)
