"""One RPC message, from its xid to the last operation that can be read."""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import lru_cache
from typing import NamedTuple

from dissect.nfs4.batch import NO_STATUS, Credential, Kind, Marks
from dissect.nfs4.compound import MAX_OPERATIONS, Operation, Walk, nfsstat4, walk_arguments, walk_results
from dissect.nfs4.const import (
    CALLBACK_VERSIONS,
    NFS_PROGRAM,
    NFS_V4,
    PROC_COMPOUND,
    PROC_NULL,
    TRANSIENT_PROGRAMS,
    AuthFlavor,
    GssProc,
    GssService,
    MsgType,
    is_status,
)
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.ops import CB_OPS, OPS, Codec
from dissect.nfs4.rpc.header import RpcCall, RpcReply, is_nfs_call, peek_call, peek_reply, read_call, read_reply
from dissect.nfs4.xdr import Reader, XdrError, XdrInvalid, XdrShort

_HIGHEST_MINOR = 127
"""What the column `MESSAGE.minor` holds; no minor version above 2 exists."""

_COMPOUND_CALLS = frozenset({Kind.COMPOUND_CALL, Kind.CB_COMPOUND_CALL})
_CALLBACKS = frozenset({Kind.CB_NULL_CALL, Kind.CB_COMPOUND_CALL})
_REPLIES = {kind: Kind(kind | 1) for kind in Kind}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeader:
    """What a call tells about its reply. `minor` is -1 where the call's arguments could not be read."""

    kind: Kind
    prog: int
    vers: int
    proc: int
    minor: int = -1
    gss_service: int | None = None


@dataclass(slots=True, kw_only=True)
class Context:
    """What is known of a message from outside its bytes.

    `call`: the matched call of a reply, None if it was not seen. `missing`: CUT or LOST (or both) where the record is
    longer than the bytes given. `cb_programs`: programs announced by SETCLIENTID, CREATE_SESSION or BACKCHANNEL_CTL.
    """

    call: CallHeader | None = None
    missing: int = 0
    cb_programs: Container[int] = frozenset()


@dataclass(slots=True, kw_only=True)
class Message:
    """A decoded message. `operations` may be fewer than `numops` (announced, at most 65535): `marks` says why.

    `status`: of a COMPOUND reply, its nfsstat4; NO_STATUS for calls, other programs and what could not be read; a
    `RpcRefusal` where the RPC layer refused. `minor` -1 if unknown, at most 127.
    `starttls`: TLS begins after this reply.
    """

    kind: Kind
    xid: int
    prog: int = 0
    vers: int = 0
    proc: int = 0
    minor: int = -1
    credential: Credential | None = None
    tag: bytes = b""
    callback_ident: int | None = None
    numops: int = 0
    operations: tuple[Operation, ...] = ()
    status: int = NO_STATUS
    marks: int = 0
    gss_service: int | None = None
    starttls: bool = False


def decode_message(data: bytes | bytearray | memoryview, context: Context) -> Message:
    """Decode one RPC message (a record without its record marks).

    Marks of the result: UNKNOWN_OP, ENCRYPTED, MALFORMED, and `context.missing` where the missing bytes were wanted.
    A reply whose call was not seen is taken for NFSv4 only where it parses whole as nothing else would.
    Raises XdrError where not even xid and type can be read, or program, version and procedure of a call.
    """
    reader = Reader(data if isinstance(data, bytes) else bytes(data))
    xid, mtype = reader.u32(), reader.u32()
    if mtype == MsgType.CALL:
        return _call(reader, xid, context)
    if mtype == MsgType.REPLY:
        return _reply(reader, xid, context)
    raise XdrInvalid(4, MsgType.REPLY, mtype)


def call_header(message: Message) -> CallHeader:
    """What to keep of a decoded call, as the context of its reply."""
    return _header(message.kind, message.prog, message.vers, message.proc, message.minor, message.gss_service)


@lru_cache(maxsize=256)
def _header(kind: Kind, prog: int, vers: int, proc: int, minor: int, gss_service: int | None) -> CallHeader:
    return CallHeader(kind=kind, prog=prog, vers=vers, proc=proc, minor=minor, gss_service=gss_service)


class _Body(NamedTuple):
    """What a COMPOUND or CB_COMPOUND says, in either direction."""

    walk: Walk
    minor: int = -1
    callback_ident: int | None = None
    status: int = NO_STATUS
    tag: bytes = b""
    numops: int = 0


def _call(reader: Reader, xid: int, context: Context) -> Message:
    header, stopped = read_call(reader, xid)
    announced = header.prog in context.cb_programs
    kind = _kind(header, announced)
    credential = header.credential
    service = None
    if credential is not None and credential.flavor == AuthFlavor.RPCSEC_GSS:
        service = credential.gss_service
        if credential.gss_proc not in (None, GssProc.DATA):
            kind = _null(kind)
    if stopped is not None:
        body = _Body(Walk((), _why(stopped, context.missing)))
    elif kind in _COMPOUND_CALLS:
        body = _arguments(reader, kind == Kind.CB_COMPOUND_CALL, credential, context.missing)
    else:
        body = _NOTHING
    if kind in _CALLBACKS and not announced and not _convincing(reader, kind, service, body.walk):
        kind, body = Kind.OTHER_CALL, _NOTHING
    return Message(
        kind=kind,
        xid=xid,
        prog=header.prog,
        vers=header.vers,
        proc=header.proc,
        minor=body.minor,
        credential=credential,
        tag=body.tag,
        callback_ident=body.callback_ident,
        numops=body.numops,
        operations=body.walk.operations,
        marks=body.walk.marks,
        gss_service=service,
    )


def _kind(header: RpcCall, announced: bool) -> Kind:
    if header.prog == NFS_PROGRAM:
        if header.vers != NFS_V4 or header.proc > PROC_COMPOUND:
            return Kind.OTHER_CALL
        return Kind.COMPOUND_CALL if header.proc else Kind.NULL_CALL
    if (announced or header.prog in TRANSIENT_PROGRAMS) and header.vers in CALLBACK_VERSIONS:
        if header.proc == PROC_NULL:
            return Kind.CB_NULL_CALL
        if header.proc == PROC_COMPOUND:
            return Kind.CB_COMPOUND_CALL
    return Kind.OTHER_CALL


def _null(kind: Kind) -> Kind:
    """RPCSEC_GSS context calls carry tokens, not arguments, whatever the procedure (RFC 2203 section 5.2.2)."""
    if kind == Kind.COMPOUND_CALL:
        return Kind.NULL_CALL
    return Kind.CB_NULL_CALL if kind == Kind.CB_COMPOUND_CALL else kind


def _convincing(reader: Reader, kind: Kind, service: int | None, walk: Walk) -> bool:
    """Programs in the transient range may be any private service: an NFSv4 callback reads as one to the last byte."""
    if service is None and reader.remaining() and not walk.marks:
        return False
    if kind == Kind.CB_NULL_CALL:
        return True
    return bool(walk.marks or walk.operations) and not walk.marks & (Marks.MALFORMED | Marks.UNKNOWN_OP)


def _why(error: XdrError, missing: int) -> int:
    return missing if missing and isinstance(error, XdrShort) else Marks.MALFORMED


def _arguments(reader: Reader, callback: bool, credential: Credential | None, missing: int) -> _Body:
    """COMPOUND4args or CB_COMPOUND4args, which has callback_ident besides."""
    minor, numops, ident, tag = -1, 0, None, b""
    try:
        body, missing = _unwrapped(reader, credential, missing)
        if body is None:
            return _SEALED
        tag = body.opaque()
        minor = min(body.u32(), _HIGHEST_MINOR)
        if callback:
            ident = body.u32()
        numops = body.u32()
        walk = walk_arguments(body, numops, CB_OPS if callback else OPS, missing)
    except XdrError as error:
        walk = Walk((), _why(error, missing))
    return _Body(walk, minor, ident, NO_STATUS, tag, min(numops, MAX_OPERATIONS))


def _unwrapped(reader: Reader, credential: Credential | None, missing: int) -> tuple[Reader | None, int]:
    """The reader of a call's arguments, None where they are encrypted, and what is missing of them."""
    if credential is None or credential.flavor != AuthFlavor.RPCSEC_GSS:
        return reader, missing
    if credential.gss_service is None:
        raise XdrInvalid(reader.pos, 0, 0)  # the credential contradicts its flavor: the protection is unknown
    return _unsealed(reader, credential.gss_service, missing)


def _unsealed(reader: Reader, service: int | None, missing: int) -> tuple[Reader | None, int]:
    """The reader of what RPCSEC_GSS protects (RFC 2203 section 5.3.3), None where it is encrypted, and what is missing
    of it: under integrity it has a length of its own and may be whole although its checksum is cut off."""
    if service == GssService.PRIVACY:
        return None, missing
    if service == GssService.INTEGRITY:
        length = reader.u32()
        end = reader.pos + length
        if end > reader.end and not missing:
            raise XdrInvalid(reader.pos - 4, reader.remaining(), length)
        reader.skip(4)  # seq_num
        return Reader(reader.data, reader.pos, min(end, reader.end)), missing if end > reader.end else 0
    return reader, missing


def _reply(reader: Reader, xid: int, context: Context) -> Message:
    call = context.call
    try:
        header = read_reply(reader, xid)
    except XdrError as error:
        return _replied(call, xid, _Body(Walk((), _why(error, context.missing))))
    if header.refusal is not None:
        return _replied(call, xid, _Body(_ALL, status=int(header.refusal)))
    if call is None:
        return _unmatched(reader, header, context.missing)
    body = _NOTHING
    if call.kind in _COMPOUND_CALLS:
        table = CB_OPS if call.kind == Kind.CB_COMPOUND_CALL else OPS
        if call.gss_service is None and header.verifier_flavor == AuthFlavor.RPCSEC_GSS:
            body = _guessed(reader, table, context.missing)
        else:
            body = _results(reader, call.gss_service, table, context.missing)
    return _replied(call, xid, body, header.starttls)


def _replied(call: CallHeader | None, xid: int, body: _Body, starttls: bool = False) -> Message:
    """A reply carries no program or version of its own: they are its call's."""
    if call is None:
        call = _UNSEEN
    return Message(
        kind=_REPLIES[call.kind],
        xid=xid,
        prog=call.prog,
        vers=call.vers,
        proc=call.proc,
        minor=call.minor,
        tag=body.tag,
        numops=body.numops,
        operations=body.walk.operations,
        status=body.status,
        marks=body.walk.marks,
        gss_service=call.gss_service,
        starttls=starttls,
    )


def _results(reader: Reader, service: int | None, table: Mapping[int, Codec], missing: int) -> _Body:
    """COMPOUND4res or CB_COMPOUND4res. Leaves the reader behind what it read."""
    status, tag, numops = NO_STATUS, b"", 0
    try:
        body, missing = _unsealed(reader, service, missing)
        if body is None:
            return _SEALED
        status = nfsstat4(body)
        tag = body.opaque()
        numops = body.u32()
        walk = walk_results(body, numops, table, missing)
        reader.pos = body.pos
    except XdrError as error:
        walk = Walk((), _why(error, missing))
    return _Body(walk, -1, None, status, tag, min(numops, MAX_OPERATIONS))


def _guessed(reader: Reader, table: Mapping[int, Codec], missing: int) -> _Body:
    """The results of a call whose credential was cut off, where the verifier tells of RPCSEC_GSS: what reads without a
    flaw under some protection is that, and what reads under none is encrypted."""
    for service in (None, GssService.INTEGRITY):
        body = _results(Reader(reader.data, reader.pos, reader.end), service, table, 0)
        if not body.walk.marks:
            return body
    return _Body(Walk((), missing)) if missing else _SEALED


def _unmatched(reader: Reader, header: RpcReply, missing: int) -> Message:
    """A reply whose call was not captured: NFSv4 if it parses whole as a COMPOUND reply and not as a callback's."""
    if missing:
        return _replied(None, header.xid, _Body(Walk((), missing)), header.starttls)
    services: tuple[int | None, ...] = (None,)
    if header.verifier_flavor == AuthFlavor.RPCSEC_GSS:
        services = (None, GssService.INTEGRITY)
    for service in services:
        body = _whole(reader, service, OPS)
        if body is not None and _whole(reader, service, CB_OPS) is None:
            call = CallHeader(
                kind=Kind.COMPOUND_CALL, prog=NFS_PROGRAM, vers=NFS_V4, proc=PROC_COMPOUND, gss_service=service
            )
            return _replied(call, header.xid, body)
    return _replied(None, header.xid, _NOTHING, header.starttls)


def _whole(reader: Reader, service: int | None, table: Mapping[int, Codec]) -> _Body | None:
    """The reply read as COMPOUND4res, if that leaves no byte over and obeys what the RFCs say of its statuses:
    all but the last are NFS4_OK, and the last is the reply's (RFC 8881 section 16.2.3)."""
    probe = Reader(reader.data, reader.pos, reader.end)
    body = _results(probe, service, table, 0)
    if body.walk.marks or not body.walk.operations or not is_status(body.status):
        return None
    if service == GssService.INTEGRITY:
        try:
            probe.skip_opaque()  # checksum
        except XdrError:
            return None
    if probe.remaining():
        return None
    *before, last = [operation.status for operation in body.walk.operations]
    return body if last == body.status and not any(before) else None


_ALL = Walk((), 0)
_NOTHING = _Body(_ALL)
_SEALED = _Body(Walk((), Marks.ENCRYPTED))
_UNSEEN = CallHeader(kind=Kind.OTHER_CALL, prog=0, vers=0, proc=0)

__all__ = [
    "CallHeader",
    "Context",
    "Message",
    "Operation",
    "call_header",
    "decode_message",
    "is_nfs_call",
    "peek_call",
    "peek_reply",
]
