"""Which streams of a window go on in order: those are read together, all others segment by segment."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import field
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.columnar.first_words import first_words
from dissect.nfs4.columnar.groups import Groups, grouped, without
from dissect.nfs4.columnar.headers import Segments
from dissect.nfs4.columnar.holes import Settled, settle
from dissect.nfs4.columnar.hop import ORIGIN, STREAM_SHIFT, Pieces
from dissect.nfs4.columnar.lanes import Lanes, Passed, awaited, in_step, ready
from dissect.nfs4.columnar.openings import handshakes
from dissect.nfs4.columnar.shown import acknowledged, ended, stood
from dissect.nfs4.columnar.space import Index
from dissect.nfs4.columnar.span import Span
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.flow import Flow
from dissect.nfs4.sets import distinct
from dissect.nfs4.tcp.connection import FIN, RST, SYN
from dissect.nfs4.tcp.half import Half, Shown

_REACH = 16 << 20
"""Repetitions this far back, and holes this wide, are certainly of the same connection."""
_HALF_WRAP = 1 << 31
_WRAP = 1 << 32

Mask = NDArray[np.bool_]


@dataclass(slots=True, kw_only=True)
class Stream:
    """One direction of a connection in a window. `lane`: twice the number of the connection, plus the direction."""

    lane: int
    flow: Flow
    direction: int
    passed: Passed
    segments: Index
    "positions of its segments, in order"
    ends: list[int] = field(default_factory=list)
    "segments with FIN or RST"
    settled: Settled | None = None
    "if there were holes, what became of them"
    first_words: int | None = None
    "the position of its segment that shows the connection to be RPC, if that was not known before"


@dataclass(slots=True, kw_only=True)
class Sorted:
    """The segments of a window by stream. `slow`: positions of those that go one by one."""

    streams: list[Stream]
    pieces: Pieces
    segment: Index
    "a piece: the position of its segment"
    slow: Index


@dataclass(slots=True)
class _Connection:
    """A connection in a window. `fine`: it has shown nothing that only the exact decoder knows how to take."""

    flow: Flow | None
    fine: bool
    first_words: int | None = None


@dataclass(slots=True, kw_only=True)
class _Members:
    """Of each group its connection and direction, and the sequence number that its stream goes on with."""

    owner: list[_Connection]
    direction: list[int]
    expected: Index

    def fine(self) -> Mask:
        return np.array([connection.fine for connection in self.owner], np.bool_)


@dataclass(slots=True, kw_only=True)
class _Rows:
    """Segments with payload, by group and in the order of frames: one item each."""

    group: Index
    position: Index
    at: Index
    "from where its stream stood at the window's start"
    octets: Index
    before: Index
    "how far the stream had come"
    fresh: Mask
    "goes on where the stream had come to, or beyond it"
    repeated: Mask
    "holds nothing that was not there before"


def sort(span: Span, lanes: Lanes, others: Collection[int]) -> Sorted:
    """Sort the segments of a window; `others`: ways with segments that are not plain. Handshakes are taken at once."""
    groups = grouped(span.segments, span.way, span.lo, span.hi, len(span.ways.ways))
    if any(flags & SYN for flags in groups.flags):
        taken = handshakes(span, groups, lanes, others)
        if taken:
            groups = without(groups, span.segments, span.way, taken)
    members = _members(groups, span, lanes, others)
    rows = _rows(groups, members, span)
    settled = _settled(rows, members, span)
    fine = members.fine()
    pieces, segment = _pieces(rows, fine, span, bool(settled))
    slow = groups.order[~np.repeat(fine, groups.size)]
    slow.sort()
    streams = _streams(groups, members, rows, fine, settled, pieces, span)
    return Sorted(streams=streams, pieces=pieces, segment=segment, slow=slow)


def left_open(segments: Segments, way: Index) -> int | None:
    """The first of these segments of one way that lies behind a hole which the others do not fill."""
    way = way[segments.length[way] > 0]
    if not len(way):
        return None
    at = ((segments.seq[way] - segments.seq[way[0]] + _HALF_WRAP) & (_WRAP - 1)) - _HALF_WRAP
    ends = at + segments.length[way]
    if (at[1:] <= np.maximum.accumulate(ends)[:-1]).all():
        return None
    reached, first = int(at[0]), None
    waiting: list[tuple[int, int]] = []
    for position, start, end in zip(way.tolist(), at.tolist(), ends.tolist(), strict=True):
        heappush(waiting, (start, end))
        while waiting and waiting[0][0] <= reached:
            reached = max(reached, heappop(waiting)[1])
        if not waiting:
            first = None
        elif first is None:
            first = position
    return first


def none_in_order(span: Span) -> Sorted:
    """All segments of a window are to be taken one by one."""
    none = np.zeros(0, np.int64)
    pieces = Pieces(
        space=span.chunk.space, stream=none, at=none, length=none, payload=none, bounds=np.zeros(1, np.int64)
    )
    return Sorted(streams=[], pieces=pieces, segment=none, slow=np.arange(span.lo, span.hi))


def _members(groups: Groups, span: Span, lanes: Lanes, others: Collection[int]) -> _Members:
    connections: dict[tuple[object, object], _Connection] = {}
    members = _Members(owner=[], direction=[], expected=np.zeros(len(groups), np.int64))
    group_of = {number: group for group, number in enumerate(groups.way)}
    for group, (number, present, data) in enumerate(zip(groups.way, groups.flags, groups.wire, strict=True)):
        way = span.ways.ways[number]
        connection = connections.get(way.key)
        if connection is None:
            flow = lanes.flow(way)
            odd = number in others or way.back in others or way.back == number
            fine = flow is not None and not odd and ready(flow) and not flow.connection.opening
            connection = connections[way.key] = _Connection(flow, fine)
            if flow is not None and not odd and not fine:
                both = [group, *([group_of[way.back]] if way.back in group_of else [])]
                connection.first_words = first_words(span, groups, both, flow)
                connection.fine = connection.first_words is not None
        direction = 0
        if connection.fine and connection.flow is not None:
            flow = connection.flow
            direction = 0 if way.source == flow.connection.initiator else 1
            if present & SYN or (present & (FIN | RST) and flow.connection.predecessor is not None):
                connection.fine = False
            elif data:
                connection.fine = in_step(flow, direction)
                if connection.fine:
                    members.expected[group] = awaited(flow, direction)
        members.owner.append(connection)
        members.direction.append(direction)
    return members


def _rows(groups: Groups, members: _Members, span: Span) -> _Rows:
    segments = span.segments
    group = np.repeat(np.arange(len(groups)), groups.size)
    chosen = np.flatnonzero(members.fine()[group] & (segments.length[groups.order] > 0))
    group, position = group[chosen], groups.order[chosen]
    octets = segments.length[position]
    at = ((segments.seq[position] - members.expected[group] + _HALF_WRAP) & (_WRAP - 1)) - _HALF_WRAP
    before = at.copy()
    if len(group):
        # In one number line: what follows the segments of another group is above them, wherever they end.
        floor = (group << STREAM_SHIFT) + ORIGIN
        reached = np.maximum.accumulate(floor + at + octets)
        before[0] = 0
        before[1:] = np.maximum(reached[:-1], floor[1:]) - floor[1:]
    return _Rows(
        group=group,
        position=position,
        at=at,
        octets=octets,
        before=before,
        fresh=(at >= before) & (at - before <= _REACH),
        repeated=(at + octets <= before) & (at > -_REACH),
    )


def _settled(rows: _Rows, members: _Members, span: Span) -> dict[int, Settled]:
    """What became of the holes of each group that has any. Connections that hold what cannot be told are not fine."""
    held = span.segments.held[rows.position]
    wrong = ~((rows.fresh & (held == rows.octets)) | rows.repeated)
    beyond = rows.fresh & (rows.at != rows.before)
    settled: dict[int, Settled] = {}
    if beyond.any():
        for group in distinct(rows.group[beyond]).tolist():
            first, past = np.searchsorted(rows.group, [group, group + 1]).tolist()
            here = slice(first, past)
            if wrong[here].any():
                continue
            wires = np.cumsum(rows.octets[here])
            framed = span.numbers(rows.position[here])
            odd = np.flatnonzero(rows.at[here] != rows.before[here])
            columns = (odd + first, rows.at[here][odd], rows.octets[here][odd], rows.before[here][odd])
            result = settled[group] = settle(
                list(zip(*(each.tolist() for each in (*columns, framed[odd], wires[odd])), strict=True)),
                wires.tolist(),
                framed.tolist(),
                span.end,
            )
            fills = result.fills
            if not result.plain or (held[fills] < rows.octets[fills]).any():
                wrong[first] = True
                continue
            rows.fresh[fills], rows.repeated[fills], wrong[fills] = True, False, False
    for group in distinct(rows.group[wrong]).tolist():
        members.owner[group].fine = False
    return settled


def _pieces(rows: _Rows, fine: Mask, span: Span, moved: bool) -> tuple[Pieces, Index]:
    """The segments with something new, in the order of streams; `moved`: some came late."""
    taken = np.flatnonzero(rows.fresh & fine[rows.group])
    if moved:
        taken = taken[np.lexsort((rows.at[taken], rows.group[taken]))]
    stream = (np.cumsum(fine) - 1)[rows.group[taken]]
    segment = rows.position[taken]
    pieces = Pieces(
        space=span.chunk.space,
        stream=stream,
        at=rows.at[taken],
        length=rows.octets[taken],
        payload=span.segments.payload[segment],
        bounds=np.searchsorted(stream, np.arange(int(fine.sum()) + 1)),
    )
    return pieces, segment


def _streams(
    groups: Groups,
    members: _Members,
    rows: _Rows,
    fine: Mask,
    settled: dict[int, Settled],
    pieces: Pieces,
    span: Span,
) -> list[Stream]:
    chosen = np.flatnonzero(fine)
    segments, chunk = span.segments, span.chunk
    first, last = groups.order[groups.starts[chosen]], groups.order[groups.stops[chosen] - 1]
    edges = span.segments.frame[first], span.segments.frame[last]
    spoke = np.searchsorted(rows.group, chosen, side="right") - 1
    # Of streams that say nothing: any.
    at, position = (np.append(each, 0)[spoke] for each in (rows.at, rows.position))
    lo, hi = pieces.bounds[:-1], pieces.bounds[1:]
    ends, octets = np.append(pieces.at + pieces.length, 0)[hi - 1], np.append(0, np.cumsum(pieces.length))
    columns = (
        chosen,
        groups.size[chosen],
        segments.seq[first],
        chunk.number[edges[0]] + span.base,
        chunk.time[edges[0]],
        chunk.number[edges[1]] + span.base,
        chunk.time[edges[1]],
        np.bincount(rows.group[rows.repeated], minlength=len(groups))[chosen],
        segments.seq[position],
        at,
        np.where(hi > lo, ends, 0),
        octets[hi] - octets[lo],
    )
    streams: list[Stream] = []
    lanes: dict[int, int] = {}
    stands, acked = _shown(groups, members, fine, span)
    for group, size, seq, frame, time, last_frame, last_time, repeated, last_seq, last_at, reached, fresh in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        flow, direction = members.owner[group].flow, members.direction[group]
        assert flow is not None
        wire = groups.wire[group]
        passed = Passed(
            first_seq=seq,
            first_frame=frame,
            first=time,
            last_frame=last_frame,
            last=last_time,
            segments=size,
            acked=acked[group],
            stands=stands[group],
            wire=wire,
            fresh=fresh,
            reached=reached,
            repeated=repeated,
            last_seq=last_seq if wire else 0,
            last_at=last_at if wire else 0,
        )
        mine = groups.order[groups.starts[group] : groups.stops[group]]
        lane = lanes.setdefault(flow.connection.conn, len(lanes)) * 2 + direction
        made = Stream(lane=lane, flow=flow, direction=direction, passed=passed, segments=mine)
        if groups.flags[group] & (FIN | RST):
            made.ends = mine[(segments.flags[mine] & (FIN | RST)) != 0].tolist()
            passed.fin = ended(segments, made.ends)
        made.settled = settled.get(group)
        made.first_words = members.owner[group].first_words
        streams.append(made)
    return streams


def _shown(groups: Groups, members: _Members, fine: Mask, span: Span) -> tuple[list[Shown | None], list[Shown | None]]:
    """How far the stream of each group stood, and the one against it was acknowledged, if farther than before."""
    halves: list[tuple[Half, Half] | None] = [
        connection.flow.connection.halves if each and connection.flow is not None else None
        for each, connection in zip(fine.tolist(), members.owner, strict=True)
    ]
    own = [
        None if both is None else both[direction].stands
        for both, direction in zip(halves, members.direction, strict=True)
    ]
    other = [
        None if both is None else both[1 - direction].acked
        for both, direction in zip(halves, members.direction, strict=True)
    ]
    return stood(span, groups, own), acknowledged(span, groups, other)


__all__ = ["Sorted", "Stream", "left_open", "none_in_order", "sort"]
