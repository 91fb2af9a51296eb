"""SETCLIENTID, EXCHANGE_ID and what confirms, binds and ends a clientid, as rows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfsanalyze.facts.identity import Confirm, client_owners, confirms, principal, uaddr
from nfsanalyze.facts.owners import UNLISTED
from scenarios.facts import exchanged, owners_of
from wire import rpc
from wire.dialogue import Connection, Session, Wire, op

CLIENTID, VERIFIER = 0x1122334455667788, 0x18EA6A5F88AA5FDC
SESSION = bytes(range(16))


def connection(minor: int = 0) -> Connection:
    return Wire().connect("10.0.0.11:871", "10.0.0.1:2049", minor=minor)


def confirmed(c: Connection) -> list[Confirm]:
    return confirms(exchanged(c.wire))


def test_setclientid_with_its_callback_and_answer() -> None:
    c = connection()
    call = c.call("SETCLIENTID", owner=b"Linux NFSv4.0 web01", verifier=VERIFIER, cb="10.0.0.12", cb_port=700, ident=3)
    call.reply(clientid=CLIENTID, confirm=7)
    (o,) = owners_of(c.wire)
    assert (o.op, o.owner, o.verifier, o.status) == (
        "SETCLIENTID",
        b"Linux NFSv4.0 web01",
        VERIFIER.to_bytes(8, "big"),
        0,
    )
    assert (o.cb, o.cb_program, o.cb_ident) == (("10.0.0.12", 700), 0x40000000, 3)
    assert (o.clientid, o.confirm_verifier) == (CLIENTID.to_bytes(8, "big"), (7).to_bytes(8, "big"))
    assert (o.frame, o.reply_frame) == (call.frame, call.answer)
    assert o.principal == "sys:0@client1"


def test_exchange_id_with_what_the_server_says_of_itself() -> None:
    c = connection(1)
    c.call("EXCHANGE_ID", owner=b"Linux NFSv4.1 web01", verifier=VERIFIER, impl=("kernel.org", "Linux 6.1")).reply(
        clientid=CLIENTID, flags=0x80020000, sequenceid=4, minor_id=9, major_id=b"m", scope=b"s\0", impl=("d", "n")
    )
    (o,) = owners_of(c.wire)
    assert (o.op, o.minor, o.eia_flags, o.eir_flags, o.eir_sequenceid) == ("EXCHANGE_ID", 1, 0x101, 0x80020000, 4)
    assert (o.so_major_id, o.so_minor_id, o.eir_server_scope) == (b"m", 9, b"s\0")
    assert (o.impl_domain, o.impl_name) == (b"d", b"n")


@pytest.mark.parametrize("minor", [0, 1])
def test_one_that_was_refused_or_not_answered(minor: int) -> None:
    c = connection(minor)
    name = "EXCHANGE_ID" if minor else "SETCLIENTID"
    c.call(name, owner=b"o", verifier=1).reply("NFS4ERR_CLID_INUSE")
    c.call(name, owner=b"o", verifier=1)
    refused, unanswered = owners_of(c.wire)
    assert (refused.status, refused.clientid) == (10017, None)
    assert (unanswered.status, unanswered.clientid, unanswered.reply_frame) == (None, None, None)


def test_an_owner_that_the_snaplen_cut_says_nothing() -> None:
    c = connection()
    c.call("SETCLIENTID", owner=b"Linux NFSv4.0 web01/10.0.0.1" + b"x" * 200, verifier=VERIFIER).reply(clientid=1)
    (o,) = owners_of(c.wire, snaplen=220)
    assert (o.complete, o.server_hit, o.says.form) == (False, None, UNLISTED)
    assert o.owner.startswith(b"Linux NFSv4.0 web01/10.0.0.1")
    assert o.verifier == VERIFIER.to_bytes(8, "big")


def test_a_setclientid_behind_other_operations() -> None:
    """As Solaris sends it: {PUTROOTFH, GETATTR, SETCLIENTID}."""
    c = connection()
    asked = op("SETCLIENTID", owner=b"o", verifier=1)
    c.compound(["PUTROOTFH", op("GETATTR", attributes=["lease_time"]), asked]).reply(
        [{}, {"lease_time": 90}, {"clientid": CLIENTID}]
    )
    (o,) = owners_of(c.wire)
    assert (o.status, o.clientid) == (0, CLIENTID.to_bytes(8, "big"))


def test_one_that_a_failure_before_it_left_undone() -> None:
    c = connection()
    c.compound(["PUTROOTFH", op("SETCLIENTID", owner=b"o", verifier=1)]).reply(["NFS4ERR_WRONGSEC"])
    (o,) = owners_of(c.wire)
    assert (o.status, o.clientid) == (None, None)


def test_what_makes_binds_and_ends_a_clientid() -> None:
    c = connection(1)
    session = Session(session=SESSION)
    c.call("CREATE_SESSION", clientid=CLIENTID, sequence=5).reply(session=SESSION)
    c.compound([op("BIND_CONN_TO_SESSION", session=SESSION, direction=3)]).reply([{"session": SESSION}])
    c.call("RECLAIM_COMPLETE", session=session).reply("NFS4ERR_COMPLETE_ALREADY")
    c.compound([op("DESTROY_SESSION", session=SESSION)]).reply()
    c.compound([op("DESTROY_CLIENTID", clientid=CLIENTID)]).reply("NFS4ERR_CLIENTID_BUSY")
    assert [(x.op, x.session_id is not None, x.clientid is not None, x.status) for x in confirmed(c)] == [
        ("CREATE_SESSION", True, True, 0),
        ("BIND_CONN_TO_SESSION", True, False, 0),
        ("RECLAIM_COMPLETE", True, False, 10054),
        ("DESTROY_SESSION", True, False, 0),
        ("DESTROY_CLIENTID", False, True, 10074),
    ]


def test_a_session_that_was_refused_has_no_id() -> None:
    c = connection(1)
    c.call("CREATE_SESSION", clientid=CLIENTID).reply("NFS4ERR_STALE_CLIENTID")
    (made,) = confirmed(c)
    assert (made.session_id, made.status) == (None, 10022)


def test_a_retransmitted_request_counts_once() -> None:
    c = connection()
    asked = c.call("SETCLIENTID", owner=b"o", verifier=1)
    c.repeat(asked).reply(clientid=CLIENTID)
    assert len(owners_of(c.wire)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"10.0.0.11.8.1", ("10.0.0.11", 2049)),
        (b"0.0.0.0.0.0", ("0.0.0.0", 0)),
        (b"fd00::11.161.173", ("fd00::11", 41389)),
        (b"", None),
        (b"10.0.0.11", None),
        (b"host.8.1", None),
        (b"10.0.0.11.8.x", None),
        (b"10.0.0.11.8.256", None),
        (b"\xff\xfe.8.1", None),
    ],
)
def test_universal_addresses(text: bytes, said: tuple[str, int] | None) -> None:
    assert uaddr(text) == said


@given(st.binary(max_size=64))
def test_any_bytes_are_an_address_or_none(text: bytes) -> None:
    said = uaddr(text)
    assert said is None or 0 <= said[1] <= 65535


def test_principals() -> None:
    c = Wire().connect("10.0.0.11:871", "10.0.0.1:2049", machinename=None)
    c.call("SETCLIENTID", owner=b"o", verifier=1).reply(clientid=1)
    c.credential = rpc.auth_sys(b"web\x1b01", uid=7)
    c.call("SETCLIENTID", owner=b"o", verifier=1).reply(clientid=1)
    assert [o.principal for o in client_owners(exchanged(c.wire))] == ["flavor 0", "sys:7@web\\x1b01"]
    assert principal(None) is None


def test_who_holds_an_owner_that_is_in_use() -> None:
    c = connection()
    c.call("SETCLIENTID", owner=b"o", verifier=1).reply("NFS4ERR_CLID_INUSE", cb="10.0.0.99", cb_port=700)
    (o,) = owners_of(c.wire)
    assert (o.status, o.holder, o.clientid) == (10017, ("10.0.0.99", 700), None)


def test_reclaim_complete_for_one_filesystem_is_told_from_the_whole() -> None:
    c = connection(1)
    session = Session(session=SESSION)
    c.call("RECLAIM_COMPLETE", session=session).reply()
    c.call("RECLAIM_COMPLETE", session=session, one_fs=True).reply()
    assert [x.flags for x in confirmed(c)] == [0, 1]
