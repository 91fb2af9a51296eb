"""RPC messages of many connections at once: headers, then the COMPOUNDs; what is not plain is named for another way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import MESSAGE, NO_STATUS, OP, Credential, Kind
from dissect.nfs4.columnar.match import NONE
from dissect.nfs4.columnar.rows import call_rows, intern, reply_rows
from dissect.nfs4.columnar.shapes import ARGUMENTS, RESULTS
from dissect.nfs4.columnar.space import Index, Space
from dissect.nfs4.columnar.walk import Bodies, walk
from dissect.nfs4.compound import STATUS_LIMIT
from dissect.nfs4.const import NFS_PROGRAM, NFS_V4, PROC_COMPOUND, AcceptStat, AuthFlavor, MsgType, ReplyStat
from dissect.nfs4.message import CallHeader
from dissect.nfs4.rpc.header import MAX_AUTH, RPC_VERSION, credential_of
from dissect.nfs4.rpc.resync import CALL_OCTETS, REPLY_OCTETS

Mask = NDArray[np.bool_]

_HEADER = 32
"""Octets of a call up to the body of its credential."""
_HIGHEST_MINOR = 127


@dataclass(slots=True, kw_only=True)
class Records:
    """RPC messages in the order of their ids: `at` the address of the xid, `octets` how many are there.

    Of those too long to be copied whole, `octets` counts the head alone; their tail, from octet `tail_from` on, lies at
    address `tail` up to `tail_end` (-1 where there is none).
    """

    at: Index
    octets: Index
    tail_from: Index
    tail: Index
    tail_end: Index

    def taken(self, these: Index | Mask) -> Records:
        return Records(
            at=self.at[these],
            octets=self.octets[these],
            tail_from=self.tail_from[these],
            tail=self.tail[these],
            tail_end=self.tail_end[these],
        )


@dataclass(slots=True, kw_only=True)
class Heads:
    """The first words of messages. `bad`: not an RPC message, or one after which the connection is read another way."""

    xid: Index
    reply: Mask
    bad: Mask
    words: NDArray[np.uint32]


def heads(space: Space, records: Records) -> Heads:
    """Read the words that make a record an RPC message (RFC 5531 section 9)."""
    words = space.view("V32")[records.at].view(">u4").reshape(-1, 8).astype(np.uint32)
    kind, third = words[:, 1], words[:, 2]
    reply = kind == MsgType.REPLY
    call = (kind == MsgType.CALL) & (third == RPC_VERSION) & (records.octets >= CALL_OCTETS)
    fine = np.where(reply, (third <= ReplyStat.MSG_DENIED) & (records.octets >= REPLY_OCTETS), call)
    # What TLS begins with: a call that probes for it, a verifier that may agree to it (RFC 9289 section 4.1).
    probe = ~reply & (words[:, 6] == AuthFlavor.AUTH_TLS)
    agreed = reply & (third == ReplyStat.MSG_ACCEPTED) & (words[:, 3] == AuthFlavor.AUTH_NONE) & (words[:, 4] == 8)
    return Heads(xid=words[:, 0].astype(np.int64), reply=reply, bad=~fine | probe | agreed, words=words)


@dataclass(slots=True, kw_only=True)
class Decoded:
    """Rows of the plain messages, and the positions of the others."""

    messages: NDArray[np.void]
    "one for each record, those of the others unfinished"
    plain: Mask
    ops: list[NDArray[np.void]]


def decode(
    space: Space,
    records: Records,
    heads: Heads,
    messages: NDArray[np.void],
    call: Index,
    waiting: list[CallHeader | None],
    whole: Mask,
    credentials: dict[Credential | None, int],
    keys: dict[bytes, int],
) -> Decoded:
    """Decode all plain messages; `messages` comes with the columns that need no decoding. `call` as in `Answers`;
    `waiting`: the headers of the calls that waited before; `whole`: records without holes."""
    plain = np.zeros(len(messages), np.bool_)
    headed = np.zeros(len(messages), np.bool_)
    ops: list[NDArray[np.void]] = []
    words = heads.words
    these = np.flatnonzero(
        whole
        & ~heads.reply
        & (words[:, 3] == NFS_PROGRAM)
        & (words[:, 4] == NFS_V4)
        & (words[:, 5] == PROC_COMPOUND)
        & (words[:, 6] <= AuthFlavor.AUTH_SYS)
        & (words[:, 7] <= MAX_AUTH)
    )
    if len(these):
        _calls(space, records.taken(these), these, words, messages, plain, headed, credentials, keys, ops)
    # Without the two ends of a header reading on is for those who know what may be missing.
    accepted = whole & heads.reply & (words[:, 2] == ReplyStat.MSG_ACCEPTED) & (words[:, 4] <= MAX_AUTH)
    accepted &= words[:, 3] != AuthFlavor.RPCSEC_GSS
    known = np.array([_plain_call(header) for header in waiting], np.bool_)
    minors = np.array([-1 if header is None else header.minor for header in waiting], np.int64)
    these = np.flatnonzero(accepted & (call != NONE))
    here = call[these]
    now = here >= 0
    able, minor = np.zeros(len(these), np.bool_), np.full(len(these), -1, np.int64)
    able[now], minor[now] = headed[here[now]], messages["minor"][here[now]]
    if len(waiting):
        able[~now], minor[~now] = known[here[~now]], minors[here[~now]]
    these, minor = these[able], minor[able]
    if len(these):
        _replies(space, records.taken(these), these, words, messages, minor, plain, keys, ops)
    return Decoded(messages=messages, plain=plain, ops=ops)


def _plain_call(header: CallHeader | None) -> bool:
    return header is not None and header.kind == Kind.COMPOUND_CALL and header.gss_service is None


def _calls(
    space: Space,
    records: Records,
    these: Index,
    words: NDArray[np.uint32],
    messages: NDArray[np.void],
    plain: Mask,
    headed: Mask,
    credentials: dict[Credential | None, int],
    keys: dict[bytes, int],
    ops: list[NDArray[np.void]],
) -> None:
    end = records.at + records.octets
    length = words[these, 7].astype(np.int64)
    at = records.at + _HEADER + ((length + 3) & ~3)
    good = at + 8 <= end
    size = space.u32(np.where(good, at + 4, 0))
    good &= size <= MAX_AUTH
    at += 8 + ((size + 3) & ~3)
    at, good, _ = _tag(space, at, end, good)
    good &= at + 8 <= end
    safe = np.where(good, at, 0)
    minor, count = np.minimum(space.u32(safe), _HIGHEST_MINOR), space.u32(safe + 4)
    keep = np.flatnonzero(good)
    # Whatever its operations, what is known of such a call is all that the reply needs.
    headed[these[keep]] = True
    messages["minor"][these[keep]] = minor[keep]
    bodies = _bodies(records, keep, at[keep] + 8, end, count)
    whole, seen = walk(space, bodies, ARGUMENTS, False)
    which = these[keep]
    held = whole[seen.message]
    done = keep[whole]
    target = these[done]
    plain[target] = True
    messages["kind"][target] = Kind.COMPOUND_CALL
    messages["prog"][target] = NFS_PROGRAM
    messages["ops"][target] = count[done]
    messages["status"][target] = NO_STATUS
    flavor = words[target, 6]
    messages["credential"][target] = _credentials(space, records.at[done], flavor, length[done], credentials)
    for name in ("message", "index", "op", "status", "body"):
        setattr(seen, name, getattr(seen, name)[held])
    id = messages["id"][which[seen.message]].astype(np.int64)
    ops += call_rows(space, seen, id, minor[keep][seen.message], keys)


def _replies(
    space: Space,
    records: Records,
    these: Index,
    words: NDArray[np.uint32],
    messages: NDArray[np.void],
    minor: Index,
    plain: Mask,
    keys: dict[bytes, int],
    ops: list[NDArray[np.void]],
) -> None:
    end = records.at + records.octets
    size = words[these, 4].astype(np.int64)
    at = records.at + 20 + ((size + 3) & ~3)
    good = at + 8 <= end
    safe = np.where(good, at, 0)
    good &= space.u32(safe) == AcceptStat.SUCCESS
    status = space.u32(safe + 4)
    good &= status <= STATUS_LIMIT
    at, good, _ = _tag(space, at + 8, end, good)
    good &= at + 4 <= end
    count = space.u32(np.where(good, at, 0))
    keep = np.flatnonzero(good)
    bodies = _bodies(records, keep, at[keep] + 4, end, count)
    whole, seen = walk(space, bodies, RESULTS, True)
    which = these[keep]
    held = whole[seen.message]
    done = keep[whole]
    target = these[done]
    plain[target] = True
    messages["kind"][target] = Kind.COMPOUND_REPLY
    messages["prog"][target] = NFS_PROGRAM
    messages["minor"][target] = minor[done]
    messages["ops"][target] = count[done]
    messages["status"][target] = status[done]
    for name in ("message", "index", "op", "status", "body"):
        setattr(seen, name, getattr(seen, name)[held])
    id = messages["id"][which[seen.message]].astype(np.int64)
    ops += reply_rows(space, seen, id, keys)


def _tag(space: Space, at: Index, end: Index, good: Mask) -> tuple[Index, Mask, Index]:
    """Past the tag of a COMPOUND."""
    good = good & (at + 4 <= end)
    size = space.u32(np.where(good, at, 0))
    at = at + 4 + ((size + 3) & ~3)
    return at, good & (at <= end), size


def _bodies(records: Records, keep: Index, at: Index, end: Index, count: Index) -> Bodies:
    return Bodies(
        at=at,
        end=end[keep],
        count=count[keep],
        far_from=records.at[keep] + records.tail_from[keep],
        far=records.tail[keep],
        far_end=records.tail_end[keep],
    )


def _credentials(
    space: Space, at: Index, flavor: NDArray[np.uint32], length: Index, credentials: dict[Credential | None, int]
) -> Index:
    """Numbers of the credentials of calls, each distinct body read once."""
    found = np.zeros(len(at), np.int64)
    for octets in np.unique(length).tolist():
        these = np.flatnonzero(length == octets)
        # The flavor, the length and the body, padded.
        bodies: dict[bytes, int] = {}
        numbers = intern(space.rows(at[these] + _HEADER - 8, 8 + (octets + 3 & ~3)), bodies)
        known = [
            credentials.setdefault(
                credential_of(int.from_bytes(body[:4], "big"), body[8 : 8 + octets]), len(credentials)
            )
            for body in bodies
        ]
        found[these] = np.array(known, np.int64)[numbers]
    return found


EMPTY_MESSAGES = np.zeros(0, MESSAGE)
EMPTY_OPS = np.zeros(0, OP)
