"""What a rule is: one TOML file, read once. Facts are code, judgements are data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.errors import UsageError

CONFIDENCES = ("low", "medium", "high")
"""How sure a rule is, apart from how bad it is."""

BLIND_KINDS = (
    "origin",
    "calls",
    "replies",
    "loss",
    "snaplen",
    "encrypted",
    "undecoded",
    "ambiguous",
    "disorder",
    "end",
)
"""What a capture may fail to show; the kinds of the table `blind`."""

GROUPS = ("capture", "identity", "lease", "trunking", "session")
"""Folders of the shipped rules, by the hundreds of their ids."""

USER_GROUP = "own"
"""Group of NFS900 to NFS999, which belong to the user's own rules."""


class RuleError(UsageError):
    """A rule that cannot be used, or a word that names none: one line that names the file and the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Rows of fact tables and the findings they give: each of `expect` holds some fields of one finding."""

    name: str
    expect: tuple[Mapping[str, Any], ...]
    tables: Mapping[str, tuple[Mapping[str, Any], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `needs` are what must be in the tables for it to find anything (`engine/needs.py`),
    `watches` the kinds of blindness in which it could have missed something,
    `withhold` those in which what it found cannot be trusted either; `examples` is empty where they were not read;
    `detect_at` is the line and column of its file at which the SQL begins."""

    id: str
    name: str
    title: str
    severity: str
    confidence: str
    since: str
    needs: tuple[str, ...]
    watches: tuple[str, ...]
    withhold: tuple[str, ...]
    references: tuple[str, ...]
    message: str
    detect: str
    what: str
    why: str
    fix: str
    false_positives: str
    examples: tuple[Example, ...]
    source: str
    detect_at: tuple[int, int] = (1, 1)
    unordered: bool = False
    "what it finds holds in whatever order its frames came"

    @property
    def misses(self) -> tuple[str, ...]:
        """Where it could have missed something: what is missing and what comes in another order lose the same thread,
        but only what is missing can make a finding."""
        return (*self.watches, "disorder") if "loss" in self.watches else self.watches

    @property
    def group(self) -> str:
        """The hundred it belongs to, as a word."""
        hundred = int(self.id[3])
        return GROUPS[hundred] if hundred < len(GROUPS) else USER_GROUP

    @property
    def is_users(self) -> bool:
        """Its id is one of those that belong to the user."""
        return self.id[3] == "9"
