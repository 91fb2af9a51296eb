"""The report as JUnit XML, for pipelines that fail on findings: a test case a rule, not evaluable as skipped."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from nfsanalyze.facts.printable import printable

_FAILURES = ("critical", "high", "medium", "low")
"""Notes tell of something; they do not fail a run."""


def render_junit(document: dict[str, Any]) -> str:
    """One suite: a case for each finding, one for each rule that could not be judged, one for each that is silent."""
    findings: dict[str, list[dict[str, Any]]] = defaultdict(list)
    unjudged: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for finding in document["findings"]:
        findings[finding["rule"]].append(finding)
    for entry in document["not_evaluable"]:
        unjudged[entry["rule"]].append(entry)
    suite = Element("testsuite", name=" ".join(_clean(each["path"]) for each in document["captures"]) or "nfsanalyze")
    counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for rule in document["rules"]:
        for finding in findings[rule["id"]]:
            counts["failures"] += _finding(_case(suite, rule, finding["id"]), finding)
        if not findings[rule["id"]]:
            case = _case(suite, rule)
            if unjudged[rule["id"]]:
                reasons = [f"{each['subject']}: {each['reason']}" for each in unjudged[rule["id"]]]
                SubElement(case, "skipped", message=_clean("; ".join(reasons)))
                counts["skipped"] += 1
    for line in document["summary"]["incomplete"]:
        case = SubElement(suite, "testcase", classname="nfsanalyze.capture", name=_clean(line))
        SubElement(case, "error", message=_clean(line), type="incomplete")
        counts["errors"] += 1
    counts["tests"] = len(suite)
    for name, count in counts.items():
        suite.set(name, str(count))
    root = Element("testsuites", {"name": "nfsanalyze", **{name: str(count) for name, count in counts.items()}})
    root.append(suite)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _case(suite: Element, rule: dict[str, Any], finding: str = "") -> Element:
    name = f"{rule['id']} {rule['name']}" + (f" {finding}" if finding else "")
    return SubElement(suite, "testcase", classname=f"nfsanalyze.{rule['group']}", name=name)


def _finding(case: Element, finding: dict[str, Any]) -> int:
    told = [finding["message"], f"in {finding['capture']}: {finding['filter']}", *finding["fix"].splitlines()]
    text = "\n".join(map(_clean, told))
    if finding["severity"] not in _FAILURES:
        SubElement(case, "system-out").text = text
        return 0
    SubElement(case, "failure", message=_clean(finding["message"]), type=finding["severity"]).text = text
    return 1


def _clean(text: str) -> str:
    """Without what XML 1.0 cannot hold."""
    return printable(text)
