"""How far the clocks of several captures are apart, as far as their packets prove it.

The first capture's clock is the case's. Another capture is tied to it, directly or over others, by packets that both
hold; by acknowledgements, where each holds one direction only; or because it goes on where the other ends, on the same
connections and links, as the files of a ring buffer do. What is tied by none of these has a clock of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.taps.copies import unique
from dissect.nfs4.taps.prints import Index, Prints, Words
from dissect.nfs4.tcp.connection import ACK, RST, SYN

LEAST_SHARED = 8
"""Fewer packets in common prove no clock: a few may be chance or forgery."""

BINS = 64
"""A clock that drifts is followed by at most so many straight lines."""

LEAST_A_BIN = 64
"""Shared packets of each direction in a bin, so that queues and delays cancel out."""

SAMPLE = 1 << 18
"""Packets of the largest capture that are looked for in the others."""

CONTINUED_NS = 60_000_000_000
"""The next file of a ring buffer begins within this after the end of the one before."""


class Tie(StrEnum):
    """What ties a clock to the case's."""

    FIRST = "first"
    SHARED = "shared packets"
    ANSWERS = "acknowledgements"
    CONTINUED = "continued"
    VOUCHED = "vouched for"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The clock of one capture. Added to its times, `offset` (ns) gives the time of the case; between the moments of
    `at` (the capture's own times, ns) it is interpolated."""

    tie: Tie
    to: int | None
    "the capture that it was compared with"
    at: tuple[int, ...]
    offset: tuple[int, ...]
    uncertainty: int
    "ns by which the offset may be wrong; of shared packets half the path's asymmetry is not known and not in it"
    shared: int
    "packets that both captures hold"
    group: int
    "the first capture of those whose clocks are tied together; only within a group is an order proven"

    def corrected(self, times: Index) -> Index:
        """The times of a capture on the clock of the case."""
        if not any(self.offset):
            return times
        shift = np.interp((times - self.at[0]).astype(np.float64), np.array(self.at) - self.at[0], self.offset)
        return times + np.rint(shift).astype(np.int64)

    @property
    def middle(self) -> int:
        """The offset in the middle of what was compared, ns."""
        return sorted(self.offset)[len(self.offset) // 2]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Difference:
    """What a capture's times need to be those of another; fields as those of `Clock`."""

    tie: Tie
    at: tuple[int, ...]
    offset: tuple[int, ...]
    uncertainty: int = 0
    shared: int = 0


_Compare = Callable[[int, int], _Difference | None]


def clocks(captures: Sequence[Prints], *, vouched: bool = False) -> list[Clock]:
    """The clock of each capture, in their order. `vouched`: what nothing ties has the first one's clock."""
    # Of large captures a sample is compared, chosen by the packets themselves: the same at every tap.
    every = np.uint64(max(1, max((len(each.packets) for each in captures), default=0) // SAMPLE))
    samples = [replace(each, packets=each.packets[each.key % every == 0]) for each in captures]
    ties: tuple[_Compare, ...] = (
        lambda one, other: _shared(samples[one], samples[other]),
        lambda one, other: _answers(captures[one], captures[other]),
        lambda one, other: _continued(captures[one], captures[other]),
    )
    found: dict[int, Clock] = {}
    while len(found) < len(captures):
        root = min(set(range(len(captures))) - found.keys())
        found[root] = _own(root)
        kind = 0
        while kind < len(ties):
            # What a weaker tie added may share packets with others.
            kind = 0 if _grown(found, root, len(captures), ties[kind]) else kind + 1
    if vouched:
        return [
            replace(
                found[number],
                tie=Tie.VOUCHED if number and number == found[number].group else found[number].tie,
                group=0,
            )
            for number in range(len(captures))
        ]
    return [found[number] for number in range(len(captures))]


def _own(root: int) -> Clock:
    tie = Tie.NONE if root else Tie.FIRST
    return Clock(tie=tie, to=None, at=(0,), offset=(0,), uncertainty=0, shared=0, group=root)


def _grown(found: dict[int, Clock], root: int, count: int, compare: _Compare) -> bool:
    """Add to a group the captures that can be compared so with one in it, each by the one that it shares most with."""
    group = [number for number in sorted(found) if found[number].group == root]
    grown = False
    for number in range(count):
        if number in found:
            continue
        ties = [(to, compare(number, to)) for to in group]
        best = max(((to, tie) for to, tie in ties if tie), key=lambda each: each[1].shared, default=None)
        if best is not None:
            found[number] = _chained(best[1], best[0], found[best[0]])
            grown = True
    return grown


def _chained(difference: _Difference, to: int, base: Clock) -> Clock:
    """The clock of a capture that differs so much from another."""
    at = np.array(difference.at, np.int64)
    there = at + np.array(difference.offset, np.int64)
    return Clock(
        tie=difference.tie,
        to=to,
        at=difference.at,
        offset=tuple((base.corrected(there) - at).tolist()),
        uncertainty=difference.uncertainty + base.uncertainty,
        shared=difference.shared,
        group=base.group,
    )


def _shared(one: Prints, other: Prints) -> _Difference | None:
    """By packets that are in both. The path between the taps delays one direction and advances the other: the clocks
    differ by the middle of the two."""
    same = unique(one.key, other.key)
    if len(same.left) < LEAST_SHARED:
        return None
    packets = one.packets[same.left]
    times = packets["time"]
    apart = other.packets["time"][same.right] - times
    forward = packets["source"] < packets["target"]
    order = np.argsort(times, kind="stable")
    count = int(min(BINS, max(1, min(forward.sum(), (~forward).sum()) // LEAST_A_BIN)))
    at, offset = [], []
    for part in np.array_split(order, count):
        middles = [int(np.median(apart[part][way])) for way in (forward[part], ~forward[part]) if way.any()]
        at.append(int(np.median(times[part])))
        offset.append(sum(middles) // len(middles))
    spread = int(np.percentile(np.abs(apart - np.interp(times, at, offset)), 50))
    return _Difference(tie=Tie.SHARED, at=tuple(at), offset=tuple(offset), uncertainty=spread, shared=len(same.left))


def _answers(one: Prints, other: Prints) -> _Difference | None:
    """By acknowledgements, where one capture holds a direction and the other holds the other: nothing is acknowledged
    before it is sent, so the clocks' difference lies between two bounds."""
    high, low = _earliest(one, other), _earliest(other, one)
    if high is None or low is None:
        return None
    low = -low
    if low > high:
        return None
    middle = (low + high) // 2
    return _Difference(
        tie=Tie.ANSWERS, at=(int(one.packets["time"][0]),), offset=(middle,), uncertainty=(high - low) // 2
    )


def _earliest(sent: Prints, acknowledged: Prints) -> int | None:
    """The shortest time (ns, clocks as they are) from octets in one capture to their acknowledgement in the other."""
    data = np.flatnonzero(sent.packets["length"] > 0)
    answers = np.flatnonzero((acknowledged.packets["flags"] & ACK) != 0)
    if not len(data) or not len(answers):
        return None
    what = _points(sent.flow[data], sent.end[data])
    answered = _points(acknowledged.back[answers], acknowledged.packets["ack"][answers])
    # Of octets sent again the first time counts, of acknowledgements the first as well.
    what, first = np.unique(what, return_index=True)
    answered, earliest = np.unique(answered, return_index=True)
    _, left, right = np.intersect1d(what, answered, assume_unique=True, return_indices=True)
    if len(left) < LEAST_SHARED:
        return None
    gone = sent.packets["time"][data[first[left]]]
    came = acknowledged.packets["time"][answers[earliest[right]]]
    return int((came - gone).min())


def _points(flow: Words, number: NDArray[np.uint32]) -> Words:
    """A place in a stream as one number."""
    return flow ^ (number.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))


def seamless(before: Prints, after: Prints) -> bool:
    """Nothing was sent between two files of which one goes on where the other ends: streams go on to the octet, and no
    stream begins in the middle, as one made while no capture was running would."""
    if not _goes_on(before, after):
        return False
    known = np.concatenate([before.flow, before.back])
    flows, first = np.unique(after.flow, return_index=True)
    fresh = first[~np.isin(flows, known)]
    answered = np.isin(after.back[fresh], after.flow[(after.packets["flags"] & SYN) != 0])
    begun = (after.packets["flags"][fresh] & (SYN | RST)) != 0
    return bool((begun | answered).all())


def _continued(one: Prints, other: Prints) -> _Difference | None:
    """One file goes on where the other ends: the same connections, to the octet, seen on the same link."""
    for before, after in ((other, one), (one, other)):
        if not len(before.times) or not len(after.times):
            continue
        pause = int(after.times.min() - before.times.max())
        if 0 <= pause <= CONTINUED_NS and _goes_on(before, after):
            return _Difference(tie=Tie.CONTINUED, at=(int(one.times[0]),), offset=(0,))
    return None


def _probed(before: Prints, flows: Words, end: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """1 where a stream ends with a keep-alive probe, which repeats the octet before (RFC 9293 section 3.8.4): the peer
    had acknowledged one octet more."""
    at = np.minimum(np.searchsorted(flows, before.back), len(flows) - 1)
    more = (flows[at] == before.back) & (before.packets["ack"] - end[at] == 1)
    found = np.zeros(len(flows), np.uint32)
    found[at[more]] = 1
    return found


def _goes_on(before: Prints, after: Prints) -> bool:
    """Streams go on with their next octet in the next file and none with a later one, on links that look the same."""
    reached, last = np.unique(before.flow[::-1], return_index=True)
    begins, first = np.unique(after.flow, return_index=True)
    _, left, right = np.intersect1d(reached, begins, assume_unique=True, return_indices=True)
    end = before.end[::-1][last[left]] + _probed(before, reached, before.end[::-1][last])[left]
    was, now = before.packets[::-1][last[left]], after.packets[first[right]]
    same = (was["mac"] == now["mac"]) & (was["ttl"] == now["ttl"]) & ((now["flags"] & SYN) == 0)
    ahead = (now["seq"] - end).astype(np.int32)
    return bool((same & ((ahead == 0) | (ahead == -1))).any() and not (same & (ahead > 0)).any())
