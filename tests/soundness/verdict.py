"""What an analysis accuses whom of, and what it says it cannot judge."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nfsanalyze.analysis import Analysis, analyse
from nfsanalyze.engine.finding import SEVERITIES
from nfsanalyze.errors import NothingToAnalyse

_SERIOUS = SEVERITIES.index("medium")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accusation:
    """A finding of severity medium or more. `clients`: addresses of the client accused, none where it is nobody."""

    rule: str
    clients: frozenset[str]
    servers: frozenset[str]
    severity: str

    def covers(self, other: Accusation) -> bool:
        """It says no less of whom the other accuses: the same, of no fewer clients and servers, and as serious."""
        return (
            self.rule == other.rule
            and self.clients >= other.clients
            and self.servers >= other.servers
            and SEVERITIES.index(self.severity) >= SEVERITIES.index(other.severity)
        )

    def __str__(self) -> str:
        return f"{self.rule} {self.severity} {sorted(self.clients)} at {sorted(self.servers)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """All accusations, what is told at all, and the rules that are said not to be judged (with a reason)."""

    accusations: frozenset[Accusation]
    told: frozenset[tuple[str, str]]
    "rule and client address of every finding, however small; no address where it is about nobody"
    unjudged: frozenset[str]

    def new_to(self, whole: Verdict) -> list[str]:
        """Accusations that the analysis of the whole capture does not make."""
        return sorted(str(a) for a in self.accusations if not any(known.covers(a) for known in whole.accusations))

    def lost_from(self, whole: Verdict) -> list[str]:
        """Accusations of the whole capture that are not made here."""
        return sorted(str(a) for a in whole.accusations if not any(made.covers(a) for made in self.accusations))

    def passed_over(self, whole: Verdict) -> list[str]:
        """Accusations of the whole capture of which nothing is told here, and not that the rule could not be judged."""
        return sorted(
            str(a)
            for a in whole.accusations
            if a.rule not in self.unjudged and not any((a.rule, client) in self.told for client in a.clients or {""})
        )


def verdict_on(path: Path, *captures: bytes) -> Verdict | None:
    """Write the captures to `path` and beside it, and analyse them as one case; None where there is said to be no NFSv4
    in it."""
    paths = [path, *(path.with_name(f"{number}-{path.name}") for number in range(2, len(captures) + 1))]
    for each, capture in zip(paths, captures, strict=True):
        each.write_bytes(capture)
    try:
        return verdict_of(analyse([str(each) for each in paths]))
    except NothingToAnalyse:
        return None


def verdict_of(done: Analysis) -> Verdict:
    clients: dict[str | None, frozenset[str]] = {None: frozenset()}
    for row in done.tables["clients"].iter_rows(named=True):
        clients[f"c{row['client']}"] = frozenset(row["addresses"] or ())
    return Verdict(
        accusations=frozenset(
            Accusation(
                rule=finding.rule,
                clients=clients[finding.client],
                servers=frozenset(finding.servers),
                severity=finding.severity,
            )
            for finding in done.findings
            if SEVERITIES.index(finding.severity) >= _SERIOUS
        ),
        told=frozenset((f.rule, address) for f in done.findings for address in clients[f.client] or {""}),
        unjudged=frozenset(each.rule for each in done.not_evaluable if each.reason),
    )
