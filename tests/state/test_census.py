"""What an address answered when, and when it answered nobody."""

from __future__ import annotations

import pytest

from nfsanalyze.facts.roles import links
from nfsanalyze.state.census import Census, census
from scenarios.facts import traced
from wire.dialogue import Session, Wire

CLIENT, OTHER, SERVER = "10.0.0.11", "10.0.0.12", "10.0.0.1"
SESSION = bytes(range(16))


def counted(w: Wire) -> Census:
    trace = traced(w)
    return census(trace, links(trace))


def test_answers_are_good_in_grace_or_refusals() -> None:
    w = Wire()
    c = w.connect(f"{CLIENT}:871", f"{SERVER}:2049", minor=1)
    session = Session(session=SESSION)
    good = c.call("LOOKUP", session=session, name="f").reply("NFS4ERR_NOENT")
    grace = c.call("OPEN", session=session, name="f").reply("NFS4ERR_GRACE")
    refused = c.compound([], session=session).reply([], sequence_status="NFS4ERR_BADSESSION")
    found = counted(w)
    end = w.time + 1
    last = found.last_good(SERVER, end)
    assert last is not None and last.frame == good.answer
    inside = found.in_grace(SERVER, 0, end)
    assert inside is not None and inside.frame == grace.answer
    assert [(moment.frame, client) for moment, client in found.refusals(SERVER, 0, end)] == [(refused.answer, CLIENT)]


def test_the_first_answer_after_an_outage_is_the_handshake() -> None:
    w = Wire()
    c = w.connect(f"{CLIENT}:871", f"{SERVER}:2049")
    c.call("RENEW", clientid=1).reply()
    since = w.time
    c.call("RENEW", clientid=1)
    w.wait(30)
    again = w.connect(f"{CLIENT}:872", f"{SERVER}:2049")
    shaken = w.time - w.tick
    again.call("RENEW", clientid=1).reply()
    answer = counted(w).first_answer(SERVER, since, w.time)
    assert answer is not None and answer.time == shaken


@pytest.mark.parametrize("minutes", [1, 5])
def test_a_silence_counts_from_the_first_request_that_nobody_answers(minutes: int) -> None:
    w = Wire()
    c = w.connect(f"{CLIENT}:871", f"{SERVER}:2049")
    c.call("RENEW", clientid=1).reply()
    since = w.time
    w.wait(40)  # nobody asks: no silence of the server
    asked = c.call("RENEW", clientid=1)
    for _ in range(minutes):
        w.wait(60)
        c.repeat(asked)
    until = w.time
    asked.reply()
    found = counted(w)
    assert found.unanswered(SERVER, since, until) == pytest.approx(minutes * 60 * 10**9, rel=0.01)
    assert found.unanswered(SERVER, since, since + 30 * 10**9) == 0


def test_an_answer_to_anybody_ends_a_silence() -> None:
    w = Wire()
    c = w.connect(f"{CLIENT}:871", f"{SERVER}:2049")
    other = w.connect(f"{OTHER}:871", f"{SERVER}:2049")
    since = w.time
    c.call("RENEW", clientid=1)
    for _ in range(10):
        w.wait(10)
        other.call("RENEW", clientid=2).reply()
    assert counted(w).unanswered(SERVER, since, w.time) <= 11 * 10**9


def test_callbacks_are_no_answers_of_a_server() -> None:
    w = Wire()
    w.connect(f"{CLIENT}:871", f"{SERVER}:2049").call("RENEW", clientid=1).reply()
    back = w.connect(f"{SERVER}:900", f"{CLIENT}:41389", machinename=None)
    back.callback([("CB_RECALL_ANY", {})]).reply()
    found = counted(w)
    assert found.last_good(CLIENT, w.time) is None


def test_an_address_nobody_asked() -> None:
    found = counted(Wire())
    assert (found.last_good(SERVER, 9), found.first_answer(SERVER, 0, 9), found.unanswered(SERVER, 0, 9)) == (
        None,
        None,
        0,
    )
