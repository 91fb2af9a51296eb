"""When which captures were running: where none that shows a pair of hosts was, their silence proves nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.sets import distinct
from dissect.nfs4.taps.clocks import Clock, Tie, seamless
from dissect.nfs4.taps.merge import Plan
from dissect.nfs4.taps.prints import Prints, pair_of

BRIDGED_NS = 1_000_000_000
"""A file of a ring buffer that begins within this after the one before leaves no time out: nobody who stops a capture
and starts it again is quicker. A longer pause may be one of the capture, unless the streams show that it is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """From one moment to another: times in ns, numbers of merged frames."""

    first: int
    first_frame: int
    last: int
    last_frame: int


class Cover:
    """When the captures that show a pair of addresses were running."""

    def __init__(self, captures: Sequence[Prints], clocks: Sequence[Clock], plan: Plan) -> None:
        self._moments = plan.moments
        self._runs = [(int(times.min()), int(times.max())) if len(times) else None for times in plan.times]
        tap = list(range(len(captures)))
        for number, clock in enumerate(clocks):
            if clock.tie is Tie.CONTINUED and clock.to is not None:
                self._bridge(captures, number, clock.to)
                tap = [tap[clock.to] if each == tap[number] else each for each in tap]
        shown: dict[int, set[int]] = {}
        for number, each in enumerate(captures):
            for pair in distinct(each.pair).tolist():
                shown.setdefault(pair, set()).add(tap[number])
        # What one file of a ring buffer shows, the others would have shown.
        self._shown = {
            pair: [number for number, where in enumerate(tap) if where in taps] for pair, taps in shown.items()
        }

    def _bridge(self, captures: Sequence[Prints], number: int, to: int) -> None:
        own, other = self._runs[number], self._runs[to]
        if own is None or other is None:
            return
        (earlier, before), (later, after) = sorted([(number, own), (to, other)], key=lambda each: each[1])
        pause = after[0] - before[1]
        if 0 <= pause <= BRIDGED_NS or (pause > 0 and seamless(captures[earlier], captures[later])):
            self._runs[later] = (before[1], after[1])

    def missing(self, address: str, other: str) -> list[Stretch]:
        """The stretches of the case in which no capture that shows these two addresses was running."""
        numbers = self._shown.get(pair_of(address, other), [])
        runs = sorted(run for number in numbers if (run := self._runs[number]) is not None)
        if not runs or not len(self._moments):
            return []
        begins, ends = int(self._moments[0]), int(self._moments[-1])
        found, at = [], begins
        for first, last in [*runs, (ends, ends)]:
            if first > at:
                found.append(self._stretch(at, first))
            at = max(at, last)
        return found

    def _stretch(self, first: int, last: int) -> Stretch:
        frames = np.searchsorted(self._moments, [first, last]) + 1
        most = len(self._moments)
        return Stretch(
            first=first, first_frame=min(int(frames[0]), most), last=last, last_frame=min(int(frames[1]), most)
        )
