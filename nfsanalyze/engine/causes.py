"""Links findings that explain each other: what caused what, where client, servers and times fit.

A link is told only between findings that stand on frames of their own; it adds no accusation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from dissect.nfs4.dataclass import replace
from nfsanalyze.engine.finding import Finding

CAUSES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    # An effect, and what causes it: the nearest first. Of these only the first that is found is linked.
    "NFS103": (("NFS111", "NFS110"),),
    "NFS104": (("NFS103",), ("NFS106",)),
    "NFS201": (("NFS101", "NFS109"), ("NFS302",)),
    "NFS204": (("NFS302", "NFS303"),),
    "NFS205": (("NFS302", "NFS303"),),
    "NFS206": (("NFS302", "NFS303"),),
    "NFS207": (("NFS304", "NFS301"), ("NFS302", "NFS303")),
    "NFS208": (
        ("NFS312",),
        ("NFS301", "NFS304", "NFS212"),
        ("NFS201",),
        ("NFS103",),
        ("NFS302", "NFS303"),
        ("NFS202",),
    ),
    "NFS209": (("NFS202",), ("NFS314",), ("NFS302", "NFS303")),
    "NFS211": (("NFS302", "NFS303"),),
    "NFS212": (("NFS302", "NFS303"),),
    "NFS301": (("NFS302",),),
    "NFS304": (("NFS302", "NFS303"),),
    "NFS305": (("NFS302", "NFS303"),),
    "NFS312": (("NFS301",), ("NFS302",)),
    "NFS313": (("NFS301",), ("NFS302",)),
    "NFS314": (("NFS301",), ("NFS302",)),
    "NFS317": (("NFS302",),),
    "NFS318": (("NFS301",),),
    "NFS403": (("NFS401", "NFS402", "NFS313"),),
    "NFS405": (("NFS403", "NFS404", "NFS414"), ("NFS401", "NFS402", "NFS313")),
    "NFS406": (("NFS103",),),
    "NFS415": (("NFS205", "NFS301"), ("NFS302", "NFS303")),
}


def linked(findings: Sequence[Finding]) -> list[Finding]:
    """The findings in their order, each with the ids of those that caused it."""
    by_rule: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_rule[finding.rule].append(finding)
    return [replace(finding, caused_by=_causes(finding, by_rule)) for finding in findings]


def _causes(effect: Finding, by_rule: Mapping[str, Sequence[Finding]]) -> tuple[str, ...]:
    for level in CAUSES.get(effect.rule, ()):
        found = [cause.id for rule in level for cause in by_rule.get(rule, ()) if _fits(cause, effect)]
        if found:
            return tuple(found)
    return ()


def _fits(cause: Finding, effect: Finding) -> bool:
    """Of one client, where both name some; at a server of both; begun no later than the effect ended."""
    same_client = cause.client is None or effect.client is None or bool(_clients(cause) & _clients(effect))
    same_server = not cause.servers or not effect.servers or bool(set(cause.servers) & set(effect.servers))
    harmless = cause.rule == "NFS202" and cause.severity == "low"  # a silence that the server let pass
    return same_client and same_server and not harmless and cause.first <= effect.last


def _clients(finding: Finding) -> set[str | None]:
    return {finding.client, *finding.other_clients}
