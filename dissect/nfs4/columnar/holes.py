"""Holes in streams: filled later by what came late, or final; by the rule of `dissect.nfs4.tcp.half`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from dissect.nfs4.bounds import REORDER_FRAMES, STALLED_OCTETS
from dissect.nfs4.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """Octets `start` to `stop` that no segment filled in time; `final` is the frame at which they were given up."""

    start: int
    stop: int
    final: int


@dataclass(slots=True, kw_only=True)
class Settled:
    """What became of the holes of a stream. `fills`: rows that filled one; `waits`: from which frame to which one the
    stream waited; `plain`: nothing overlaps in part, and nothing is left open."""

    fills: list[int] = field(default_factory=list)
    waits: list[tuple[int, int]] = field(default_factory=list)
    holes: list[Hole] = field(default_factory=list)
    plain: bool = True


@dataclass(slots=True)
class _Open:
    """A hole that may yet be filled; `missing`: its octets, as ranges in order."""

    frame: int
    ahead: int
    missing: list[tuple[int, int]]


def settle(
    rows: Sequence[tuple[int, int, int, int, int, int]], wires: Sequence[int], frames: Sequence[int], end: int
) -> Settled:
    """Settle the holes of one stream. `rows`: those segments that begin beyond or before where the stream has come, in
    the order of frames: row, start, octets, how far the stream had come, frame, payload octets up to its end.
    `wires` and `frames`: the latter two of every segment. `end`: the last frame that was seen."""
    settled = Settled()
    waiting: list[_Open] = []
    for row, start, octets, reached, frame, wire in rows:
        if start > reached:
            waiting.append(_Open(frame, wire - octets, [(reached, start)]))
            continue
        stop = start + octets
        for each in waiting:
            hit = [(lo, hi) for lo, hi in each.missing if lo < stop and hi > start]
            if not hit:
                continue
            late = frame > each.frame + REORDER_FRAMES or wire - each.ahead > STALLED_OCTETS
            if late or len(hit) > 1 or start < hit[0][0] or stop > hit[0][1]:
                settled.plain = False
                return settled
            place = each.missing.index(hit[0])
            left = [(lo, hi) for lo, hi in ((hit[0][0], start), (stop, hit[0][1])) if lo < hi]
            each.missing[place : place + 1] = left
            settled.fills.append(row)
            if not each.missing:
                settled.waits.append((each.frame, frame))
                waiting.remove(each)
            break
    for each in waiting:
        due = each.frame + REORDER_FRAMES + 1
        # The first segment that comes when too much has come since.
        late_at = _first_beyond(wires, each.ahead + STALLED_OCTETS)
        if late_at is not None:
            due = min(due, frames[late_at])
        if due > end:
            settled.plain = False
            return settled
        settled.waits.append((each.frame, due))
        settled.holes += [Hole(start=lo, stop=hi, final=due) for lo, hi in each.missing]
    return settled


def _first_beyond(wires: Sequence[int], octets: int) -> int | None:
    """The index of the first of the growing sums that is larger."""
    lo, hi = 0, len(wires)
    while lo < hi:
        middle = (lo + hi) // 2
        if wires[middle] > octets:
            hi = middle
        else:
            lo = middle + 1
    return lo if lo < len(wires) else None
