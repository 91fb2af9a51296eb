"""A document of a great many clients, made by copying what a sample showed of one."""

from __future__ import annotations

import json
from typing import Any

from nfsanalyze.reports.document import complete_summary

Document = dict[str, Any]


def crowd(document: Document, clients: int, marks: int, guilty: int) -> Document:
    """The document with so many clients, and so many marks of refusals in all; `guilty` of the clients have the
    findings of the first."""
    emptied = ("clients", "leases", "timeline", "findings", "recoveries", "lost_state")
    grown: Document = {**document, **{key: [] for key in emptied}}
    (entry,) = (each for each in document["timeline"] if each["client"] == "c1")
    lanes = _marked(entry["lanes"], marks // clients, document["captures"][0])
    for number in range(1, clients + 1):
        name, address = f"c{number}", f"10.1.{number // 250}.{number % 250 + 1}"
        grown["clients"].append({**document["clients"][0], "id": name, "addresses": [address]})
        grown["leases"] += [{**lease, "client": name} for lease in document["leases"]]
        grown["timeline"].append({"client": name, "lanes": lanes})
        if number <= guilty:
            grown["recoveries"] += [{**each, "client": name} for each in document["recoveries"]]
            grown["findings"] += _findings(document, number, name, address)
    return complete_summary(grown)


def _findings(document: Document, number: int, name: str, address: str) -> list[Document]:
    text = json.dumps(document["findings"]).replace('"c1"', f'"{name}"').replace("10.0.0.11", address)
    made: list[Document] = json.loads(text)
    for finding in made:
        finding["id"] = f"{finding['id']}-{number}"
        finding["caused_by"] = [f"{cause}-{number}" for cause in finding["caused_by"]]
    return made


def _marked(lanes: list[Document], marks: int, capture: Document) -> list[Document]:
    day, second = capture["first"][:17], float(capture["first"][17:29])
    grown = [{**lane, "marks": list(lane["marks"])} for lane in lanes]
    for number in range(marks):
        time = f"{day}{second + number * (59.9 - second) / marks:012.9f}Z"
        grown[number % len(grown)]["marks"].append(
            {
                "kind": "error",
                "what": "RENEW: NFS4ERR_STALE_CLIENTID",
                "capture": capture["capture"],
                "frame": 1000 + number,
                "time": time,
                "last": time,
                "count": 1,
            }
        )
    return grown
