"""The report as JSON Lines: a record a line, for pipelines that read no further than they need."""

from __future__ import annotations

import json
from typing import Any


def render_jsonl(document: dict[str, Any]) -> str:
    """First the summary, then captures, findings and what was not evaluable; `record` tells which. ASCII only."""
    head = {name: document[name] for name in ("schema", "tool", "redacted")}
    records = [{"record": "summary", **head, **document["summary"]}]
    for record, name in (("capture", "captures"), ("finding", "findings"), ("not_evaluable", "not_evaluable")):
        records += [{"record": record, **each} for each in document[name]]
    return "".join(json.dumps(each, ensure_ascii=True, allow_nan=False) + "\n" for each in records)
