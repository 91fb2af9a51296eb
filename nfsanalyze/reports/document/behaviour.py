"""server_behaviour[]: what each head does with identities, and whether its addresses are one server to a client.

The question behind it: is this trunking, or rather several virtual servers? Every answer names the frames that show it;
what the captures do not show is null.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from nfsanalyze.reports.document.implementation import clientid_layout, server_implementation
from nfsanalyze.reports.document.source import Row, Source, seconds

CONFIRMED_R = 0x80000000
"""EXCHGID4_FLAG_CONFIRMED_R (RFC 8881 section 18.35): the owner has a confirmed record already."""

SHOWN = 8
"""Frames told for each answer: the first of them prove it, the rest repeat it."""

_NS = 10**9
_AFTER_MOVE_S = 120
"""What a head did at a takeover shows within this: clients come back, grace periods begin."""

Answer = dict[str, Any]


def server_behaviour(source: Source) -> list[dict[str, Any]]:
    """One entry a head, by number."""
    stays: dict[int, list[Row]] = defaultdict(list)
    for row in source.rows("heads"):
        stays[row["head"]].append(row)
    requests: dict[int, list[Row]] = defaultdict(list)
    for row in source.rows("client_owners"):
        if row["head"] is not None and row["clientid"] is not None:
            requests[row["head"]].append(row)
    held = _Held(source)
    return [_head(source, head, stays[head], requests[head], held) for head in sorted(stays)]


def _head(source: Source, head: int, stays: Sequence[Row], requests: Sequence[Row], held: _Held) -> dict[str, Any]:
    addresses = sorted({stay["address"] for stay in stays})
    pairs = _pairs(requests, held)
    clientids = _clientids(source, pairs)
    known = _known_owner(source, pairs)
    identity = _identity(source, requests)
    takeovers = [_takeover(source, row, stays) for row in source.rows("takeovers") if _took(row, head)]
    return {
        "head": head,
        "addresses": addresses,
        "implementation": _implementation(source, stays, requests),
        "lease_time_s": _lease_time(source, head),
        "clientids": clientids,
        "known_owner": known,
        "identity": identity,
        "takeovers": takeovers,
        **_class(addresses, clientids, identity, takeovers),
    }


def _took(row: Row, head: int) -> bool:
    return row["to_head"] == head and row["kind"] in ("takeover", "failback")


def _answer(source: Source, value: str | None, frames: Iterable[int], **more: Any) -> Answer:
    """A value and what shows it: `capture` holds the frames."""
    ordered = sorted(set(frames))[:SHOWN]
    capture = source.capture(ordered[0]) if ordered else None
    return {
        "value": value,
        **more,
        "capture": capture,
        "frames": [source.number(frame) for frame in ordered if source.capture(frame) == capture],
    }


def _pairs(requests: Sequence[Row], held: _Held) -> list[tuple[Row, Row]]:
    """A later request of an owner and boot verifier, and an earlier one of the same at another address of the head:
    the one that was granted the same clientid, else the last whose clientid the head still held. A record that was
    never confirmed is one the server need not keep (RFC 7530 section 16.33.5, RFC 8881 section 18.35.4: Linux clients
    send EXCHANGE_ID twice and use the second), and one that was destroyed or outlived its lease is gone."""
    pairs = []
    granted: dict[tuple[Any, ...], dict[str, Row]] = defaultdict(dict)
    latest: dict[tuple[Any, ...], dict[str, Row]] = defaultdict(dict)
    for row in requests:
        if not row["owner_complete"]:
            continue
        key, here = (row["client"], row["minor_version"] > 0, row["owner"], row["verifier"]), row["server_address"]
        same = [each for address, each in granted[*key, row["clientid"]].items() if address != here]
        kept = same or [each for address, each in latest[key].items() if address != here and held.at(each, row)]
        if kept:
            pairs.append((min(kept, key=_order) if same else max(kept, key=_order), row))
        granted[*key, row["clientid"]].setdefault(here, row)
        if held.ever(row):
            latest[key][here] = row
    return pairs


def _order(row: Row) -> tuple[int, int]:
    return row["time"], row["frame"]


class _Held:
    """Which clientids a head had confirmed, and from when to when it must have kept them: until a lease time after the
    last renewal, or until something ended them."""

    def __init__(self, source: Source) -> None:
        self._spans: dict[tuple[int, str], list[tuple[int, int]]] = defaultdict(list)
        for lease in source.rows("leases"):
            if lease["head"] is None or lease["confirmed"] is None:
                continue
            last = max(lease["last_renewal"] or 0, lease["confirmed"])
            running = lease["end"] in ("open", "silent")
            until = last + round(lease["lease_time_s"] * _NS) if running else last
            self._spans[lease["head"], lease["clientid"]].append((lease["confirmed"], until))

    def ever(self, row: Row) -> bool:
        """Whether the clientid that was granted was confirmed at its head."""
        return (row["head"], row["clientid"]) in self._spans

    def at(self, row: Row, later: Row) -> bool:
        """Whether the head still held that clientid when a later request came."""
        spans = self._spans[row["head"], row["clientid"]]
        return any(begins <= later["time"] <= until for begins, until in spans)


def _clientids(source: Source, pairs: Iterable[tuple[Row, Row]]) -> Answer:
    """Whether one owner has one clientid for all addresses of the head, or one for each."""
    same: set[int] = set()
    apart: set[int] = set()
    for before, row in pairs:
        frames = _frames(before, row)
        (same if before["clientid"] == row["clientid"] else apart).update(frames)
    if same and not apart:
        return _answer(source, "per server", same)
    if apart and not same:
        return _answer(source, "per address", apart)
    if same:
        return _answer(source, "mixed", same | apart)
    return _answer(source, None, ())


def _known_owner(source: Source, pairs: Iterable[tuple[Row, Row]]) -> Answer:
    """What it answers to an owner that it knows at another address."""
    told: dict[str, set[int]] = defaultdict(set)
    for before, row in pairs:
        same = before["clientid"] == row["clientid"]
        if row["eir_flags"] is None:
            what = "the clientid it knows" if same else "a new clientid"
        else:
            record = "confirmed" if row["eir_flags"] & CONFIRMED_R else "not confirmed"
            what = f"the clientid it knows, {record}" if same else f"a new clientid, {record}"
        told[what].update(_frames(before, row))
    frames = set().union(*told.values()) if told else set()
    return _answer(source, "; ".join(sorted(told)) or None, frames)


def _identity(source: Source, requests: Sequence[Row]) -> Answer:
    """Whether all its addresses name one server owner and scope (v4.1)."""
    names: dict[tuple[Any, Any], dict[str, int]] = defaultdict(dict)
    for row in requests:
        if row["so_major_id"] is not None:
            names[row["so_major_id"], row["eir_server_scope"]].setdefault(
                row["server_address"], row["reply_frame"] or row["frame"]
            )
    addresses = {address for each in names.values() for address in each}
    frames = [frame for each in names.values() for frame in each.values()]
    if len(addresses) < 2:
        return _answer(source, None, ())
    if len(names) == 1:
        return _answer(source, "one for all addresses", frames)
    if any(len(each) > 1 for each in names.values()):
        return _answer(source, None, ())
    return _answer(source, "one for each address", frames)


def _frames(*rows: Row) -> set[int]:
    return {frame for row in rows for frame in (row["frame"], row["reply_frame"]) if frame is not None}


def _takeover(source: Source, row: Row, stays: Sequence[Row]) -> dict[str, Any]:
    """What the head did with an address that it took."""
    address, begins = row["address"], row["time"]
    ends = begins + _AFTER_MOVE_S * _NS
    refused = [
        e
        for e in source.rows("state_errors")
        if e["server_address"] == address and begins <= e["time"] <= ends and _stale(e["status_name"])
    ]
    recovered = [
        r for r in source.rows("recoveries") if r["takeover"] == row["takeover"] and r["new_clientid"] is not None
    ]
    reused = [r for r in recovered if r["live_at"] is not None]
    # an owner made for the moved address alone is one that the head cannot know
    strangers = {c["client"] for c in source.rows("clients") if reused and c["uniform"] is False}
    recovered = [r for r in recovered if r["client"] not in strangers]
    fresh = [r for r in recovered if r["live_at"] is None]
    if reused or fresh:
        value = "re-uses the clientid it knows" if not fresh else "mixed" if reused else "grants a new clientid"
        frames = [f for r in recovered for f in (r["trigger_frame"], r["new_frame"]) if f is not None]
    elif refused:
        value, frames = "refuses what the other head granted", [e["frame"] for e in refused]
    else:
        value, frames = None, []
    return {
        "address": address,
        "kind": row["kind"],
        "first_frame": source.number(row["first_frame"]),
        "old_state": _answer(
            source,
            "refused" if refused else None,
            [e["frame"] for e in refused],
            statuses=sorted({e["status_name"] for e in refused}),
        ),
        "returning_clients": _answer(source, value, frames),
        "grace": _grace(source, row, ends, {stay["address"] for stay in stays if stay["first"] <= ends}),
    }


def _stale(name: str | None) -> bool:
    return name is not None and any(word in name for word in ("STALE", "BADSESSION", "EXPIRED", "BAD_STATEID"))


def _grace(source: Source, row: Row, ends: int, addresses: set[str]) -> Answer:
    """Which of the head's addresses were in grace after the move."""
    during = [
        g
        for g in source.rows("graces")
        if g["address"] in addresses and g["first"] <= ends and row["time"] <= g["last"] + _NS
    ]
    here = {g["address"] for g in during}
    if not here:
        return _answer(source, None, ())
    at = source.rows("takeovers")
    moved = {each["address"] for each in at}
    others = here - moved
    value = (
        "on all addresses"
        if row["address"] in here and others
        else "on the taken address"
        if row["address"] in here
        else "on another address only"
    )
    return _answer(source, value, [g["first_frame"] for g in during], addresses=sorted(here))


def _implementation(source: Source, stays: Sequence[Row], requests: Sequence[Row]) -> dict[str, Any]:
    """Name, how sure it is, and the signs for it."""
    stay = next((s for s in stays if s["instance"] is not None), None)
    told = next((r for r in reversed(requests) if r["so_major_id"] is not None or r["impl_domain"] is not None), None)
    layout = clientid_layout(stay["instance"], stay["instance_time"]) if stay else None
    signs = [f"instance half of its clientids: {layout}"] if layout else []
    name = confidence = None
    if told is not None:
        name = server_implementation(
            so_major_id=told["so_major_id"],
            scope=told["eir_server_scope"],
            impl_domain=told["impl_domain"],
            instance=stay["instance"] if stay else None,
            instance_time=stay["instance_time"] if stay else None,
        )
        if told["impl_domain"] is not None:
            signs.insert(0, f"names itself {told['impl_domain']}: {told['impl_name'] or ''}".rstrip(": "))
            confidence = "high" if name else None
        elif name is not None:
            signs.insert(0, "shape of its server owner and scope")
            confidence = "medium"
    frames = [told["reply_frame"] or told["frame"]] if told is not None else [s["first_frame"] for s in stays[:1]]
    return {**_answer(source, name, frames), "confidence": confidence, "signs": signs}


def _lease_time(source: Source, head: int) -> float | None:
    for row in source.rows("leases"):
        if row["head"] == head and row["lease_time_source"] == "getattr":
            return seconds(row["lease_time_s"])
    return None


def _class(
    addresses: Sequence[str], clientids: Answer, identity: Answer, takeovers: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """What the head is to its clients, and what that rests on."""
    returning = {each["returning_clients"]["value"]: each["returning_clients"] for each in takeovers}
    if clientids["value"] == "per address":
        return {"class": "virtual server per address", "class_shown_by": "clientids"}
    if identity["value"] == "one for each address":
        return {"class": "virtual server per address", "class_shown_by": "identity"}
    if "re-uses the clientid it knows" in returning:
        return {"class": "whole-node identity", "class_shown_by": "takeovers"}
    if clientids["value"] == "per server":
        return {"class": "one server with trunkable addresses", "class_shown_by": "clientids"}
    if len(addresses) < 2:
        return {"class": None, "class_shown_by": None, "reason": "only one of its addresses is seen"}
    return {
        "class": None,
        "class_shown_by": None,
        "reason": "no owner is seen at two of its addresses in the same words: each has its own clientid anyway",
    }
