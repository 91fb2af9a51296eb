"""The state of connections between windows: the exact decoder's own, so that either goes on where the other stops."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import field

from dissect.nfs4.batch import Event
from dissect.nfs4.bounds import NFS_PORTS
from dissect.nfs4.columnar.endpoints import Way
from dissect.nfs4.columnar.numbers import Numbers, reorder
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.flow import Flow
from dissect.nfs4.gather import Gather
from dissect.nfs4.rpc.held import LONG_OCTETS, Held
from dissect.nfs4.rpc.match import Matched, UnderWay
from dissect.nfs4.rpc.resync import CALL_OCTETS, MARK_OCTETS
from dissect.nfs4.rpc.voice import Nature
from dissect.nfs4.streams import Streams
from dissect.nfs4.tcp.connection import SegmentLike, TcpConnection
from dissect.nfs4.tcp.half import Origin, Shown

_WRAP = 1 << 32

SURE_OCTETS = MARK_OCTETS + CALL_OCTETS
"""So many octets of a record show whether it is one."""


class Lanes(Streams):
    """`Streams` for a caller that does not come to it with every frame."""

    def __init__(self, gather: Gather, nfs_ports: Set[int] = NFS_PORTS) -> None:
        super().__init__(gather, nfs_ports)
        self._begun: list[TcpConnection] = []
        self._connections.begun = self._begun

    def begun(self, flow: Flow, direction: int) -> Held:
        """The record of a direction of which the end has not come, with its mark."""
        records = flow._voices[direction]._records
        return Held(records._buffer) if records._long is None else records._long

    def may_give_up(self, octets: int, segments: int) -> bool:
        """Whether connections may come to hold too much before so many octets in so many segments have come."""
        return self._holdings.may_exceed(octets, segments)

    def reordered(self) -> Numbers:
        """Number the connections that began since the last call as if they had begun frame by frame: `reorder`."""
        begun, self._begun[:] = list(self._begun), []
        return reorder(begun, self._flows, self._silent)

    def come_to(self, frame: int) -> None:
        """All frames up to this one have been reached one after the other: decide what was due at each."""
        while (due := self._next_due(frame)) is not None:
            self.advance(due)

    def _next_due(self, frame: int) -> int | None:
        due = frame + 1
        if self._new:
            due = min(due, self._new[0][0] + 1)
        if self._stalls:
            due = min(due, self._stalls[0][0])
        if self._early:
            due = min(due, self._early[0][0])
        if self._quiet:
            due = min(due, self._quiet[0][0])
        return due if due <= frame else None

    def write_back(self, flow: Flow, direction: int, passed: Passed) -> None:
        """Leave a direction as the exact decoder would have, had it taken the segments one by one."""
        write_back(flow, direction, passed)
        if passed.tail is not None:
            self._holdings.put(flow, direction, flow.weight(direction))

    def flow(self, way: Way) -> Flow | None:
        """The connection that has these endpoints now."""
        connection = self._connections.current(way.key)
        return None if connection is None else self._flows.get(connection.conn)

    def closes_quietly(self, flow: Flow) -> bool:
        """Whether nothing is left to be decoded of a connection when another takes its endpoints."""
        if flow.dead:
            return True
        if any(half.short for half in flow.connection.halves):
            return False
        if flow.silent:
            return True
        return (
            not flow.pending
            and not flow._matcher._read
            and not any(flow._matcher._early)
            and not any(half._waiting for half in flow.connection.halves)
            and not any(voice._records.weight() or voice._held for voice in flow._voices)
        )

    def told(self, flow: Flow, segment: SegmentLike) -> None:
        """Tell the events of a segment that has nothing else to say."""
        for event in flow.connection.events(segment):
            self._gather.event(event)

    def recognise(self, flow: Flow) -> None:
        """A connection has said its first words, and they show that it is RPC: as `Flow` does it when it reads them."""
        flow.silent, flow.shown = False, True
        for voice in flow._voices:
            voice.believe()
        self._tell(flow, ())

    def event(self, event: Event) -> None:
        """Tell an event as it is."""
        self._gather.event(event)

    def matched(self, flow: Flow, output: Matched) -> None:
        """Decode and tell a message of a connection."""
        self._put(flow, output)


def ready(flow: Flow) -> bool:
    """Whether nothing of a connection waits for what only later frames can tell."""
    connection = flow.connection
    matcher = flow._matcher
    return (
        _goes_on(flow)
        and connection.told
        and not flow.pending
        and not matcher._read
        and not matcher._early[0]
        and not matcher._early[1]
        and all(voice.nature is Nature.RPC for voice in flow._voices)
    )


def unheard(flow: Flow) -> bool:
    """Whether both sides of a connection have opened it and said nothing, so that it is not known what it carries."""
    connection = flow.connection
    return (
        _goes_on(flow)
        and flow.silent
        and not flow.shown
        and not connection.told
        and connection.syn_frame is not None
        and all(half.isn is not None for half in connection.halves)
    )


def _goes_on(flow: Flow) -> bool:
    """Whether a connection is read on, and nothing of it stands behind a hole."""
    connection = flow.connection
    waits = any(half.stalled is not None or half._waiting for half in connection.halves)
    return not flow.dead and not connection.closed and not waits


def in_step(flow: Flow, direction: int) -> bool:
    """Whether the stream of a direction stands at or in a whole record whose beginning is known."""
    records = flow._voices[direction]._records
    return (
        flow.connection.halves[direction].next is not None
        and not records._searching
        and not records._torn
        and not records._body
        and not records._marks
        and not records._offset
    )


def awaited(flow: Flow, direction: int) -> int:
    """The sequence number that the stream of a direction goes on with."""
    half = flow.connection.halves[direction]
    assert half.next is not None and half._seq_at is not None
    return (half._seq + half.next - half._seq_at) % _WRAP


@dataclass(slots=True, kw_only=True)
class Passed:
    """What a window held of one direction of a connection; nothing in it was out of order."""

    first_seq: int
    first_frame: int
    first: int
    last_frame: int
    last: int
    segments: int
    acked: Shown | None = None
    "how far the other direction was acknowledged, if farther than before the window"
    stands: Shown | None = None
    "how far this one had come by segments that end without data, likewise"
    fin: int | None = None
    wire: int = 0
    "payload octets, repetitions counted again"
    fresh: int = 0
    "the same without repetitions"
    reached: int = 0
    "how far the stream came; more than `fresh` if there were holes"
    repeated: int = 0
    "segments that were repetitions"
    last_seq: int = 0
    "of the last segment with payload, and how far that was from where the window began"
    last_at: int = 0
    spoke: bool = False
    "a record ended"
    held: Held = field(default_factory=Held)
    "the record of which the end has not come"
    origins: Sequence[tuple[int, int, int, int, int]] = ()
    """Segments that hold what is held, or the last of them: frame, time, start and length (from where the window
    began), records that ended in it."""
    tail: tuple[int, int, int, int, int] | None = None
    "the last segment with fresh payload, likewise"


def write_back(flow: Flow, direction: int, passed: Passed) -> None:
    """Leave a direction as the exact decoder would have, had it taken the segments one by one."""
    half = flow.connection.halves[direction]
    if not half.segments:
        half.first_seq, half.first_frame, half.first = passed.first_seq, passed.first_frame, passed.first
    half.segments += passed.segments
    half.last_frame, half.last = passed.last_frame, passed.last
    if passed.acked is not None:
        flow.connection.halves[1 - direction].acked = passed.acked
    if passed.stands is not None:
        half.stands = passed.stands
    if half.fin is None:
        half.fin = passed.fin
    if not passed.wire:
        return
    flow.silent = False
    assert half.next is not None
    base = half.next
    wire = half._wire
    half._seq, half._seq_at = passed.last_seq % _WRAP, base + passed.last_at
    half._wire += passed.wire
    half.octets += passed.fresh
    half.retransmissions += passed.repeated
    if passed.tail is None:
        return
    voice = flow._voices[direction]
    records = voice._records
    half.next = base + passed.reached
    half.previous = _origin(passed.tail, base, wire)
    voice._octets += passed.fresh
    if passed.spoke:
        flow._spoke = True
        voice._probe = False
    # Of a record that shows what it is, only the segment matters in which it ends: where in the others it lay is
    # asked of what only may be a record.
    if passed.spoke or len(passed.held) >= SURE_OCTETS:
        records._trail.clear()
    for each in passed.origins:
        origin = half.previous if each is passed.tail else _origin(each, base, wire)
        records._trail.add(base + each[2] + each[3], origin)
    long = len(passed.held) >= LONG_OCTETS
    records._long = passed.held if long else None
    records._buffer = bytearray() if long else passed.held.octets()
    records._offset = 0
    records._at = half.next - len(passed.held)
    records._last = half.previous


def _origin(segment: tuple[int, int, int, int, int], base: int, wire: int) -> Origin:
    frame, time, start, length, parts = segment
    made = Origin(frame, time, base + start, base + start + length, wire + start)
    made.parts = parts
    return made


def under_way(flow: Flow) -> Sequence[tuple[int, int, UnderWay]]:
    """Direction, xid and what is known of each call without a reply, in the order in which they came for each xid."""
    return [
        (direction, xid, call)
        for direction, calls in enumerate(flow._matcher._under_way)
        if calls
        for xid, waiting in calls.items()
        for call in waiting
    ]


def leave_under_way(
    flow: Flow, emptied: Sequence[tuple[int, int]], left: Sequence[tuple[int, int, list[UnderWay]]]
) -> None:
    """Forget the calls of (direction, xid) that had none left at some time; then set those that have some now."""
    calls = flow._matcher._under_way
    for direction, xid in emptied:
        calls[direction].pop(xid, None)
    for direction, xid, waiting in left:
        calls[direction][xid] = waiting


__all__ = ["SURE_OCTETS", "Lanes", "Passed", "awaited", "in_step", "leave_under_way", "ready", "under_way", "unheard"]
