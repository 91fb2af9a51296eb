"""Bounds on SQL that is not ours. Which functions a SELECT may call is known beforehand; what it takes, only once it
runs: a join of everything with everything, or a text made longer and longer, has no end that anybody waits for."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable
from threading import Thread
from time import monotonic
from typing import Generic, TypeVar

MEMORY = 2 << 30
"""Bytes that one SELECT may take besides what the process has already."""

SECONDS = 60.0
"""For one rule; those that are shipped take some milliseconds. A person who asks a question can stop it."""

_LOOK = 0.05
_MB = 20

T = TypeVar("T")


class LimitError(Exception):
    """The SELECT took too much; it goes on in a thread that ends with the process."""


def bounded(work: Callable[[], T], *, seconds: float | None) -> T:
    """What `work` returns or raises. Raises LimitError where it takes more than `seconds`, or more than MEMORY."""
    run = _Run(work)
    began, most = monotonic(), _memory() + MEMORY
    run.start()
    while run.is_alive():
        run.join(_LOOK)
        if not run.is_alive():
            break
        if seconds is not None and monotonic() - began > seconds:
            raise LimitError(f"takes longer than {seconds:.0f} s; join fewer rows, or ask for less")
        if _memory() > most:
            raise LimitError(f"needs more than {MEMORY >> _MB} MiB; join fewer rows, or ask for less")
    return run.result()


class _Run(Thread, Generic[T]):
    """A thread that nothing waits for at the end of the process."""

    def __init__(self, work: Callable[[], T]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._found: list[T] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._found.append(self._work())
        except BaseException as error:
            self._error = error

    def result(self) -> T:
        if self._error is not None:
            raise self._error
        return self._found[0]


def _memory() -> int:
    """Bytes that the process holds; where the system does not tell, the most that it ever held."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - read twenty times a second
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most << 10
