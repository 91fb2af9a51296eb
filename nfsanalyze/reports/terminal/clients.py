"""The clients: in full those with findings, one line for each of the rest."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from nfsanalyze.reports.terminal.page import Page, View, counted, listing, lost_name, text

_IN_FULL = 8
_IN_BRIEF = 10
_ROWS = 12
_FILES = 5

_Entries = dict[str, list[dict[str, Any]]]


def clients(page: Page, view: View) -> None:
    """Which long forms each client sent where, which leases it held, how it recovered."""
    everyone = view.report["clients"]
    if not everyone:
        return
    accused = Counter(
        name for finding in view.report["findings"] for name in (finding["client"], *finding["other_clients"])
    )
    full = [client for client in everyone if _accusations(accused, client)]
    brief = [client for client in everyone if not _accusations(accused, client)]
    by_client = {name: _by_client(view.report[name]) for name in ("leases", "sessions", "recoveries")}
    if len(everyone) <= 3 or view.show_all:
        full, brief = everyone, []
    page.heading("Clients")
    shown, hidden = view.bound(full, _IN_FULL)
    for client in shown:
        _client(page, view, client, by_client)
    if hidden:
        page.line(
            f"... and {counted(hidden, 'more client')} with findings (--all or --client ADDR shows them)", indent=2
        )
    shown, hidden = view.bound(brief, _IN_BRIEF)
    if shown and full:
        page.line(("without findings of their own:", "dim"), indent=2)
    for client in shown:
        page.hanging("-", f"{view.who(client['id'])}: {_brief(client, by_client['leases'])}", indent=2)
    if hidden:
        page.line(
            f"... and {counted(hidden, 'more client')} without findings (--all or --client ADDR shows them)", indent=2
        )


def _accusations(accused: Counter[str | None], client: dict[str, Any]) -> int:
    return accused[client["id"]] + sum(accused[address] for address in client["addresses"])


def _by_client(entries: list[dict[str, Any]]) -> _Entries:
    found: _Entries = defaultdict(list)
    for entry in entries:
        if entry["client"] is not None:
            found[entry["client"]].append(entry)
    return found


def _brief(client: dict[str, Any], leases: _Entries) -> str:
    held = leases.get(client["id"], [])
    servers = sorted({o["server_address"] for o in client["owners"]} | {lease["server_address"] for lease in held})
    return f"{_kind(client)}, {counted(len(held), 'lease')} at {listing(servers, 3) or 'no server'}"


def _kind(client: dict[str, Any]) -> str:
    minors = sorted({o["minor_version"] for o in client["owners"]})
    versions = f" v4.{'/4.'.join(map(str, minors))}" if minors else ""
    uniform = {True: ", uniform owner", False: ", non-uniform owner", None: ""}[client["uniform"]]
    known = client["implementation"] != "unknown"
    return (client["implementation"] if known else "implementation not recognised") + versions + uniform


def _client(page: Page, view: View, client: dict[str, Any], by_client: dict[str, _Entries]) -> None:
    replaces = f", restart of {client['replaces']}" if client["replaces"] else ""
    verifier = f", boot verifier {client['boot_verifier']}" if client["boot_verifier"] else ""
    page.line((view.who(client["id"]), "bold"), f": {client['id']}, {_kind(client)}{verifier}{replaces}", indent=2)
    _owners(page, view, client)
    _leases(page, view, by_client["leases"].get(client["id"], []))
    _sessions(page, view, by_client["sessions"].get(client["id"], []))
    _recoveries(page, view, by_client["recoveries"].get(client["id"], []))


def _owners(page: Page, view: View, client: dict[str, Any]) -> None:
    """The long forms by address, and the short forms given for them."""
    shown, hidden = view.bound(client["owners"], _ROWS)
    page.columns(
        (
            [
                text(_endpoint(owner["server_address"], owner["server_port"])),
                text(_owner(owner)),
                text(", ".join(owner["clientids"]) or ("none granted" if owner["replies"] else "reply not captured")),
            ]
            for owner in shown
        ),
        heads=("sent to", "long form (client owner)", "short form (clientid)"),
        whole=(0,),
        indent=4,
    )
    _more(page, hidden, "owner")


def _owner(owner: dict[str, Any]) -> str:
    text = f"v4.{owner['minor_version']} " + (f'"{owner["owner_text"]}"' if owner["owner_text"] else "(empty)")
    embedded = owner["embedded"]
    if embedded["server_address"]:
        text += f" holds server address {embedded['server_address']}"
    if embedded["client_address"]:
        text += f" holds client address {embedded['client_address']}"
    return text if owner["owner_complete"] else text + " (only part of it was captured)"


def _endpoint(address: str, port: int) -> str:
    if port == 2049:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _leases(page: Page, view: View, leases: list[dict[str, Any]]) -> None:
    shown, hidden = view.bound(leases, _ROWS)
    clock = view.clock
    page.columns(
        (
            [
                text(_served(lease)),
                text(lease["clientid"]),
                text(clock.short(lease["first"])),
                text(clock.short(lease["last_renewal"])),
                text(f"{lease['renewals']:,}"),
                text(_gap(lease)),
                text(_end(lease)),
            ]
            for lease in shown
        ),
        heads=("lease at", "clientid", "from", "renewed", "times", "gap/lease", "end"),
        right=(4, 5),
        whole=(1,),
        indent=4,
        gap=1,
    )
    _more(page, hidden, "lease")


def _served(lease: dict[str, Any]) -> str:
    others = [address for address in lease["renewals_by_address"] if address != lease["server_address"]]
    return " +".join([lease["server_address"], *others])


def _gap(lease: dict[str, Any]) -> str:
    gap = "?" if lease["longest_gap_s"] is None else f"{lease['longest_gap_s']:.1f}"
    time = "?" if lease["lease_time_s"] is None else f"{lease['lease_time_s']:g}"
    return f"{gap}/{time}{'?' if lease['lease_time_source'] == 'assumed' else ''}s"


def _end(lease: dict[str, Any]) -> str:
    frame = lease["end"]["frame"]
    return f"{lease['end']['reason']} in {frame}" if frame is not None else str(lease["end"]["reason"])


def _sessions(page: Page, view: View, sessions: list[dict[str, Any]]) -> None:
    shown, hidden = view.bound(sessions, _ROWS)
    callbacks = {True: "callbacks served", False: "no callbacks", None: ""}
    for session in shown:
        facts = [
            f"of {session['clientid']}" if session["clientid"] else "clientid not seen",
            f"at {listing(session['server_addresses'])}",
            f"over {counted(session['connections'], 'connection')}",
            callbacks[session["backchannel"]],
            f"destroyed in {session['destroyed_frame']}" if session["destroyed_frame"] is not None else "",
        ]
        page.hanging("session", f"{session['session_id']} {', '.join(filter(None, facts))}", indent=4, style="dim")
    _more(page, hidden, "session")


def _recoveries(page: Page, view: View, recoveries: list[dict[str, Any]]) -> None:
    shown, hidden = view.bound(recoveries, _ROWS)
    for entry in shown:
        page.hanging("recovery", _recovery(view, entry), indent=4, style="bold")
    _more(page, hidden, "recovery", "recoveries")


def _recovery(view: View, entry: dict[str, Any]) -> str:
    trigger = entry["trigger"]
    status = trigger["status_name"]
    parts = [f"at {entry['address']}: {status} in {view.frame(trigger['frame'], entry['capture'])}"]
    if entry["new_clientid"]:
        live = f", already live at {entry['live_at']}" if entry["live_at"] else ""
        parts.append(f"answered with clientid {entry['new_clientid']}{live}")
    if entry["detection"] == "none" and entry["live_at"]:
        parts.append("no trunking detection")
    elif entry["detection"] not in ("none", "not-visible"):
        parts.append(f"trunking: {entry['detection']}")
    tried = entry["reclaims"]["tried"]
    if tried:
        parts.append(f"{counted(tried, 'reclaim')}, {entry['reclaims']['failed']:,} refused for good")
    files, hidden = view.bound(entry["files"], _FILES)
    if files:
        more = f" and {hidden:,} more (--all shows them)" if hidden else ""
        parts.append(f"lost {', '.join(map(lost_name, files))}{more}")
    parts.append(f"{entry['outcome']} after {entry['seconds']:.3f} s")
    return "; ".join(parts)


def _more(page: Page, hidden: int, noun: str, plural: str | None = None) -> None:
    if hidden:
        words = counted(hidden, f"more {noun}", plural and f"more {plural}")
        page.line(f"... and {words} (--all shows them)", indent=4)
