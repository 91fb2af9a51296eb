"""Records of one direction of a connection (RFC 5531 section 11), across fragments, holes and starts in mid-stream.

Where the position of the next record mark is known it is believed as long as what follows can be an RPC message.
Where it is not (a hole over it, a start in mid-stream, a mark that cannot be) the next record is searched for: a mark
with a plausible header, and then evidence. What only looks like a record, for instance in a capture that is itself read
over NFS, begins and ends with captured segments only by chance, and is seldom followed by others of its kind.
"""

from __future__ import annotations

from bisect import bisect_left
from operator import itemgetter

from dissect.nfs4.batch import FRAME_SHIFT, Marks
from dissect.nfs4.bounds import RECORD_OCTETS, RECORDS_A_FRAME
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.rpc.doubt import Doubt, Doubts
from dissect.nfs4.rpc.resync import (
    HEAD_OCTETS,
    MARK_OCTETS,
    Verdict,
    begins,
    contradicts,
    find_head,
    is_message,
    judge,
    read_mark,
)
from dissect.nfs4.tcp.half import LOSS, SNAPLEN, Hole, Item, Origin, Piece, Start

_CONVINCING = 4
_BY_EDGE = 2
"""A place counts as a record's beginning from four points on: one for each plausible header in the chain of records
that starts there, two where a captured segment begins there, two where a record of the chain ends with a segment."""

_end = itemgetter(0)
_RESYNCED, _LOST = int(Marks.RESYNCED), int(Marks.LOST)
_MISSING = {LOSS: _LOST, SNAPLEN: int(Marks.CUT)}


@dataclass(slots=True, eq=False)
class Record:
    """One RPC message as captured: all of it, or what came before the first octet missing; `marks` as in MESSAGE."""

    data: bytes
    frame: int
    time: int
    part: int
    marks: int

    @property
    def id(self) -> int:
        return self.frame << FRAME_SHIFT | self.part


class Records:
    """Reads the records of one half-connection from what `Half` delivers."""

    __slots__ = (
        "_at",
        "_body",
        "_buffer",
        "_doubts",
        "_edge",
        "_last",
        "_left",
        "_marks",
        "_more",
        "_offset",
        "_out",
        "_searching",
        "_span",
        "_spans",
        "_torn",
        "_wanted",
        "slipped_on",
        "slips",
        "surplus",
    )

    def __init__(self) -> None:
        self.slips = 0
        "record marks that could not be, where no hole was before them"
        self.slipped_on = b""
        "what stood in place of the latest of them"
        self.surplus = 0
        "records beyond RECORDS_A_FRAME, which have no id"
        self._buffer = bytearray()
        self._offset = 0
        self._at = 0  # position in the stream of buffer[offset]
        self._spans: list[tuple[int, Origin]] = []  # (end, origin) of what the buffer holds, in order
        self._span = 0  # the one of buffer[offset]
        self._searching, self._marks = True, _RESYNCED
        self._body = bytearray()  # grows in place: a record may come in a million fragments
        self._torn = False
        self._left, self._more = 0, False  # octets of a torn fragment still to come; whether another follows it
        self._last: Origin | None = None
        self._wanted = 0  # before the buffer reaches this position, no more can be said of the place being judged
        self._edge: int | None = None  # where the segment ends that the snaplen cut at the end of the buffer
        self._doubts = Doubts()
        self._out: list[Record | Hole] = []

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

    def awaits(self, xid: int) -> bool:
        """Whether the record being read is a message with this xid whose end has not come."""
        if self._searching:
            return False
        start = self._offset + MARK_OCTETS
        head = self._body if self._body or self._torn else bytes(self._buffer[start : start + 4])
        return int.from_bytes(head[:4], "big") == xid and len(head) >= 4

    def _found(self) -> list[Record | Hole]:
        out, self._out = self._out, []
        return out

    def _start(self, start: Start) -> None:
        self._at = start.at
        self._searching = not start.known
        self._marks = 0 if start.known else _RESYNCED

    def _piece(self, piece: Piece) -> None:
        if not self._buffer:
            self._at = piece.at
        self._spans.append((piece.at + len(piece.data), piece.origin))
        self._buffer += piece.data
        self._run(final=False)
        del self._buffer[: self._offset], self._spans[: self._span]
        self._offset = self._span = 0

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

    def _advance(self, octets: int) -> Origin | None:
        """Leave `octets` behind; the segment of the last of them."""
        origin = self._last
        if not octets:
            return origin
        self._offset += octets
        self._at += octets
        while self._span < len(self._spans):
            end, origin = self._spans[self._span]
            if end > self._at:
                break
            self._span += 1
            if end == self._at:
                break
        return origin

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

    def _seek(self) -> None:
        self._searching = True
        self._marks = _RESYNCED

    def _pass_over(self, octets: int) -> None:
        self._last = self._advance(octets)
        self._wanted = 0

    def _search(self, final: bool) -> bool:
        """Go on to the next place that is a record's beginning, if there is one."""
        buffer = self._buffer
        if not final and self._at + len(buffer) - self._offset < self._wanted:
            return False
        while True:
            place = min(find_head(buffer, self._offset), len(buffer))
            if self._doubts and (verdict := self._settle(place, final)) is not Verdict.NO:
                return verdict is Verdict.YES
            if place > self._offset:
                self._pass_over(place - self._offset)
            if len(buffer) - self._offset < HEAD_OCTETS:
                return False
            verdict = judge(buffer, self._offset, final)
            if verdict is Verdict.YES:
                verdict = self._confirm(final)
            if verdict is Verdict.WAIT:
                return False
            if verdict is Verdict.YES:
                self._searching = False
                self._doubts.clear()
                return True
            self._pass_over(1)

    def _settle(self, place: int, final: bool) -> Verdict:
        """Judge the doubts whose records would end before the next place that looks like a record's beginning."""
        buffer = self._buffer
        place = len(buffer) if len(buffer) - place < HEAD_OCTETS else place
        while doubt := self._doubts.due(self._at + place - self._offset):
            end = self._offset + doubt.end - self._at
            points = doubt.points + _BY_EDGE * self._is_edge(doubt.end)
            if points < _CONVINCING:
                if len(buffer) - end < HEAD_OCTETS and not final:
                    return Verdict.WAIT
                verdict = judge(buffer, end, final) if begins(buffer, end) else Verdict.NO
                if verdict is Verdict.WAIT:
                    return verdict
                points += verdict is Verdict.YES
            self._doubts.remove(doubt)
            if points >= _CONVINCING:
                self._pass_over(end - self._offset)
                self._doubts.clear()
                self._searching, self._marks = False, _RESYNCED | doubt.marks
                self._emit(doubt.body, self._last)
                return Verdict.YES
        return Verdict.NO

    def _confirm(self, final: bool) -> Verdict:
        """Whether the chain of records that would begin here lies in the stream as records do."""
        buffer = self._buffer
        points = _BY_EDGE if self._spans[self._span][1].start == self._at else 0
        place = head = self._offset
        while True:
            points += 1
            length, _ = read_mark(buffer, head)
            head += MARK_OCTETS + length
            end = self._at + head - self._offset
            if end == self._edge or (head <= len(buffer) and self._is_edge(end)):
                points += _BY_EDGE
            if points >= _CONVINCING:
                return Verdict.YES
            if len(buffer) - head < HEAD_OCTETS:
                self._wanted = end
                if not final:
                    return Verdict.WAIT
                # One point more would do: there may be one where the record ends, past the hole.
                body = bytes(buffer[place + MARK_OCTETS :])
                if points == _CONVINCING - 1 and len(body) < length == head - place - MARK_OCTETS and is_message(body):
                    self._doubts.append(Doubt(body, end, points))
                return Verdict.NO
            verdict = judge(buffer, head, final) if begins(buffer, head) else Verdict.NO
            if verdict is not Verdict.YES:
                return verdict

    def _is_edge(self, at: int) -> bool:
        """Whether the octet before this position was the last of its segment."""
        if at == self._at:
            return self._last is not None and self._last.end == at
        return self._spans[bisect_left(self._spans, at, lo=self._span, key=_end)][1].end == at

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
        if not self._torn:
            have = len(self._buffer) - self._offset
            if have < MARK_OCTETS:
                self._break_off(missing)
                self._drop()
                self._seek()
                return False
            length, last = read_mark(self._buffer, self._offset)
            self._body += self._buffer[self._offset + MARK_OCTETS :]
            self._left, self._more = length + MARK_OCTETS - have, not last
            self._torn = True
            self._last = self._advance(have)
        self._marks |= missing
        if not self._left or hole.octets > self._left:
            self._break_off(missing)
            self._drop()
            self._seek()
            return False
        whole = is_message(self._body)
        self._left -= hole.octets
        if not self._left and not self._more:
            self._break_off(missing)
        return whole

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
        have = len(self._buffer) - self._offset
        body = bytes(self._body)
        if not self._torn and have >= MARK_OCTETS:
            with memoryview(self._buffer) as buffer:  # megabytes, at times: copied once
                body += buffer[self._offset + MARK_OCTETS :]
            self._last = self._advance(have)
        self._body, self._torn = bytearray(), False
        if body:
            self._marks |= missing
        if is_message(body):
            self._emit(body, self._last)
        else:
            self._marks &= _RESYNCED

    def _drop(self) -> None:
        self._pass_over(len(self._buffer) - self._offset)
        self._buffer.clear()
        self._spans.clear()
        self._offset = self._span = 0

    def _emit(self, data: bytes, origin: Origin | None) -> None:
        assert origin is not None  # a record has octets, and they came from somewhere
        marks, self._marks = self._marks, 0
        part = origin.parts
        if part == RECORDS_A_FRAME:
            self.surplus += 1
            return
        origin.parts += 1
        self._out.append(Record(data, origin.frame, origin.time, part, marks))
