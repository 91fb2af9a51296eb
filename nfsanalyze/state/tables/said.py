"""Which way a frame went and what it is: call, reply or a turn of its connection; columns of the table `events`."""

from __future__ import annotations

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
        self._messages, self._links = case.trace.messages, case.links
        self._tcp: dict[int, TcpEvent] = {}
        for event in case.trace.tcp:
            self._tcp.setdefault(event.frame, event)

    def of(self, frame: int) -> dict[str, Any]:
        """The columns of a frame: of the first message that ends in it, else of the TCP event that it is."""
        ids = self._messages["id"]
        at = int(ids.searchsorted(np.uint64(frame << FRAME_SHIFT)))
        if at < len(ids) and int(ids[at]) >> FRAME_SHIFT == frame:
            return self._message(at)
        event = self._tcp.get(frame)
        link = None if event is None else self._links.get(event.conn)
        if event is None or link is None:
            return _NOTHING
        # of a callback connection the server is the initiator, and client_direction says so
        sender = _SIDES[event.direction == link.client_direction]
        return {"conn": event.conn, "what": _FLAGS[event.kind], "sender": sender, "answer_frame": None}

    def _message(self, at: int) -> dict[str, Any]:
        m = self._messages
        kind, answer = int(m["kind"][at]), int(m["answer"][at])
        reply, callback = bool(kind & 1), kind >= Kind.CB_NULL_CALL
        return {
            "conn": int(m["conn"][at]),
            "what": "reply" if reply else "call",
            "sender": _SIDES[reply == callback],
            "answer_frame": int(m["id"][answer]) >> FRAME_SHIFT if answer >= 0 else None,
        }
