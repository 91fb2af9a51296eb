"""Findings that the user does not want to see, each for a reason: they are set aside and counted, never lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.engine.finding import Finding, NotEvaluable
from nfsanalyze.engine.rule import Rule
from nfsanalyze.engine.select import select_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """Findings of the rules that `rule` names (an id, the start of one, a name, a group), of this client address and
    this server address where they are given."""

    rule: str
    reason: str
    client: str | None = None
    server: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """How many findings an `Ignore` set aside."""

    ignore: Ignore
    findings: int


def set_aside(
    findings: Sequence[Finding],
    unjudged: Sequence[NotEvaluable],
    ignores: Sequence[Ignore],
    rules: Sequence[Rule],
    addresses: Mapping[str, Sequence[str]],
) -> tuple[list[Finding], list[NotEvaluable], list[Ignored]]:
    """The findings and unjudged places that stay, and what each `Ignore` took; the first that fits a finding takes it.

    `addresses`: by name of a client (`c1`) its addresses. Raises RuleError where an `Ignore` names no rule.
    """
    ids = [{rule.id for rule in select_rules(rules, [each.rule])} for each in ignores]
    counts = [0] * len(ignores)
    kept = []
    for finding in findings:
        at = next(
            (
                number
                for number, each in enumerate(ignores)
                if finding.rule in ids[number] and _about(each, finding, addresses)
            ),
            None,
        )
        if at is None:
            kept.append(finding)
        else:
            counts[at] += 1
    whole = {
        id for each, fitting in zip(ignores, ids, strict=True) if not (each.client or each.server) for id in fitting
    }
    told = [Ignored(ignore=each, findings=count) for each, count in zip(ignores, counts, strict=True)]
    return kept, [entry for entry in unjudged if entry.rule not in whole], told


def _about(ignore: Ignore, finding: Finding, addresses: Mapping[str, Sequence[str]]) -> bool:
    if ignore.client is not None and ignore.client not in addresses.get(finding.client or "", ()):
        return False
    return ignore.server is None or ignore.server in finding.servers
