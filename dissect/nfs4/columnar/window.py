"""A run of frames: what is in order is decoded together, the rest as the exact decoder does it, in the same order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import FRAME_SHIFT, MESSAGE, Credential, Gap, Kind, Marks
from dissect.nfs4.bounds import RECORDS_A_FRAME
from dissect.nfs4.columnar.holes import Hole
from dissect.nfs4.columnar.hop import hop, tear
from dissect.nfs4.columnar.lanes import SURE_OCTETS, Lanes, leave_under_way, under_way
from dissect.nfs4.columnar.match import NONE, Answers, match
from dissect.nfs4.columnar.messages import Decoded, Decoder, Heads, Records, heads
from dissect.nfs4.columnar.scatter import Scatter
from dissect.nfs4.columnar.space import Index
from dissect.nfs4.columnar.span import Span
from dissect.nfs4.columnar.streams import Sorted, Stream
from dissect.nfs4.const import PROC_COMPOUND, PROC_NULL
from dissect.nfs4.flow import Call, Flow, Reply
from dissect.nfs4.link.segment import Segment
from dissect.nfs4.message import CallHeader
from dissect.nfs4.rpc.held import Held
from dissect.nfs4.rpc.match import UnderWay
from dissect.nfs4.rpc.record import Record
from dissect.nfs4.sets import distinct
from dissect.nfs4.tcp.half import LOSS

Mask = NDArray[np.bool_]

_LOST = int(Marks.LOST)

Work = tuple[int, int, Callable[[], None]]
"""When something is to be done, as the id of the first record that could end then; an id to put before others that are
due at the same time; and what it is."""


class Window:
    """The streams of a window that are in order, from their records to rows and to what is left of them."""

    def __init__(self, span: Span, sorted_: Sorted, lanes: Lanes) -> None:
        self._span, self._chunk, self._sorted = span, span.chunk, sorted_
        self._streams = sorted_.streams
        self._fine = np.ones(len(self._streams), np.bool_)
        self._begun = [lanes.begun(stream.flow, stream.direction) for stream in self._streams]
        self._found = hop(sorted_.pieces, self._begun)
        for number, stream in enumerate(self._streams):
            if stream.settled is not None:
                tear(self._found, number, [(hole.start, hole.stop) for hole in stream.settled.holes])
        self._refuse(np.flatnonzero(self._found.bad).tolist())
        self._parts = self._number()
        self._scatter = Scatter(span.chunk, sorted_.pieces, self._begun)
        self._waiting: list[tuple[int, int, UnderWay]] = []
        self._read()

    def slow(self) -> Index:
        """Positions of the segments that are to be taken one by one."""
        refused = [stream.segments for stream, fine in zip(self._streams, self._fine, strict=True) if not fine]
        return np.sort(np.concatenate([self._sorted.slow, *refused])) if refused else self._sorted.slow

    def _refuse(self, streams: Iterable[int]) -> None:
        """These connections are to be decoded the other way."""
        lanes = {self._streams[each].lane >> 1 for each in streams}
        if lanes:
            self._fine &= np.array([stream.lane >> 1 not in lanes for stream in self._streams], np.bool_)

    def _number(self) -> Index:
        """The order of each record among those that end in one segment."""
        piece = self._found.piece
        count = len(piece)
        if not count:
            return piece
        change = np.concatenate([[True], piece[1:] != piece[:-1]])
        if change.all():
            return np.zeros(count, np.int64)
        heads_ = np.flatnonzero(change)
        parts: Index = np.arange(count) - np.repeat(heads_, np.diff(np.append(heads_, count)))
        self._refuse(distinct(self._found.stream[parts >= RECORDS_A_FRAME]).tolist())
        return parts

    def _read(self) -> None:
        """Copy what is scattered, read the heads, match replies to calls; refuse what does not fit the pattern."""
        found = self._found
        chosen = np.flatnonzero(self._fine[found.stream])
        frame = self._span.segments.frame[self._sorted.segment[found.piece[chosen]]]
        id = ((self._chunk.number[frame] + self._span.base) << FRAME_SHIFT) | self._parts[chosen]
        order = np.argsort(id, kind="stable")
        chosen, id, frame = chosen[order], id[order], frame[order]
        records, lost = self._scatter.gather(found, chosen)
        read = heads(self._chunk.space, records)
        self._refuse([*lost, *distinct(found.stream[chosen[read.bad]]).tolist()])
        self._take(chosen, records, read, id, frame)
        while True:
            self._waiting = [
                (self._lane_of[stream.flow.connection.conn] * 2 + direction, xid, call)
                for stream in self._fine_flows()
                for direction, xid, call in under_way(stream.flow)
            ]
            answers = match(self._lane, self._heads.xid, self._heads.reply, [each[:2] for each in self._waiting])
            if not answers.refused:
                break
            self._fine &= np.array([stream.lane >> 1 not in answers.refused for stream in self._streams], np.bool_)
            self._take(self._index, self._records, self._heads, self._id, self._frame)
        self._answers: Answers = answers

    def _take(self, index: Index, records: Records, read: Heads, id: Index, frame: Index) -> None:
        """Keep the messages of connections that are in order."""
        fine = self._fine[self._found.stream[index]]
        if not fine.all():
            these = np.flatnonzero(fine)
            index, records, read = index[these], records.taken(these), read.taken(these)
            id, frame = id[these], frame[these]
        self._index, self._records, self._heads, self._id, self._frame = index, records, read, id, frame
        lanes = np.array([stream.lane for stream in self._streams], np.int64)
        lane = lanes[self._found.stream[index]] if len(index) else np.zeros(0, np.int64)
        self._direction = lane & 1
        self._lane = lane ^ self._heads.reply
        self._lane_of = {stream.flow.connection.conn: stream.lane >> 1 for stream in self._streams}

    def _fine_flows(self) -> list[Stream]:
        """One stream of each connection that is in order."""
        chosen: dict[int, Stream] = {}
        for stream, fine in zip(self._streams, self._fine, strict=True):
            if fine:
                chosen.setdefault(stream.lane >> 1, stream)
        return list(chosen.values())

    def decode(self, decoder: Decoder, keys: dict[bytes, int], credentials: dict[Credential | None, int]) -> Decoded:
        """Rows of the plain messages."""
        count = len(self._id)
        rows = np.zeros(count, MESSAGE)
        call = self._answers.call
        rows["id"], rows["time"], rows["xid"] = self._id, self._chunk.time[self._frame], self._heads.xid
        rows["direction"] = self._direction
        conns = np.zeros(2 * len(self._streams) + 1, np.int64)
        for stream in self._streams:
            conns[stream.lane >> 1] = stream.flow.connection.conn
        rows["conn"] = conns[self._lane >> 1]
        now = np.flatnonzero(call >= 0)
        rows["call"][now] = self._id[call[now]]
        old = np.flatnonzero((call < 0) & (call != NONE))
        if len(old):
            ids = np.array([each[2].id for each in self._waiting], np.int64)
            rows["call"][old] = ids[call[old]]
        rows["marks"][self._answers.again] = int(Marks.RETRANSMITTED)
        contexts: list[CallHeader | None] = [each[2].context for each in self._waiting]
        self._decoded = decoder.decode(
            self._chunk.space, self._records, self._heads, rows, call, contexts, self._whole(), credentials, keys
        )
        return self._decoded

    def _whole(self) -> Mask:
        torn = self._found.torn
        if not torn:
            return np.ones(len(self._index), np.bool_)
        return ~np.isin(self._index, np.array(list(torn), np.int64))

    def work(self, lanes: Lanes) -> list[Work]:
        """What has to be done message by message, in any order, each under its id: the odd messages, and the events of
        connections that end."""
        work: list[Work] = []
        flows = {stream.lane >> 1: stream.flow for stream in self._streams}
        self._pending: dict[int, UnderWay] = {}
        waits: dict[int, list[tuple[int, int]]] = {}
        for number, stream in enumerate(self._streams):
            if stream.settled is not None and self._fine[number]:
                work += [self._gap(lanes, stream, number, hole) for hole in stream.settled.holes]
                waits.setdefault(stream.lane >> 1, []).extend(stream.settled.waits)
        for index in np.flatnonzero(~self._decoded.plain).tolist():
            id = int(self._id[index])
            frame = id >> FRAME_SHIFT
            due = max(
                [final for begin, final in waits.get(int(self._lane[index]) >> 1, ()) if begin <= frame], default=0
            )
            work.append((due << FRAME_SHIFT if due > frame else id, id, self._odd(lanes, flows, index)))
        work += self._recognised(lanes)
        ends = [
            (stream.flow, position)
            for stream, fine in zip(self._streams, self._fine.tolist(), strict=True)
            if fine
            for position in stream.ends
        ]
        for (flow, _), segment in zip(ends, self._span.segments_at([each[1] for each in ends]), strict=True):
            work.append(self._end(lanes, flow, segment))
        return work

    def _odd(self, lanes: Lanes, flows: dict[int, Flow], index: int) -> Callable[[], None]:
        def run() -> None:
            flow = flows[int(self._lane[index]) >> 1]
            id, direction = int(self._id[index]), int(self._direction[index])
            marks = _LOST if int(self._index[index]) in self._found.torn else 0
            data = self._scatter.whole(self._found, int(self._index[index]))
            record = Record(
                data, id >> FRAME_SHIFT, int(self._chunk.time[self._frame[index]]), id & (RECORDS_A_FRAME - 1), marks
            )
            if self._heads.reply[index]:
                lanes.matched(flow, Reply(record, direction, self._call(int(self._answers.call[index]))))
            else:
                lanes.matched(flow, Call(record, direction, bool(self._answers.again[index]), self._call(index)))

        return run

    def _call(self, number: int) -> UnderWay:
        """A call as the matcher keeps it."""
        if number < 0:
            return self._waiting[number][2]
        found = self._pending.get(number)
        if found is None:
            found = self._pending[number] = UnderWay(int(self._id[number]))
            if self._decoded.plain[number]:
                row, vers = self._decoded.messages[number], int(self._heads.words[number, 4])
                found.context = _header(Kind(row["kind"]), int(row["prog"]), vers, int(row["minor"]))
        return found

    def _origin(self, piece: int) -> tuple[int, int]:
        """Number and time of the frame of a piece."""
        position = int(self._sorted.segment[piece])
        return self._span.number(position), self._span.time(position)

    def _gap(self, lanes: Lanes, stream: Stream, number: int, hole: Hole) -> Work:
        pieces = self._sorted.pieces
        lo, hi = int(pieces.bounds[number]), int(pieces.bounds[number + 1])
        piece = lo + int(np.searchsorted(pieces.at[lo:hi], hole.stop))
        frame, time = self._origin(piece)
        if piece > lo:
            last_frame, last = self._origin(piece - 1)
        else:
            previous = stream.flow.connection.halves[stream.direction].previous
            assert previous is not None
            last_frame, last = previous.frame, previous.time
        gap = Gap(
            conn=stream.flow.connection.conn,
            direction=stream.direction,
            frame=frame,
            time=time,
            last_frame=last_frame,
            last=last,
            octets=hole.stop - hole.start,
            reason=LOSS,
        )
        return hole.final << FRAME_SHIFT, frame << FRAME_SHIFT, lambda: lanes.event(gap)

    def _recognised(self, lanes: Lanes) -> list[Work]:
        """Connections told of at their first words."""
        found = {
            stream.lane >> 1: (stream.flow, stream.first_words)
            for stream, fine in zip(self._streams, self._fine.tolist(), strict=True)
            if fine and stream.first_words is not None
        }
        return [
            (self._span.number(position) << FRAME_SHIFT, 0, partial(lanes.recognise, flow))
            for flow, position in found.values()
        ]

    def _end(self, lanes: Lanes, flow: Flow, segment: Segment) -> Work:
        return segment.frame << FRAME_SHIFT, segment.frame << FRAME_SHIFT, lambda: lanes.told(flow, segment)

    def _octets(self, stream: int, base: int, start: int, stop: int) -> bytes:
        return self._sorted.pieces.joined(stream, base + start, base + stop)

    def leave(self, lanes: Lanes) -> None:
        """Bring the connections to where they are at the end of the window."""
        found, pieces = self._found, self._sorted.pieces
        bounds = np.searchsorted(found.stream, np.arange(len(self._streams) + 1))
        # The piece in which the last record of each stream ends, and how many end there.
        done = bounds[1:] > bounds[:-1]
        at = np.where(done, bounds[1:] - 1, 0)
        ended = np.where(done, np.append(found.piece, 0)[at], -1).tolist()
        parts = np.where(done, np.append(self._parts, 0)[at] + 1, 0).tolist()
        edges, rests = pieces.bounds.tolist(), found.rest.tolist()
        tails = self._described(np.maximum(pieces.bounds[1:] - 1, 0))
        for number, (stream, fine, spoke) in enumerate(
            zip(self._streams, self._fine.tolist(), done.tolist(), strict=True)
        ):
            if not fine:
                continue
            passed = stream.passed
            lo, hi = edges[number], edges[number + 1]
            if hi > lo:
                passed.spoke = spoke
                from_ = max(rests[number], 0) if spoke else 0
                held = Held() if spoke else self._begun[number]
                if passed.reached > from_:
                    held.add(passed.reached - from_, partial(self._octets, number, from_))
                passed.held = held
                passed.tail = (*tails[number], parts[number] if hi - 1 == ended[number] else 0)
                if held:
                    passed.origins = [passed.tail]
                    if len(held) < SURE_OCTETS:
                        start = lo + int(np.searchsorted(pieces.at[lo:hi], from_, side="right")) - 1
                        before = self._described(np.arange(start, hi - 1))
                        passed.origins[:0] = [
                            (*each, parts[number] if piece == ended[number] else 0)
                            for piece, each in enumerate(before, start)
                        ]
            lanes.write_back(stream.flow, stream.direction, passed)
        self._leave_calls()

    def _described(self, pieces: Index) -> list[tuple[int, int, int, int]]:
        """Of some pieces: number and time of their frames, where they begin, and their octets."""
        of = self._sorted.pieces
        if not len(of.at):
            return [(0, 0, 0, 0)] * len(pieces)
        position = self._sorted.segment[pieces]
        columns = (
            self._span.numbers(position),
            self._chunk.time[self._span.segments.frame[position]],
            of.at[pieces],
            of.length[pieces],
        )
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def _leave_calls(self) -> None:
        flows = {stream.lane >> 1: stream.flow for stream in self._streams}
        for place, xid in self._answers.emptied:
            leave_under_way(flows[place >> 1], [(place & 1, xid)], ())
        for place, xid, calls in self._answers.left:
            leave_under_way(flows[place >> 1], (), [(place & 1, xid, [self._call(each) for each in calls])])


def _header(kind: Kind, prog: int, vers: int, minor: int) -> CallHeader:
    proc = PROC_COMPOUND if kind == Kind.COMPOUND_CALL else PROC_NULL
    return CallHeader(kind=kind, prog=prog, vers=vers, proc=proc, minor=minor)
