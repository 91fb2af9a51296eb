"""What is to be done for one case, and what became of it: plain values that travel between processes as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, field, fields
from typing import Any, Literal

from dissect.nfs4.dataclass import dataclass

Status = Literal["done", "incomplete", "nothing", "failed", "timeout", "memory", "killed"]
"""done · incomplete: some bytes were not analysed · nothing: no capture or no NFSv4 in it · failed: an error, said in
`error` · timeout, memory: over the limit · killed: the process died (signal)."""

ANALYSED: tuple[Status, ...] = ("done", "incomplete")
"""Statuses with a report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of the analysis, the same for all cases; part of what decides whether a case is done."""

    lease_time_s: float | None = None
    ports: tuple[int, ...] = ()
    same_clock: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[dict[str, str | None], ...] = ()
    "the fields of each `nfsanalyze.engine.ignore.Ignore`"
    one_server: tuple[Sequence[str], ...] = ()
    "groups of addresses declared to be one server"
    different_servers: tuple[Sequence[str], ...] = ()
    configuration: str | None = None
    "the file that says so"
    rules: tuple[str, ...] = ()
    "files or folders of the user's own rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one case may cost."""

    seconds: float
    megabytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One case: its name, its captures (paths or URLs), and where its results go."""

    case: str
    paths: tuple[str, ...]
    out: str
    options: Options
    limits: Limits
    formats: tuple[str, ...] = ()
    "reports beside the JSON one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a case; `key` names the content and all else it was made of, empty where that is not known."""

    case: str
    status: Status
    key: str = ""
    made_with: str = ""
    "the part of the key that is not the content: version, rules, options"
    error: str = ""
    paths: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    "of each capture, what tells without reading it that it is still the same"
    bytes: int = 0
    packets: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    clients: int = 0
    leases: int = 0
    takeovers: int = 0
    not_evaluable: int = 0
    findings: dict[str, int] = field(default_factory=dict)
    "by severity"
    rules: dict[str, int] = field(default_factory=dict)
    "by rule"


def work_to(value: Work) -> dict[str, Any]:
    """As JSON can hold it."""
    return asdict(value)


def work_from(value: dict[str, Any]) -> Work:
    """The inverse of `work_to`, after JSON made lists of tuples."""
    options: dict[str, Any] = {
        key: tuple(item) if isinstance(item, list) else item for key, item in value["options"].items()
    }
    return Work(
        case=value["case"],
        paths=tuple(value["paths"]),
        out=value["out"],
        options=Options(**options),
        limits=Limits(**value["limits"]),
        formats=tuple(value["formats"]),
    )


def outcome_to(value: Outcome) -> dict[str, Any]:
    """As JSON can hold it."""
    return asdict(value)


def outcome_from(value: dict[str, Any]) -> Outcome:
    """The inverse of `outcome_to`. Raises ValueError, KeyError or TypeError for what is no outcome; fields of later
    versions are left out."""
    known = {each.name for each in fields(Outcome)}
    taken: dict[str, Any] = {
        key: tuple(item) if isinstance(item, list) else item for key, item in value.items() if key in known
    }
    return Outcome(**taken)
