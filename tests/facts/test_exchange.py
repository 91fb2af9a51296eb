"""Calls with their replies: what was executed, what failed, what was never reached."""

from __future__ import annotations

import pytest

from dissect.nfs4 import types as t
from dissect.nfs4.batch import Marks
from scenarios.facts import exchanged
from wire.dialogue import Connection, Session, Wire, op

SESSION = bytes(range(16))


def connection(minor: int = 0) -> Connection:
    return Wire().connect("10.0.0.11:871", "10.0.0.1:2049", minor=minor)


def three(c: Connection, outcomes: list[object]) -> tuple[int | None, ...]:
    c.compound([op("PUTFH"), op("OPEN", clientid=1, name="f"), "GETFH"]).reply(outcomes)  # type: ignore[arg-type]
    (e,) = exchanged(c.wire)
    return tuple(e.status(index) for index in range(3))


@pytest.mark.parametrize(
    ("outcomes", "statuses"),
    [
        ([{}, {}, {"handle": b"f"}], (0, 0, 0)),
        (["NFS4ERR_STALE"], (70, None, None)),
        ([{}, "NFS4ERR_GRACE"], (0, 10013, None)),
        ([{}, {}, "NFS4ERR_NOFILEHANDLE"], (0, 0, 10020)),
    ],
)
def test_the_status_of_each_operation(outcomes: list[object], statuses: tuple[int | None, ...]) -> None:
    assert three(connection(), outcomes) == statuses


def test_without_an_answer_nothing_is_known() -> None:
    c = connection()
    c.call("OPEN", clientid=1, name="f")
    (e,) = exchanged(c.wire)
    assert (e.reply, e.reply_frame, e.reply_time, e.status(0)) == (0, None, None, None)


def test_without_its_call_the_answer_stands_alone() -> None:
    c = connection()
    call = c.call("SETCLIENTID", owner=b"o", verifier=1, lost=True).reply(clientid=7)
    (e,) = exchanged(c.wire)
    assert (e.call, e.args, e.frame) == (0, {}, call.answer)
    assert isinstance(e.results[0], t.SETCLIENTID4resok)


def test_the_session_that_leads_it() -> None:
    c = connection(1)
    c.call("OPEN", session=Session(session=SESSION), name="f").reply()
    (e,) = exchanged(c.wire)
    assert e.session == SESSION


def test_a_retransmission_is_left_out() -> None:
    c = connection()
    asked = c.call("SETCLIENTID", owner=b"o", verifier=1)
    c.repeat(asked).reply(clientid=7)
    assert len(exchanged(c.wire)) == 1


def test_a_refused_credential_is_no_status_of_an_operation() -> None:
    c = connection()
    c.call("SETCLIENTID", owner=b"o", verifier=1).deny()
    (e,) = exchanged(c.wire)
    assert e.status(0) is not None and e.status(0) != 0
    assert e.results == {}


def test_marks_of_both_sides_are_known() -> None:
    c = connection()
    c.call("SETCLIENTID", owner=b"o" * 200, verifier=1).reply(clientid=7)
    (e,) = exchanged(c.wire, snaplen=200)
    assert e.marks & Marks.CUT
