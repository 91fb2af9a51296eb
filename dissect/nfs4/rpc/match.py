"""Which reply answers which call: per connection, direction of the call and xid (RFC 5531 section 9).

A reply answers the latest call before it, by message id, that has no reply yet. If there is none it answers the first
call that follows within REPLY_EARLY_FRAMES frames, for files are not always in order of time. On a connection with a
backchannel both directions carry calls, and one xid may be under way in both.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Any

from dissect.nfs4.batch import FRAME_SHIFT
from dissect.nfs4.bounds import REPLY_EARLY_FRAMES, UNANSWERED_CALLS, UNANSWERED_OF_XID
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.rpc.record import Record
from dissect.nfs4.rpc.resync import is_reply


@dataclass(slots=True, eq=False)
class UnderWay:
    """A call waiting for its reply. `context` is what its reader wants to know when the reply comes."""

    id: int
    context: Any = None


@dataclass(slots=True, eq=False)
class Call:
    """A call that was read; `again` if the same xid was under way already."""

    record: Record
    direction: int
    again: bool
    under_way: UnderWay


@dataclass(slots=True, eq=False)
class Reply:
    """A reply and the call it answers, None if the capture has none."""

    record: Record
    direction: int
    call: UnderWay | None


@dataclass(slots=True, eq=False)
class Early:
    """A reply without a call so far: the matcher keeps it for a call to come, until told to give it up."""

    record: Record
    direction: int


Matched = Call | Reply | Early


class Matcher:
    """Matches the messages of one connection: they come by `add` as they are read, and leave in the order of ids."""

    __slots__ = ("_early", "_read", "_serial", "_under_way")

    def __init__(self) -> None:
        self._read: list[tuple[int, int, int, Record]] = []
        self._serial = 0
        self._under_way: tuple[dict[int, list[UnderWay]], ...] = ({}, {})
        # by xid, in the order of their coming; a dict, for a flood of them may have one xid
        self._early: tuple[dict[int, dict[Early, None]], ...] = ({}, {})

    def add(self, direction: int, record: Record) -> None:
        self._serial += 1
        heappush(self._read, (record.id, self._serial, direction, record))

    def match(self, before: int | None) -> Iterator[Matched]:
        """The messages of frames before `before`, of which no further one can come (None: all there are), in order."""
        read = self._read
        while read and (before is None or read[0][0] >> FRAME_SHIFT < before):
            _, _, direction, record = heappop(read)
            if is_reply(record.data):
                yield self._reply(direction, record)
            else:
                yield from self._call(direction, record)

    def give_up(self, early: Early) -> Reply | None:
        """No call will come for this reply. None if one came already."""
        return Reply(early.record, early.direction, None) if self._forget(early) else None

    def crowded(self, early: Early) -> bool:
        """Whether more replies with its xid wait than one call, sent again and again, could have."""
        return len(self._early[early.direction].get(xid_of(early.record), ())) > UNANSWERED_OF_XID

    def leave(self) -> Iterator[Reply]:
        """Give up all replies that are without a call."""
        for replies in self._early:
            for early in [early for waiting in replies.values() for early in waiting]:
                yield Reply(early.record, early.direction, None)
            replies.clear()

    def _forget(self, early: Early) -> bool:
        replies, xid = self._early[early.direction], xid_of(early.record)
        if early not in replies.get(xid, ()):
            return False
        del replies[xid][early]
        if not replies[xid]:
            del replies[xid]
        return True

    def _call(self, direction: int, record: Record) -> Iterator[Matched]:
        xid = xid_of(record)
        calls = self._under_way[direction].get(xid, [])
        call = UnderWay(record.id)
        yield Call(record, direction, bool(calls), call)
        for early in self._early[1 - direction].get(xid, ()):
            if _precedes(call, early.record):
                self._forget(early)
                yield Reply(early.record, early.direction, call)
                return
        calls.append(call)
        del calls[:-UNANSWERED_OF_XID]
        self._under_way[direction][xid] = calls
        if len(self._under_way[direction]) > UNANSWERED_CALLS:
            del self._under_way[direction][next(iter(self._under_way[direction]))]

    def _reply(self, direction: int, record: Record) -> Reply | Early:
        xid = xid_of(record)
        calls = self._under_way[1 - direction].get(xid, [])
        earlier = [call for call in calls if call.id < record.id] or calls[:1]
        if earlier and _precedes(earlier[-1], record):
            calls.remove(earlier[-1])
            if not calls:
                del self._under_way[1 - direction][xid]
            return Reply(record, direction, earlier[-1])
        early = Early(record, direction)
        self._early[direction].setdefault(xid, {})[early] = None
        return early


def xid_of(record: Record) -> int:
    return int.from_bytes(record.data[:4], "big")


def _precedes(call: UnderWay, reply: Record) -> bool:
    """Whether a call lies before a reply, or so little after it that the file may have them the wrong way round."""
    return (call.id >> FRAME_SHIFT) - reply.frame <= REPLY_EARLY_FRAMES
