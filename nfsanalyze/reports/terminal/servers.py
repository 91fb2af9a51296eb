"""The servers: which head stood behind each address, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nfsanalyze.facts.printable import printable
from nfsanalyze.reports.terminal.page import Page, View, counted, listing, text

if TYPE_CHECKING:
    from rich.text import Text

_SHOWN = 20
_OUTCOMES = {
    "used": "nothing in the captures tells, so that was taken for granted",
    "agrees": "the captures show it too",
    "contradicted": "but the captures show otherwise, and they were believed",
    "unused": "but that tells nothing here",
    "not-seen": "but not both are in the captures",
}


def servers(page: Page, view: View) -> None:
    """A row a stay of a head at an address."""
    entries = view.report["servers"]
    if not entries:
        return
    page.heading("Servers")
    shown, hidden = view.bound(entries, _SHOWN)
    page.columns(
        (row for server in shown for row in _rows(view, server)),
        heads=("address", "port", "head", "from", "to", "lease", "what it is"),
        right=(1, 2),
        whole=(1, 2),
        indent=2,
    )
    if hidden:
        more = counted(hidden, "more server address", "more server addresses")
        page.line(f"... and {more} (--all shows them)", indent=2)
    for entry in view.report["configuration"]["declared_heads"]:
        what = "are one server" if entry["one_server"] else "are different servers"
        style = "yellow" if entry["outcome"] == "contradicted" else "dim"
        page.hanging(
            "declared:", (f"{listing(entry['addresses'])} {what}; {_OUTCOMES[entry['outcome']]}", style), indent=2
        )


def _rows(view: View, server: dict[str, Any]) -> Iterator[list[Text]]:
    stays = server["heads"] or [None]
    for index, stay in enumerate(stays):
        yield [
            text(server["address"] if index == 0 else ""),
            text(str(server["port"]) if index == 0 else ""),
            text(str(stay["head"]) if stay else "-"),
            text(view.clock.short(stay["from"]) if stay else "-"),
            text(view.clock.short(stay["to"]) if stay else "-"),
            text(_lease_time(server) if index == 0 else ""),
            text(", ".join(_what(server, index, stay))),
        ]


def _lease_time(server: dict[str, Any]) -> str:
    if server["lease_time_s"] is None:
        return "-"
    source = server["lease_time_source"]
    return f"{server['lease_time_s']:g} s" + ("" if source == "getattr" else f" ({source})")


def _what(server: dict[str, Any], index: int, stay: dict[str, Any] | None) -> Iterator[str]:
    if index == 0 and server["implementation"]:
        yield server["implementation"]
    identity = stay["identity"] if stay else server["identity"]
    if identity["so_major_id"] is not None:
        yield f"so_major_id {_bytes(identity['so_major_id'])}"
    if identity["scope"] is not None and identity["scope"] != identity["so_major_id"]:
        yield f"scope {_bytes(identity['scope'])}"
    named = identity["impl_id"]
    if named:
        yield " ".join(filter(None, (named["name"], named["domain"])))
    if stay is None:
        return
    for other in sorted({e["address"] for e in stay["evidence"] if e["proven"]}):
        proofs = sorted({e["proof"] for e in stay["evidence"] if e["proven"] and e["address"] == other})
        yield f"one with {other} ({', '.join(proofs)})"
    claimed = {e["address"] for e in stay["evidence"]} - {e["address"] for e in stay["evidence"] if e["proven"]}
    for other in sorted(claimed):
        yield f"claims to be one with {other}"


def _bytes(digits: str) -> str:
    return f'"{printable(bytes.fromhex(digits))}"' if digits else "(empty)"
