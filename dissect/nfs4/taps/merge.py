"""Frames of several captures in one order, each packet once; and where each of them stands in the files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import CAPTURE_STRIDE
from dissect.nfs4.capture import Capture, Frame, LinkType
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.link.layers import LAYERS
from dissect.nfs4.link.odd import Undecoded
from dissect.nfs4.link.protocols import EtherType, Protocol
from dissect.nfs4.taps.clocks import Clock
from dissect.nfs4.taps.copies import WITHIN_NS, copies
from dissect.nfs4.taps.prints import Index, Prints

Flags = NDArray[np.bool_]

_LOOSE = 4
"""Copies may be so many times the clocks' uncertainty further apart."""

_ICMPV6 = bytes([Protocol.ICMPV6])


class Places:
    """From the numbers of merged frames (from 1, in the order of the case) to the frames of the files.

    A place is `capture_no * CAPTURE_STRIDE + number`. The number 0 stands for no frame and stays 0.
    """

    def __init__(self, place: Index, original: Index, copy: Index) -> None:
        self._place = place
        order = np.argsort(original, kind="stable")
        self._original, self._copy = original[order], copy[order]

    def __len__(self) -> int:
        return len(self._place)

    def place(self, number: int) -> int:
        """Where a merged frame was taken from."""
        return int(self._place[number - 1]) if 0 < number <= len(self._place) else number

    def places(self, numbers: Index) -> Index:
        """The same for an array."""
        known = (numbers > 0) & (numbers <= len(self._place))
        return np.where(known, self._place[np.clip(numbers - 1, 0, max(len(self._place) - 1, 0))], numbers)

    def copies(self, number: int) -> list[int]:
        """The places of the same packet at other taps."""
        lo, hi = np.searchsorted(self._original, [number, number + 1])
        return [int(each) for each in self._copy[lo:hi]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is taken from which capture, in which order."""

    capture: NDArray[np.uint16]
    "one item a merged frame: the capture it is taken from"
    kept: tuple[Flags, ...]
    "for each capture, which of its frames are taken"
    times: tuple[Index, ...]
    "for each capture, the times of its frames on the clock of the case"
    bare: tuple[bool, ...]
    "captures of another link, whose MAC addresses say nothing beside those of the others"
    places: Places
    moments: Index
    "times of the merged frames, never falling within a capture"
    twice: tuple[int, ...]
    "for each capture, its packets that are copies of packets of others"


def plan(captures: Sequence[Prints], clocks: Sequence[Clock]) -> Plan:
    """Which frames to take, in which order. Captures of one clock share an order; the others are laid beside them by
    their own times, which proves nothing."""
    times = [clock.corrected(each.times) for each, clock in zip(captures, clocks, strict=True)]
    kept = [np.ones(len(each.times), np.bool_) for each in captures]
    twice = [0] * len(captures)
    doubles: list[tuple[Index, Index]] = []
    keys = [each.key for each in captures]
    for number, each in enumerate(captures):
        for other in range(number):
            if clocks[number].group != clocks[other].group or not _overlap(times[number], times[other]):
                continue
            within = WITHIN_NS + _LOOSE * (clocks[number].uncertainty + clocks[other].uncertainty)
            mine, theirs = _free(each, kept[number]), _free(captures[other], kept[other])
            same = copies(
                keys[number][mine],
                times[number][each.packets["frame"][mine]],
                keys[other][theirs],
                times[other][captures[other].packets["frame"][theirs]],
                within,
            )
            left, right = mine[same.left], theirs[same.right]
            # Of two copies the one cut shorter is left out.
            fuller = each.packets["held"][left] > captures[other].packets["held"][right]
            here, there = each.packets["frame"][left], captures[other].packets["frame"][right]
            kept[number][here[~fuller]] = False
            kept[other][there[fuller]] = False
            twice[number] += int((~fuller).sum())
            twice[other] += int(fuller.sum())
            here, there = here + number * CAPTURE_STRIDE + 1, there + other * CAPTURE_STRIDE + 1
            doubles.append((np.where(fuller, here, there), np.where(fuller, there, here)))
    order, place, moments = _ordered(times, kept)
    kept_place, copy_place = (
        (np.concatenate(column) for column in zip(*doubles, strict=True)) if doubles else (place[:0], place[:0])
    )
    numbers = np.argsort(place, kind="stable")
    original = numbers[np.searchsorted(place[numbers], _rooted(kept_place, copy_place))] + 1
    return Plan(
        capture=order,
        kept=tuple(kept),
        times=tuple(times),
        bare=_other_links(captures),
        places=Places(place, original, copy_place),
        moments=moments,
        twice=tuple(twice),
    )


def _overlap(one: Index, other: Index) -> bool:
    if not len(one) or not len(other):
        return False
    return bool(one.min() <= other.max() + WITHIN_NS and other.min() <= one.max() + WITHIN_NS)


def _free(each: Prints, kept: Flags) -> Index:
    """Items whose frames are still taken."""
    return np.flatnonzero(kept[each.packets["frame"]])


def _rooted(kept: Index, copy: Index) -> Index:
    """For pairs of places: where the copy was first kept for another, and then left out for a third, the third."""
    order = np.argsort(copy, kind="stable")
    ordered = copy[order]
    root = kept.copy()
    for _ in range(64):
        at = np.minimum(np.searchsorted(ordered, root), max(len(ordered) - 1, 0))
        moved = np.flatnonzero(ordered[at] == root) if len(ordered) else at
        if not len(moved):
            break
        root[moved] = kept[order[at[moved]]]
    return root


def _ordered(times: Sequence[Index], kept: Sequence[Flags]) -> tuple[NDArray[np.uint16], Index, Index]:
    """Captures, places and times of the frames that are kept, by time; frames of one capture stay in its order."""
    whole, of, place = [], [], []
    for number, (each, mine) in enumerate(zip(times, kept, strict=True)):
        whole.append(np.maximum.accumulate(each)[mine] if len(each) else each)
        of.append(np.full(int(mine.sum()), number, np.uint16))
        place.append(np.flatnonzero(mine) + number * CAPTURE_STRIDE + 1)
    when = np.concatenate(whole)
    order = np.argsort(when, kind="stable")
    return np.concatenate(of)[order], np.concatenate(place)[order], when[order]


def _other_links(captures: Sequence[Prints]) -> tuple[bool, ...]:
    """Captures that show an address behind a MAC which no earlier capture with that address shows behind it."""
    known: dict[int, set[int]] = {}
    found = []
    for each in captures:
        packets = each.packets[each.packets["mac"] != 0]
        seen: dict[int, set[int]] = {}
        for source, mac in np.unique(packets[["source", "mac"]]).tolist():
            seen.setdefault(source, set()).add(mac)
        other = any(source in known and not known[source] & macs for source, macs in seen.items())
        found.append(other)
        if not other:
            for source, macs in seen.items():
                known.setdefault(source, set()).update(macs)
    return tuple(found)


class Merged:
    """The frames of several captures as one: iterate once. Frames are numbered from 1 in the order of the case."""

    format = "merged"

    def __init__(self, captures: Sequence[Capture], plan: Plan) -> None:
        """`captures` are newly opened ones of the files that the plan was made of, in its order."""
        self._captures, self._plan = captures, plan
        self.packets = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for capture in self._captures:
            capture.close()

    def __iter__(self) -> Iterator[Frame]:
        sources = [self._frames(number) for number in range(len(self._captures))]
        for number in self._plan.capture.tolist():
            self.packets += 1
            # None, too, where the file became shorter since it was read first.
            found = next(sources[number], None)
            if found is not None:
                yield Frame(
                    number=self.packets,
                    time=found.time,
                    data=found.data,
                    original_length=found.original_length,
                    link_type=found.link_type,
                    interface=number,
                )

    def _frames(self, number: int) -> Iterator[Frame | None]:
        """The frames that are taken of one capture, with the times of the case; None for those of no use."""
        kept, times, bare = self._plan.kept[number], self._plan.times[number], self._plan.bare[number]
        for index, frame in enumerate(self._captures[number]):
            if index >= len(kept):
                return
            if kept[index]:
                timed = replace(frame, time=int(times[index]))
                yield without_link(timed) if bare else timed


def without_link(frame: Frame) -> Frame | None:
    """The IP packet of a frame as raw IP. None for what only binds an address to a MAC: ARP and neighbour discovery."""
    layer = LAYERS.get(frame.link_type)
    if layer is None:
        return frame
    try:
        kind, at, _mac = layer(frame.data)
    except Undecoded:
        return frame
    if kind == EtherType.ARP or (kind == EtherType.IPV6 and frame.data[at + 6 : at + 7] == _ICMPV6):
        return None
    if kind not in (EtherType.IPV4, EtherType.IPV6):
        return frame
    return replace(
        frame, data=frame.data[at:], original_length=max(frame.original_length - at, 0), link_type=LinkType.RAW
    )
