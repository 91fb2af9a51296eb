"""ONC RPC messages over TCP (RFC 5531): record marks, AUTH_SYS, calls and replies of COMPOUND."""

from __future__ import annotations

from collections.abc import Sequence

from wire.xdr import array, opaque, u32

NFS_PROGRAM = 100003


def record(message: bytes, fragment: int | None = None) -> bytes:
    """The message behind its record mark, in fragments of `fragment` bytes where that is given (section 11)."""
    size = fragment or max(len(message), 1)
    pieces = [message[at : at + size] for at in range(0, len(message), size)]
    last = len(pieces) - 1
    return b"".join(u32(len(piece) | (0x80000000 if i == last else 0)) + piece for i, piece in enumerate(pieces))


def auth_sys(machinename: bytes, uid: int = 0, gid: int = 0) -> bytes:
    return u32(1) + opaque(u32(7) + opaque(machinename) + u32(uid) + u32(gid) + array([], u32))


def auth_gss(service: int) -> bytes:
    """RPCSEC_GSS, a data request of an established context (RFC 2203 section 5.3.1)."""
    return u32(6) + opaque(u32(1) + u32(0) + u32(77) + u32(service) + opaque(b"handle"))


def protected(body: bytes, service: int) -> bytes:
    """Arguments or results under an RPCSEC_GSS service: 1 as they are, 2 with a checksum, 3 sealed (here by noise)."""
    if service == 2:
        return opaque(u32(77) + body) + opaque(b"checksum")
    return opaque(bytes((octet * 7 + 131) & 0xFF for octet in body)) if service == 3 else body


AUTH_NONE = u32(0) + u32(0)


def call(
    xid: int, procedure: int, body: bytes, credential: bytes, program: int = NFS_PROGRAM, version: int = 4
) -> bytes:
    return u32(xid) + u32(0) + u32(2) + u32(program) + u32(version) + u32(procedure) + credential + AUTH_NONE + body


def accepted(xid: int, body: bytes, state: int = 0) -> bytes:
    return u32(xid) + u32(1) + u32(0) + AUTH_NONE + u32(state) + body


def denied(xid: int, auth_stat: int) -> bytes:
    """AUTH_ERROR."""
    return u32(xid) + u32(1) + u32(1) + u32(1) + u32(auth_stat)


def compound_arguments(tag: bytes, minor: int, operations: Sequence[bytes], callback_ident: int | None = None) -> bytes:
    ident = b"" if callback_ident is None else u32(callback_ident)
    return opaque(tag) + u32(minor) + ident + u32(len(operations)) + b"".join(operations)


def compound_results(tag: bytes, status: int, results: Sequence[bytes]) -> bytes:
    return u32(status) + opaque(tag) + u32(len(results)) + b"".join(results)
