"""Names of all operations of single messages, read again from their frames.

Batches tell only of operations that bear on leases and state. Who draws a message wants them all, but of few messages:
here a message is found in its frames by its xid, without the streams that decoders follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from struct import Struct

from dissect.nfs4.batch import Kind, Marks
from dissect.nfs4.capture.frame import Frame
from dissect.nfs4.const import NFS_V4, PROC_COMPOUND, MsgType, cb_op_name, op_name
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.link.segment import Segment
from dissect.nfs4.link.unwrap import Unwrapper
from dissect.nfs4.message import CallHeader, Context, decode_message
from dissect.nfs4.xdr import XdrError

FRAMES = 16
"""Frames in which the beginning of a message is looked for."""

_HEAD = Struct(">II")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """A message: its xid, what it is, who sends it, and the frames in one of which it begins."""

    xid: int
    kind: Kind
    source: str
    prog: int
    minor: int
    frames: tuple[int, ...]


def operations(frames: Iterable[Frame], sought: Mapping[int, Sought]) -> dict[int, tuple[str, ...]]:
    """Of the messages sought, by their keys, the names of their operations; nothing where they are not found."""
    wanted = {number for each in sought.values() for number in each.frames}
    unwrapper = Unwrapper()
    payloads: dict[int, tuple[str, bytes]] = {}
    last = max(wanted, default=0)
    for frame in frames:
        if frame.number in wanted:
            for item in unwrapper.feed(frame, frame.number):
                if isinstance(item, Segment):
                    payloads[frame.number] = item.source, item.payload
        if frame.number >= last:
            break
    found = {key: _names(each, payloads) for key, each in sought.items()}
    return {key: names for key, names in found.items() if names}


def _names(sought: Sought, payloads: Mapping[int, tuple[str, bytes]]) -> tuple[str, ...]:
    reply = bool(sought.kind & 1)
    head = _HEAD.pack(sought.xid, MsgType.REPLY if reply else MsgType.CALL)
    call = CallHeader(
        kind=Kind(sought.kind & ~1), prog=sought.prog, vers=NFS_V4, proc=PROC_COMPOUND, minor=max(sought.minor, 0)
    )
    programs = {sought.prog} if sought.kind >= Kind.CB_NULL_CALL else frozenset[int]()
    name = cb_op_name if sought.kind >= Kind.CB_NULL_CALL else op_name
    for number in sought.frames:
        source, payload = payloads.get(number, ("", b""))
        at = payload.find(head)
        while at >= 0 and source == sought.source:
            context = Context(call=call if reply else None, missing=int(Marks.LOST), cb_programs=programs)
            try:
                message = decode_message(payload[at:], context)
            except XdrError:
                message = None
            if message is not None and message.kind == sought.kind and message.operations:
                return tuple(name(each.op) for each in message.operations)
            at = payload.find(head, at + 1)
    return ()
