"""The report as plain data, schema "nfsanalyze/1": every rendering is drawn from this, none from the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nfsanalyze import __version__
from nfsanalyze.reports.document.behaviour import server_behaviour
from nfsanalyze.reports.document.captures import captures
from nfsanalyze.reports.document.clients import clients
from nfsanalyze.reports.document.configuration import declared_heads, ignored_entry
from nfsanalyze.reports.document.findings import findings, unjudged
from nfsanalyze.reports.document.leases import leases, sessions
from nfsanalyze.reports.document.servers import servers
from nfsanalyze.reports.document.source import Source
from nfsanalyze.reports.document.takeovers import lost_state, recoveries, takeovers
from nfsanalyze.reports.document.timeline import timeline

if TYPE_CHECKING:
    import polars as pl

    from nfsanalyze.engine.finding import Finding, NotEvaluable
    from nfsanalyze.engine.ignore import Ignored
    from nfsanalyze.engine.rule import Rule

SCHEMA = "nfsanalyze/1"

STAND_INS = "stand-ins are in place of addresses, hosts, owners and names of files"
"""What a redacted report says of itself."""

Document = dict[str, Any]


def document(
    tables: Mapping[str, pl.DataFrame],
    found: Sequence[Finding],
    not_evaluable: Sequence[NotEvaluable],
    *,
    incomplete: Sequence[str] = (),
    ignored: Sequence[Ignored] = (),
    configuration: str | None = None,
    rules: Sequence[Rule] = (),
    redacted: bool = False,
) -> Document:
    """The document of one case. `tables` may lack some of the fact tables; `incomplete` are the reasons for which
    bytes stayed unread, one line each; `ignored` is what was set aside, `configuration` the file that was heeded,
    `rules` those that were asked; `redacted`: stand-ins are in place of names and addresses. Equal input gives an equal
    document, lists and keys in the same order."""
    source = Source(tables)
    lost = lost_state(source)
    return complete_summary(
        {
            "schema": SCHEMA,
            "tool": {"name": "nfsanalyze", "version": __version__},
            "redacted": redacted,
            "captures": captures(source),
            "servers": servers(source),
            "clients": clients(source),
            "leases": leases(source),
            "sessions": sessions(source),
            "takeovers": takeovers(source),
            "recoveries": recoveries(source, lost),
            "lost_state": lost,
            "server_behaviour": server_behaviour(source),
            "timeline": timeline(source),
            "findings": findings(source, found, lost),
            "not_evaluable": unjudged(not_evaluable),
            "configuration": {
                "file": configuration,
                "declared_heads": declared_heads(source),
                "ignored": [ignored_entry(each) for each in ignored],
            },
            "baseline": None,
            "rules": [
                {"id": each.id, "name": each.name, "title": each.title, "severity": each.severity, "group": each.group}
                for each in rules
            ],
            "summary": {"complete": not incomplete, "incomplete": list(incomplete)},
        }
    )


def empty_document(
    reasons: Sequence[str], tables: Mapping[str, pl.DataFrame] | None = None, *, redacted: bool = False
) -> Document:
    """The document of a run that found nothing to analyse; `tables`: of the captures that were read for nothing."""
    return document(tables or {}, (), (), incomplete=reasons, redacted=redacted)


def complete_summary(report: Document) -> Document:
    """The same document with the counts of its summary taken from its lists."""
    severities = ("critical", "high", "medium", "low", "note")
    counts = dict.fromkeys(severities, 0)
    for finding in report["findings"]:
        counts[finding["severity"]] += 1
    summary = {
        "findings": counts,
        "clients": len(report["clients"]),
        "leases": len(report["leases"]),
        "takeovers": sum(takeover["kind"] in ("takeover", "failback") for takeover in report["takeovers"]),
        "not_evaluable": len(report["not_evaluable"]),
        "ignored": sum(each["findings"] for each in report["configuration"]["ignored"]),
        "known": sum(finding["known"] for finding in report["findings"]),
        "complete": report["summary"]["complete"],
        "incomplete": report["summary"]["incomplete"],
    }
    return {**report, "summary": summary}
