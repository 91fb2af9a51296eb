"""What the page's scripts draw: the document with times as seconds, and texts that repeat kept once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from nfsanalyze.facts.printable import printable
from nfsanalyze.reports.document import Document
from nfsanalyze.reports.document.timeline import KINDS
from nfsanalyze.reports.html.ladders import MANNERS, ladder_data
from nfsanalyze.reports.html.tables import tables
from nfsanalyze.reports.html.times import Times
from nfsanalyze.reports.ladder.of_document import scene
from nfsanalyze.reports.terminal.takeovers import what_happened


class Texts:
    """Texts that repeat, by number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """Its place in `all`."""
        return self._numbers.setdefault(text, len(self._numbers))

    @property
    def all(self) -> list[str]:
        """Every text once."""
        return list(self._numbers)


def page_data(document: Document) -> dict[str, Any]:
    """Plain JSON, printable throughout; equal documents give equal data."""
    pack = _Pack(
        times=Times(document),
        texts=Texts(),
        captures={c["capture"]: at for at, c in enumerate(document["captures"])},
        numbers={finding["id"]: at for at, finding in enumerate(document["findings"])},
    )
    known = scene(document)
    data: dict[str, Any] = {
        "start_us": pack.times.start // 1000,
        "start_ns": pack.times.start % 1000,
        "span": pack.times.span,
        "captures": list(pack.captures),
        "kinds": list(KINDS),
        "manners": list(MANNERS),
        "findings": [{**_finding(f, pack), "ladder": ladder_data(document, f, known)} for f in document["findings"]],
        "timeline": _timeline(document, pack),
        "stays": _stays(document, pack.times),
        "moves": _moves(document, pack),
        "tables": tables(document, pack.times),
    }
    data["texts"] = pack.texts.all
    shown: dict[str, Any] = _printable(data)
    return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pack:
    times: Times
    texts: Texts
    captures: dict[str, int]
    numbers: dict[str, int]


def _printable(value: Any) -> Any:
    """Tuples hold numbers only, and there are many: they stay as they are."""
    if isinstance(value, str):
        # remedies have lines of their own
        return value if value.isprintable() and value.isascii() else "\n".join(map(printable, value.split("\n")))
    if isinstance(value, dict):
        return {key: _printable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_printable(each) for each in value]
    return value


def _finding(finding: dict[str, Any], pack: _Pack) -> dict[str, Any]:
    number = pack.texts.number
    return {
        **{key: finding[key] for key in ("rule", "severity", "confidence", "message", "client", "other_clients")},
        **{key: finding[key] for key in ("servers", "clientids", "filter", "known", "files")},
        **{key: number(finding[key]) for key in ("name", "title", "fix")},
        "references": number("; ".join(finding["references"])),
        "capture": pack.captures.get(finding["capture"]),
        "causes": [pack.numbers[each] for each in finding["caused_by"] if each in pack.numbers],
        # capture, frame, time, note, client, address
        "evidence": [
            [
                pack.captures.get(each["capture"]),
                each["frame"],
                pack.times.at(each["time"]),
                each["note"],
                each["client"],
                each["server"],
            ]
            for each in finding["evidence"]
        ],
    }


def _timeline(document: Document, pack: _Pack) -> list[dict[str, Any]]:
    known = {client["id"]: client for client in document["clients"]}
    entries = []
    for entry in document["timeline"]:
        client = known.get(entry["client"], {"addresses": [], "hostnames": [], "owners": []})
        entries.append(
            {
                "client": entry["client"],
                "name": ", ".join(client["addresses"][:3]) or entry["client"] or "no known client",
                "hosts": client["hostnames"][:2],
                "owner": client["owners"][0]["owner_text"] if client["owners"] else "",
                "lanes": [_lane(lane, pack) for lane in entry["lanes"]],
            }
        )
    return entries


def _lane(lane: dict[str, Any], pack: _Pack) -> dict[str, Any]:
    at = pack.times.at
    return {
        "address": lane["address"],
        "leases": [_bar(bar, pack) for bar in lane["leases"]],
        "silences": [
            {
                **{key: each[key] for key in ("last_frame", "gap_s", "lease_time_s", "assumed", "excused", "after")},
                "capture": pack.captures.get(each["capture"]),
                "first": at(each["first"]),
                "last": at(each["last"]),
            }
            for each in lane["silences"]
        ],
        # kind, text, time, time of the last, how many, capture, frame
        "marks": [
            (
                KINDS.index(mark["kind"]),
                pack.texts.number(mark["what"]),
                at(mark["time"]),
                at(mark["last"]),
                mark["count"],
                pack.captures.get(mark["capture"]),
                mark["frame"],
            )
            for mark in lane["marks"]
        ],
    }


def _bar(bar: dict[str, Any], pack: _Pack) -> dict[str, Any]:
    end, at = bar["end"], pack.times.at
    return {
        **{key: bar[key] for key in ("lease", "clientid", "head", "first_frame", "lease_time_s")},
        "capture": pack.captures.get(bar["capture"]),
        "first": at(bar["first"]),
        "last": at(bar["last"]),
        "end": end and {"reason": end["reason"], "frame": end["frame"], "time": at(end["time"])},
        "renewals": [tuple(tick) for tick in bar["renewals"]],
    }


def _stays(document: Document, times: Times) -> dict[str, list[list[Any]]]:
    """address -> head, from, to, instance: which head stood behind it."""
    stays: dict[str, list[list[Any]]] = defaultdict(list)
    for server in document["servers"]:
        for stay in server["heads"]:
            row = [stay["head"], times.at(stay["from"]), times.at(stay["to"])]
            if row not in stays[server["address"]]:
                stays[server["address"]].append(row)
    return dict(stays)


def _moves(document: Document, pack: _Pack) -> list[dict[str, Any]]:
    return [
        {
            "address": entry["address"],
            "kind": entry["kind"],
            "what": what_happened(entry),
            "t": pack.times.at(entry["time"]),
            "capture": pack.captures.get(entry["capture"]),
            "frame": entry["first_frame"],
        }
        for entry in document["takeovers"]
    ]
