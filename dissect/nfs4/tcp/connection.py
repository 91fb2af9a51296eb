"""Which segments make one TCP connection, and which way it runs.

A connection is the traffic of two endpoints from a SYN, or from the first segment captured, until the next SYN with
another initial sequence number. Where that SYN was not captured, data out of the reach of any window starts the next
one. Numbers are given in the order of the first segments.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Protocol

from dissect.nfs4.batch import Connection, HalfSummary, TcpEvent, TcpFlag
from dissect.nfs4.bounds import NFS_PORTS, SYN_LATE_FRAMES, SYN_REACH_OCTETS
from dissect.nfs4.tcp.half import Half, Item, distance, farther

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
"""Flag bits of the TCP header (RFC 9293 section 3.1)."""

Endpoint = tuple[str, int]


class SegmentLike(Protocol):
    """What this layer reads of a segment: `length` is its payload on the wire, `payload` what was captured of it."""

    @property
    def frame(self) -> int: ...
    @property
    def time(self) -> int: ...
    @property
    def source(self) -> str: ...
    @property
    def source_port(self) -> int: ...
    @property
    def destination(self) -> str: ...
    @property
    def destination_port(self) -> int: ...
    @property
    def seq(self) -> int: ...
    @property
    def ack(self) -> int: ...
    @property
    def flags(self) -> int: ...
    @property
    def payload(self) -> bytes: ...
    @property
    def length(self) -> int: ...


class TcpConnection:
    """One connection as it is being read. Direction 0 runs from the initiator to the responder."""

    __slots__ = (
        "_told",
        "closed",
        "conn",
        "first",
        "first_frame",
        "halves",
        "initiator",
        "predecessor",
        "responder",
        "syn_frame",
        "told",
    )

    def __init__(
        self, conn: int, segment: SegmentLike, predecessor: TcpConnection | None, nfs_ports: Set[int] = NFS_PORTS
    ) -> None:
        self.conn = conn
        self.first_frame, self.first = segment.frame, segment.time
        source = segment.source, segment.source_port
        destination = segment.destination, segment.destination_port
        self.initiator, self.responder = (
            (destination, source) if _answers(segment, nfs_ports) else (source, destination)
        )
        self.syn_frame: int | None = None
        self.halves = (Half(), Half())
        self.predecessor = predecessor
        self.closed = False
        "another has taken its endpoints, or the capture has ended"
        self.told = False
        "batches name it"
        self._told = 0  # a bit for each event told

    def direction(self, segment: SegmentLike) -> int:
        return 0 if (segment.source, segment.source_port) == self.initiator else 1

    def describe(self) -> Connection:
        """The connection as batches carry it."""
        return Connection(
            conn=self.conn,
            initiator_address=self.initiator[0],
            initiator_port=self.initiator[1],
            responder_address=self.responder[0],
            responder_port=self.responder[1],
            first_frame=self.first_frame,
            first=self.first,
            syn_frame=self.syn_frame,
        )

    def owns(self, segment: SegmentLike) -> bool:
        """Whether the segment belongs to this connection rather than to a later one on the same ports."""
        direction = self.direction(segment)
        half, other = self.halves[direction], self.halves[1 - direction]
        if not segment.flags & SYN:
            return not (segment.length and half.regresses(segment.seq))
        if half.isn == segment.seq:
            return True
        if segment.flags & ACK and other.isn is not None:
            # A server may choose anew until its SYN-ACK is acknowledged; what acknowledges another SYN is another's.
            return distance(segment.ack, other.isn) == 1 and (half.isn is None or not half.octets)
        if half.isn is not None or other.isn is not None or segment.frame > self.first_frame + SYN_LATE_FRAMES:
            return False
        return _follows(half, segment.seq) or bool(segment.flags & ACK and _follows(other, segment.ack - 1))

    @property
    def opening(self) -> bool:
        """Whether only the SYN of the initiator is known: what the responder says without one of its own may be of the
        connection before, until the initiator goes on (RFC 9293 section 3.5.1)."""
        ours, theirs = self.halves
        return ours.isn is not None and theirs.isn is None and ours.stands is None and not ours.octets

    def take(self, segment: SegmentLike, keep: bool = True) -> tuple[list[tuple[int, Item]], list[TcpEvent]]:
        """Count a segment that this connection owns. Returns what the streams now yield, each with its direction (a
        SYN-ACK tells where the other one starts), and the segment's events. Without `keep` the items hold no data."""
        direction = self.direction(segment)
        half, other = self.halves[direction], self.halves[1 - direction]
        seq, frame, time = segment.seq, segment.frame, segment.time
        half.saw(seq, frame, time)
        items: list[tuple[int, Item]] = []
        if segment.flags & SYN:
            if half.isn != seq:
                items += [(direction, item) for item in half.synchronise(seq, frame, time)]
            if segment.flags & ACK and other.isn is None:
                start = other.synchronise((segment.ack - 1) & 0xFFFFFFFF, frame, time)
                items += [(1 - direction, item) for item in start]
            if not segment.flags & ACK and self.syn_frame is None and direction == 0:
                self.syn_frame = frame
            seq += 1
        elif not segment.flags & RST and not (direction and self.opening):
            if segment.flags & ACK:
                other.acked = farther(other.acked, segment.ack, frame, time)
            if segment.flags & FIN or not segment.length:
                half.ends_at(seq + segment.length & 0xFFFFFFFF, frame, time, bool(segment.flags & FIN))
        payload = segment.payload if keep else b""
        items += [(direction, item) for item in half.feed(seq, payload, segment.length, frame, time)]
        return items, list(self.events(segment))

    def events(self, segment: SegmentLike) -> Iterator[TcpEvent]:
        """SYN, SYN-ACK, FIN and RST of each direction, each at its first appearance."""
        direction = self.direction(segment)
        for kind in _kinds(segment.flags):
            bit = 1 << (2 * kind + direction)
            if not self._told & bit:
                self._told |= bit
                yield TcpEvent(kind=kind, conn=self.conn, direction=direction, frame=segment.frame, time=segment.time)

    def summaries(self) -> Iterator[HalfSummary]:
        """What was seen of each direction, for those of which something was."""
        for direction, half in enumerate(self.halves):
            if half.segments:
                yield HalfSummary(
                    conn=self.conn,
                    direction=direction,
                    first_frame=half.first_frame,
                    first=half.first,
                    last_frame=half.last_frame,
                    last=half.last,
                    segments=half.segments,
                    octets=half.octets,
                    retransmissions=half.retransmissions,
                )


class Connections:
    """The connections of a capture, found by their endpoints."""

    def __init__(self, nfs_ports: Set[int] = NFS_PORTS) -> None:
        self.begun: list[TcpConnection] | None = None
        "those that began, for a caller that asks for them with a list, and empties it"
        self._nfs_ports = nfs_ports
        self._current: dict[tuple[Endpoint, Endpoint], TcpConnection] = {}
        self._count = 0

    def find(self, segment: SegmentLike) -> tuple[TcpConnection, TcpConnection | None]:
        """The connection of a segment; where it begins one, also the connection before on these endpoints, if any."""
        source = segment.source, segment.source_port
        destination = segment.destination, segment.destination_port
        key = (source, destination) if source <= destination else (destination, source)
        current = self._current.get(key)
        if current is not None:
            before = current.predecessor
            if before is not None and _of_predecessor(segment, current, before):
                return before, None
            if current.owns(segment):
                return current, None
            current.predecessor = None
        started = TcpConnection(self._count, segment, current, self._nfs_ports)
        self._count += 1
        if self.begun is not None:
            self.begun.append(started)
        self._current[key] = started
        return started, current

    def current(self, key: tuple[Endpoint, Endpoint]) -> TcpConnection | None:
        """The connection that has these two endpoints now, the lesser of them first."""
        return self._current.get(key)

    def forget(self, connection: TcpConnection) -> None:
        """What follows on its endpoints is another connection."""
        pair = connection.initiator, connection.responder
        del self._current[min(pair), max(pair)]

    def __iter__(self) -> Iterator[TcpConnection]:
        """The connections that no later one replaced, in the order of their numbers."""
        return iter(sorted(self._current.values(), key=lambda connection: connection.conn))


def _answers(segment: SegmentLike, nfs_ports: Set[int]) -> bool:
    """Whether the first segment of a connection comes from its responder."""
    if segment.flags & SYN:
        return bool(segment.flags & ACK)
    return segment.source_port in nfs_ports and segment.destination_port not in nfs_ports


def _kinds(flags: int) -> Iterator[TcpFlag]:
    if flags & SYN:
        yield TcpFlag.SYN_ACK if flags & ACK else TcpFlag.SYN
    if flags & FIN:
        yield TcpFlag.FIN
    if flags & RST:
        yield TcpFlag.RST


def _follows(half: Half, isn: int) -> bool:
    """Whether what was seen of a direction can come after a SYN with this initial sequence number."""
    return half.first_seq is not None and 0 < distance(half.first_seq, isn) <= SYN_REACH_OCTETS


def _of_predecessor(segment: SegmentLike, current: TcpConnection, before: TcpConnection) -> bool:
    """Whether a segment still belongs to the connection before: copies from a second tap, or a reset of it.

    A client that restarts on the same ports may be answered with an acknowledgement of the old connection, and resets
    that one before its SYN succeeds (RFC 9293 section 3.5.1): the reset says nothing of the new connection.
    """
    half, old = current.halves[current.direction(segment)], before.halves[before.direction(segment)]
    if segment.flags & SYN:
        return half.isn is not None and half.isn != segment.seq and old.isn == segment.seq
    speaks = segment.length or segment.flags & (RST | FIN)
    return bool(speaks) and not half.near(segment.seq, True) and old.near(segment.seq, False)
