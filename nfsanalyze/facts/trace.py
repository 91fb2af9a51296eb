"""All that the decoder read, joined: one table of messages, one of operations, values by (id, index).

Batches come in any size and may interleave slightly; after `join` everything is in order of ids, keys are shared,
and nothing above depends on how the frames were batched.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
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
    Kind,
    LinkEvent,
    Note,
    TcpEvent,
)
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.rows import Rows, ascending

K = TypeVar("K")
E = TypeVar("E", bound=Event)

MESSAGES = ("id", "time", "conn", "direction", "kind", "minor", "credential", "status", "marks")
"""The fields of MESSAGE that are kept."""

WHOLE = (*MESSAGES, "xid", "prog", "ops")
"""Those that a table of messages wants: there are millions, and seldom does anybody ask."""

OPS = ("index", "op", "status", "key", "slot", "flags")
"""The fields of OP that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What was read; whose arrays have one row a message or an operation."""

    messages: Rows
    "the fields MESSAGES and `answer`: of a call the row of its reply, of a reply the row of its call, -1 none; by id"
    ops: Rows
    "the fields OPS and `row`: that of the message; by it, then by index"
    details: dict[int, list[tuple[int, Any]]]
    "message id -> [(index of the operation, value)], in order"
    keys: list[bytes]
    credentials: list[Credential | None]
    connections: dict[int, Connection]
    tcp: list[TcpEvent]
    halves: list[HalfSummary]
    links: list[LinkEvent]
    gaps: list[Gap]
    notes: list[Note]
    programs: Counter[int]
    "calls of RPC programs that are not NFSv4"

    def row(self, message_id: int) -> int:
        """Index of a message in `messages`, -1 if there is none of that id."""
        ids = self.messages["id"]
        at = int(ids.searchsorted(np.uint64(message_id)))
        return at if at < len(ids) and int(ids[at]) == message_id else -1

    def rows(self, message_ids: NDArray[np.uint64]) -> NDArray[np.intp]:
        """The same of many, which must be there."""
        found: NDArray[np.intp] = self.messages["id"].searchsorted(message_ids)
        return found

    def ending_in(self, frames: Sequence[int]) -> NDArray[np.intp]:
        """Of each frame the row of the first message that ends in it, -1 where none does."""
        ids, wanted = self.messages["id"], np.array(frames, np.uint64)
        at = ids.searchsorted(wanted << np.uint64(FRAME_SHIFT))
        rows = np.where(at < len(ids), at, -1)
        if len(ids):
            rows[ids[rows] >> np.uint64(FRAME_SHIFT) != wanted] = -1
        return rows

    def answer(self, row: int) -> int:
        """The row of the reply to a call, or of the call to a reply; -1 if none was seen."""
        return int(self.messages["answer"][row])

    def ops_of(self, row: int) -> range:
        """Rows of `ops` that belong to a message."""
        rows, wanted = self.ops["row"], np.uint32(row)
        return range(int(rows.searchsorted(wanted, "left")), int(rows.searchsorted(wanted, "right")))

    def time(self, row: int) -> int:
        """Time of a message, ns."""
        return int(self.messages["time"][row])

    def frame(self, row: int) -> int:
        """The frame that held the last byte of a message."""
        return frame_of(int(self.messages["id"][row]))


def frame_of(message_id: int) -> int:
    """The frame that held the last byte of a message."""
    return message_id >> FRAME_SHIFT


def join(batches: Iterable[Batch], *, whole: bool = False) -> Trace:
    """Join the batches of one case (one or several captures) into a Trace; each is let go of when it is read. `whole`:
    with the fields WHOLE of messages."""
    messages = _Columns([*(WHOLE if whole else MESSAGES), "call"], MESSAGE)
    ops = _Columns([*OPS, "row"], np.dtype([*OP.descr, ("row", "u4")]))
    details: list[tuple[int, int, Any]] = []
    keys: dict[bytes, int] = {b"": 0}
    credentials: dict[Credential | None, int] = {None: 0}
    connections: dict[int, Connection] = {}
    events: list[Event] = []
    programs: Counter[int] = Counter()
    for batch in batches:
        m, o = batch.messages, batch.ops
        ids = np.ascontiguousarray(m["id"])
        credential = _renumbered(m["credential"], [_intern(credentials, c) for c in batch.credentials])
        key = _renumbered(o["key"], [_intern(keys, k) for k in batch.keys])
        ops.add(o, key=key, row=ids.searchsorted(np.ascontiguousarray(o["id"])) + len(messages))
        messages.add(m, id=ids, credential=credential)
        programs.update(_counted(m["prog"][m["kind"] == int(Kind.OTHER_CALL)]))
        details.extend(batch.details)
        connections.update((c.conn, c) for c in batch.connections)
        events.extend(batch.events)
    by_id: dict[int, list[tuple[int, Any]]] = defaultdict(list)
    for message_id, index, value in sorted(details, key=itemgetter(0, 1)):
        by_id[message_id].append((index, value))
    all_messages, all_ops = _sorted(messages.joined(), ops.joined())
    return Trace(
        messages=all_messages,
        ops=all_ops,
        details=dict(by_id),
        keys=list(keys),
        credentials=list(credentials),
        connections=dict(sorted(connections.items())),
        tcp=sorted(_of(events, TcpEvent), key=lambda e: (e.frame, e.conn, e.kind)),
        halves=sorted(_of(events, HalfSummary), key=lambda e: (e.conn, e.direction)),
        links=sorted(_of(events, LinkEvent), key=lambda e: (e.frame, e.address, e.mac)),
        gaps=sorted(_of(events, Gap), key=lambda e: (e.frame, e.conn, e.direction)),
        notes=sorted(_of(events, Note), key=lambda e: (e.reason, e.frame or 0)),
        programs=programs,
    )


class _Columns:
    """Rows that arrive in parts, kept field by field: what is not wanted of a batch is not held on to."""

    def __init__(self, names: Sequence[str], dtype: np.dtype[Any]) -> None:
        self._parts: dict[str, list[NDArray[Any]]] = {name: [np.zeros(0, dtype[name])] for name in names}
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add(self, rows: NDArray[np.void], **made: NDArray[Any]) -> None:
        """The fields of some rows, copied; those that are `made` are taken as they are."""
        for name, parts in self._parts.items():
            parts.append(np.array(made[name] if name in made else rows[name], parts[0].dtype))
        self._length += len(rows)

    def joined(self) -> dict[str, NDArray[Any]]:
        """The whole fields; nothing is left here."""
        return {name: np.concatenate(self._parts.pop(name)) for name in list(self._parts)}


def _sorted(messages: dict[str, NDArray[Any]], ops: dict[str, NDArray[Any]]) -> tuple[Rows, Rows]:
    """Messages by id, with their answers; operations by message and index."""
    if not ascending(messages["id"]):
        order = np.argsort(messages["id"], kind="stable")
        place = np.empty(len(order), np.uint32)
        place[order] = np.arange(len(order), dtype=np.uint32)
        ops["row"] = place[ops["row"]]
        for name, column in messages.items():
            messages[name] = column[order]
    code = ops["row"].astype(np.uint64) << np.uint64(16) | ops["index"]
    if not ascending(code):
        order = np.argsort(code, kind="stable")
        for name, column in ops.items():
            ops[name] = column[order]
    messages["answer"] = _answers(messages["id"], messages.pop("call"))
    return Rows(messages), Rows(ops)


def _answers(ids: NDArray[np.uint64], call: NDArray[np.uint64]) -> NDArray[np.int32]:
    """Calls and replies to each other; of several replies to one call, the first is its answer."""
    answer = np.full(len(ids), -1, np.int32)
    replies = np.flatnonzero(call)
    calls = ids.searchsorted(call[replies])
    known = calls < len(ids)
    known[known] = ids[calls[known]] == call[replies[known]]
    replies, calls = replies[known], calls[known]
    answer[replies] = calls
    # of an index that comes again NumPy keeps the last assignment
    answer[calls[::-1]] = replies[::-1]
    return answer


def _intern(known: dict[K, int], value: K) -> int:
    return known.setdefault(value, len(known))


def _counted(values: NDArray[Any]) -> dict[int, int]:
    found, counts = np.unique(values, return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))


def _of(events: list[Event], kind: type[E]) -> Iterator[E]:
    return (e for e in events if isinstance(e, kind))


def _renumbered(numbers: NDArray[np.uint32], shared: list[int]) -> NDArray[np.uint32]:
    return np.asarray(shared, np.uint32)[numbers]
