"""The rows of the page's tables, cell by cell in the order of the columns that `tables.py` names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nfsanalyze.facts.printable import printable
from nfsanalyze.reports.document import Document
from nfsanalyze.reports.html.cells import bytes_text, frames_text, lease_text, lost_text, stay_notes
from nfsanalyze.reports.html.times import Times

Rows = Iterator[list[Any]]


def clients_rows(document: Document, times: Times) -> Rows:
    """clients."""
    for client in document["clients"]:
        for owner in client["owners"] or [None]:
            yield [
                client["id"],
                ", ".join(client["addresses"]),
                ", ".join(client["hostnames"]),
                client["implementation"],
                owner and owner["server_address"],
                owner and f"4.{owner['minor_version']}",
                owner and owner["owner_text"],
                {True: "uniform", False: "holds the server's address", None: None}[owner["uniform"]] if owner else None,
                owner and ", ".join(owner["clientids"]),
                owner and owner["first_frame"],
            ]


def leases_rows(document: Document, times: Times) -> Rows:
    """leases."""
    for lease in document["leases"]:
        end = lease["end"]
        yield [
            lease["lease"],
            lease["client"],
            lease["server_address"],
            lease["head"],
            lease["clientid"],
            f"4.{lease['minor_version']}",
            times.at(lease["first"]),
            times.at(lease["last_renewal"]),
            lease["renewals"],
            lease["longest_gap_s"],
            lease_text(lease),
            end["reason"],
            end["frame"],
        ]


def servers_rows(document: Document, times: Times) -> Rows:
    """servers."""
    for server in document["servers"]:
        for stay in server["heads"] or [None]:
            identity = stay["identity"] if stay else server["identity"]
            yield [
                server["address"],
                server["port"],
                stay and stay["head"],
                stay and times.at(stay["from"]),
                stay and times.at(stay["to"]),
                lease_text(server),
                server["implementation"],
                bytes_text(identity["so_major_id"]),
                bytes_text(identity["scope"]),
                stay_notes(stay),
            ]


def moves_rows(document: Document, times: Times) -> Rows:
    """moves."""
    for entry in document["takeovers"]:
        yield [
            entry["kind"],
            entry["address"],
            entry["from_head"],
            entry["to_head"],
            entry["to_address"],
            times.at(entry["time"]),
            entry["first_frame"],
            entry["outage_s"],
            entry["score"],
        ]


def signals_rows(document: Document, times: Times) -> Rows:
    """signals."""
    for entry in document["takeovers"]:
        for signal in entry["signals"]:
            yield [
                f"{entry['kind']} of {entry['address']}",
                signal["signal"],
                signal["weight"],
                signal["frame"],
                times.at(signal["time"]),
                signal["note"],
            ]


def recoveries_rows(document: Document, times: Times) -> Rows:
    """recoveries."""
    for entry in document["recoveries"]:
        yield [
            entry["client"],
            entry["address"],
            entry["trigger"]["status_name"],
            entry["trigger"]["frame"],
            times.at(entry["first"]),
            entry["takeover_kind"],
            entry["old_clientid"],
            entry["new_clientid"],
            entry["live_at"],
            entry["detection"],
            entry["reclaims"]["tried"],
            entry["reclaims"]["failed"],
            entry["outcome"],
            entry["seconds"],
            lost_text(entry["files"]),
        ]


def lost_rows(document: Document, times: Times) -> Rows:
    """lost."""
    for entry in document["lost_state"]:
        yield [
            entry["client"],
            entry["server_address"],
            entry["kind"],
            entry["name"],
            entry["filehandle"],
            entry["status_name"],
            times.at(entry["time"]),
            entry["frame"],
        ]


def behaviour_rows(document: Document, times: Times) -> Rows:
    """behaviour."""
    for entry in document["server_behaviour"]:
        yield [
            entry["head"],
            ", ".join(entry["addresses"]),
            entry["implementation"]["value"],
            entry["class"] or "not known whether its addresses are one server",
            entry["clientids"]["value"],
            entry["known_owner"]["value"],
            entry["identity"]["value"],
            "; ".join(_after(each) for each in entry["takeovers"]),
            entry.get("reason"),
        ]


def _after(entry: dict[str, Any]) -> str:
    parts = []
    if entry["old_state"]["value"] is not None:
        statuses = ", ".join(entry["old_state"]["statuses"])
        parts.append(f"old state {entry['old_state']['value']} ({statuses}{frames_text(entry['old_state'])})")
    if entry["returning_clients"]["value"] is not None:
        parts.append(f"{entry['returning_clients']['value']}{frames_text(entry['returning_clients'])}")
    parts.append(f"grace {entry['grace']['value']}" if entry["grace"]["value"] else "no grace seen")
    return f"{entry['kind']} of {entry['address']}: {', '.join(parts)}"


def sessions_rows(document: Document, times: Times) -> Rows:
    """sessions."""
    for entry in document["sessions"]:
        yield [
            entry["session_id"],
            entry["client"],
            entry["clientid"],
            ", ".join(entry["server_addresses"]),
            entry["connections"],
            {True: "yes", False: "no", None: None}[entry["backchannel"]],
            entry["created_frame"],
            entry["destroyed_frame"],
            entry["first_frame"],
            entry["last_frame"],
        ]


def unjudged_rows(document: Document, times: Times) -> Rows:
    """unjudged."""
    titles = {rule["id"]: rule["title"] for rule in document["rules"]}
    for entry in document["not_evaluable"]:
        yield [entry["rule"], titles.get(entry["rule"]), entry["subject"], entry["reason"]]


def captures_rows(document: Document, times: Times) -> Rows:
    """captures."""
    for entry in document["captures"]:
        decoded = entry["decoded"]
        unread = "; ".join(f"{each['reason']} ({each['count']:,})" for each in entry["not_decoded"])
        troubles = [
            *(["the file ends inside a record"] if entry["cut_short"] else []),
            *([f"{entry['snaplen_cut_packets']:,} packets cut when captured"] if entry["snaplen_cut_packets"] else []),
            *([f"not decoded: {unread}"] if unread else []),
        ]
        yield [
            printable(entry["path"]),
            entry["format"],
            times.at(entry["first"]),
            entry["duration_s"],
            entry["packets"],
            entry["nfs4_calls"],
            entry["nfs4_replies"],
            entry["gaps"],
            ", ".join(f"{name} {decoded[name]:,}" for name in ("fast", "exact", "tshark") if decoded[name]),
            "; ".join(troubles),
        ]
