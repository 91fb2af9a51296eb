"""The seam between decoders and everything above: arrays for the many, values for the rare.

A decoder yields `Batch`es. Volume (messages, operations) travels in structured arrays; what is rare and
rich (client owners, sessions, opens) travels as decoded values in `details`. Two decoders given the same
frames yield the same rows, whatever the size of their batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from enum import IntEnum, IntFlag
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.dataclass import dataclass

FRAME_SHIFT = 12
"""A message id is `frame << FRAME_SHIFT | part`: the frame with the record's last byte, and its order there."""

CAPTURE_STRIDE = 10**10
"""Frame numbers of capture k (from 0) start at k * CAPTURE_STRIDE, so several captures share one number line."""

NO_STATUS = -1
"""Status of a row that cannot have one: a call, or a reply whose status was not captured."""


class Kind(IntEnum):
    """What a message is; the low bit tells a reply from a call."""

    OTHER_CALL = 0
    OTHER_REPLY = 1
    NULL_CALL = 2
    NULL_REPLY = 3
    COMPOUND_CALL = 4
    COMPOUND_REPLY = 5
    CB_NULL_CALL = 6
    CB_NULL_REPLY = 7
    CB_COMPOUND_CALL = 8
    CB_COMPOUND_REPLY = 9


class Marks(IntFlag):
    """What a reader of a message must know before trusting what is missing from it."""

    CUT = 1
    "bytes missing because the snaplen cut the frame"
    LOST = 2
    "bytes missing because a segment was not captured"
    ENCRYPTED = 4
    "RPCSEC_GSS privacy: only the RPC header could be read"
    UNKNOWN_OP = 8
    "the walk ended at an operation number that no RFC defines"
    RETRANSMITTED = 16
    "the same call was seen before on this connection and not yet answered"
    RESYNCED = 32
    "found by searching after a hole or a start in mid-stream"
    MALFORMED = 64
    "the bytes contradict the XDR; what came before is kept"


MESSAGE = np.dtype(
    [
        ("id", "u8"),
        ("time", "i8"),
        ("conn", "u4"),
        ("direction", "u1"),
        ("kind", "u1"),
        ("xid", "u4"),
        ("call", "u8"),
        ("prog", "u4"),
        ("minor", "i1"),
        ("credential", "u4"),
        ("ops", "u2"),
        ("status", "i4"),
        ("marks", "u2"),
    ]
)
"""One row a message. `time` ns since 1970 UTC; `direction` 0 = from the initiator; `call` = a reply's call id, 0 if
none;
`minor` -1 if unknown; `credential` indexes `Batch.credentials` (0 = none); `ops` = operations announced (numops,
numres); `status` = nfsstat4 of a COMPOUND reply, NO_STATUS, or below it an RPC-level refusal (`RpcRefusal`)."""

OP = np.dtype(
    [
        ("id", "u8"),
        ("index", "u2"),
        ("op", "u2"),
        ("status", "i4"),
        ("key", "u4"),
        ("slot", "u4"),
        ("flags", "u4"),
    ]
)
"""One row for each operation that renews, fails or names state. `key` indexes `Batch.keys` (0 = none): a clientid (8
bytes),
a sessionid (16), a stateid's `other` (12), or a write verifier (8: WRITE and COMMIT replies). `slot` = sa_slotid, or
TRUE for a
reclaim; `flags` = sr_status_flags of a SEQUENCE reply, open_claim_type4 of an OPEN call, cb_ident of none."""


class TcpFlag(IntEnum):
    """The TCP control events that tell how a connection lived and died."""

    SYN = 1
    SYN_ACK = 2
    FIN = 3
    RST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One TCP connection. The initiator sent the SYN; where no SYN was captured, it sent the first segment seen
    (unless a SYN-ACK or a well-known NFS port tells better)."""

    conn: int
    initiator_address: str
    initiator_port: int
    responder_address: str
    responder_port: int
    first_frame: int
    first: int
    syn_frame: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """An RPC credential (RFC 5531 section 8.2, RFC 2203 section 5.3): who a message says it comes from."""

    flavor: int
    machinename: bytes | None = None
    uid: int | None = None
    gid: int | None = None
    gss_service: int | None = None
    gss_proc: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpEvent:
    """A SYN, SYN-ACK, FIN or RST; `direction` as in MESSAGE. `answers_data`: an RST that answers a mid-stream
    segment."""

    kind: TcpFlag
    conn: int
    direction: int
    frame: int
    time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfSummary:
    """One direction of a connection when it ended or the capture did: what was seen, from when to when."""

    conn: int
    direction: int
    first_frame: int
    first: int
    last_frame: int
    last: int
    segments: int
    octets: int
    "payload bytes on the wire, retransmissions not counted twice"
    retransmissions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkEvent:
    """A run of frames that bind an address to a MAC. `adjacent` where ARP or a neighbour advertisement says so itself
    (a router's MAC stands on every address behind it); `gratuitous` where nobody asked for it; `routed` where a TTL
    shows that a router stands between, whoever answers ARP."""

    frame: int
    time: int
    address: str
    mac: bytes
    adjacent: bool
    gratuitous: bool
    last_frame: int
    last: int
    routed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Bytes of a stream that the capture does not hold: lost (`reason` "loss") or cut from the frames ("snaplen")."""

    conn: int
    direction: int
    frame: int
    "the first frame after the hole (or the cut frame); at a stream's end the first that shows how far it went"
    time: int
    last_frame: int
    "the last frame before the hole; equal to `frame` for a cut frame"
    last: int
    octets: int
    "0 where the size is unknown"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that was not decoded, and why: said, never passed over. `reason` is a short stable phrase."""

    reason: str
    count: int
    frame: int | None = None
    conn: int | None = None


Event = TcpEvent | HalfSummary | LinkEvent | Gap | Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a decoder read from some run of frames. Arrays are sorted by id; `keys[0]` and `credentials[0]` stand for
    none."""

    messages: NDArray[np.void]
    ops: NDArray[np.void]
    details: Sequence[tuple[int, int, Any]] = ()
    "(message id, index of the operation, its arguments or result as decoded)"
    keys: Sequence[bytes] = (b"",)
    connections: Sequence[Connection] = ()
    credentials: Sequence[Credential | None] = (None,)
    events: Sequence[Event] = field(default=())
