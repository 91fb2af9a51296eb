"""Arguments and results of the operations that tests speak (RFC 7531, RFC 5662), as keyword arguments to XDR.

Each encoder takes the operation's values by keyword; whatever a test does not care for has a plausible default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from wire.identities import (
    NO_VERIFIER,
    bind_conn_to_session,
    clid_inuse,
    create_session,
    create_session_result,
    exchange_id,
    exchange_id_result,
    one_clientid,
    one_session,
    reclaim_complete,
    sequence,
    sequence_result,
    setclientid,
    setclientid_confirm,
    setclientid_result,
)
from wire.numbers import ATTRIBUTES, CLAIMS, DELEGATIONS
from wire.xdr import (
    Eight,
    array,
    bitmap,
    boolean,
    eight,
    fixed,
    opaque,
    stateid4,
    u32,
    u64,
)

Stateid = tuple[int, bytes]
Encoder = Callable[..., bytes]

ANONYMOUS: Stateid = (0, bytes(12))
HANDLE = b"\x01\x00\x07\x01handle-of-a-file"
CHANGE = u32(1) + u64(1) + u64(2)  # change_info4


def _pathname(path: str) -> bytes:
    return array([part for part in path.split("/") if part], opaque)


def _fs_locations(value: tuple[str, Iterable[tuple[Iterable[str], str]]]) -> bytes:
    root, locations = value
    return _pathname(root) + array(locations, lambda where: array(where[0], opaque) + _pathname(where[1]))


_ATTRIBUTE_ENCODERS: dict[str, Callable[[Any], bytes]] = {
    "supported_attrs": bitmap,
    "type": u32,
    "fh_expire_type": u32,
    "change": u64,
    "size": u64,
    "fsid": lambda fsid: u64(fsid[0]) + u64(fsid[1]),
    "lease_time": u32,
    "rdattr_error": u32,
    "filehandle": opaque,
    "fileid": u64,
    "fs_locations": _fs_locations,
    "mode": u32,
    "numlinks": u32,
    "owner": opaque,
    "owner_group": opaque,
    "mounted_on_fileid": u64,
}


def fattr(values: Mapping[str, Any]) -> bytes:
    """fattr4: the attributes in the order of their numbers, whatever order they are given in."""
    names = sorted(values, key=ATTRIBUTES.__getitem__)
    return bitmap(ATTRIBUTES[name] for name in names) + opaque(
        b"".join(_ATTRIBUTE_ENCODERS[name](values[name]) for name in names)
    )


# --- files and state


def putfh(*, handle: bytes = HANDLE) -> bytes:
    return opaque(handle)


def lookup(*, name: str | bytes) -> bytes:
    return opaque(name)


def getattr_(*, attributes: Iterable[str] = ("type", "change", "size", "fsid", "fileid")) -> bytes:
    return bitmap(ATTRIBUTES[name] for name in attributes)


def getattr_result(**attributes: Any) -> bytes:
    return fattr(attributes)


def open_(
    *,
    clientid: Eight = 0,
    owner: bytes = b"open id:1",
    seqid: int = 0,
    access: int = 3,
    deny: int = 0,
    create: Mapping[str, Any] | None = None,
    claim: str = "CLAIM_NULL",
    name: str | bytes = b"file",
    delegation: str = "NONE",
    stateid: Stateid = ANONYMOUS,
) -> bytes:
    """`create` holds the attributes of an UNCHECKED4 creation; `delegation` is what CLAIM_PREVIOUS says it held."""
    how = u32(0) if create is None else u32(1) + u32(0) + fattr(create)
    claims: dict[str, Callable[[], bytes]] = {
        "CLAIM_NULL": lambda: opaque(name),
        "CLAIM_PREVIOUS": lambda: u32(DELEGATIONS[delegation]),
        "CLAIM_DELEGATE_CUR": lambda: stateid4(stateid) + opaque(name),
        "CLAIM_DELEGATE_PREV": lambda: opaque(name),
        "CLAIM_FH": lambda: b"",
        "CLAIM_DELEG_CUR_FH": lambda: stateid4(stateid),
        "CLAIM_DELEG_PREV_FH": lambda: b"",
    }
    head = u32(seqid) + u32(access) + u32(deny) + eight(clientid) + opaque(owner)
    return head + how + u32(CLAIMS[claim]) + claims[claim]()


def open_result(
    *,
    stateid: Stateid = (1, b"open"),
    rflags: int = 4,
    delegation: str = "NONE",
    delegated: Stateid = (1, b"delegation"),
) -> bytes:
    ace = u32(0) + u32(0) + u32(0) + opaque("EVERYONE@")
    grants = {
        "NONE": b"",
        "READ": stateid4(delegated) + boolean(False) + ace,
        "WRITE": stateid4(delegated) + boolean(False) + u32(1) + u64(0) + ace,
    }
    return stateid4(stateid) + CHANGE + u32(rflags) + bitmap([]) + u32(DELEGATIONS[delegation]) + grants[delegation]


def open_confirm(*, stateid: Stateid, seqid: int = 1) -> bytes:
    return stateid4(stateid) + u32(seqid)


def close(*, stateid: Stateid, seqid: int = 0) -> bytes:
    return u32(seqid) + stateid4(stateid)


def one_stateid(*, stateid: Stateid = ANONYMOUS) -> bytes:
    return stateid4(stateid)


def lock(
    *,
    kind: int = 2,
    reclaim: bool = False,
    offset: int = 0,
    length: int = 100,
    open_stateid: Stateid | None = None,
    open_seqid: int = 0,
    lock_seqid: int = 0,
    clientid: Eight = 0,
    owner: bytes = b"lock id:1",
    stateid: Stateid = ANONYMOUS,
) -> bytes:
    """A lock by a new lock owner where `open_stateid` is given, else by the one that `stateid` names."""
    head = u32(kind) + boolean(reclaim) + u64(offset) + u64(length)
    if open_stateid is None:
        return head + boolean(False) + stateid4(stateid) + u32(lock_seqid)
    new = u32(open_seqid) + stateid4(open_stateid) + u32(lock_seqid) + eight(clientid) + opaque(owner)
    return head + boolean(True) + new


def lock_denied(
    *, offset: int = 0, length: int = 100, kind: int = 2, clientid: Eight = 0, owner: bytes = b"lock id:9"
) -> bytes:
    return u64(offset) + u64(length) + u32(kind) + eight(clientid) + opaque(owner)


def locku(*, stateid: Stateid, kind: int = 2, seqid: int = 0, offset: int = 0, length: int = 100) -> bytes:
    return u32(kind) + u32(seqid) + stateid4(stateid) + u64(offset) + u64(length)


def read(*, stateid: Stateid = ANONYMOUS, offset: int = 0, count: int = 4096) -> bytes:
    return stateid4(stateid) + u64(offset) + u32(count)


def read_result(*, data: bytes = b"data", eof: bool = True) -> bytes:
    return boolean(eof) + opaque(data)


def write(*, stateid: Stateid = ANONYMOUS, offset: int = 0, stable: int = 0, data: bytes = b"data") -> bytes:
    return stateid4(stateid) + u64(offset) + u32(stable) + opaque(data)


def write_result(*, count: int = 4, committed: int = 0, verifier: Eight = NO_VERIFIER) -> bytes:
    return u32(count) + u32(committed) + eight(verifier)


def commit(*, offset: int = 0, count: int = 0) -> bytes:
    return u64(offset) + u32(count)


def commit_result(*, verifier: Eight = NO_VERIFIER) -> bytes:
    return eight(verifier)


def access(*, wanted: int = 0x1F) -> bytes:
    return u32(wanted)


def access_result(*, supported: int = 0x1F, granted: int = 0x1F) -> bytes:
    return u32(supported) + u32(granted)


def tested_stateids(*, stateids: Iterable[Stateid]) -> bytes:
    return array(stateids, stateid4)


def tested_stateids_result(*, statuses: Iterable[int]) -> bytes:
    return array(statuses, u32)


# --- callbacks (RFC 7530 section 15.2, RFC 8881 sections 20.2, 20.6, 20.9)


def cb_recall(*, stateid: Stateid, truncate: bool = False, handle: bytes = HANDLE) -> bytes:
    return stateid4(stateid) + boolean(truncate) + opaque(handle)


def cb_recall_any(*, keep: int = 10, kinds: Iterable[int] = (0, 1)) -> bytes:
    return u32(keep) + bitmap(kinds)


def cb_sequence(*, session: bytes, sequenceid: int = 1, slot: int = 0, highest: int = 0) -> bytes:
    return fixed(session, 16) + u32(sequenceid) + u32(slot) + u32(highest) + boolean(False) + u32(0)


def cb_sequence_result(
    *, session: bytes, sequenceid: int = 1, slot: int = 0, highest: int = 0, target: int = 0
) -> bytes:
    return fixed(session, 16) + b"".join(map(u32, (sequenceid, slot, highest, target)))


def nothing() -> bytes:
    return b""


ARGUMENTS: dict[str, Encoder] = {
    "ACCESS": access,
    "BIND_CONN_TO_SESSION": bind_conn_to_session,
    "CB_RECALL": cb_recall,
    "CB_RECALL_ANY": cb_recall_any,
    "CB_SEQUENCE": cb_sequence,
    "CLOSE": close,
    "COMMIT": commit,
    "CREATE_SESSION": create_session,
    "DELEGRETURN": one_stateid,
    "DESTROY_CLIENTID": one_clientid,
    "DESTROY_SESSION": one_session,
    "EXCHANGE_ID": exchange_id,
    "FREE_STATEID": one_stateid,
    "GETATTR": getattr_,
    "GETFH": nothing,
    "LOCK": lock,
    "LOCKU": locku,
    "LOOKUP": lookup,
    "OPEN": open_,
    "OPEN_CONFIRM": open_confirm,
    "PUTFH": putfh,
    "PUTROOTFH": nothing,
    "READ": read,
    "RECLAIM_COMPLETE": reclaim_complete,
    "RENEW": one_clientid,
    "RESTOREFH": nothing,
    "SAVEFH": nothing,
    "SEQUENCE": sequence,
    "SETCLIENTID": setclientid,
    "SETCLIENTID_CONFIRM": setclientid_confirm,
    "TEST_STATEID": tested_stateids,
    "WRITE": write,
}

RESULTS: dict[str, Encoder] = {
    "ACCESS": access_result,
    "BIND_CONN_TO_SESSION": bind_conn_to_session,
    "CB_SEQUENCE": cb_sequence_result,
    "CLOSE": one_stateid,
    "COMMIT": commit_result,
    "CREATE_SESSION": create_session_result,
    "EXCHANGE_ID": exchange_id_result,
    "GETATTR": getattr_result,
    "GETFH": putfh,
    "LOCK": one_stateid,
    "LOCKU": one_stateid,
    "OPEN": open_result,
    "OPEN_CONFIRM": one_stateid,
    "READ": read_result,
    "SEQUENCE": sequence_result,
    "SETCLIENTID": setclientid_result,
    "TEST_STATEID": tested_stateids_result,
    "WRITE": write_result,
}
"""Bodies of successful results; an operation that is not here has none."""

FAILURES: dict[tuple[str, int], Encoder] = {("SETCLIENTID", 10017): clid_inuse, ("LOCK", 10010): lock_denied}
"""Failed results with a body."""
