"""What a report must say of a sample, as samples/expected.toml puts it; reads only the report's contract."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from scenarios.scan import Report, scan

Case = dict[str, Any]

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SERIOUS = {"medium", "high", "critical"}


def cases() -> dict[str, Case]:
    """The captures of expected.toml by file name."""
    listed: list[Case] = tomllib.loads((SAMPLES / "expected.toml").read_text())["capture"]
    return {case["file"]: case for case in listed}


@cache
def report_of(name: str) -> Report:
    """The report on a sample; made once in a process."""
    return scan(SAMPLES / name)


def serious(report: Report) -> set[str]:
    return {finding["rule"] for finding in report["findings"] if finding["severity"] in SERIOUS}


def unproven(report: Report) -> set[str]:
    """Rules whose findings say nothing, or point at no frame that can be looked up."""
    packets = max((capture["packets"] for capture in report["captures"]), default=0)
    return {
        finding["rule"]
        for finding in report["findings"]
        if not finding["message"]
        or not finding["frames"]
        or not all(0 < frame <= packets for frame in finding["frames"])
    }


def owners(report: Report) -> set[tuple[str, str, str]]:
    return {
        (owner["client_address"], owner["server_address"], owner["owner_hex"])
        for client in report["clients"]
        for owner in client["owners"]
    }


def clientids(report: Report) -> dict[str, set[str]]:
    """Every short form that an address granted."""
    granted: dict[str, set[str]] = {}
    for client in report["clients"]:
        for owner in client["owners"]:
            granted.setdefault(owner["server_address"], set()).update(owner["clientids"])
    return granted


def faults(case: Case, report: Report) -> list[str]:
    """What is wrong with the report on an undamaged capture; empty when all is right."""
    fired = {finding["rule"] for finding in report["findings"]}
    wrong = [f"without message or frames: {sorted(unproven(report))}"] if unproven(report) else []
    if "may" in case and (loud := serious(report) - set(case["must"]) - set(case["may"])):
        wrong.append(f"a healthy conversation, and yet {sorted(loud)}")
    if missing := set(case["must"]) - fired:
        wrong.append(f"missing: {sorted(missing)}")
    if false := set(case["must_not"]) & fired:
        wrong.append(f"false: {sorted(false)}")
    true_owners = {(owner["client"], owner["server"], owner["hex"]) for owner in case["owners"]}
    if owners(report) != true_owners:
        said = owners(report)
        wrong.append(f"owners: missing {sorted(true_owners - said)}, extra {sorted(said - true_owners)}")
    true_ids = {address: set(granted) for address, granted in case["clientids"].items()}
    if clientids(report) != true_ids:
        wrong.append(f"clientids: {clientids(report)} instead of {true_ids}")
    return wrong


def faults_of_copy(case: Case, report: Report, base: Case, base_report: Report) -> list[str]:
    """What is wrong with the report on another form of `base`, or on a damaged copy: that one may lose findings where
    it says so, and neither may find anything serious that is not in the base."""
    fired = {finding["rule"] for finding in report["findings"]}
    wrong = [f"without message or frames: {sorted(unproven(report))}"] if unproven(report) else []
    if extra := serious(report) - serious(base_report):
        wrong.append(f"not in its base: {sorted(extra)}")
    lost = (set(base["must"]) | serious(base_report)) - fired
    if not case.get("equivalent"):
        lost -= {unjudged["rule"] for unjudged in report["not_evaluable"]}
    if lost:
        wrong.append(f"lost and not said: {sorted(lost)}")
    return wrong
