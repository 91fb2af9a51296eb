"""Which way a frame went and what it is: call, reply or a turn of its connection; columns of the table `events`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from dissect.nfs4.batch import FRAME_SHIFT, Kind, TcpEvent, TcpFlag
from nfsanalyze.state.infer import Case

_FLAGS = {TcpFlag.SYN: "SYN", TcpFlag.SYN_ACK: "SYN-ACK", TcpFlag.FIN: "FIN", TcpFlag.RST: "RST"}
_SIDES = ("server", "client")
_NOTHING: dict[str, Any] = {"conn": None, "what": None, "sender": None, "answer_frame": None}


class Said:
    """Looks frames up in a case."""

    def __init__(self, case: Case) -> None:
        self._trace, self._links = case.trace, case.links
        self._tcp: dict[int, TcpEvent] = {}
        for event in case.trace.tcp:
            self._tcp.setdefault(event.frame, event)

    def of(self, frames: Sequence[int]) -> Iterator[dict[str, Any]]:
        """The columns of each frame: of the first message that ends in it, else of the TCP event that it is."""
        m, rows = self._trace.messages, self._trace.ending_in(frames)
        answer = m["answer"][rows]
        answers = np.where(answer >= 0, m["id"][answer] >> np.uint64(FRAME_SHIFT), 0)
        columns = (rows, m["kind"][rows], m["conn"][rows], answers)
        for frame, row, kind, conn, answered in zip(frames, *(c.tolist() for c in columns), strict=True):
            if row < 0:
                yield self._event(frame)
                continue
            reply, callback = bool(kind & 1), kind >= Kind.CB_NULL_CALL
            yield {
                "conn": conn,
                "what": "reply" if reply else "call",
                "sender": _SIDES[reply == callback],
                "answer_frame": answered or None,
            }

    def _event(self, frame: int) -> dict[str, Any]:
        event = self._tcp.get(frame)
        link = None if event is None else self._links.get(event.conn)
        if event is None or link is None:
            return _NOTHING
        # of a callback connection the server is the initiator, and client_direction says so
        sender = _SIDES[event.direction == link.client_direction]
        return {"conn": event.conn, "what": _FLAGS[event.kind], "sender": sender, "answer_frame": None}
