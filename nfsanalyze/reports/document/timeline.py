"""timeline[]: what a drawing needs of each client, a lane a server address: leases, renewals, silences, marks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from nfsanalyze.reports.document.source import NS, Row, Source, client_id, iso, seconds

WHOLE = 60
"""So many marks of a lane stand one by one; where there are more, equal ones share a mark in each of `STRETCHES`."""

STRETCHES = 200

KINDS = ("identity", "error", "flag", "reclaim", "refused-reclaim", "loss")
"""Of marks."""

Key = tuple[int | None, str]
"""Client and server address: a lane."""


def timeline(source: Source) -> list[dict[str, Any]]:
    """One entry a client, by number; what belongs to no client comes last."""
    lanes: dict[Key, dict[str, Any]] = defaultdict(lambda: {"leases": [], "silences": [], "marks": []})
    for key, bar in _bars(source):
        lanes[key]["leases"].append(bar)
    for key, silence in _silences(source):
        lanes[key]["silences"].append(silence)
    width = _stretch(source)
    for key, rows in _marks(source).items():
        lanes[key]["marks"] = [_mark(source, entry) for entry in _joined(rows, width)]
    by_client: dict[int | None, list[dict[str, Any]]] = defaultdict(list)
    for client, address in sorted(lanes, key=lambda key: (key[0] is None, key[0] or 0, key[1])):
        by_client[client].append({"address": address, **lanes[client, address]})
    return [{"client": client_id(client), "lanes": entries} for client, entries in by_client.items()]


def _bars(source: Source) -> Iterator[tuple[Key, dict[str, Any]]]:
    """A bar a lease and address it was renewed at; its own address has one in any case."""
    bins: dict[tuple[int, str], list[Row]] = defaultdict(list)
    for row in source.rows("renewal_bins"):
        bins[row["lease"], row["server_address"]].append(row)
    addresses: dict[int, set[str]] = defaultdict(set)
    for lease, address in bins:
        addresses[lease].add(address)
    for row in source.rows("leases"):
        for address in sorted({row["server_address"], *addresses[row["lease"]]}):
            ticks = bins[row["lease"], address]
            own = address == row["server_address"]
            begin = row["first"] if own or not ticks else ticks[0]["first"]
            frame = next((f for f in (row["established_frame"], row["confirmed_frame"]) if own and f is not None), None)
            frame = frame if frame is not None else ticks[0]["first_frame"] if ticks else None
            capture = source.capture(frame) if frame is not None else None
            yield (
                (row["client"], address),
                {
                    "lease": row["lease"],
                    "clientid": row["clientid"],
                    "head": row["head"],
                    "capture": capture,
                    "first_frame": source.number(frame),
                    "first": iso(begin),
                    "last": iso(ticks[-1]["last"] if ticks else begin),
                    "lease_time_s": seconds(row["lease_time_s"]),
                    "end": {
                        "reason": row["end"],
                        "capture": source.capture(row["end_frame"]) if row["end_frame"] is not None else None,
                        "frame": source.number(row["end_frame"]),
                        "time": iso(row["end_time"]),
                    }
                    if own
                    else None,
                    "renewals": [_tick(source, tick, begin, capture) for tick in ticks],
                },
            )


def _tick(source: Source, row: Row, begin: int, capture: str | None) -> list[Any]:
    """A short list and no object: there are many."""
    frame = source.number(row["first_frame"]) if source.capture(row["first_frame"]) == capture else None
    return [round((row["first"] - begin) / NS, 9), round((row["last"] - begin) / NS, 9), row["count"], frame]


def _silences(source: Source) -> Iterator[tuple[Key, dict[str, Any]]]:
    for row in source.rows("lease_gaps"):
        yield (
            (row["client"], row["server_address"]),
            {
                "lease": row["lease"],
                "capture": source.capture(row["last_frame"]),
                "last_frame": source.number(row["last_frame"]),
                "first": iso(row["first"]),
                "last": iso(row["last"]),
                "gap_s": seconds(row["gap_s"]),
                "lease_time_s": seconds(row["lease_time_s"]),
                "assumed": row["assumed"],
                "excused": row["excused"],
                "after": row["after"],
            },
        )


def _marks(source: Source) -> dict[Key, list[Row]]:
    """What happened at one moment: identities granted or refused, refusals, reclaims, losses."""
    marks: dict[Key, list[Row]] = defaultdict(list)

    def put(row: Row, kind: str, what: str, frame: int) -> None:
        marks[row["client"], row["server_address"]].append(
            {"kind": kind, "what": what, "frame": frame, "time": row["time"]}
        )

    for row in source.rows("client_owners"):
        answer = row["clientid"] if row["status"] == 0 else "no answer" if row["status"] is None else "refused"
        put(row, "identity", f"{row['op']}: {answer}", row["frame"])
    for row in source.rows("state_errors"):
        noise = row["status"] is None or row["lone_free_stateid"]
        put(row, "flag" if noise else "error", f"{row['op']}: {row['status_name']}", row["frame"])
    for row in source.rows("reclaims"):
        answer = row["status_name"] or "no answer"
        kind = "refused-reclaim" if row["final"] else "reclaim"
        put(row, kind, f"{row['op']} ({row['claim']}): {answer}", row["frame"])
    for row in source.rows("lost_state"):
        put(row, "loss", f"lost {row['kind']}: {row['status_name']}", row["frame"])
    return marks


def _stretch(source: Source) -> int:
    """Nanoseconds of a stretch in which equal marks of a crowded lane are one."""
    spans = [(row["first"], row["last"]) for row in source.rows("captures") if row["first"] is not None]
    if not spans:
        return NS
    span: int = max(last for _, last in spans) - min(first for first, _ in spans)
    return max(1, span // STRETCHES)


def _joined(rows: list[Row], width: int) -> list[Row]:
    rows.sort(key=lambda row: (row["time"], row["frame"], row["kind"], row["what"]))
    if len(rows) <= WHOLE:
        return [{**row, "last": row["time"], "count": 1} for row in rows]
    groups: dict[tuple[str, str, int], Row] = {}
    for row in rows:
        key = (row["kind"], row["what"], row["time"] // width)
        group = groups.setdefault(key, {**row, "count": 0})
        group["last"], group["count"] = row["time"], group["count"] + 1
    return list(groups.values())


def _mark(source: Source, row: Row) -> dict[str, Any]:
    return {
        "kind": row["kind"],
        "what": row["what"],
        "capture": source.capture(row["frame"]),
        "frame": source.number(row["frame"]),
        "time": iso(row["time"]),
        "last": iso(row["last"]),
        "count": row["count"],
    }
