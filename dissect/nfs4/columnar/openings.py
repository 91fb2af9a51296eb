"""Connections that begin in a window: their handshakes are taken before all else, so that what follows can be read
together.

A handshake that nothing of the window comes before on its connection, and that closes nothing with something left to
say, can be taken out of its place among the frames: it says nothing of which the order matters but the connection's
number, and `Numbers` puts that right.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from dissect.nfs4.columnar.groups import Groups
from dissect.nfs4.columnar.headers import Segments
from dissect.nfs4.columnar.lanes import Lanes
from dissect.nfs4.columnar.span import Span
from dissect.nfs4.tcp.connection import SYN


def handshakes(span: Span, groups: Groups, lanes: Lanes, others: Iterable[int]) -> dict[int, int]:
    """Take the handshakes of connections that begin; how many segments that were of each group that has any.

    `others`: ways with segments that are not plain.
    """
    barred = set(others)
    group_of = {way: group for group, way in enumerate(groups.way)}
    heads: dict[int, int] = {}
    wanted: list[int] = []
    for group, (number, present) in enumerate(zip(groups.way, groups.flags, strict=True)):
        if not present & SYN:
            continue
        way = span.ways.ways[number]
        back = group_of.get(way.back)
        if number == way.back or number in barred or way.back in barred or group in heads or back in heads:
            continue
        both = [group] if back is None else [group, back]
        head = _head(span.segments, groups, both)
        if head is None:
            continue
        flow = lanes.flow(way)
        if flow is not None and not lanes.closes_quietly(flow):
            continue
        for each, count in zip(both, head, strict=True):
            heads[each] = count
            start = int(groups.starts[each])
            wanted += groups.order[start : start + count].tolist()
    for segment in span.segments_at(sorted(wanted)):
        lanes.segment(segment)
    return heads


def _head(segments: Segments, groups: Groups, both: list[int]) -> list[int] | None:
    """How many segments of a connection there are up to the last SYN, for each direction; None if they are no plain
    handshake, or do not come first."""
    spans = [groups.order[int(groups.starts[each]) : int(groups.stops[each])] for each in both]
    last = max(int(each) for span in spans for each in span[(segments.flags[span] & SYN) != 0][-1:])
    heads = [span[: int(np.searchsorted(span, last, side="right"))] for span in spans]
    first = min(int(head[0]) for head in heads if len(head))
    if not segments.flags[first] & SYN or any(segments.length[head].any() for head in heads):
        return None
    return [len(head) for head in heads]
