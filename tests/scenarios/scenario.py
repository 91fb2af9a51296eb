"""What a story must set off: the form of the tables of stories, one a family of rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scenarios.cluster import Cluster
from wire.dialogue import Wire

Story = Cluster | Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`fires`: all rules of the family that must fire, and no others of it may. `tempts`: rules it comes close to.
    `unjudged`: rules that must be said not to be judged. `options` as of `analyse`."""

    tell: Callable[[], Story]
    fires: frozenset[str]
    tempts: frozenset[str] = frozenset()
    unjudged: frozenset[str] = frozenset()
    options: Mapping[str, Any] = field(default_factory=dict)


def scenario(
    tell: Callable[[], Story], fires: str = "", *, tempts: str = "", unjudged: str = "", **options: Any
) -> Scenario:
    """Rules by the digits of their ids: `scenario(story, "301 302", tempts="303")`."""

    def ids(digits: str) -> frozenset[str]:
        return frozenset(f"NFS{number}" for number in digits.split())

    return Scenario(tell=tell, fires=ids(fires), tempts=ids(tempts), unjudged=ids(unjudged), options=options)
