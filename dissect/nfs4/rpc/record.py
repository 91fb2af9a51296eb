"""Records of one direction of a connection (RFC 5531 section 11), across fragments, holes and starts in mid-stream.

Where the position of the next record mark is known it is believed as long as what follows can be an RPC message.
Where it is not (a hole over it, a start in mid-stream, a mark that cannot be) the next record is searched for.
"""

from __future__ import annotations

from dissect.nfs4.batch import Marks
from dissect.nfs4.bounds import RECORD_OCTETS, SEGMENT_OCTETS
from dissect.nfs4.rpc.held import HEAD_OCTETS, LONG_OCTETS, Held
from dissect.nfs4.rpc.resync import MARK_OCTETS, contradicts, is_message, read_mark
from dissect.nfs4.rpc.search import Record, Search
from dissect.nfs4.tcp.half import LOSS, SNAPLEN, Hole, Item, Piece, Start

_EDGES = 32
"""Segments remembered where the place of a record is known: so many hold what shows whether it is one."""

_RESYNCED, _LOST = int(Marks.RESYNCED), int(Marks.LOST)
_MISSING = {LOSS: _LOST, SNAPLEN: int(Marks.CUT)}


class Records(Search):
    """Reads the records of one half-connection from what `Half` delivers."""

    __slots__ = (
        "_body",
        "_left",
        "_long",
        "_more",
        "_torn",
        "_whole",
        "slipped_on",
        "slips",
    )

    def __init__(self, *, whole: bool = False) -> None:
        """`whole`: records are given with their file data, which read as zeros otherwise where they are long."""
        super().__init__()
        self.slips = 0
        "record marks that could not be, where no hole was before them"
        self.slipped_on = b""
        "what stood in place of the latest of them"
        self._body = bytearray()  # grows in place: a record may come in a million fragments
        self._long: Held | None = None  # the record with its mark, instead of buffer and body, if long and unfragmented
        self._whole = whole
        self._torn = False
        self._left = 0  # octets of the current fragment still to come, once torn
        self._more = False  # whether another fragment follows it

    def feed(self, item: Item) -> list[Record | Hole]:
        """Take the next piece of the stream: the records that end with it, and holes worth telling.

        A hole is told if octets were lost; one that the snaplen cut only where it takes a record's header or place
        along, for the mark CUT on the record tells the rest.
        """
        if isinstance(item, Piece):
            self._piece(item)
        elif isinstance(item, Hole):
            self._hole(item)
        else:
            self._start(item)
        return self._found()

    def close(self) -> list[Record | Hole]:
        """The stream ends here: a record begun but not finished is given as far as it came."""
        self._run(final=True)
        if not self._searching:
            self._break_off(_LOST)
        self._drop()
        return self._found()

    def weight(self, *, data: bool = False) -> int:
        """Octets kept of what has not ended yet, with what is known of their segments; file data only with `data`. It
        never grows by more than what came since."""
        if self._long is not None:
            return len(self._long) if data else self._long.weight
        return len(self._buffer) + len(self._body) + SEGMENT_OCTETS * max(len(self._trail) - _EDGES, 0)

    def awaits(self, xid: int) -> bool:
        """Whether the record being read is a message with this xid whose end has not come."""
        if self._searching:
            return False
        if self._long is not None or not (self._body or self._torn):
            begun = self._buffer if self._long is None else self._long.start()
            start = self._offset + MARK_OCTETS
            head = begun[start : start + 4]
        else:
            head = self._body[:4]
        return int.from_bytes(head, "big") == xid and len(head) >= 4

    def _found(self) -> list[Record | Hole]:
        out, self._out = self._out, []
        return out

    def _start(self, start: Start) -> None:
        self._at = start.at
        self._searching = not start.known
        self._marks = 0 if start.known else _RESYNCED

    def _piece(self, piece: Piece) -> None:
        data = piece.data
        self._trail.add(piece.at + len(data), piece.origin)
        if self._long is not None and not self._torn:
            data = self._lengthen(self._long, data)
            if self._long is not None:
                self._trail.forget(1)
                return
        elif not self._buffer:
            self._at = piece.at
        self._buffer += data
        self._run(final=False)
        del self._buffer[: self._offset]
        self._offset = 0
        self._trail.forget(0 if self._searching else _EDGES)
        if len(self._buffer) >= LONG_OCTETS and not (self._searching or self._torn or self._body):
            self._begin_long()

    def _begin_long(self) -> None:
        """A record whose place and beginning are known has more octets than are worth keeping one by one."""
        if read_mark(self._buffer, 0)[1]:
            self._long, self._buffer = Held(self._buffer, everything=self._whole), bytearray()
            self._long.add(0, lambda start, stop: b"")

    def _lengthen(self, long: Held, data: bytes) -> bytes:
        """Take what comes of a long record; if that is all of it, everything to read on with."""
        missing = read_mark(long.start(), 0)[0] + MARK_OCTETS - len(long)
        long.add(min(missing, len(data)), lambda start, stop: data[start:stop])
        if len(data) >= missing:
            self._long, self._buffer = None, long.octets()
        return data[missing:]

    def _run(self, *, final: bool) -> None:
        while True:
            if self._searching:
                went = self._search(final)
            elif self._torn:
                went = self._pass()
            else:
                went = self._fragment()
            if not went:
                break

    def _fragment(self) -> bool:
        """Take a fragment if all of it is there."""
        have = len(self._buffer) - self._offset
        if have < MARK_OCTETS:
            return False
        length, last = read_mark(self._buffer, self._offset)
        if not self._possible(length) or (
            not self._body and contradicts(self._buffer, self._offset + MARK_OCTETS, min(have - MARK_OCTETS, length))
        ):
            self._slip()
            return True
        if have < MARK_OCTETS + length:
            return False
        start = self._offset + MARK_OCTETS
        data = bytes(self._buffer[start : start + length])
        if not last:
            self._body += data
            self._last = self._advance(MARK_OCTETS + length)
            return True
        if self._body:
            data = bytes(self._body) + data
        if not is_message(data):
            self._slip()
            return True
        origin = self._advance(MARK_OCTETS + length)
        self._body = bytearray()
        self._emit(data, origin)
        return True

    def _possible(self, length: int) -> bool:
        return length + len(self._body) <= RECORD_OCTETS and (length > 0 or bool(self._body))

    def _slip(self) -> None:
        """What stands where a record should begin is none."""
        self.slips += 1
        self.slipped_on = bytes(self._buffer[self._offset : self._offset + MARK_OCTETS])
        self._body, self._torn = bytearray(), False
        self._seek()
        self._pass_over(1)

    def _hole(self, hole: Hole) -> None:
        self._edge = hole.at + hole.octets if hole.reason == SNAPLEN else None
        self._run(final=True)
        self._edge = None
        told = hole.reason == LOSS
        if self._searching:
            self._doubts.pass_hole(hole.at + hole.octets, _MISSING[hole.reason])
            self._drop()
        elif not self._skip(hole):
            told = True
        self._at = hole.at + hole.octets
        if told:
            self._out.append(hole)

    def _skip(self, hole: Hole) -> bool:
        """Pass over a hole within a record. False if a header, or the place of the next record, is lost with it."""
        missing = _MISSING[hole.reason]
        torn = self._torn or self._tear()
        self._marks |= missing
        if not torn or not self._left or hole.octets > self._left:
            self._break_off(missing)
            self._drop()
            self._seek()
            return False
        whole = is_message(self._body if self._long is None else self._long.start()[MARK_OCTETS:])
        self._left -= hole.octets
        if not self._left and not self._more:
            self._break_off(missing)
        return whole

    def _tear(self) -> bool:
        """Keep what there is of a record that will not be whole. False if so little that its end is not known."""
        if self._long is not None:
            have = len(self._long)
            length, last = read_mark(self._long.start(), 0)
            self._at += have
            self._last = self._trail.pass_to(self._at)
        else:
            have = len(self._buffer) - self._offset
            if have < MARK_OCTETS:
                return False
            length, last = read_mark(self._buffer, self._offset)
            self._body += self._buffer[self._offset + MARK_OCTETS :]
            self._last = self._advance(have)
            # A hole that the snaplen made may be the last for long: what is in the body is not to be held twice.
            self._buffer.clear()
            self._offset = 0
        self._left, self._more, self._torn = length + MARK_OCTETS - have, not last, True
        return True

    def give_up(self) -> list[Record | Hole]:
        """Keep no more than the beginning of what was begun: the rest of the record is passed over."""
        if self._searching:
            self._run(final=True)
        if self._searching:
            self._doubts.clear()
            self._drop()
        elif self.weight() > HEAD_OCTETS:
            self._shorten()
        return self._found()

    def _shorten(self) -> None:
        if not self._torn and not self._tear():
            # The mark of the next fragment is on its way.
            self._left, self._more, self._torn = 0, True, True
        if self._long is not None:
            self._body, self._long = self._long.start()[MARK_OCTETS:], None
        del self._body[HEAD_OCTETS:]
        del self._buffer[: self._offset]
        self._offset = 0
        self._trail.forget(1)
        self._marks |= _LOST

    def _pass(self) -> bool:
        """Go on in a record of which something is missing: nothing more of it is kept."""
        have = len(self._buffer) - self._offset
        if self._left:
            octets = min(self._left, have)
            if not octets:
                return False
            self._last = self._advance(octets)
            self._left -= octets
        elif have < MARK_OCTETS:
            return False
        else:
            length, last = read_mark(self._buffer, self._offset)
            if length > RECORD_OCTETS:
                self._break_off(0)
                self._slip()
                return True
            self._left, self._more = length, not last
            self._last = self._advance(MARK_OCTETS)
        if not self._left and not self._more:
            self._break_off(0)
        return True

    def _break_off(self, missing: int) -> None:
        """End the record at hand with what there is of it, if that says anything."""
        if not self._torn:
            self._tear()
        if (long := self._long) is None:
            body = bytes(self._body)
        else:
            body = bytes((long.start() if long.short else long.octets())[MARK_OCTETS:])
        self._body, self._long, self._torn = bytearray(), None, False
        if body:
            self._marks |= missing
        if is_message(body):
            self._emit(body, self._last)
        else:
            self._marks &= _RESYNCED


__all__ = ["Record", "Records"]
