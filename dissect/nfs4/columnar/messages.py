"""RPC messages of many connections at once: headers, then the COMPOUNDs; what is not plain is named for another way."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import Credential, Kind
from dissect.nfs4.columnar.cursors import Mask
from dissect.nfs4.columnar.details import values
from dissect.nfs4.columnar.forms import Forms
from dissect.nfs4.columnar.lay import CREDENTIAL_AT, VERIFIER_AT, Laid, Records
from dissect.nfs4.columnar.match import NONE
from dissect.nfs4.columnar.nulls import NO_KIND, null_calls, null_replies, waiting_kind
from dissect.nfs4.columnar.rows import Ops, intern, op_rows, ops_of
from dissect.nfs4.columnar.space import Index, Space
from dissect.nfs4.const import NFS_PROGRAM, NFS_V4, PROC_COMPOUND, AuthFlavor, MsgType, ReplyStat
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.message import CallHeader
from dissect.nfs4.rpc.header import MAX_AUTH, RPC_VERSION, credential_of
from dissect.nfs4.rpc.resync import CALL_OCTETS, REPLY_OCTETS
from dissect.nfs4.sets import distinct


@dataclass(slots=True, kw_only=True)
class Heads:
    """The first words of messages. `bad`: not an RPC message, or one after which the connection is read another way."""

    xid: Index
    reply: Mask
    bad: Mask
    words: NDArray[np.uint32]

    def taken(self, these: Index) -> Heads:
        """Some of them."""
        return Heads(xid=self.xid[these], reply=self.reply[these], bad=self.bad[these], words=self.words[these])


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
    """Rows of the plain messages, in the order of ids, and which these are."""

    messages: NDArray[np.void]
    "one for each record, those of the others unfinished"
    plain: Mask
    ops: NDArray[np.void]
    details: list[tuple[int, int, Any]]


class Decoder:
    """Decodes the messages of one window after another, whose keys and credentials are numbered anew in each."""

    def __init__(self) -> None:
        self._calls, self._replies = Forms(reply=False), Forms(reply=True)

    def decode(
        self,
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
        made = _Rows(space, messages["id"].astype(np.int64), keys)
        words = heads.words
        these = np.flatnonzero(
            whole
            & ~heads.reply
            & (words[:, 3] == NFS_PROGRAM)
            & (words[:, 4] == NFS_V4)
            & (words[:, 5] == PROC_COMPOUND)
            & (words[:, 6] <= AuthFlavor.AUTH_SYS)
            & (words[:, 7] <= MAX_AUTH)
            & (records.octets >= CREDENTIAL_AT + 4)
        )
        laid = self._calls.lay(space, records.taken(these))
        made.add(these, laid, laid.minor, reply=False)
        done = these[laid.whole]
        messages["credential"][done] = _credentials(space, records.at[done], words[done, 7], credentials)
        # Without the two ends of a header reading on is for those who know what may be missing.
        accepted = whole & heads.reply & (words[:, 2] == ReplyStat.MSG_ACCEPTED) & (words[:, 4] <= MAX_AUTH)
        accepted &= (words[:, 3] != AuthFlavor.RPCSEC_GSS) & (records.octets >= VERIFIER_AT + 4)
        these = np.flatnonzero(accepted & (call != NONE))
        able, minor = _asked(call[these], made.headed, made.minor, waiting)
        these, minor = these[able], minor[able]
        made.add(these, self._replies.lay(space, records.taken(these)), minor, reply=True)
        messages["kind"] = np.where(heads.reply, int(Kind.COMPOUND_REPLY), int(Kind.COMPOUND_CALL))
        messages["prog"] = NFS_PROGRAM
        asked, kind = null_calls(space, records, words, whole & ~heads.reply)
        if len(asked) or waiting:
            made.empty(asked)
            messages["kind"][asked], messages["prog"][asked] = kind, words[asked, 3]
            messages["credential"][asked] = _credentials(space, records.at[asked], words[asked, 7], credentials)
            kinds, progs = _of_calls(call, asked, messages, waiting)
            answers = null_replies(space, records, accepted, kinds)
            made.empty(answers)
            messages["kind"][answers], messages["prog"][answers] = kinds[answers] + 1, progs[answers]
        messages["minor"], messages["ops"], messages["status"] = made.minor, made.count, made.status
        return Decoded(messages=messages, plain=made.plain, ops=op_rows(made.ops, made.id), details=made.details)


def _asked(call: Index, headed: Mask, minors: Index, waiting: list[CallHeader | None]) -> tuple[Mask, Index]:
    """Of the calls that are answered: whether each is a COMPOUND that shows what the reply needs, and its minor
    version."""
    now = call >= 0
    able, minor = np.zeros(len(call), np.bool_), np.full(len(call), -1, np.int64)
    able[now], minor[now] = headed[call[now]], minors[call[now]]
    if not now.all():
        known = np.array([_plain_call(header) for header in waiting], np.bool_)
        before = np.array([-1 if header is None else header.minor for header in waiting], np.int64)
        able[~now], minor[~now] = known[call[~now]], before[call[~now]]
    return able, minor


def _of_calls(
    call: Index, asked: Index, messages: NDArray[np.void], waiting: list[CallHeader | None]
) -> tuple[Index, Index]:
    """Kind and program of the call that each message answers, if that is of a NULL procedure; `asked`: those here."""
    count = len(call)
    kinds, progs = np.full((2, count + len(waiting)), NO_KIND, np.int64)
    kinds[asked], progs[asked] = messages["kind"][asked], messages["prog"][asked]
    for place, header in enumerate(waiting, count):
        kinds[place], progs[place] = waiting_kind(header)
    # Those that waited are counted from the end.
    answered = np.where(call == NONE, -1, call)
    kinds, progs = kinds[answered], progs[answered]
    kinds[call == NONE] = NO_KIND
    return kinds, progs


def _plain_call(header: CallHeader | None) -> bool:
    return header is not None and header.kind == Kind.COMPOUND_CALL and header.gss_service is None


class _Rows:
    """What calls and replies say, by message."""

    def __init__(self, space: Space, id: Index, keys: dict[bytes, int]) -> None:
        self._space, self._keys = space, keys
        self.id = id
        self.plain = np.zeros(len(id), np.bool_)
        self.headed = np.zeros(len(id), np.bool_)
        "Whatever its operations, what is known of such a call is all that its reply needs."
        self.minor, self.count, self.status = np.full((3, len(id)), -1, np.int64)
        self.ops: list[Ops] = []
        self.details: list[tuple[int, int, Any]] = []

    def empty(self, these: Index) -> None:
        """Messages without operations."""
        self.plain[these], self.count[these] = True, 0

    def add(self, these: Index, laid: Laid, minor: Index, *, reply: bool) -> None:
        """The messages at these positions."""
        self.plain[these], self.headed[these] = laid.whole, laid.headed
        self.minor[these], self.count[these], self.status[these] = minor, laid.count, laid.status
        seen = laid.seen
        minor = minor[seen.message]
        seen.message = these[seen.message]
        kept, found = values(self._space, seen, reply)
        self.ops.append(ops_of(self._space, seen, minor, kept, found, self._keys, reply))
        self.details += zip(self.id[seen.message[kept]].tolist(), seen.index[kept].tolist(), found, strict=True)


def _credentials(
    space: Space, at: Index, length: NDArray[np.uint32], credentials: dict[Credential | None, int]
) -> Index:
    """Numbers of the credentials of calls, each distinct body read once."""
    found = np.zeros(len(at), np.int64)
    for octets in distinct(length).tolist():
        these = np.flatnonzero(length == octets)
        # The flavor, the length and the body, padded.
        bodies: dict[bytes, int] = {}
        numbers = intern(space.rows(at[these] + CREDENTIAL_AT - 4, 8 + (octets + 3 & ~3)), bodies)
        known = [
            credentials.setdefault(
                credential_of(int.from_bytes(body[:4], "big"), body[8 : 8 + octets]), len(credentials)
            )
            for body in bodies
        ]
        found[these] = np.array(known, np.int64)[numbers]
    return found


__all__ = ["Decoded", "Decoder", "Heads", "Records", "heads"]
