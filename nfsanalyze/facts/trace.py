"""All that the decoder read, joined: one array of messages, one of operations, values by (id, index).

Batches come in any size and may interleave slightly; after `join` everything is in order of ids, keys are shared,
and nothing above depends on how the frames were batched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import (
    FRAME_SHIFT,
    MESSAGE,
    OP,
    Batch,
    Connection,
    Credential,
    Event,
    Gap,
    HalfSummary,
    LinkEvent,
    Note,
    TcpEvent,
)

K = TypeVar("K")
E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """`messages` (MESSAGE) sorted by id; `ops` (OP) by (id, index); `keys` and `credentials` indexed by them."""

    messages: NDArray[np.void]
    ops: NDArray[np.void]
    ids: NDArray[np.uint64]
    "the ids of `messages`, contiguous: searching a field of a structured array would copy it each time"
    op_ids: NDArray[np.uint64]
    "the same of `ops`"
    details: dict[int, list[tuple[int, Any]]]
    "message id -> [(index of the operation, value)], in order"
    answered: NDArray[np.uint64]
    "ids of the calls that were answered, ascending"
    answers: NDArray[np.uint64]
    "the id of the reply to each of them"
    keys: list[bytes]
    credentials: list[Credential | None]
    connections: dict[int, Connection]
    tcp: list[TcpEvent]
    halves: list[HalfSummary]
    links: list[LinkEvent]
    gaps: list[Gap]
    notes: list[Note]

    def row(self, message_id: int) -> int:
        """Index of a message in `messages`, -1 if there is none of that id."""
        at = int(np.searchsorted(self.ids, np.uint64(message_id)))
        return at if at < len(self.messages) and int(self.ids[at]) == message_id else -1

    def reply(self, call_id: int) -> int:
        """Id of the reply to a call, 0 if none was seen."""
        at = int(np.searchsorted(self.answered, np.uint64(call_id)))
        return int(self.answers[at]) if at < len(self.answered) and int(self.answered[at]) == call_id else 0

    def ops_of(self, message_id: int) -> range:
        """Rows of `ops` that belong to a message."""
        ids, wanted = self.op_ids, np.uint64(message_id)
        return range(int(np.searchsorted(ids, wanted, "left")), int(np.searchsorted(ids, wanted, "right")))

    def time(self, message_id: int) -> int:
        """Time of a message, ns; 0 for an id that is not there."""
        at = self.row(message_id)
        return int(self.messages["time"][at]) if at >= 0 else 0


def frame_of(message_id: int) -> int:
    """The frame that held the last byte of a message."""
    return message_id >> FRAME_SHIFT


def join(batches: Iterable[Batch]) -> Trace:
    """Join the batches of one case (one or several captures) into a Trace."""
    messages: list[NDArray[np.void]] = []
    ops: list[NDArray[np.void]] = []
    details: list[tuple[int, int, Any]] = []
    keys: dict[bytes, int] = {b"": 0}
    credentials: dict[Credential | None, int] = {None: 0}
    connections: dict[int, Connection] = {}
    events: list[Event] = []
    for batch in batches:
        messages.append(_renumbered(batch.messages, "credential", [_intern(credentials, c) for c in batch.credentials]))
        ops.append(_renumbered(batch.ops, "key", [_intern(keys, k) for k in batch.keys]))
        details.extend(batch.details)
        connections.update((c.conn, c) for c in batch.connections)
        events.extend(batch.events)
    all_messages = np.concatenate(messages) if messages else np.zeros(0, MESSAGE)
    all_messages = all_messages[np.argsort(all_messages["id"], kind="stable")]
    all_ops = np.concatenate(ops) if ops else np.zeros(0, OP)
    all_ops = all_ops[np.lexsort((all_ops["index"], all_ops["id"]))]
    by_id: dict[int, list[tuple[int, Any]]] = {}
    for message_id, index, value in sorted(details, key=lambda d: d[:2]):
        by_id.setdefault(message_id, []).append((index, value))
    replies = all_messages[all_messages["call"] != 0]
    replies = replies[np.argsort(replies["call"], kind="stable")]
    return Trace(
        messages=all_messages,
        ops=all_ops,
        ids=np.ascontiguousarray(all_messages["id"]),
        op_ids=np.ascontiguousarray(all_ops["id"]),
        details=by_id,
        answered=np.ascontiguousarray(replies["call"]),
        answers=np.ascontiguousarray(replies["id"]),
        keys=list(keys),
        credentials=list(credentials),
        connections=dict(sorted(connections.items())),
        tcp=sorted(_of(events, TcpEvent), key=lambda e: (e.frame, e.conn, e.kind)),
        halves=sorted(_of(events, HalfSummary), key=lambda e: (e.conn, e.direction)),
        links=sorted(_of(events, LinkEvent), key=lambda e: (e.frame, e.address, e.mac)),
        gaps=sorted(_of(events, Gap), key=lambda e: (e.frame, e.conn, e.direction)),
        notes=sorted(_of(events, Note), key=lambda e: (e.reason, e.frame or 0)),
    )


def _intern(known: dict[K, int], value: K) -> int:
    return known.setdefault(value, len(known))


def _of(events: list[Event], kind: type[E]) -> Iterator[E]:
    return (e for e in events if isinstance(e, kind))


def _renumbered(rows: NDArray[np.void], column: str, numbers: list[int]) -> NDArray[np.void]:
    rows = rows.copy()
    rows[column] = np.asarray(numbers, dtype=rows[column].dtype)[rows[column]]
    return rows
