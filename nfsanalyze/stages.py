"""What a run costs, stage by stage: seconds by the clock, seconds of the processor, memory.

One stage is on at a time; what goes by is charged to it until the next one begins. A stage may come back: decoding and
joining take turns.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Cost:
    """Of one stage: seconds by the clock and of the processor; the process's peak of memory so far, in bytes (0 where
    the system does not tell)."""

    wall: float = 0.0
    cpu: float = 0.0
    peak: int = 0


class Stages:
    """Keeps the costs of the stages, in order of their beginning."""

    def __init__(self, name: str = "start", begun: float | None = None) -> None:
        """`begun`: when the first stage began (`time.perf_counter`), now if not given. All seconds of the processor so
        far are its own."""
        self.costs: dict[str, Cost] = {}
        self._name = name
        self._wall = time.perf_counter() if begun is None else begun
        self._cpu = 0.0

    def enter(self, name: str) -> None:
        """What goes by from now on belongs to this stage."""
        wall, cpu = time.perf_counter(), time.process_time()
        cost = self.costs.setdefault(self._name, Cost())
        cost.wall += wall - self._wall
        cost.cpu += cpu - self._cpu
        cost.peak = peak_memory()
        self._name, self._wall, self._cpu = name, wall, cpu

    def turns(self, items: Iterable[T], *, giving: str, taking: str) -> Iterator[T]:
        """The items; what it costs to come by them belongs to one stage, what is done with them to another."""
        self.enter(giving)
        for item in items:
            self.enter(taking)
            yield item
            self.enter(giving)
        self.enter(taking)


def peak_memory() -> int:
    """The most memory the process held at once, in bytes; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts kilobytes, macOS bytes
    return most if sys.platform == "darwin" else most * 1024
