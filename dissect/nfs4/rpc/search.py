"""The next record of a stream, searched for where its place is not known, and the octets that are searched.

What only looks like a record, for instance in a capture that is itself read over NFS, begins and ends with captured
segments only by chance, and is seldom followed by others of its kind: evidence is wanted.
"""

from __future__ import annotations

from dissect.nfs4.batch import FRAME_SHIFT, Marks
from dissect.nfs4.bounds import RECORDS_A_FRAME
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.rpc.doubt import DOUBT_OCTETS, Doubt, Doubts
from dissect.nfs4.rpc.resync import HEAD_OCTETS, MARK_OCTETS, Verdict, begins, find_head, is_message, judge, read_mark
from dissect.nfs4.rpc.trail import Trail
from dissect.nfs4.tcp.half import Hole, Origin

_CONVINCING = 4
_BY_EDGE = 2
"""A place counts as a record's beginning from four points on: one for each plausible header in the chain of records
that starts there, two where a captured segment begins there, two where a record of the chain ends with a segment."""

_RESYNCED = int(Marks.RESYNCED)


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


class Search:
    """The octets of a half-connection that have not been read yet, and the search among them."""

    __slots__ = (
        "_at",
        "_buffer",
        "_doubts",
        "_edge",
        "_last",
        "_marks",
        "_offset",
        "_out",
        "_searching",
        "_trail",
        "_wanted",
        "surplus",
    )

    def __init__(self) -> None:
        self.surplus = 0
        "records beyond RECORDS_A_FRAME, which have no id"
        self._buffer = bytearray()
        self._offset = 0
        self._at = 0  # position in the stream of buffer[offset]
        self._trail = Trail()  # the segments of what the buffer holds
        self._searching = True
        self._marks = _RESYNCED
        self._last: Origin | None = None
        self._wanted = 0  # before the buffer reaches this position, no more can be said of the place being judged
        self._edge: int | None = None  # where the segment ends that the snaplen cut at the end of the buffer
        self._doubts = Doubts()
        self._out: list[Record | Hole] = []

    def _advance(self, octets: int) -> Origin | None:
        """Leave `octets` behind; the segment of the last of them."""
        if not octets:
            return self._last
        self._offset += octets
        self._at += octets
        return self._trail.pass_to(self._at) or self._last

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
        points = _BY_EDGE if self._trail.first().start == self._at else 0
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
                    self._doubts.append(Doubt(body[:DOUBT_OCTETS], end, points))
                return Verdict.NO
            verdict = judge(buffer, head, final) if begins(buffer, head) else Verdict.NO
            if verdict is not Verdict.YES:
                return verdict

    def _is_edge(self, at: int) -> bool:
        """Whether the octet before this position was the last of its segment."""
        if at == self._at:
            return self._last is not None and self._last.end == at
        return self._trail.holding(at).end == at

    def _drop(self) -> None:
        self._pass_over(len(self._buffer) - self._offset)
        self._buffer.clear()
        self._trail.clear()
        self._offset = 0

    def _emit(self, data: bytes, origin: Origin | None) -> None:
        assert origin is not None  # a record has octets, and they came from somewhere
        marks, self._marks = self._marks, 0
        part = origin.parts
        if part == RECORDS_A_FRAME:
            self.surplus += 1
            return
        origin.parts += 1
        self._out.append(Record(data, origin.frame, origin.time, part, marks))
