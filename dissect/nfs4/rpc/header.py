"""RPC call and reply headers with their credentials (RFC 5531, RFC 2203 section 5, RFC 9289 section 4.1)."""

from __future__ import annotations

from functools import lru_cache
from struct import Struct
from typing import NamedTuple

from dissect.nfs4.batch import Credential
from dissect.nfs4.const import (
    CALLBACK_VERSIONS,
    NFS_PROGRAM,
    NFS_V4,
    PROC_COMPOUND,
    TRANSIENT_PROGRAMS,
    AcceptStat,
    AuthFlavor,
    MsgType,
    RejectStat,
    ReplyStat,
    RpcRefusal,
)
from dissect.nfs4.xdr import Reader, XdrError, XdrInvalid

RPC_VERSION = 2
MAX_AUTH = 400
"""opaque_auth.body<400> (RFC 5531 section 8.2)."""
STARTTLS = b"STARTTLS"

_CALL = Struct(">IIII")
_HEAD = Struct(">II")
_GSS = Struct(">IIII")
_MACHINENAME_LIMIT = 255
_GSS_VERSIONS = range(1, 4)
_KNOWN_FLAVORS = frozenset(int(flavor) for flavor in AuthFlavor)
_HIGHEST_PROGRAM = 0x7FFFFFFF
_HIGHEST_VERSION = 255
_HIGHEST_PROCEDURE = 1023

_REFUSALS: dict[int, RpcRefusal] = {
    AcceptStat.PROG_UNAVAIL: RpcRefusal.PROG_UNAVAIL,
    AcceptStat.PROG_MISMATCH: RpcRefusal.PROG_MISMATCH,
    AcceptStat.PROC_UNAVAIL: RpcRefusal.PROC_UNAVAIL,
    AcceptStat.GARBAGE_ARGS: RpcRefusal.GARBAGE_ARGS,
    AcceptStat.SYSTEM_ERR: RpcRefusal.SYSTEM_ERR,
}


class RpcCall(NamedTuple):
    """A call header. `body`: offset of the arguments, None where credential or verifier are cut or contradictory."""

    xid: int
    prog: int
    vers: int
    proc: int
    credential: Credential | None = None
    body: int | None = None


class RpcReply(NamedTuple):
    """A reply header. `refusal` is None for SUCCESS; `starttls`: the server is ready for TLS (RFC 9289 section 4.1);
    `verifier_flavor` is None in a denial. `body`: offset of the results, or of whatever a refusal adds."""

    xid: int
    refusal: RpcRefusal | None
    verifier_flavor: int | None
    starttls: bool
    body: int


def read_call(reader: Reader, xid: int) -> tuple[RpcCall, XdrError | None]:
    """Read a call from rpcvers on. Returns what could be read, and what stopped it in credential or verifier.

    Raises XdrError where not even the procedure number is there, or rpcvers is not 2.
    """
    rpcvers, prog, vers, proc = reader.unpack(_CALL)
    if rpcvers != RPC_VERSION:
        raise XdrInvalid(reader.pos - _CALL.size, RPC_VERSION, rpcvers)
    credential = None
    try:
        credential = credential_of(reader.u32(), reader.opaque(MAX_AUTH))
        reader.skip(4)
        reader.skip_opaque(MAX_AUTH)
    except XdrError as error:
        return RpcCall(xid=xid, prog=prog, vers=vers, proc=proc, credential=credential), error
    return RpcCall(xid=xid, prog=prog, vers=vers, proc=proc, credential=credential, body=reader.pos), None


def read_reply(reader: Reader, xid: int) -> RpcReply:
    """Read a reply from reply_stat on. Raises XdrError."""
    if reader.u32() == ReplyStat.MSG_ACCEPTED:
        flavor = reader.u32()
        verifier = reader.opaque(MAX_AUTH)
        accept_stat = reader.u32()
        refusal = _REFUSALS.get(accept_stat)
        if refusal is None and accept_stat != AcceptStat.SUCCESS:
            raise XdrInvalid(reader.pos - 4, AcceptStat.SYSTEM_ERR, accept_stat)
        return RpcReply(
            xid=xid,
            refusal=refusal,
            verifier_flavor=flavor,
            starttls=flavor == AuthFlavor.AUTH_NONE and verifier == STARTTLS,
            body=reader.pos,
        )
    reply_stat = int.from_bytes(reader.data[reader.pos - 4 : reader.pos], "big")
    if reply_stat != ReplyStat.MSG_DENIED:
        raise XdrInvalid(reader.pos - 4, ReplyStat.MSG_DENIED, reply_stat)
    reject_stat = reader.u32()
    if reject_stat > RejectStat.AUTH_ERROR:
        raise XdrInvalid(reader.pos - 4, RejectStat.AUTH_ERROR, reject_stat)
    return RpcReply(
        xid=xid,
        refusal=RpcRefusal.AUTH_ERROR if reject_stat else RpcRefusal.RPC_MISMATCH,
        verifier_flavor=None,
        starttls=False,
        body=reader.pos,
    )


def credential_of(flavor: int, body: bytes) -> Credential:
    """What an opaque_auth says. A body that contradicts its flavor leaves the flavor alone."""
    if flavor == AuthFlavor.RPCSEC_GSS:
        # The sequence number makes every body another: only what is kept goes through the cache.
        if len(body) < _GSS.size + 4:
            return _gss(None, None)
        version, proc, _, service = _GSS.unpack_from(body)
        return _gss(proc, service) if version in _GSS_VERSIONS else _gss(None, None)
    return _cached(flavor, body)


@lru_cache(maxsize=256)
def _gss(proc: int | None, service: int | None) -> Credential:
    return Credential(flavor=AuthFlavor.RPCSEC_GSS, gss_proc=proc, gss_service=service)


@lru_cache(maxsize=4096)
def _cached(flavor: int, body: bytes) -> Credential:
    if flavor != AuthFlavor.AUTH_SYS:
        return Credential(flavor=flavor)
    reader = Reader(body)
    try:
        reader.skip(4)  # stamp
        machinename, uid, gid = reader.opaque(_MACHINENAME_LIMIT), reader.u32(), reader.u32()
    except XdrError:
        return Credential(flavor=flavor)
    return Credential(flavor=flavor, machinename=machinename, uid=uid, gid=gid)


def peek_call(data: bytes, offset: int = 0) -> RpcCall | None:
    """An RPC call header that starts at `offset` and is plausible in every field there is, or None.

    At least 24 bytes (up to the procedure) must be there; credential and verifier are judged as far as they go.
    """
    reader = Reader(data, offset)
    try:
        xid, mtype = reader.unpack(_HEAD)
        if mtype != MsgType.CALL:
            return None
        call, _ = read_call(reader, xid)
    except XdrError:
        return None
    if not 0 < call.prog <= _HIGHEST_PROGRAM or call.vers > _HIGHEST_VERSION or call.proc > _HIGHEST_PROCEDURE:
        return None
    return call if _plausible_auth(data, offset + 24) else None


def peek_reply(data: bytes, offset: int = 0) -> RpcReply | None:
    """An RPC reply header that starts at `offset`, whole and plausible, or None."""
    reader = Reader(data, offset)
    try:
        xid, mtype = reader.unpack(_HEAD)
        if mtype != MsgType.REPLY:
            return None
        reply = read_reply(reader, xid)
    except XdrError:
        return None
    flavor = reply.verifier_flavor
    return reply if flavor is None or flavor in _KNOWN_FLAVORS else None


def is_nfs_call(call: RpcCall) -> bool:
    """Whether a call header is of NFSv4, or of what can be its callback service."""
    if call.proc > PROC_COMPOUND:
        return False
    if call.prog == NFS_PROGRAM:
        return call.vers == NFS_V4
    return call.prog in TRANSIENT_PROGRAMS and call.vers in CALLBACK_VERSIONS


def _plausible_auth(data: bytes, offset: int) -> bool:
    """Whether credential and verifier at `offset` have known flavors and fitting lengths, as far as bytes are there."""
    reader = Reader(data, offset)
    for _ in range(2):
        if reader.remaining() < 8:
            return True
        flavor, length = reader.unpack(_HEAD)
        if flavor not in _KNOWN_FLAVORS or length > MAX_AUTH or (flavor == AuthFlavor.AUTH_NONE and length):
            return False
        padded = length + 3 & ~3
        if padded > reader.remaining():
            return True
        reader.skip(padded)
    return True
