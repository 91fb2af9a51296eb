"""RPC headers and credentials, and how a header is recognised where none is expected."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect.nfs4.batch import Credential
from dissect.nfs4.const import RpcRefusal
from dissect.nfs4.rpc.header import (
    credential_of,
    is_nfs_call,
    peek_call,
    peek_reply,
    read_call,
    read_reply,
)
from dissect.nfs4.xdr import Reader, XdrError, XdrInvalid, XdrShort
from wire.rpc import AUTH_NONE, accepted, auth_sys, call, denied
from wire.xdr import array, opaque, u32

BODY = b"arguments..."


def gss(proc: int, service: int, handle: bytes = b"handle of 13b", version: int = 1) -> bytes:
    return u32(6) + opaque(u32(version) + u32(proc) + u32(77) + u32(service) + opaque(handle))


def read(data: bytes):
    reader = Reader(data, 8)
    return read_call(reader, 5)


def test_a_call_with_auth_sys() -> None:
    header, stopped = read(call(5, 1, BODY, auth_sys(b"client01.example", 1000, 100)))
    assert stopped is None
    assert (header.xid, header.prog, header.vers, header.proc) == (5, 100003, 4, 1)
    assert header.credential == Credential(flavor=1, machinename=b"client01.example", uid=1000, gid=100)
    data = call(5, 1, BODY, auth_sys(b"client01.example"))
    assert data[header.body :] == BODY


def test_credential_and_verifier_are_padded_like_any_opaque() -> None:
    odd = u32(2) + opaque(b"short hand 13")
    data = (
        u32(5)
        + u32(0)
        + u32(2)
        + u32(100003)
        + u32(4)
        + u32(1)
        + odd
        + u32(6)
        + opaque(b"checksum of 21 octets")
        + BODY
    )
    header, stopped = read(data)
    assert stopped is None
    assert data[header.body :] == BODY
    assert header.credential == Credential(flavor=2)


@pytest.mark.parametrize(
    ("flavor", "body", "credential"),
    [
        (0, b"", Credential(flavor=0)),
        (1, b"", Credential(flavor=1)),
        (1, u32(1) + opaque(bytes(256)) + u32(0) + u32(0) + u32(0), Credential(flavor=1)),
        (
            1,
            u32(1) + opaque(b"") + u32(7) + u32(8) + array([9], u32),
            Credential(flavor=1, machinename=b"", uid=7, gid=8),
        ),
        (6, gss(0, 2)[8:], Credential(flavor=6, gss_proc=0, gss_service=2)),
        (6, gss(1, 1, b"")[8:], Credential(flavor=6, gss_proc=1, gss_service=1)),
        (6, gss(0, 3, version=3)[8:], Credential(flavor=6, gss_proc=0, gss_service=3)),
        (6, gss(0, 2, version=9)[8:], Credential(flavor=6)),
        (6, u32(1), Credential(flavor=6)),
        (7, b"", Credential(flavor=7)),
        (390003, b"?", Credential(flavor=390003)),
    ],
)
def test_credentials(flavor: int, body: bytes, credential: Credential) -> None:
    assert credential_of(flavor, body) == credential


def test_what_of_a_call_survives_a_cut() -> None:
    data = call(5, 1, b"", auth_sys(b"client01"))
    for length in range(8, 24):
        with pytest.raises(XdrShort):
            read(data[:length])
    for length in range(24, len(data)):
        header, stopped = read(data[:length])
        assert isinstance(stopped, XdrShort)
        assert (header.prog, header.proc, header.body) == (100003, 1, None)
    with pytest.raises(XdrInvalid):
        read(data[:8] + u32(3) + data[12:])
    header, stopped = read(data[:24] + u32(1) + u32(404) + bytes(404) + AUTH_NONE)
    assert isinstance(stopped, XdrInvalid)


@pytest.mark.parametrize(
    ("reply", "refusal"),
    [
        (accepted(5, BODY), None),
        (accepted(5, b"", 1), RpcRefusal.PROG_UNAVAIL),
        (accepted(5, u32(2) + u32(3), 2), RpcRefusal.PROG_MISMATCH),
        (accepted(5, b"", 3), RpcRefusal.PROC_UNAVAIL),
        (accepted(5, b"", 4), RpcRefusal.GARBAGE_ARGS),
        (accepted(5, b"", 5), RpcRefusal.SYSTEM_ERR),
        (denied(5, 13), RpcRefusal.AUTH_ERROR),
        (u32(5) + u32(1) + u32(1) + u32(0) + u32(2) + u32(2), RpcRefusal.RPC_MISMATCH),
    ],
)
def test_replies(reply: bytes, refusal: RpcRefusal | None) -> None:
    header = read_reply(Reader(reply, 8), 5)
    assert header.refusal == refusal
    assert not header.starttls
    assert peek_reply(reply) == header
    assert peek_call(reply) is None


@pytest.mark.parametrize(
    "reply", [accepted(5, b"", 6), u32(5) + u32(1) + u32(2), u32(5) + u32(1) + u32(1) + u32(2), accepted(5, b"")[:20]]
)
def test_replies_that_are_none(reply: bytes) -> None:
    with pytest.raises(XdrError):
        read_reply(Reader(reply, 8), 5)
    assert peek_reply(reply) is None


def test_tls_is_offered_in_the_verifier() -> None:
    reply = u32(5) + u32(1) + u32(0) + u32(0) + opaque(b"STARTTLS") + u32(0)
    assert read_reply(Reader(reply, 8), 5).starttls
    assert not read_reply(Reader(reply.replace(b"TTLS", b"TTLs"), 8), 5).starttls


def test_a_call_is_recognised_by_its_content() -> None:
    data = b"....." + call(5, 1, BODY, auth_sys(b"client01"))
    found = peek_call(data, 5)
    assert found is not None
    assert is_nfs_call(found)
    assert found.credential == Credential(flavor=1, machinename=b"client01", uid=0, gid=0)
    assert peek_call(data, 4) is None
    for length in range(29, len(data)):
        assert peek_call(data[:length], 5) is not None
    assert peek_call(data[:28], 5) is None
    nfsv3 = peek_call(call(5, 7, BODY, auth_sys(b"c"), version=3))
    assert nfsv3 is not None
    assert not is_nfs_call(nfsv3)
    callback = peek_call(call(5, 1, BODY, auth_sys(b"c"), program=0x40000001, version=1))
    assert callback is not None
    assert is_nfs_call(callback)


@pytest.mark.parametrize(
    ("at", "value"),
    [(4, 2), (8, 3), (12, 0), (12, 1 << 31), (16, 256), (20, 1024), (24, 99), (28, 401)],
)
def test_an_implausible_field_makes_it_no_call(at: int, value: int) -> None:
    data = bytearray(call(5, 1, BODY, auth_sys(b"client01")))
    data[at : at + 4] = u32(value)
    assert peek_call(bytes(data)) is None


@given(data=st.binary(max_size=120), offset=st.integers(0, 130))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_header_or_none(data: bytes, offset: int) -> None:
    peek_call(data, offset)
    peek_reply(data, offset)
    credential_of(1, data)
    credential_of(6, data)
