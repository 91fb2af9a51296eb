"""What a scenario must show: the table from which coverage of the rules is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scenarios.cluster import Cluster
from wire.dialogue import Wire


@dataclass(frozen=True, kw_only=True)
class Case:
    """A story, the rules that fire on it, and those that it tempts and that must not. `unjudged`: rules that must be
    named as not evaluable on it. `options` as of `analyse`."""

    story: Callable[[], Cluster | Wire]
    fires: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    unjudged: frozenset[str] = frozenset()
    options: dict[str, Any] = field(default_factory=dict)


def case(
    story: Callable[[], Cluster | Wire], fires: str = "", silent: str = "", unjudged: str = "", **how: Any
) -> Case:
    """Rules by their numbers: `case(story, fires="104 105", silent="103")`."""
    named = [frozenset(f"NFS{number}" for number in numbers.split()) for numbers in (fires, silent, unjudged)]
    return Case(story=story, fires=named[0], silent=named[1], unjudged=named[2], options=how)
