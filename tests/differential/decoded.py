"""Our reading of a capture, in the terms of the comparison."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from differential.spoken import Spoken

from dissect.nfs4.batch import FRAME_SHIFT, NO_STATUS, Batch, Kind, Marks
from dissect.nfs4.capture import open_capture
from dissect.nfs4.exact import exact, messages
from dissect.nfs4.message import Message
from dissect.nfs4.types import TEST_STATEID4resok

_CLIENTIDS = ("clientid", "eir_clientid", "csa_clientid", "dca_clientid")
_SESSIONS = (
    "sa_sessionid",
    "sr_sessionid",
    "csr_sessionid",
    "csa_sessionid",
    "bctsa_sessid",
    "bctsr_sessid",
    "dsa_sessionid",
)
_COMPOUNDS = (Kind.COMPOUND_CALL, Kind.COMPOUND_REPLY)
_CB_COMPOUNDS = (Kind.CB_COMPOUND_CALL, Kind.CB_COMPOUND_REPLY)


def batch(capture: Path) -> Batch:
    """All of a capture as one batch."""
    with open_capture(capture) as frames:
        (whole,) = exact(frames)
    return whole


def read(capture: Path) -> dict[int, Spoken]:
    """The RPC messages of each frame that holds any."""
    called = {
        int(row["id"]): int(row["call"]) >> FRAME_SHIFT
        for row in batch(capture).messages
        if row["kind"] & 1 and row["call"]
    }
    frames: dict[int, Spoken] = {}
    with open_capture(capture) as records:
        for id, message in sorted(messages(records), key=lambda item: item[0]):
            spoken = frames.setdefault(id >> FRAME_SHIFT, Spoken())
            spoken.messages.append((message.xid, bool(message.kind & 1)))
            if id in called:
                spoken.answers.append(called[id])
            _add(spoken, message)
    return frames


def _add(spoken: Spoken, message: Message) -> None:
    if message.kind not in _COMPOUNDS + _CB_COMPOUNDS:
        return
    callback = message.kind in _CB_COMPOUNDS
    reached = message.numops or not message.marks & (Marks.CUT | Marks.LOST)
    if reached and not callback:
        spoken.announced.append(message.numops)
    if message.status != NO_STATUS:
        spoken.statuses.append(message.status)
    for operation in message.operations:
        (spoken.callback_operations if callback else spoken.operations).append(operation.op)
        if operation.status is not None:
            spoken.statuses.append(operation.status)
        if isinstance(operation.value, TEST_STATEID4resok):
            spoken.statuses += operation.value.tsr_status_codes
        spoken.clientids += _named(operation.value, _CLIENTIDS)
        spoken.sessions += _named(operation.value, _SESSIONS)


def _named(value: Any, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        octets = getattr(value, name, None)
        if isinstance(octets, bytes):
            yield octets.hex()
