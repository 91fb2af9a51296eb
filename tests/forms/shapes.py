"""What may happen to segments on their way and at the tap, each as a function from segments to segments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from random import Random

from forms.base import MARK, Record, Seg, Way, talk

Segs = Sequence[Seg]
Shape = Callable[[Segs], Segs]

STEP_NS = 1000
"""Between the pieces of what was one segment."""


def whole(segs: Segs) -> Segs:
    return segs


def _pieces(seg: Seg, bounds: Sequence[int]) -> list[Seg]:
    """A segment cut at these places of its payload."""
    places = [0, *(bound for bound in bounds if 0 < bound < len(seg.payload)), len(seg.payload)]
    return [
        replace(seg, at=seg.at + start, payload=seg.payload[start:stop], time=seg.time + number * STEP_NS)
        for number, (start, stop) in enumerate(pairwise(places))
    ]


def cut_at(*bounds: int) -> Shape:
    """Every segment in pieces that begin there."""
    return lambda segs: [piece for seg in segs for piece in _pieces(seg, bounds)]


def pieces_of(octets: int) -> Shape:
    return lambda segs: [piece for seg in segs for piece in _pieces(seg, range(octets, len(seg.payload), octets))]


def _thirds(seg: Seg) -> list[Seg]:
    third = len(seg.payload) // 3
    return _pieces(seg, (third, 2 * third))


def thirds(segs: Segs) -> Segs:
    return [piece for seg in segs for piece in _thirds(seg)]


def out_of_order(segs: Segs) -> Segs:
    """Every segment in thirds, of which the last comes first."""
    found = []
    for seg in segs:
        first, *rest = _thirds(seg)
        found += [*reversed(rest), first]
    return found


def swapped(segs: Segs) -> Segs:
    """Every second pair of neighbours in the other order, whichever way they go."""
    found = list(segs)
    for number in range(0, len(found) - 1, 4):
        found[number : number + 2] = reversed(found[number : number + 2])
    return found


def retransmitted(segs: Segs) -> Segs:
    """All payload twice, the second time behind what followed."""
    found: list[Seg] = []
    late: list[Seg] = []
    for seg in segs:
        found += [seg, *late]
        late = [replace(seg, time=seg.time + STEP_NS)] if seg.payload else []
    return [*found, *late]


def overlapping(segs: Segs) -> Segs:
    """Every segment in halves, each with twenty octets of the other."""
    found = []
    for seg in segs:
        half = len(seg.payload) // 2
        if half < 20:
            found.append(seg)
            continue
        found.append(replace(seg, payload=seg.payload[: half + 20]))
        found.append(replace(seg, at=seg.at + half - 20, payload=seg.payload[half - 20 :], time=seg.time + STEP_NS))
    return found


def joined(segs: Segs) -> Segs:
    """Two calls in one segment, and their replies in one: as of a client that did not wait."""
    found: list[Seg] = []
    waiting: dict[Way, Seg] = {}
    for seg in segs:
        plain = seg.payload and not seg.flags & 7
        before = waiting.pop(seg.way, None)
        if before is not None and plain and before.end == seg.at:
            found.append(replace(before, payload=before.payload + seg.payload, time=seg.time, acked=seg.acked))
        elif before is not None and seg.payload:
            found += [before, seg]
        elif plain:
            waiting[seg.way] = seg
        elif before is not None:
            # What ends a connection comes behind what waits; a bare acknowledgement is left out.
            found += [before, seg] if seg.flags & 7 else [before]
        else:
            found.append(seg)
    return [*found, *waiting.values()]


def lost(share: float, seed: int = 4) -> Shape:
    """Segments with payload are missing."""

    def shape(segs: Segs) -> Segs:
        dice = Random(seed)
        return [seg for seg in segs if not seg.payload or dice.random() >= share]

    return shape


def lost_inside(segs: Segs) -> Segs:
    """Every segment in thirds; of every third segment the second is missing."""
    found: list[Seg] = []
    for number, seg in enumerate(segs):
        pieces = _thirds(seg)
        found += [pieces[0], *pieces[2:]] if number % 3 == 0 else pieces
    return found


def lost_between(segs: Segs) -> Segs:
    """The tap was away for a tenth of the segments, in the middle."""
    middle, away = len(segs) // 2, len(segs) // 20
    return [*segs[: middle - away], *segs[middle + away :]]


def from_part(part: float) -> Shape:
    return lambda segs: segs[round(part * len(segs)) :]


def from_within(segs: Segs) -> Segs:
    """All in thirds, from the second third of a record on."""
    pieces = list(thirds(segs))
    records = {(record.way, record.start) for record in talk().records}
    middle = len(pieces) // 2
    start = next(n for n in range(middle, len(pieces)) if (pieces[n].way, pieces[n].at) in records)
    return pieces[start + 1 :]


def one_way(side: int) -> Shape:
    """0: only what clients sent, 1: only what servers did."""
    return lambda segs: [seg for seg in segs if seg.way[1] == side]


def fragmented(octets: int) -> Callable[[Segs, Sequence[Record]], tuple[Segs, Sequence[Record]]]:
    """Every record in fragments of RPC (RFC 5531 section 11), which moves all that follows it."""

    def shape(segs: Segs, records: Sequence[Record]) -> tuple[Segs, Sequence[Record]]:
        starts = {(record.way, record.start): record for record in records}
        grown: dict[Way, int] = {}
        moved: list[Record] = []
        found: list[Seg] = []
        for seg in segs:
            at = seg.at + grown.get(seg.way, 0)
            record = starts.get((seg.way, seg.at))
            if record is None or record.end != seg.end or not seg.payload:
                assert not seg.payload, "each record of the samples has a segment of its own"
                found.append(replace(seg, at=at))
                continue
            body = record.octets
            parts = [body[place : place + octets] for place in range(0, len(body), octets)]
            payload = b"".join(
                ((number == len(parts)) << 31 | len(part)).to_bytes(MARK, "big") + part
                for number, part in enumerate(parts, 1)
            )
            found.append(replace(seg, at=at, payload=payload))
            moved.append(replace(record, start=at))
            grown[seg.way] = grown.get(seg.way, 0) + len(payload) - len(seg.payload)
        return found, moved

    return shape
