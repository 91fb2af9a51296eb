"""clients[]: who the clients are, and which long form each sent where and which short forms it was given for it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from nfsanalyze.reports.document.source import Row, Source, client_id, unique

_NFS4_OK = 0


def clients(source: Source) -> list[dict[str, Any]]:
    """One entry a client instance, by number."""
    requests: dict[int, list[Row]] = defaultdict(list)
    for row in source.rows("client_owners"):
        requests[row["client"]].append(row)
    rows = source.rows("clients")
    known = {row["client"] for row in rows}
    entries = [(row["client"], _client(source, row, requests[row["client"]])) for row in rows]
    # an owner must never be missing from the report, whatever became of its client
    entries += [
        (number, _client(source, _nameless(number, asked), asked))
        for number, asked in requests.items()
        if number not in known
    ]
    return [entry for _, entry in sorted(entries, key=lambda item: item[0])]


def _client(source: Source, row: Row, requests: list[Row]) -> dict[str, Any]:
    return {
        "id": client_id(row["client"]),
        "host": row["host"],
        "addresses": sorted(row["addresses"] or ()),
        "hostnames": sorted(row["hostnames"] or ()),
        "implementation": row["implementation"],
        "uniform": row["uniform"],
        "per_mount": row["per_mount"],
        "boot_verifier": row["boot_verifier"],
        "same_because": row["same_because"],
        "replaces": client_id(row["replaces"]),
        "capture": source.capture(row["first_frame"]),
        "first_frame": source.number(row["first_frame"]),
        "last_frame": source.number(row["last_frame"]),
        "detection": _detection(source, row["client"]),
        "owners": _owners(source, requests),
    }


def _detection(source: Source, client: int) -> dict[str, list[dict[str, Any]]]:
    """What the client did to find out whether two addresses are one server: when it met an address first, and in
    recovery."""
    return {
        "at_mount": [
            {
                "address": row["address"],
                "other_address": row["other_address"],
                "found": row["kind"],
                "capture": source.capture(row["frame"]),
                "frame": source.number(row["frame"]),
            }
            for row in source.rows("trunking")
            if row["client"] == client and not row["in_recovery"]
        ],
        "in_recovery": [
            {
                "address": row["server_address"],
                "other_address": row["live_at"],
                "found": row["detection"],
                "capture": source.capture(row["detection_frame"] or row["trigger_frame"]),
                "frame": source.number(row["detection_frame"] or row["trigger_frame"]),
            }
            for row in source.rows("recoveries")
            if row["client"] == client and row["live_at"] is not None
        ],
    }


def _nameless(number: int, requests: list[Row]) -> Row:
    return {
        "client": number,
        "host": number,
        "addresses": unique(r["client_address"] for r in requests),
        "hostnames": [],
        "implementation": "unknown",
        "uniform": None,
        "per_mount": False,
        "boot_verifier": None,
        "same_because": "",
        "replaces": None,
        "first_frame": requests[0]["frame"],
        "last_frame": requests[-1]["frame"],
    }


def _owners(source: Source, requests: list[Row]) -> list[dict[str, Any]]:
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in requests:
        key = (row["client_address"], row["server_address"], row["server_port"], row["minor_version"], row["owner"])
        groups[key].append(row)
    return [_owner(source, groups[key]) for key in sorted(groups)]


def _owner(source: Source, rows: list[Row]) -> dict[str, Any]:
    """One long form at one address: `rows` are its requests there, in order of frames."""
    head = rows[0]
    granted = sorted((r for r in rows if r["status"] == _NFS4_OK), key=lambda r: r["reply_frame"] or r["frame"])
    return {
        "client_address": head["client_address"],
        "server_address": head["server_address"],
        "server_port": head["server_port"],
        "minor_version": head["minor_version"],
        "owner_hex": head["owner"].hex(),
        "owner_text": head["owner_text"],
        "owner_complete": head["owner_complete"],
        "form": head["form"],
        "uniform": _first(rows, "uniform"),
        "embedded": {
            "server_address": _first(rows, "embedded_server_address"),
            "as": _first(rows, "embedded_as"),
            "client_address": _first(rows, "embedded_client_address"),
            "hostname": _first(rows, "embedded_hostname"),
            "other_address": _first(rows, "embedded_other_address"),
        },
        "verifiers": unique(r["verifier"] for r in rows),
        "clientids": unique(r["clientid"] for r in granted),
        "requests": len(rows),
        "replies": sum(r["status"] is not None for r in rows),
        "capture": source.capture(head["frame"]),
        "first_frame": source.number(head["frame"]),
        "last_frame": source.number(rows[-1]["frame"]),
    }


def _first(rows: list[Row], column: str) -> Any:
    return next((row[column] for row in rows if row[column] is not None), None)
