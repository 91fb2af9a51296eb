"""What rules yield: findings with their evidence, and what could not be judged."""

from __future__ import annotations

from dataclasses import field

from dissect.nfs4.dataclass import dataclass

SEVERITIES = ("note", "low", "medium", "high", "critical")
"""From least to most serious; `--fail-on` compares by position."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One frame and what it shows; `time` is ns since 1970 UTC. `kind`, `what`, `sender` and `answer_frame` are as in
    the table `events`; the last is None, too, where `capture` does not show the answer."""

    capture: str
    frame: int
    time: int
    note: str
    client: str | None = None
    server: str | None = None
    "address"
    kind: str | None = None
    what: str | None = None
    sender: str | None = None
    answer_frame: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One accusation. `id` is a fingerprint of rule and subject, stable across captures of the same trouble;
    `frames` are of `capture`, evidence in other captures stands in `evidence` only. `other_clients`: clients that it is
    about beside `client`."""

    id: str
    rule: str
    name: str
    severity: str
    confidence: str
    title: str
    message: str
    client: str | None
    servers: tuple[str, ...]
    clientids: tuple[str, ...]
    capture: str
    frames: tuple[int, ...]
    evidence: tuple[Evidence, ...]
    first: int
    last: int
    filter: str
    fix: str
    references: tuple[str, ...]
    other_clients: tuple[str, ...] = field(default=())
    caused_by: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEvaluable:
    """A rule that could not be judged on a subject, and why; `kinds` are those of the blind stretches behind it."""

    rule: str
    subject: str
    reason: str
    kinds: tuple[str, ...] = ()
