"""Decoded messages and events to the arrays of a `Batch`."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

import numpy as np

from dissect.nfs4.batch import MESSAGE, OP, Batch, Connection, Credential, Event
from dissect.nfs4.message import Message
from dissect.nfs4.rows import select


class Gather:
    """Collects rows until `flush` makes a Batch of them. Keys and credentials are numbered anew in each."""

    def __init__(self) -> None:
        self._clear()

    def message(
        self, *, id: int, time: int, conn: int, direction: int, call: int, marks: int, message: Message
    ) -> None:
        """A message; `call` is the id of the call that it answers, `marks` are added to those of the decoder."""
        credential = self._credentials.setdefault(message.credential, len(self._credentials))
        self._messages.append(
            (
                id,
                time,
                conn,
                direction,
                message.kind,
                message.xid,
                call,
                message.prog,
                message.minor,
                credential,
                message.numops,
                message.status,
                message.marks | marks,
            )
        )
        rows, details = select(message)
        for index, op, status, key, slot, flags in rows:
            number = self._keys.setdefault(key, len(self._keys))
            self._ops.append((id, index, op, status, number, slot, flags))
        for index, value in details:
            self._details.append((id, index, value))

    def connection(self, connection: Connection) -> None:
        self._connections.append(connection)

    def event(self, event: Event) -> None:
        self._events.append(event)

    def flush(self) -> Batch | None:
        """All rows since the last flush, sorted by id; None if there are none."""
        if not (self._messages or self._events or self._connections):
            return None
        batch = Batch(
            messages=np.array(sorted(self._messages, key=itemgetter(0)), MESSAGE),
            ops=np.array(sorted(self._ops, key=itemgetter(0, 1)), OP),
            details=sorted(self._details, key=itemgetter(0, 1)),
            keys=list(self._keys),
            connections=self._connections,
            credentials=list(self._credentials),
            events=self._events,
        )
        self._clear()
        return batch

    def _clear(self) -> None:
        self._messages: list[tuple[int, ...]] = []
        self._ops: list[tuple[int, ...]] = []
        self._details: list[tuple[int, int, Any]] = []
        self._keys: dict[bytes, int] = {b"": 0}
        self._credentials: dict[Credential | None, int] = {None: 0}
        self._connections: list[Connection] = []
        self._events: list[Event] = []
