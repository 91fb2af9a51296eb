"""servers[]: each address and port, the heads that stood behind it, and what it says of itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from nfsanalyze.reports.document.implementation import server_implementation
from nfsanalyze.reports.document.source import Row, Source, hexed, iso, seconds

_LEASE_SOURCES = ("getattr", "option", "assumed")
"""From what the wire said to what was only supposed."""

Evidence = tuple[list[Row], Row, dict[str, Any]]
"""The stays of another address, and what makes the two addresses one head."""


def servers(source: Source) -> list[dict[str, Any]]:
    """One entry an address and port, by address."""
    ports = {(row["server_address"], row["server_port"]) for row in source.rows("connections") if not row["callback"]}
    answers: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in source.rows("client_owners"):
        key = (row["server_address"], row["server_port"])
        ports.add(key)
        if row["so_major_id"] is not None or row["eir_server_scope"] is not None:
            answers[key].append(row)
    heads = _heads(source)
    same = _evidence(source, heads)
    lease_times = _lease_times(source)
    return [
        _server(
            source,
            address,
            port,
            stays=heads.get(address, []),
            same=same.get(address, []),
            answers=answers[address, port],
            lease_time=lease_times.get(address),
        )
        for address, port in sorted(ports)
    ]


def _server(
    source: Source,
    address: str,
    port: int,
    *,
    stays: list[Row],
    same: list[Evidence],
    answers: list[Row],
    lease_time: Row | None,
) -> dict[str, Any]:
    last = answers[-1] if answers else None
    return {
        "address": address,
        "port": port,
        "heads": [
            {
                "head": stay["head"],
                "from": iso(stay["first"]),
                "to": iso(stay["last"]),
                "first_frame": source.number(stay["first_frame"]),
                "last_frame": source.number(stay["last_frame"]),
                "instance": stay["instance"],
                "instance_time": iso(stay["instance_time"]),
                "identity": _identity(next((a for a in reversed(answers) if a["head"] == stay["head"]), None)),
                "evidence": [entry for other, row, entry in same if _is_evidence(stay, other, row)],
            }
            for stay in stays
        ],
        "identity": _identity(last),
        "implementation": _implementation(last, stays),
        "lease_time_s": seconds(lease_time["lease_time_s"]) if lease_time else None,
        "lease_time_source": lease_time["lease_time_source"] if lease_time else None,
    }


def _identity(answer: Row | None) -> dict[str, Any]:
    """What an EXCHANGE_ID reply says of the server (RFC 8881 section 18.35); v4.0 says nothing."""
    if answer is None:
        return {"so_major_id": None, "so_minor_id": None, "scope": None, "impl_id": None}
    named = answer["impl_domain"] is not None or answer["impl_name"] is not None
    return {
        "so_major_id": hexed(answer["so_major_id"]),
        "so_minor_id": answer["so_minor_id"],
        "scope": hexed(answer["eir_server_scope"]),
        "impl_id": {"domain": answer["impl_domain"], "name": answer["impl_name"]} if named else None,
    }


def _implementation(answer: Row | None, stays: list[Row]) -> str | None:
    if answer is None:
        return None
    stay = next((s for s in stays if s["head"] == answer["head"]), None)
    return server_implementation(
        so_major_id=answer["so_major_id"],
        scope=answer["eir_server_scope"],
        impl_domain=answer["impl_domain"],
        instance=stay["instance"] if stay else None,
        instance_time=stay["instance_time"] if stay else None,
    )


def _heads(source: Source) -> dict[str, list[Row]]:
    by_address: dict[str, list[Row]] = defaultdict(list)
    for row in source.rows("heads"):
        by_address[row["address"]].append(row)
    for stays in by_address.values():
        # frames follow the captures, and of several one may lie before the other in time
        stays.sort(key=lambda stay: (stay["first"], stay["first_frame"]))
    return by_address


def _evidence(source: Source, heads: Mapping[str, list[Row]]) -> dict[str, list[Evidence]]:
    by_address: dict[str, list[Evidence]] = defaultdict(list)
    for row in source.rows("same_head"):
        frames = source.numbers(row["frames"])
        for address, other in ((row["address_a"], row["address_b"]), (row["address_b"], row["address_a"])):
            entry = {
                "proof": row["proof"],
                "proven": row["proven"],
                "address": other,
                "frames": frames,
            }
            by_address[address].append((heads.get(other, []), row, entry))
    return by_address


def _is_evidence(stay: Row, others: list[Row], entry: Row) -> bool:
    """A proof belongs to the stay whose head the other address shares; a mere claim to any that meets one of that."""
    if entry["proven"]:
        return any(other["head"] == stay["head"] for other in others)
    begun = entry["first"] <= stay["last"] and entry["last"] >= stay["first"]
    return begun and any(other["first"] <= stay["last"] and other["last"] >= stay["first"] for other in others)


def _lease_times(source: Source) -> dict[str, Row]:
    """address -> the lease that tells its lease time best; among equals the latest."""
    best: dict[str, Row] = {}
    for row in source.rows("leases"):
        known = best.get(row["server_address"])
        if known is None or _rank(row) <= _rank(known):
            best[row["server_address"]] = row
    return best


def _rank(lease: Row) -> int:
    word = lease["lease_time_source"]
    return _LEASE_SOURCES.index(word) if word in _LEASE_SOURCES else len(_LEASE_SOURCES)
