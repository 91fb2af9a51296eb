"""Refusals of clientids, sessions and state, with what exactly was refused."""

from __future__ import annotations

import pytest

from nfsanalyze.facts.errors import StateError, state_errors
from nfsanalyze.facts.roles import links
from nfsanalyze.facts.sequences import slot_errors
from nfsanalyze.facts.trace import Trace
from scenarios.facts import traced
from wire.dialogue import Connection, Session, Wire, op

SESSION = bytes(range(16))


def connection(minor: int = 0) -> Connection:
    return Wire().connect("10.0.0.11:871", "10.0.0.1:2049", minor=minor)


def told(c: Connection) -> list[StateError]:
    trace = traced(c.wire)
    return state_errors(trace, links(trace))


@pytest.mark.parametrize("status", ["NFS4ERR_STALE_CLIENTID", "NFS4ERR_EXPIRED"])
def test_a_clientid(status: str) -> None:
    c = connection()
    call = c.call("RENEW", clientid=7).reply(status)
    (error,) = told(c)
    assert (error.status_name, error.key) == (status, (7).to_bytes(8, "big"))
    assert (error.call_frame, error.frame) == (call.frame, call.answer)


def test_a_stateid_deep_in_a_compound() -> None:
    c = connection(1)
    close = op("CLOSE", stateid=(1, b"gone"))
    c.compound([op("PUTFH"), close], session=Session(session=SESSION)).reply([{}, "NFS4ERR_BAD_STATEID"])
    (error,) = told(c)
    assert (error.key, error.session) == (b"gone".ljust(12, b"\0"), SESSION)


def test_a_session() -> None:
    c = connection(1)
    c.compound(["PUTROOTFH"], session=Session(session=SESSION)).reply([], sequence_status="NFS4ERR_BADSESSION")
    (error,) = told(c)
    assert (error.key, error.session) == (SESSION, SESSION)


def test_a_clientid_in_use_by_another() -> None:
    c = connection()
    c.call("SETCLIENTID", owner=b"o", verifier=1).reply("NFS4ERR_CLID_INUSE", cb="10.0.0.99")
    (error,) = told(c)
    assert error.status_name == "NFS4ERR_CLID_INUSE"


@pytest.mark.parametrize("status", ["NFS4ERR_NOENT", "NFS4ERR_GRACE", "NFS4ERR_DELAY", "NFS4ERR_ACCESS"])
def test_ordinary_failures_are_none(status: str) -> None:
    c = connection()
    c.call("LOOKUP", name="f").reply(status)
    assert told(c) == []


def test_status_flags_are_told_when_they_change() -> None:
    c = connection(1)
    session = Session(session=SESSION)
    for flags in (0, 0x8, 0x8, 0x8, 0, 0x10, 0x1):
        c.compound([], session=session).reply([], sequence_flags=flags)
    assert [(e.flags, e.status, e.status_name) for e in told(c)] == [
        (0x8, None, "SEQ4_STATUS_EXPIRED_ALL_STATE_REVOKED"),
        (0x10, None, "SEQ4_STATUS_EXPIRED_SOME_STATE_REVOKED"),
    ]


def test_a_refusal_whose_call_is_missing() -> None:
    c = connection()
    c.call("RENEW", clientid=7, lost=True).reply("NFS4ERR_STALE_CLIENTID")
    (error,) = told(c)
    assert (error.call_frame, error.key, error.status_name) == (None, None, "NFS4ERR_STALE_CLIENTID")


def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many operations each look into a message gave."""
    looks: list[int] = []
    real = Trace.ops_of

    def ops_of(trace: Trace, row: int) -> range:
        found = real(trace, row)
        looks.append(len(found))
        return found

    monkeypatch.setattr(Trace, "ops_of", ops_of)
    return looks


def test_a_call_is_read_once_however_many_of_its_operations_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = reads(monkeypatch)
    c = connection()
    for first in (0, 500):
        c.compound([op("RENEW", clientid=first + n) for n in range(50)]).reply(["NFS4ERR_STALE_CLIENTID"] * 50)
    assert [e.key for e in told(c)] == [(first + n).to_bytes(8, "big") for first in (0, 500) for n in range(50)]
    assert looks == [50, 50]


def test_the_sequence_of_a_call_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = reads(monkeypatch)
    c = connection(1)
    sequence = op("SEQUENCE", session=SESSION, sequenceid=1, slot=3)
    c.compound([sequence] * 50).reply(["NFS4ERR_BADSLOT"] * 50)
    errors = slot_errors(traced(c.wire))
    assert {(e.session, e.slot) for e in errors} == {(SESSION, 3)}
    assert (len(errors), looks) == (50, [50])
