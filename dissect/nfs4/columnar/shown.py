"""How far streams had come by what others show of them, for all segments of a window at once: the rule of
`dissect.nfs4.tcp.half.farther`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.bounds import BEHIND_OCTETS
from dissect.nfs4.columnar.groups import Groups
from dissect.nfs4.columnar.headers import Mask, Segments
from dissect.nfs4.columnar.space import Index
from dissect.nfs4.columnar.span import Span
from dissect.nfs4.tcp.connection import ACK, FIN, RST, SYN
from dissect.nfs4.tcp.half import Shown, farther

_NONE = np.iinfo(np.int32).min


def acknowledged(span: Span, groups: Groups, known: Sequence[Shown | None]) -> list[Shown | None]:
    """How far each group acknowledges the other direction, if farther than `known`."""
    segments = span.segments
    told = (segments.flags[groups.order] & (SYN | RST | ACK)) == ACK
    return _farthest(span, groups, segments.ack[groups.order], told, known)


def stood(span: Span, groups: Groups, known: Sequence[Shown | None]) -> list[Shown | None]:
    """How far the stream of each group had come by its segments that end without data, if farther than `known`."""
    segments, order = span.segments, groups.order
    flags, length = segments.flags[order], segments.length[order]
    told = ((flags & (SYN | RST)) == 0) & ((length == 0) | ((flags & FIN) != 0))
    return _farthest(span, groups, _after(segments, order), told, known)


def ended(segments: Segments, ends: Sequence[int]) -> int | None:
    """The sequence number of the first FIN among these segments, which have no SYN."""
    for position in ends:
        if segments.flags[position] & FIN and not segments.flags[position] & RST:
            return int(segments.seq[position] + segments.length[position]) & 0xFFFFFFFF
    return None


def _after(segments: Segments, order: Index) -> NDArray[np.uint32]:
    return (segments.seq[order] + segments.length[order]).astype(np.uint32)


def _farthest(
    span: Span, groups: Groups, seq: NDArray[np.uint32], told: Mask, known: Sequence[Shown | None]
) -> list[Shown | None]:
    found: list[Shown | None] = [None] * len(groups)
    if not len(groups):
        return found
    starts, stops = groups.starts, groups.stops
    begun = np.array([0 if each is None else each.seq for each in known], np.uint32)
    least = np.full(len(groups), 2)
    for group, each in enumerate(known):
        if each is None:
            first = int(told[starts[group] : stops[group]].argmax())
            begun[group], least[group] = seq[starts[group] + first], 0
    ahead = (seq - np.repeat(begun, groups.size)).view(np.int32)
    ahead[~told] = _NONE
    farthest = np.maximum.reduceat(ahead, starts)
    going = np.flatnonzero(farthest >= least)
    short = ahead - np.repeat(farthest, groups.size)
    top = np.flatnonzero(short == 0)
    place = top[np.searchsorted(top, starts[going])]
    # A FIN, or something that is not of this connection.
    strange = (farthest > BEHIND_OCTETS) | np.logical_or.reduceat(short == -1, starts)
    position = groups.order[place]
    columns = (
        going,
        strange[going],
        seq[place],
        span.numbers(position),
        span.chunk.time[span.segments.frame[position]],
    )
    for group, odd, value, frame, when in zip(*(column.tolist() for column in columns), strict=True):
        if odd:
            found[group] = _one_by_one(span, groups, group, seq, told, known[group])
        else:
            found[group] = Shown(value, frame, when)
    return found


def _one_by_one(
    span: Span, groups: Groups, group: int, seq: NDArray[np.uint32], told: Mask, shown: Shown | None
) -> Shown | None:
    start, stop = int(groups.starts[group]), int(groups.stops[group])
    for place in (start + np.flatnonzero(told[start:stop])).tolist():
        position = int(groups.order[place])
        shown = farther(shown, int(seq[place]), span.number(position), span.time(position))
    return shown
