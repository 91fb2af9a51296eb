"""One TCP connection from its segments to its matched RPC messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from dissect.nfs4.batch import Gap, Note, TcpEvent
from dissect.nfs4.bounds import HELD_FREE_OCTETS, NFS_PORTS, REPLY_EARLY_FRAMES
from dissect.nfs4.link.protocols import IWARP_NOTE
from dissect.nfs4.rpc.match import Call, Early, Matched, Matcher, Reply, xid_of
from dissect.nfs4.rpc.record import Record
from dissect.nfs4.rpc.voice import Nature, Voice
from dissect.nfs4.tcp.connection import SegmentLike, TcpConnection
from dissect.nfs4.tcp.half import Hole, Item, Piece

TLS_NOTE = "TLS: connection encrypted"
SLIP_NOTE = "record mark implausible: next record searched for"
SURPLUS_NOTE = "more records in a frame than can be numbered"
HELD_NOTE = "given up: too much was unfinished at a time"
NO_RECORD_NOTE = "no RPC record recognised on an NFS port"

_CLOSED = {Nature.TLS: TLS_NOTE, Nature.RDMA: IWARP_NOTE}

Output = Matched | TcpEvent | Gap | Note


class Flow:
    """A connection being decoded. Its methods return what can be told so far; an `Early` may come again as `Reply`."""

    __slots__ = (
        "_given_up",
        "_matcher",
        "_spoke",
        "_starts",
        "_voices",
        "_whole",
        "connection",
        "dead",
        "due",
        "pending",
        "scheduled",
        "shown",
        "silent",
    )

    _voices: tuple[Voice, Voice]
    _matcher: Matcher

    def __init__(self, connection: TcpConnection, nfs_ports: Set[int] = NFS_PORTS, *, whole: bool = False) -> None:
        """`whole`: records are given with their file data."""
        self.connection = connection
        self._whole = whole
        self._given_up = 0
        self.shown = connection.initiator[1] in nfs_ports or connection.responder[1] in nfs_ports
        "it is NFS by its port or RPC by its content, and so worth telling"
        self.dead = False
        "both directions carry something else"
        self.silent = True
        "no payload went either way"
        self.due = False
        "it is old enough that its SYN will not follow"
        self.pending: list[Output] = []
        "what waits until the connection itself is told"
        self.scheduled = [False, False]
        "whether somebody will ask each direction for its stalled hole"
        self._starts: tuple[tuple[int, Item], ...] | None = ()
        self._spoke = False

    def __getattr__(self, name: str) -> object:
        """Readers are made for those that speak: a flood of SYNs makes a million connections that never do."""
        if name == "_matcher":
            self._matcher = Matcher()
            return self._matcher
        if name == "_voices":
            self._voices = (
                Voice(assumed=self.shown, whole=self._whole),
                Voice(assumed=self.shown, whole=self._whole),
            )
            for direction, start in self._starts or ():
                self._voices[direction].feed(start)
            self._starts = None
            return self._voices
        raise AttributeError(name)

    def take(self, segment: SegmentLike) -> Iterator[Output]:
        """A segment of this connection."""
        if segment.length:
            self.silent = False
        items, events = self.connection.take(segment, keep=not self.dead)
        yield from events
        if self.silent and self._starts is not None:
            self._starts += tuple(items)
        elif not self.dead:
            yield from self._deliver(items)

    def expire(self, frame: int) -> Iterator[Output]:
        """The capture has come to a frame: holes that are too old to be filled are final."""
        for direction, half in enumerate(self.connection.halves):
            if half.stalled is not None:
                items = half.expire(frame)
                if not self.dead:
                    yield from self._deliver([(direction, item) for item in items])

    def weight(self, direction: int) -> int:
        """Octets held of what has no end yet in a direction: those that count for HELD_OCTETS."""
        if self.silent:
            return 0
        held = self.connection.halves[direction].weight + self._voices[direction].weight
        return max(held - HELD_FREE_OCTETS, 0)

    def give_up_held(self, direction: int) -> Iterator[Output]:
        """All holes of a direction are final, and of its record no more than the beginning is kept."""
        self._given_up += 1
        items = self.connection.halves[direction].give_up()
        if not self.dead:
            yield from self._deliver([(direction, item) for item in items])
        if not self.dead and self.weight(direction):
            yield from self._told(direction, self._voices[direction].give_up())
            yield from self._deliver(())

    def owed(self, early: Early, frame: int) -> bool:
        """Whether the call of a reply may still come, now that the capture is at `frame`."""
        seen = self._frontier()
        known = frame if seen is None else min(frame, seen)
        if known <= early.record.frame + REPLY_EARLY_FRAMES:
            return True
        return self._voices[1 - early.direction].awaits(xid_of(early.record)) and not self._matcher.crowded(early)

    def give_up(self, early: Early) -> Reply | None:
        """No call will come for this reply; None if one did."""
        return self._matcher.give_up(early)

    def close(self) -> Iterator[Output]:
        """No segment follows: what is unfinished is told as far as it came."""
        ends = [(direction, item) for direction, half in enumerate(self.connection.halves) for item in half.close()]
        if self.silent and not ends:
            return
        if not self.dead:
            yield from self._deliver(ends)
        for direction, voice in enumerate(self._voices):
            yield from self._told(direction, voice.close())
        yield from self._believe()
        yield from self._matched(None)
        yield from self._matcher.leave()
        yield from self._notes()

    def _deliver(self, items: Iterable[tuple[int, Item]]) -> Iterator[Output]:
        for direction, item in items:
            yield from self._told(direction, self._voices[direction].feed(item))
            yield from self._believe()
            if isinstance(item, Piece) and self._voices[direction].nature in _CLOSED:
                yield from self._closed(direction, item)
        ours, theirs = self._voices
        if ours.nature is Nature.OTHER and theirs.nature is Nature.OTHER:
            self.dead = True
            self._voices, self._matcher = _DEAD, Matcher()
            return
        yield from self._matched(self._frontier())

    def _frontier(self) -> int | None:
        """The first frame of which messages may still be unknown, None if that is the next one captured."""
        return min((half.stalled.frame for half in self.connection.halves if half.stalled is not None), default=None)

    def _told(self, direction: int, found: Iterable[Record | Hole]) -> Iterator[Output]:
        for thing in found:
            if isinstance(thing, Record):
                self._spoke = True
                self._matcher.add(direction, thing)
                continue
            before, after = thing.before, thing.after
            yield Gap(
                conn=self.connection.conn,
                direction=direction,
                frame=after.frame,
                time=after.time,
                last_frame=before.frame,
                last=before.time,
                octets=thing.octets,
                reason=thing.reason,
            )

    def _believe(self) -> Iterator[Output]:
        """What one direction has shown holds for the other."""
        for direction, voice in enumerate(self._voices):
            if voice.nature in (Nature.RPC, Nature.TLS):
                self.shown = True
                yield from self._told(1 - direction, self._voices[1 - direction].believe())

    def _closed(self, direction: int, piece: Piece) -> Iterator[Note]:
        """One side has begun what cannot be read here (the server is ready for TLS, the client has begun it): nothing
        that follows can be, either way."""
        nature, other = self._voices[direction].nature, self._voices[1 - direction]
        if other.nature is not nature:
            other.stop(nature)
            self._spoke = True
            yield Note(reason=_CLOSED[nature], count=1, frame=piece.origin.frame, conn=self.connection.conn)

    def _matched(self, before: int | None) -> Iterator[Matched]:
        yield from self._matcher.match(before)

    def _notes(self) -> Iterator[Note]:
        conn, frame = self.connection.conn, self.connection.first_frame
        slips = sum(voice.slips for voice in self._voices)
        surplus = sum(voice.surplus for voice in self._voices)
        silence = self.shown and not self._spoke and not self.silent
        segments = sum(half.segments for half in self.connection.halves)
        for reason, count in (
            (SLIP_NOTE, slips),
            (SURPLUS_NOTE, surplus),
            (NO_RECORD_NOTE, silence * segments),
            (HELD_NOTE, self._given_up),
        ):
            if count:
                yield Note(reason=reason, count=count, frame=frame, conn=conn)


_DEAD = (Voice(assumed=False), Voice(assumed=False))
for _voice in _DEAD:
    _voice.stop(Nature.OTHER)

__all__ = ["Call", "Early", "Flow", "Output", "Reply"]
