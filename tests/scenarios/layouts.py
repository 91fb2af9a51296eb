"""How servers lay out the ids they give out (clientid, confirm verifier, session id), by their sources."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass

Make = Callable[[int, int, int], bytes]
"""(counter, second the instance booted, second of now) -> bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One server's way. `confirm` is given how often it was called in place of the counter."""

    clientid: Make
    confirm: Make
    session: Callable[[bytes, int], bytes]


def _noise(size: int, *parts: object) -> bytes:
    return hashlib.blake2b(repr(parts).encode(), digest_size=size).digest()


def _opaque_session(clientid: bytes, number: int) -> bytes:
    return _noise(16, clientid, number)


LINUX = Layout(
    clientid=lambda counter, booted, now: struct.pack("<II", booted, counter),
    confirm=lambda counter, booted, now: struct.pack("<II", now, counter),
    session=lambda clientid, number: clientid + struct.pack("<II", number, 0),
)
"""nfsd gen_clid, gen_confirm, gen_sessionid on a little-endian machine: raw memory."""

FREEBSD = Layout(
    clientid=lambda counter, booted, now: struct.pack("<II", booted, counter),
    confirm=lambda counter, booted, now: struct.pack("<II", counter, 0x5EED),
    session=lambda clientid, number: struct.pack("<Q", number) + clientid,
)
"""nfsrv_setclient: boot time and index, not swapped; the session id ends with the clientid."""

GANESHA = Layout(
    clientid=lambda counter, booted, now: struct.pack(">II", booted, counter),
    confirm=lambda counter, booted, now: struct.pack(">II", counter, 1),
    session=lambda clientid, number: clientid[::-1] + struct.pack("<Q", number),
)
"""new_clientid as XDR hyper; nfs41_Build_sessionid copies it in native order."""

ILLUMOS = Layout(
    clientid=lambda counter, booted, now: struct.pack(">II", counter, booted),
    confirm=lambda counter, booted, now: struct.pack(">II", counter, 1),
    session=_opaque_session,
)
"""rfs4_client_create on x86: c_id, then the start time."""

NFS4J = Layout(
    clientid=lambda counter, booted, now: struct.pack(">IHH", now, 1, counter & 0xFFFF),
    confirm=lambda counter, booted, now: _noise(8, counter),
    session=lambda clientid, number: clientid + struct.pack(">II", 0, number),
)
"""nextClientId: the second of the request, the number of the head, a counter."""

RANDOM = Layout(
    clientid=lambda counter, booted, now: _noise(8, "clientid", counter, booted),
    confirm=lambda counter, booted, now: bytes(8),
    session=_opaque_session,
)
"""Ids that tell nothing, and the confirm verifier of all zeros that NetApp sends."""
