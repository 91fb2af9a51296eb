"""Client IDs and sessions: arguments and results of the operations rules are about, as keyword arguments."""

from __future__ import annotations

from collections.abc import Iterable

from wire.xdr import Eight, array, bitmap, boolean, eight, fixed, netid, opaque, u32, u64, uaddr

NO_VERIFIER = bytes(8)
CHANNEL = (0, 1049620, 1049480, 7584, 8, 30)


# --- NFSv4.0 client IDs (RFC 7530 sections 16.33, 16.34, 16.29)


def setclientid(
    *,
    owner: bytes,
    verifier: Eight,
    cb: str = "10.0.0.11",
    cb_port: int = 41389,
    program: int = 0x40000000,
    ident: int = 1,
) -> bytes:
    callback = u32(program) + opaque(netid(cb)) + opaque(uaddr(cb, cb_port)) + u32(ident)
    return eight(verifier) + opaque(owner) + callback


def setclientid_result(*, clientid: Eight, confirm: Eight = NO_VERIFIER) -> bytes:
    return eight(clientid) + eight(confirm)


def clid_inuse(*, cb: str = "10.0.0.99", cb_port: int = 700) -> bytes:
    return opaque(netid(cb)) + opaque(uaddr(cb, cb_port))


def setclientid_confirm(*, clientid: Eight, confirm: Eight = NO_VERIFIER) -> bytes:
    return eight(clientid) + eight(confirm)


def one_clientid(*, clientid: Eight) -> bytes:
    return eight(clientid)


# --- NFSv4.1 client IDs and sessions (RFC 8881 sections 18.34 to 18.37, 18.46, 18.50, 18.51)


def _impl_id(impl: tuple[str, str] | None) -> bytes:
    return array([] if impl is None else [impl], lambda one: opaque(one[0]) + opaque(one[1]) + u64(0) + u32(0))


def exchange_id(
    *, owner: bytes, verifier: Eight, flags: int = 0x101, impl: tuple[str, str] | None = None, mach_cred: bool = False
) -> bytes:
    protect = u32(1) + bitmap([57, 43, 44, 41, 42]) + bitmap([]) if mach_cred else u32(0)
    return eight(verifier) + opaque(owner) + u32(flags) + protect + _impl_id(impl)


def exchange_id_result(
    *,
    clientid: Eight,
    sequenceid: int = 1,
    flags: int = 0x20000,
    minor_id: int = 0,
    major_id: bytes = b"hn1",
    scope: bytes = b"hn1",
    impl: tuple[str, str] | None = None,
    mach_cred: bool = False,
) -> bytes:
    """`flags` bit 31 is EXCHGID4_FLAG_CONFIRMED_R."""
    protect = u32(1) + bitmap([57, 43, 44, 41, 42]) + bitmap([]) if mach_cred else u32(0)
    owner = u64(minor_id) + opaque(major_id)
    return eight(clientid) + u32(sequenceid) + u32(flags) + protect + owner + opaque(scope) + _impl_id(impl)


def _channel(values: Iterable[int]) -> bytes:
    return b"".join(map(u32, values)) + u32(0)


def create_session(
    *, clientid: Eight, sequence: int = 1, flags: int = 3, program: int = 0x40000000, machinename: bytes = b"client1"
) -> bytes:
    security = (
        u32(1) + u32(7) + opaque(machinename) + u32(0) + u32(0) + u32(0)
    )  # AUTH_SYS: stamp, name, uid, gid, no gids
    channels = _channel(CHANNEL) + _channel((0, 4096, 4096, 0, 2, 16))
    return eight(clientid) + u32(sequence) + u32(flags) + channels + u32(program) + u32(1) + security


def create_session_result(*, session: bytes, sequence: int = 1, flags: int = 3) -> bytes:
    return fixed(session, 16) + u32(sequence) + u32(flags) + _channel(CHANNEL) + _channel((0, 4096, 4096, 0, 2, 16))


def sequence(
    *, session: bytes, sequenceid: int = 1, slot: int = 0, highest: int | None = None, cache: bool = False
) -> bytes:
    return fixed(session, 16) + u32(sequenceid) + u32(slot) + u32(slot if highest is None else highest) + boolean(cache)


def sequence_result(
    *, session: bytes, sequenceid: int = 1, slot: int = 0, highest: int = 29, target: int = 29, flags: int = 0
) -> bytes:
    return fixed(session, 16) + b"".join(map(u32, (sequenceid, slot, highest, target, flags)))


def bind_conn_to_session(*, session: bytes, direction: int = 3) -> bytes:
    return fixed(session, 16) + u32(direction) + boolean(False)


def one_session(*, session: bytes) -> bytes:
    return fixed(session, 16)


def reclaim_complete(*, one_fs: bool = False) -> bytes:
    return boolean(one_fs)
