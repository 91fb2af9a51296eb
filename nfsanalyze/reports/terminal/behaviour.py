"""What each head does with identities: one server, or several virtual ones?"""

from __future__ import annotations

from typing import Any

from nfsanalyze.reports.terminal.page import Page, View, counted, listing

_SHOWN = 6


def behaviour(page: Page, view: View) -> None:
    """A paragraph for each head of which the captures show something."""
    telling = [(entry, told) for entry in view.report["server_behaviour"] if (told := _told(view, entry))]
    if not telling:
        return
    page.heading("What the servers do")
    shown, hidden = view.bound(telling, _SHOWN)
    for entry, told in shown:
        kind = entry["class"] or "not known whether its addresses are one server"
        name = entry["implementation"]["value"]
        who = f"head {entry['head']} ({listing(entry['addresses'], 3)}{', ' + name if name else ''})"
        page.line(f"{who}: ", (kind, "bold" if entry["class"] else ""), indent=2)
        for line in told:
            page.hanging("-", line, indent=4)
    if hidden:
        page.line(f"... and {counted(hidden, 'more head')} (--all shows them)", indent=2)


def _told(view: View, entry: dict[str, Any]) -> list[str]:
    told = []
    if entry["clientids"]["value"] is not None:
        words = {"per server": "one clientid for all addresses", "per address": "a clientid for each address"}
        value = entry["clientids"]["value"]
        told.append(words.get(value, value))
    if entry["known_owner"]["value"] is not None:
        told.append(
            f"answers an owner it knows at another address with {entry['known_owner']['value']}"
            f" ({_frames(view, entry['known_owner'])})"
        )
    if entry["identity"]["value"] is not None:
        told.append(f"server owner and scope: {entry['identity']['value']} ({_frames(view, entry['identity'])})")
    for each in entry["takeovers"]:
        told += _takeover(view, each)
    return told


def _takeover(view: View, entry: dict[str, Any]) -> list[str]:
    parts = []
    if entry["old_state"]["value"] is not None:
        names = listing(entry["old_state"]["statuses"], 3)
        parts.append(f"refuses what the other head granted ({names}, {_frames(view, entry['old_state'])})")
    if entry["returning_clients"]["value"] is not None:
        parts.append(f"{entry['returning_clients']['value']} ({_frames(view, entry['returning_clients'])})")
    grace = entry["grace"]
    parts.append(f"grace {grace['value']} ({_frames(view, grace)})" if grace["value"] else "no grace seen")
    return [f"after the {entry['kind']} of {entry['address']} it " + ", ".join(parts)]


def _frames(view: View, answer: dict[str, Any]) -> str:
    """`frames 3, 5`, with the capture where there are several."""
    numbers = listing([str(frame) for frame in answer["frames"]], 4)
    where = f" of {answer['capture']}" if view.several else ""
    return f"{'frame' if len(answer['frames']) == 1 else 'frames'} {numbers}{where}"
