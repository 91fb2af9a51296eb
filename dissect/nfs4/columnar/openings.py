"""Connections that begin in a window: their handshakes are taken before all else, so that what follows can be read
together.

A handshake that nothing of the window comes before on its connection, and that closes nothing with something left to
say, can be taken out of its place among the frames: it says nothing of which the order matters but the connection's
number, and `Numbers` puts that right.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

import numpy as np

from dissect.nfs4.bounds import SYN_LATE_FRAMES
from dissect.nfs4.columnar.groups import Groups
from dissect.nfs4.columnar.lanes import Lanes
from dissect.nfs4.columnar.span import Span
from dissect.nfs4.flow import Flow
from dissect.nfs4.streams import silent_until
from dissect.nfs4.tcp.connection import SYN


def handshakes(span: Span, groups: Groups, lanes: Lanes, others: Iterable[int]) -> dict[int, int]:
    """Take the handshakes of connections that begin; how many segments that were of each group that has any.

    `others`: ways with segments that are not plain.
    """
    barred = set(others)
    group_of = {way: group for group, way in enumerate(groups.way)}
    heads: dict[int, int] = {}
    wanted: list[int] = []
    last = _last_syns(span)
    for group, (number, present) in enumerate(zip(groups.way, groups.flags, strict=True)):
        if not present & SYN:
            continue
        way = span.ways.ways[number]
        back = group_of.get(way.back)
        if number == way.back or number in barred or way.back in barred or group in heads or back in heads:
            continue
        both = [group] if back is None else [group, back]
        head = _head(span, groups, both, last)
        if head is None:
            continue
        flow = lanes.flow(way)
        if flow is not None and (
            _may_be_its_own(flow)
            or _is_forgotten(flow, min(span.number(int(groups.order[groups.starts[each]])) for each in both))
            or not lanes.closes_quietly(flow)
        ):
            continue
        for each, count in zip(both, head, strict=True):
            heads[each] = count
            start = int(groups.starts[each])
            wanted += groups.order[start : start + count].tolist()
    for segment in span.segments_at(sorted(wanted)):
        lanes.segment(segment)
    return heads


def _may_be_its_own(flow: Flow) -> bool:
    """Whether a connection waits for a SYN that the file has late: what it is told with depends on when it comes."""
    return not flow.due and flow.connection.syn_frame is None


def _is_forgotten(flow: Flow, frame: int) -> bool:
    """Whether a connection on which nothing was said will be no more when the capture comes to this frame."""
    return flow.silent and not flow.connection.told and frame >= silent_until(flow.connection)


def _last_syns(span: Span) -> dict[int, int]:
    """The position of the last SYN of each way."""
    positions = np.flatnonzero(span.segments.flags[span.lo : span.hi] & SYN) + span.lo
    return dict(zip(span.way[positions].tolist(), positions.tolist(), strict=True))


def _head(span: Span, groups: Groups, both: list[int], last_syn: dict[int, int]) -> list[int] | None:
    """How many segments of a connection there are up to the last SYN, for each direction; None if they are no plain
    handshake, do not come first, or take longer than a SYN is waited for."""
    segments, order = span.segments, groups.order.data
    last = max(last_syn.get(groups.way[each], -1) for each in both)
    heads = []
    for each in both:
        start, stop = int(groups.starts[each]), int(groups.stops[each])
        heads.append(order[start : bisect_right(order, last, start, stop)].tolist())
    first = min(head[0] for head in heads if head)
    if not segments.flags[first] & SYN or any(segments.length[position] for head in heads for position in head):
        return None
    if span.number(last) - span.number(first) > SYN_LATE_FRAMES:
        return None
    return [len(head) for head in heads]
