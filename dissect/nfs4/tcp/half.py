"""One direction of a TCP connection: segments in the order of the capture, octets in the order of the stream.

The rule, which no order of work changes: an octet is taken from the first captured frame that covers it on the wire,
unless that frame comes REORDER_FRAMES frames or STALLED_OCTETS octets after the first one that covers a later octet.
What no frame covers in time is a hole; what a frame covers and the snaplen cut is one too. So is what lies beyond the
last octet that was captured, where the peer acknowledges more or a later segment without data stands further on: else
a stream of which the last segments were lost would look like one that fell silent.
Positions are sequence numbers unwrapped to integers without bound, each taken near the one before it; 0 is the first
that was seen.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from operator import attrgetter
from typing import NamedTuple

from dissect.nfs4.bounds import BEHIND_OCTETS, REORDER_FRAMES, STALLED_OCTETS, WAITING_OCTETS
from dissect.nfs4.dataclass import dataclass

LOSS = "loss"
SNAPLEN = "snaplen"

_WRAP = 1 << 32
_HALF_WRAP = 1 << 31


def distance(later: int, earlier: int) -> int:
    """Octets from one sequence number to another, between -2**31 and 2**31 (RFC 9293 section 3.4)."""
    return ((later - earlier + _HALF_WRAP) & (_WRAP - 1)) - _HALF_WRAP


class Shown(NamedTuple):
    """The highest sequence number that was shown, and the frame that showed it first."""

    seq: int
    frame: int
    time: int


def farther(known: Shown | None, seq: int, frame: int, time: int) -> Shown:
    """What is shown after a frame that shows `seq`. One more is a FIN, or not worth a later frame; what lies further on
    than any window reaches is of another connection."""
    if known is None or 1 < distance(seq, known.seq) <= BEHIND_OCTETS:
        return Shown(seq, frame, time)
    return known


class Origin:
    """The captured segment that octets were taken from. `start` and `end` are its positions as sent, `ahead` the
    payload octets of its half-connection captured before it, `parts` how many records were found to end in it,
    `waiting` how many pieces of it lie behind a hole."""

    __slots__ = ("ahead", "end", "frame", "parts", "start", "time", "waiting")

    def __init__(self, frame: int, time: int, start: int, end: int, ahead: int) -> None:
        self.frame = frame
        self.time = time
        self.start = start
        self.end = end
        self.ahead = ahead
        self.parts = self.waiting = 0


@dataclass(frozen=True, slots=True)
class Start:
    """Where the stream begins. `known` if a handshake says so; otherwise the capture began in its middle."""

    at: int
    known: bool


@dataclass(slots=True)
class Piece:
    """Octets that follow what came before: `octets` on the wire, of which `data` has fewer if the frame was cut."""

    at: int
    data: bytes
    octets: int
    origin: Origin
    charged: int = 0
    "what it counts while it waits, on top of its octets"

    @property
    def end(self) -> int:
        return self.at + self.octets


@dataclass(frozen=True, slots=True)
class Hole:
    """Octets that the capture does not hold. `before` and `after` are the segments around it: the same one if cut."""

    at: int
    octets: int
    reason: str
    before: Origin
    after: Origin


Item = Start | Piece | Hole

_at = attrgetter("at")


class Half:
    """Reassembles one direction; every method that moves the stream on returns what came of it, in stream order."""

    __slots__ = (
        "_behind",
        "_seq",
        "_seq_at",
        "_waiting",
        "_waits",
        "_wire",
        "acked",
        "fin",
        "first",
        "first_frame",
        "first_seq",
        "isn",
        "last",
        "last_frame",
        "next",
        "octets",
        "previous",
        "retransmissions",
        "segments",
        "stalled",
        "stands",
    )

    def __init__(self) -> None:
        self.isn: int | None = None
        self.next: int | None = None
        "the position that the stream waits for; None while its start is unknown"
        self.stalled: Origin | None = None
        "the first segment captured beyond the hole that the stream waits for"
        self.previous: Origin | None = None
        "the segment of the last octet delivered"
        self.acked: Shown | None = None
        "how far the peer acknowledged"
        self.stands: Shown | None = None
        "how far it had come itself, by segments that end without data"
        self.fin: int | None = None
        "the sequence number of its FIN"
        self._seq = 0
        self._seq_at: int | None = None
        self._waiting: list[Piece] = []
        self._waits = 0  # what they count
        self._behind: deque[Origin] | None = None
        self._wire = 0
        self.first_seq: int | None = None
        self.segments = self.octets = self.retransmissions = 0
        self.first_frame = self.last_frame = self.first = self.last = 0

    def saw(self, seq: int, frame: int, time: int) -> None:
        """Count a segment, with or without payload."""
        if not self.segments:
            self.first_seq, self.first_frame, self.first = seq, frame, time
        self.segments += 1
        self.last_frame, self.last = frame, time

    def synchronise(self, isn: int, frame: int, time: int) -> list[Item]:
        """The initial sequence number is known, from this half's SYN or from the acknowledgement in the other's."""
        self.isn = isn
        if self.next is not None and (self.octets or self._waiting):
            return []
        self.next = start = self._position(isn + 1)
        self.previous = Origin(frame, time, start, start, self._wire)
        waiting, self._waiting = self._waiting, []
        self.octets = self._waits = 0
        for piece in waiting:
            piece.origin.waiting = 0
        for piece in waiting:
            self._insert(piece.at, piece.data, piece.octets, piece.origin, piece.charged)
        out: list[Item] = [Start(start, True)]
        self._drain(out)
        self._find_stall()
        return out

    def ends_at(self, seq: int, frame: int, time: int, fin: bool) -> None:
        """A segment has no data from this number on: all before it was sent."""
        self.stands = farther(self.stands, seq, frame, time)
        if fin and self.fin is None:
            self.fin = seq

    def regresses(self, seq: int) -> bool:
        """Whether data with this number lies further back than any window reaches: another connection's."""
        return self._seq_at is not None and distance(seq, self._seq) < -BEHIND_OCTETS

    def near(self, seq: int, unknown: bool) -> bool:
        """Whether a window could reach from the last data to this number; `unknown` if there was none."""
        return unknown if self._seq_at is None else abs(distance(seq, self._seq)) <= BEHIND_OCTETS

    def feed(self, seq: int, payload: bytes, length: int, frame: int, time: int) -> list[Item]:
        """Take a segment's payload, of which `length` octets were on the wire and `payload` was captured."""
        if length <= 0:
            return []
        at = self._position(seq)
        origin = Origin(frame, time, at, at + length, self._wire)
        self._wire += length
        out: list[Item] = []
        if self.stalled is not None:
            self._expire(frame, out)
        known = self.octets
        if at == self.next and not self._waiting:
            self.octets += length
            self._deliver(Piece(at, payload[:length], length, origin), out)
            return out
        self._insert(at, payload[:length], length, origin)
        if self.octets == known:
            self.retransmissions += 1
        else:
            if origin.waiting:
                if self._behind is None:
                    self._behind = deque()
                self._behind.append(origin)
                if self.stalled is None:
                    self.stalled = origin
            self._drain(out)
        return out

    def expire(self, frame: int) -> list[Item]:
        """Give up holes that no frame from this one on may fill."""
        out: list[Item] = []
        if self.stalled is not None:
            self._expire(frame, out)
        return out

    @property
    def weight(self) -> int:
        """Octets that wait behind holes, with what is known of their segments."""
        return self._waits

    def give_up(self) -> list[Item]:
        """All holes are final: what waits is delivered."""
        out: list[Item] = []
        while self._waiting:
            self._skip(out)
        return out

    def close(self) -> list[Item]:
        """No segment follows: what waits is delivered, with its holes and the one at the end."""
        out = self.give_up()
        if (lost := self._lost()) is not None:
            out.append(lost)
            self.next = lost.at + lost.octets
        return out

    @property
    def short(self) -> bool:
        """Whether octets are missing behind the last that was captured, as far as has been seen."""
        return self._lost() is not None

    def _lost(self) -> Hole | None:
        """The octets shown behind the last that was captured. A FIN counts as one in sequence numbers and is none, and
        where it was not captured, what goes on by one is taken for it."""
        if not self.segments or self.next is None or self._seq_at is None or self.previous is None:
            return None  # nothing was captured of this direction, or no place in it is known
        here = self._seq + self.next - self._seq_at
        fin = 0 if self.fin is None else distance(self.fin, here)
        lost: Hole | None = None
        for shown in (self.acked, self.stands):
            if shown is None or self.previous.frame > shown.frame + REORDER_FRAMES:
                continue  # so old, it shows nothing of data captured since, and their numbers may have gone round
            octets = distance(shown.seq, here)
            octets -= octets in (1, fin + 1)
            if octets > 0 and (lost is None or (octets, -shown.frame) > (lost.octets, -lost.after.frame)):
                after = Origin(shown.frame, shown.time, self.next + octets, self.next + octets, self._wire)
                lost = Hole(self.next, octets, LOSS, self.previous, after)
        return lost

    def _position(self, seq: int) -> int:
        if self._seq_at is None:
            self._seq_at = 0
        else:
            self._seq_at += distance(seq, self._seq)
        self._seq = seq % _WRAP
        return self._seq_at

    def _insert(self, at: int, data: bytes, octets: int, origin: Origin, charged: int = WAITING_OCTETS) -> None:
        """Put what is new of a segment among the waiting pieces, which are sorted and do not overlap.

        One that fills many holes becomes many pieces; all of them together are no more than two a segment, so that
        each segment counts for two, and once.
        """
        base, end = at, at + octets
        if self.next is not None and at < self.next:
            at = self.next
        waiting = self._waiting
        index = bisect_right(waiting, at, key=_at)
        if index and waiting[index - 1].end > at:
            at = waiting[index - 1].end
        while at < end:
            stop = min(end, waiting[index].at) if index < len(waiting) else end
            if at < stop:
                piece = Piece(at, data[at - base : stop - base], stop - at, origin, charged)
                waiting.insert(index, piece)
                origin.waiting += 1
                self.octets += stop - at
                self._waits += len(piece.data) + charged
                charged = 0
                index += 1
            if index == len(waiting):
                break
            at = waiting[index].end
            index += 1

    def _deliver(self, piece: Piece, out: list[Item]) -> None:
        self.next = piece.end
        self.previous = piece.origin
        if piece.data:
            out.append(piece)
        held = len(piece.data)
        if held < piece.octets:
            out.append(Hole(piece.at + held, piece.octets - held, SNAPLEN, piece.origin, piece.origin))

    def _drain(self, out: list[Item]) -> None:
        """Deliver the waiting pieces that follow without a hole."""
        waiting = self._waiting
        count = 0
        while count < len(waiting) and waiting[count].at == self.next:
            waiting[count].origin.waiting -= 1
            self._deliver(waiting[count], out)
            self._waits -= len(waiting[count].data) + waiting[count].charged
            count += 1
        if count:
            del waiting[:count]
            self._find_stall()

    def _find_stall(self) -> None:
        """The first captured of what waits. Segments come in the order of the capture: each is looked at twice, however
        many holes there are."""
        behind = self._behind
        while behind and not behind[0].waiting:
            behind.popleft()
        self.stalled = behind[0] if behind else None

    def _expire(self, frame: int, out: list[Item]) -> None:
        while self.stalled is not None and (
            frame > self.stalled.frame + REORDER_FRAMES or self._wire - self.stalled.ahead > STALLED_OCTETS
        ):
            self._skip(out)

    def _skip(self, out: list[Item]) -> None:
        """The hole before the first waiting piece is final."""
        first = self._waiting[0]
        if self.next is None:
            out.append(Start(first.at, False))
        elif self.previous is not None:
            out.append(Hole(self.next, first.at - self.next, LOSS, self.previous, first.origin))
        self.next = first.at
        self._drain(out)
