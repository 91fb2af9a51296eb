"""Which streams of a window go on in order: those are read together, all others segment by segment."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.columnar.chunk import Chunk
from dissect.nfs4.columnar.endpoints import Ways
from dissect.nfs4.columnar.headers import Segments
from dissect.nfs4.columnar.holes import Settled, settle
from dissect.nfs4.columnar.hop import ORIGIN, STREAM_SHIFT, Pieces
from dissect.nfs4.columnar.lanes import Lanes, Passed, awaited, in_step, ready
from dissect.nfs4.columnar.space import Index
from dissect.nfs4.flow import Flow
from dissect.nfs4.tcp.connection import FIN, RST, SYN

_REACH = 16 << 20
"""Repetitions this far back, and holes this wide, are certainly of the same connection."""
_HALF_WRAP = 1 << 31


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


@dataclass(slots=True, kw_only=True)
class Sorted:
    """The segments of a window by stream. `slow`: positions of those that go one by one."""

    streams: list[Stream]
    pieces: Pieces
    segment: Index
    "a piece: the position of its segment"
    slow: Index


class Connection:
    """A connection in a window: its two streams in `Sorted.streams`, where they are."""

    __slots__ = ("fine", "flow", "groups")

    def __init__(self, flow: Flow | None) -> None:
        self.flow = flow
        self.fine = flow is not None and ready(flow)
        self.groups: list[int] = []


def sort(
    chunk: Chunk,
    segments: Segments,
    way: Index,
    lo: int,
    hi: int,
    ways: Ways,
    lanes: Lanes,
    others: set[int],
    base: int,
    end: int,
) -> Sorted:
    """Sort the segments `lo` to `hi` of a chunk; `others`: ways with segments that are not plain; `end`: the
    number of the window's last frame."""
    here = way[lo:hi]
    order = np.argsort(here.astype(np.uint16) if len(ways.ways) < 1 << 16 else here, kind="stable")
    sorted_way = here[order]
    starts = np.concatenate([[0], np.flatnonzero(sorted_way[1:] != sorted_way[:-1]) + 1]) if hi > lo else order
    stops = np.append(starts[1:], hi - lo) if hi > lo else order
    order = order + lo
    length = segments.length[order]
    flags = segments.flags[order]
    groups = len(starts)
    size = stops - starts
    any_flags: NDArray[np.uint8] = np.bitwise_or.reduceat(flags, starts) if groups else flags
    wire: Index = np.add.reduceat(length, starts) if groups else length
    connections: dict[tuple[object, object], Connection] = {}
    expected = np.zeros(groups, np.int64)
    owner: list[Connection] = []
    facing: list[int] = []
    for group, (number, present, data) in enumerate(
        zip(sorted_way[starts].tolist(), any_flags.tolist(), wire.tolist(), strict=True)
    ):
        each = ways.ways[number]
        connection = connections.get(each.key)
        if connection is None:
            connection = connections[each.key] = Connection(lanes.flow(each))
            if number in others or each.back in others or each.back == number:
                connection.fine = False
        connection.groups.append(group)
        owner.append(connection)
        direction = 0
        if connection.fine and connection.flow is not None:
            flow = connection.flow
            direction = 0 if each.source == flow.connection.initiator else 1
            if present & SYN or (present & (FIN | RST) and flow.connection.predecessor is not None):
                connection.fine = False
            elif data:
                if in_step(flow, direction):
                    expected[group] = awaited(flow, direction)
                else:
                    connection.fine = False
        facing.append(direction)
    fine = np.array([connection.fine for connection in owner], np.bool_)
    row_group = np.repeat(np.arange(groups), size)
    rows = np.flatnonzero(fine[row_group] & (length > 0))
    of = row_group[rows]
    where = order[rows]
    at = ((segments.seq[where] - expected[of] + _HALF_WRAP) & 0xFFFFFFFF) - _HALF_WRAP
    octets = length[rows]
    floor = (of << STREAM_SHIFT) + ORIGIN
    reached = np.maximum.accumulate(floor + at + octets) if len(rows) else floor
    before = np.maximum(np.concatenate([[0], reached[:-1]]), floor) - floor if len(rows) else floor
    fresh = at == before
    repeated = (at + octets <= before) & (at > -_REACH)
    missing = (at > before) & (at - before <= _REACH)
    fresh |= missing
    wrong = ~(fresh & (segments.held[where] == octets)) & ~repeated
    settled: dict[int, Settled] = {}
    moved = False
    for each_group in np.unique(of[missing]).tolist() if missing.any() else ():
        first_row, past = np.searchsorted(of, [each_group, each_group + 1]).tolist()
        span = slice(first_row, past)
        if wrong[span].any():
            continue
        wires = np.cumsum(octets[span])
        framed = chunk.number[segments.frame[where[span]]] + base
        odd = np.flatnonzero(at[span] != before[span])
        columns = (odd + first_row, at[span][odd], octets[span][odd], before[span][odd], framed[odd], wires[odd])
        result = settled[each_group] = settle(
            list(zip(*(column.tolist() for column in columns), strict=True)), wires.tolist(), framed.tolist(), end
        )
        if not result.plain or (segments.held[where[result.fills]] < octets[result.fills]).any():
            wrong[first_row] = True
            continue
        if result.fills:
            moved = True
            fresh[result.fills], repeated[result.fills], wrong[result.fills] = True, False, False
    for each_group in np.unique(of[wrong]).tolist():
        owner[each_group].fine = False
    fine = np.array([connection.fine for connection in owner], np.bool_)
    new_number = np.cumsum(fine) - 1
    keep = fresh & fine[of]
    taken = np.flatnonzero(keep)
    if moved:
        taken = taken[np.lexsort((at[taken], of[taken]))]
    stream = new_number[of[taken]]
    segment = where[taken]
    count = int(fine.sum())
    pieces = Pieces(
        space=chunk.space,
        stream=stream,
        at=at[taken],
        length=octets[taken],
        payload=segments.payload[segment],
        bounds=np.searchsorted(stream, np.arange(count + 1)),
    )
    streams: list[Stream] = []
    numbers: dict[int, int] = {}
    again = repeated & fine[of]
    repeats = np.bincount(new_number[of[again]], minlength=count) if count else np.zeros(0, np.int64)
    last_row = np.full(count, -1, np.int64)
    in_fine = np.flatnonzero(fine[of])
    last_row[new_number[of[in_fine]]] = in_fine
    frame, time = chunk.number, chunk.time
    bounds = pieces.bounds.tolist()
    for each_group in np.flatnonzero(fine).tolist():
        connection = owner[each_group]
        owned = connection.flow
        assert owned is not None
        first, last = int(order[starts[each_group]]), int(order[stops[each_group] - 1])
        number = len(streams)
        first_frame, last_frame = int(segments.frame[first]), int(segments.frame[last])
        passed = Passed(
            first_seq=int(segments.seq[first]),
            first_frame=int(frame[first_frame]) + base,
            first=int(time[first_frame]),
            last_frame=int(frame[last_frame]) + base,
            last=int(time[last_frame]),
            segments=int(size[each_group]),
            wire=int(wire[each_group]),
            repeated=int(repeats[number]),
        )
        if passed.wire:
            row = int(last_row[number])
            passed.last_seq, passed.last_at = int(segments.seq[where[row]]), int(at[row])
        if bounds[number + 1] > bounds[number]:
            tail = bounds[number + 1] - 1
            passed.reached = int(pieces.at[tail] + pieces.length[tail])
            passed.fresh = int(pieces.length[bounds[number] : tail + 1].sum())
        direction = facing[each_group]
        lane = numbers.setdefault(owned.connection.conn, len(numbers)) * 2 + direction
        span = slice(int(starts[each_group]), int(stops[each_group]))
        made = Stream(lane=lane, flow=owned, direction=direction, passed=passed, segments=order[span])
        if any_flags[each_group] & (FIN | RST):
            made.ends = order[span][(flags[span] & (FIN | RST)) != 0].tolist()
        made.settled = settled.get(each_group)
        streams.append(made)
    slow = np.sort(order[~fine[row_group]]) if groups else order
    return Sorted(streams=streams, pieces=pieces, segment=segment, slow=slow)


__all__ = ["Connection", "Sorted", "Stream", "sort"]
