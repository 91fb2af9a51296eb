"""An unwrapper that leaves to tshark what it cannot open, and one that only marks such frames."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator

from dissect.nfs4.capture.frame import Frame
from dissect.nfs4.link.datagrams import Datagrams, Way
from dissect.nfs4.link.protocols import IWARP_NOTE
from dissect.nfs4.link.runs import Binding
from dissect.nfs4.link.segment import Other, Segment
from dissect.nfs4.link.unwrap import Unwrapper
from dissect.nfs4.tshark.answer import Answer, Message, segment
from dissect.nfs4.tshark.errors import TsharkError
from dissect.nfs4.tshark.reach import out_of_reach

RDMA_CLIENT_PORT, RDMA_SERVER_PORT = 4791, 20049
"""What stands for the ports of a connection that names none: those of RoCEv2 and of NFS over RDMA."""

Ends = frozenset[tuple[str, int]]
"""The two endpoints of a TCP connection."""

Result = tuple[Segment | Other, ...]

_BROKEN = frozenset(("_ws.malformed", "_ws.short"))
_FRAGMENTED = frozenset(("ip", "ipv6", "infiniband", "iwarp_ddp_rdmap"))
"""Layers behind which nothing has a name until their fragments are together."""
_NO_MAC = bytes(6)
_UNSPECIFIED = ("0.0.0.0", "::")
_NFS, _CALL = bytes.fromhex("000186a3"), bytes(4)


class Watching(Unwrapper):
    """Tells of each frame that is out of reach, and why."""

    def __init__(self, missed: Callable[[Frame, int, str], None]) -> None:
        super().__init__()
        self._told = missed
        self._reason: str | None = None

    def feed(self, frame: Frame, number: int) -> Iterable[Segment | Other]:
        self._reason = None
        items = super().feed(frame, number)
        if self._reason is not None:
            self._told(frame, number, self._reason)
        return items

    def _note(self, reason: str, number: int) -> None:
        if out_of_reach(reason):
            self._reason = reason
        super()._note(reason, number)


class Assisted(Unwrapper):
    """Takes from tshark's answers what is in the frames that it cannot open itself.

    With `alone` all segments are tshark's. `streams` are TCP connections of which tshark gives the messages. Answers
    come in the order of frames; an error that they raise is kept in `failure`, and what follows goes without them.
    """

    def __init__(
        self, answers: Iterator[Answer], *, streams: frozenset[Ends] = frozenset(), alone: bool = False
    ) -> None:
        super().__init__()
        self.opened: dict[str, array[int]] = {}
        "by reason, the frames out of reach that tshark opened"
        self.frames = array("Q")
        "frames of which tshark gave segments or messages"
        self.failure: TsharkError | OSError | None = None
        self._answers = answers
        self._streams = streams
        self._alone = alone
        self._answer = self._next()
        self._missed: str | None = None
        self._messages = Datagrams()
        self._servers: dict[frozenset[str], str] = {}

    def feed(self, frame: Frame, number: int) -> Iterable[Segment | Other]:
        self._missed = None
        items = super().feed(frame, number)
        while self._answer is not None and self._answer.frame < number:
            self._answer = self._next()
        answer = self._answer if self._answer is not None and self._answer.frame == number else None
        if self._missed is not None:
            return self._open(frame, number, answer, items)
        if self._streams and any(isinstance(item, Segment) and ends_of(item) in self._streams for item in items):
            return self._of_stream(frame, number, answer)
        return self._replaced(frame, answer, items) if self._alone else items

    def _next(self) -> Answer | None:
        if self.failure is not None:
            return None
        try:
            return next(self._answers, None)
        except (TsharkError, OSError) as error:
            self.failure = error
            return None

    def _note(self, reason: str, number: int) -> None:
        if out_of_reach(reason):
            self._missed = reason
        else:
            super()._note(reason, number)

    def _open(self, frame: Frame, number: int, answer: Answer | None, items: Iterable[Segment | Other]) -> Result:
        """A frame out of reach."""
        assert self._missed is not None
        if answer is None:
            super()._note(self._missed, number)
            return tuple(items)
        for address, mac in answer.spoke:
            if mac != _NO_MAC and address not in _UNSPECIFIED:
                self.runs.saw(address, mac, Binding.SPOKE, number, frame.time)
        for address, mac, gratuitous in answer.bound:
            if mac != _NO_MAC and address not in _UNSPECIFIED:
                self.runs.saw(address, mac, Binding.ANNOUNCED if gratuitous else Binding.BOUND, number, frame.time)
        found = self._found(frame, answer)
        if not found and _unread(answer):
            super()._note(self._missed, number)
            return tuple(items)
        self._count(self._missed, number)
        return found or (Other(frame=number, protocol=_named(answer)),)

    def _replaced(self, frame: Frame, answer: Answer | None, items: Iterable[Segment | Other]) -> Result:
        """A frame that tshark is to open although we can. Messages by UDP are ours: tshark has no segments of them."""
        if answer is None and self.failure is not None:
            return tuple(items)
        found = self._found(frame, answer) if answer is not None else ()
        return found or tuple(item for item in items if isinstance(item, Other) or self._datagrams.known(_way(item)))

    def _of_stream(self, frame: Frame, number: int, answer: Answer | None) -> Result:
        """A frame of a connection that carries RDMA: its octets are no stream of records."""
        if answer is None:
            super()._note(IWARP_NOTE, number)
            return ()
        self._count(IWARP_NOTE, number)
        messages = tuple(self._message(frame, number, message) for message in answer.messages)
        if messages:
            self.frames.append(number)
        return messages

    def _found(self, frame: Frame, answer: Answer) -> Result:
        found = (
            *(segment(answer, frame.time, each) for each in answer.segments),
            *(self._message(frame, answer.frame, message) for message in answer.messages),
        )
        if found:
            self.frames.append(answer.frame)
        return found

    def _count(self, reason: str, number: int) -> None:
        self.opened.setdefault(reason, array("Q")).append(number)

    def _message(self, frame: Frame, number: int, message: Message) -> Segment:
        way = self._way(message)
        return self._messages.segment(way, message.octets, message.length, frame=number, time=frame.time)

    def _way(self, message: Message) -> Way:
        """Between two addresses without ports all is one connection, of which the callee of NFS is the server."""
        if message.destination_port:
            return message.source, message.source_port, message.destination, message.destination_port
        pair = frozenset((message.source, message.destination))
        calls = message.octets[4:8] == _CALL
        if calls and message.octets[12:16] == _NFS:
            self._servers[pair] = message.destination
        server = self._servers.get(pair, message.destination if calls else message.source)
        ports = (RDMA_CLIENT_PORT, RDMA_SERVER_PORT)
        if server == message.source:
            ports = (RDMA_SERVER_PORT, RDMA_CLIENT_PORT)
        return message.source, ports[0], message.destination, ports[1]


def _named(answer: Answer) -> str:
    """The innermost protocol that has a name."""
    return next((name for name in reversed(answer.protocols) if name != "data"), "data")


def _unread(answer: Answer) -> bool:
    """Whether tshark came no further than to octets that it cannot name either."""
    *above, last = answer.protocols
    if last == "data":
        return not above or above[-1] not in _FRAGMENTED
    return last in _BROKEN


def _way(segment: Segment) -> Way:
    return segment.source, segment.source_port, segment.destination, segment.destination_port


def ends_of(segment: Segment) -> Ends:
    return frozenset(((segment.source, segment.source_port), (segment.destination, segment.destination_port)))
