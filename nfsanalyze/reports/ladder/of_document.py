"""The actors of a report, and the call flow of the frames behind one of its findings."""

from __future__ import annotations

from typing import Any

from nfsanalyze.reports.document import Document
from nfsanalyze.reports.ladder.model import Change, Ladder, Manner, Scene, Sight, Stay, laid
from nfsanalyze.reports.terminal.clock import nanoseconds


def scene(report: Document) -> Scene:
    """Who takes part, and which head was behind which address."""
    captures = report["captures"]
    return Scene(
        clients={each["id"]: (_title(each), tuple(each["addresses"])) for each in report["clients"]},
        stays=tuple(_stays(report)),
        changes=tuple(
            Change(
                address=each["address"],
                kind=each["kind"],
                from_head=each["from_head"],
                to_head=each["to_head"],
                capture=each["capture"],
                frame=each["first_frame"],
                time=nanoseconds(each["time"]),
            )
            for each in report["takeovers"]
        ),
        start=min((nanoseconds(c["first"]) for c in captures if c["first"] is not None), default=0),
        captures=tuple(each["capture"] for each in captures),
    )


def finding_ladder(report: Document, finding: dict[str, Any], known: Scene | None = None) -> Ladder:
    """The frames that a finding rests on, as far as its evidence tells of them, and the moves of its servers between
    them. `known`: the scene of the report, for those who draw many of its findings."""
    evidence, actors = finding["evidence"], known or scene(report)
    asked = {(e["capture"], e["frame"]): nanoseconds(e["time"]) for e in evidence if e["what"] == "call"}
    sights = [_sight(entry, asked, finding["rule"]) for entry in evidence]
    first, last = nanoseconds(finding["first"]), nanoseconds(finding["last"])
    told = {(sight.capture, sight.frame) for sight in sights}
    moves = [
        change_sight(change)
        for change in actors.changes
        if change.address in finding["servers"]
        and first <= change.time <= last
        and (change.capture, change.frame) not in told
    ]
    return laid(f"{finding['rule']}: {finding['title']}", [*sights, *moves], actors)


def change_sight(change: Change) -> Sight:
    """An address that moves, or whose server starts anew."""
    words = {"restart": "starts anew", "failback": "moves back", "takeover": "moves"}
    note = f"{change.address} {words.get(change.kind, 'may have moved')}"
    return Sight(
        time=change.time,
        capture=change.capture,
        frame=change.frame,
        server=change.address,
        label=change.kind,
        note=note,
    )


def _sight(entry: dict[str, Any], asked: dict[tuple[str, int], int], rule: str) -> Sight:
    time = nanoseconds(entry["time"])
    call = asked.get((entry["capture"], entry["answer_frame"])) if entry["what"] == "reply" else None
    refused = entry["what"] == "reply" and "NFS4ERR_" in entry["note"]
    return Sight(
        time=time,
        capture=entry["capture"],
        frame=entry["frame"],
        client=entry["client"],
        server=entry["server"],
        what=entry["what"],
        sender=entry["sender"],
        label=_label(entry),
        note=entry["note"],
        manner=Manner.ERROR if refused else None,
        answer_frame=entry["answer_frame"],
        elapsed=None if call is None else time - call,
        rules=(rule,),
    )


def _label(entry: dict[str, Any]) -> str:
    """The operation, which is written in capitals; else what TCP says of the frame."""
    kind = entry["kind"] or ""
    if kind.isupper() or entry["what"] is None:
        return kind
    return entry["what"] if entry["what"] not in ("call", "reply") else ""


def _title(client: dict[str, Any]) -> str:
    return client["hostnames"][0] if client["hostnames"] else f"client {client['id']}"


def _stays(report: Document) -> list[Stay]:
    """One entry an address and head: an address may be served on several ports."""
    found: dict[tuple[str, int, str], Stay] = {}
    for server in report["servers"]:
        for stay in server["heads"]:
            key = server["address"], stay["head"], stay["from"]
            found[key] = Stay(
                address=server["address"],
                head=stay["head"],
                first=nanoseconds(stay["from"]),
                last=nanoseconds(stay["to"]),
            )
    return list(found.values())
