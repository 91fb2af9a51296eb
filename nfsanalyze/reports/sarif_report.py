"""The report as SARIF 2.1.0 (OASIS): captures as artifacts, frames as byte regions, evidence as code flows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

Regions = Mapping[tuple[str, int], tuple[int, int]]
"""Of frames, by capture and number: offset of the packet's record in the file, and its length."""

_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "note": "note"}
_LINK = re.compile(r"\[(?=[^\]]*\]\()")
_PLACE = re.compile(r"\{(\d+)\}")
_RANKS = {"critical": 100.0, "high": 80.0, "medium": 50.0, "low": 20.0, "note": 5.0}


def render_sarif(document: dict[str, Any], regions: Regions | None = None) -> str:
    """One run. Where `regions` lack a frame (compressed files), its location is told in words only."""
    rules = document["rules"]
    places = {rule["id"]: number for number, rule in enumerate(rules)}
    artifacts = {capture["capture"]: number for number, capture in enumerate(document["captures"])}
    run = {
        "tool": {
            "driver": {
                "name": document["tool"]["name"],
                "semanticVersion": _semantic(document["tool"]["version"]),
                "informationUri": "https://www.rfc-editor.org/rfc/rfc7931",
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "artifacts": [_artifact(capture) for capture in document["captures"]],
        "invocations": [_invocation(document, places)],
        "results": [_result(finding, places, artifacts, regions or {}) for finding in document["findings"]],
        "columnKind": "unicodeCodePoints",
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=True) + "\n"


def _semantic(version: str) -> str:
    """`1.2.3.dev0` is no semantic version; `1.2.3` is."""
    return ".".join(part for part in version.split(".")[:3] if part.isdecimal()) or "0.0.0"


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": rule["id"],
        "name": "".join(word.capitalize() for word in rule["name"].split("-")),
        "shortDescription": {"text": rule["title"]},
        "defaultConfiguration": {"level": _LEVELS[rule["severity"]], "rank": _RANKS[rule["severity"]]},
        "properties": {"tags": [rule["group"]]},
    }


def _artifact(capture: dict[str, Any]) -> dict[str, Any]:
    return {
        "location": {"uri": _uri(capture["path"])},
        "roles": ["analysisTarget"],
        "mimeType": "application/vnd.tcpdump.pcap",
        "properties": {"format": capture["format"], "packets": capture["packets"]},
    }


def _words(text: str) -> dict[str, str]:
    """A message. What looks like a link or a place for an argument is none (sections 3.11.5 and 3.11.6)."""
    return {"text": _PLACE.sub(r"{{\1}}", _LINK.sub(r"\\[", text))}


def _uri(path: str) -> str:
    """A relative reference, or a file URI for an absolute path; `-` is standard input."""
    if "://" in path:
        return path
    raw = path.encode("utf-8", "surrogateescape")
    return ("file://" if PurePosixPath(path).is_absolute() else "") + quote(raw, safe="/-._~")


def _invocation(document: dict[str, Any], places: Mapping[str, int]) -> dict[str, Any]:
    unjudged = [
        {
            "level": "note",
            "message": _words(f"{entry['rule']} not evaluable: {entry['subject']}: {entry['reason']}"),
            "associatedRule": {"id": entry["rule"], "index": places[entry["rule"]]},
        }
        for entry in document["not_evaluable"]
        if entry["rule"] in places
    ]
    unread = [{"level": "warning", "message": _words(line)} for line in document["summary"]["incomplete"]]
    return {"executionSuccessful": not unread, "toolExecutionNotifications": [*unread, *unjudged]}


def _result(
    finding: dict[str, Any], places: Mapping[str, int], artifacts: Mapping[str, int], regions: Regions
) -> dict[str, Any]:
    shown = finding["evidence"]
    steps = [_location(each["capture"], each["frame"], artifacts, regions, each["note"]) for each in shown]
    flow = [
        {"location": step, "executionOrder": number, "executionTimeUtc": each["time"][:23] + "Z"}
        for number, (step, each) in enumerate(zip(steps, shown, strict=True), 1)
    ]
    first = [_location(finding["capture"], frame, artifacts, regions) for frame in finding["frames"][:1]]
    return {
        "ruleId": finding["rule"],
        **({"ruleIndex": places[finding["rule"]]} if finding["rule"] in places else {}),
        "level": _LEVELS[finding["severity"]],
        "rank": _RANKS[finding["severity"]],
        "message": _words(finding["message"]),
        "locations": first,
        **({"codeFlows": [{"threadFlows": [{"locations": flow}]}]} if flow else {}),
        "partialFingerprints": {"nfsanalyze/v1": finding["id"]},
        "properties": {
            "severity": finding["severity"],
            "confidence": finding["confidence"],
            "client": finding["client"],
            "servers": finding["servers"],
            "clientids": finding["clientids"],
            "filter": finding["filter"],
            "fix": finding["fix"],
        },
    }


def _location(
    capture: str, frame: int, artifacts: Mapping[str, int], regions: Regions, note: str = ""
) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"index": artifacts[capture]}} if capture in artifacts else {}
    if place and (capture, frame) in regions:
        offset, length = regions[capture, frame]
        place["region"] = {"byteOffset": offset, "byteLength": length}
    return {
        **({"physicalLocation": place} if place else {}),
        "logicalLocations": [{"name": f"frame {frame}", "kind": "packet", "fullyQualifiedName": f"{capture}#{frame}"}],
        "message": _words(note or f"frame {frame} of {capture}"),
    }
