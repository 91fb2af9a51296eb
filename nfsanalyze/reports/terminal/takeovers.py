"""What moved between heads, and every sign for and against it."""

from __future__ import annotations

from typing import Any

from nfsanalyze.reports.terminal.page import Page, View, counted, text

_SHOWN = 5
_SIGNALS = 15


def takeovers(page: Page, view: View) -> None:
    """A block a change of head behind an address."""
    entries = view.report["takeovers"]
    if not entries:
        return
    page.heading("What moved")
    shown, hidden = view.bound(entries, _SHOWN)
    for entry in shown:
        _takeover(page, view, entry)
    if hidden:
        page.line(f"... and {counted(hidden, 'more change')} of a server instance (--all shows them)", indent=2)


def what_happened(entry: dict[str, Any]) -> str:
    """One clause: what became of the address."""
    address = entry["address"]
    other = entry["to_address"]
    match entry["kind"]:
        case "takeover":
            return f"{address} moved to the head that serves {other}" if other else f"{address} moved to another head"
        case "failback":
            return f"{address} moved back to the head it came from"
        case "restart":
            return f"the server at {address} restarted"
        case _:
            return f"the server instance behind {address} changed (moved or restarted: the capture does not tell which)"


def _takeover(page: Page, view: View, entry: dict[str, Any]) -> None:
    clock = view.clock
    outage = f", {entry['outage_s']:.3f} s without answer" if entry["outage_s"] is not None else ""
    page.line(
        (f"{entry['kind']}: ", "bold"),
        what_happened(entry),
        f"{_heads(entry)}, first sign {clock.full(entry['time'])}"
        f" in {view.frame(entry['first_frame'], entry['capture'])}{outage}",
        indent=2,
    )
    signals, hidden = view.bound(entry["signals"], _SIGNALS)
    if not signals:
        return
    page.columns(
        (
            [
                text(signal["signal"]),
                text((f"{signal['weight']:+d}", "green" if signal["weight"] > 0 else "yellow")),
                text(str(signal["frame"])),
                text(clock.since_start(signal["time"], signal["capture"])),
                text(_note(view, signal)),
            ]
            for signal in signals
        ),
        heads=("sign", "weight", "frame", "elapsed", "what it shows"),
        right=(1, 2, 3),
        whole=(0, 1, 2, 3),
        indent=4,
    )
    more = f"; {counted(hidden, 'more sign')} (--all shows them)" if hidden else ""
    page.line(f"sum of weights {entry['score']:+d}{more}", indent=4)


def _note(view: View, signal: dict[str, Any]) -> str:
    other = signal["other_frame"]
    there = f" ({view.frame(other, signal['other_capture'])})" if other is not None else ""
    where = f" [{signal['capture']}]" if view.several else ""
    return f"{signal['note']}{there}{where}"


def _heads(entry: dict[str, Any]) -> str:
    if entry["from_head"] is None and entry["to_head"] is None:
        return ""
    names = ["unknown" if head is None else str(head) for head in (entry["from_head"], entry["to_head"])]
    return f" (head {names[0]} -> {names[1]})"
