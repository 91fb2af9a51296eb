"""How far a long run is: one line on stderr that rewrites itself, only for a person and only after a second."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from nfsanalyze.cli.streams import write_stderr

_AFTER_S = 1.0
_EVERY_S = 0.2


@contextlib.contextmanager
def progress(
    total: int = 0, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[int, int], None] | None]:
    """Yields what takes (packets read, bytes read or 0), or None where stderr is no terminal; leaves the line empty.

    `total` is the size of all captures in bytes, 0 where it is not known.
    """
    if not sys.stderr.isatty():
        yield None
        return
    meter = _Meter(total, clock)
    try:
        yield meter.show
    finally:
        meter.erase()


class Line:
    """A line on stderr that rewrites itself."""

    def __init__(self) -> None:
        self._width = 0

    def write(self, text: str) -> None:
        write_stderr("\r" + text.ljust(self._width))
        self._width = len(text)

    def erase(self) -> None:
        if self._width:
            write_stderr("\r" + " " * self._width + "\r")
            self._width = 0


class _Meter:
    def __init__(self, total: int, clock: Callable[[], float]) -> None:
        self._total = total
        self._clock = clock
        self._next = clock() + _AFTER_S
        self._line = Line()

    def show(self, packets: int, octets: int) -> None:
        now = self._clock()
        if now < self._next:
            return
        self._next = now + _EVERY_S
        line = f"nfsanalyze: {packets:,} {'packet' if packets == 1 else 'packets'} read"
        if octets > 0 and self._total > 0:
            line += f", {100 * min(octets, self._total) // self._total} % of {_size(self._total)}"
        self._line.write(line)

    def erase(self) -> None:
        self._line.erase()


def _size(octets: int) -> str:
    number = float(octets)
    for unit in ("bytes", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"
