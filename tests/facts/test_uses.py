"""What renews a lease (RFC 7530 section 9.5, RFC 8881 section 8.3), with what came back."""

from __future__ import annotations

import pytest

from dissect.nfs4.batch import NO_STATUS
from nfsanalyze.facts.trace import Trace
from nfsanalyze.facts.uses import HOW_NAMES, How, accepted, uses
from scenarios.facts import traced
from wire.dialogue import Connection, Session, Wire, op

CLIENTID = 0x1122334455667788
HELD = (1, b"a stateid...")
SESSION = bytes(range(16))


def connection(minor: int = 0) -> Connection:
    return Wire().connect("10.0.0.11:871", "10.0.0.1:2049", minor=minor)


def told(c: Connection) -> list[tuple[str, bytes, int]]:
    """(how, key, status) of every use, in order."""
    trace: Trace = traced(c.wire)
    found = uses(trace)
    columns = zip(found.how.tolist(), found.key.tolist(), found.status.tolist(), strict=True)
    return [(HOW_NAMES[How(how)], trace.keys[key], status) for how, key, status in columns]


def test_renew() -> None:
    c = connection()
    c.call("RENEW", clientid=CLIENTID).reply()
    assert told(c) == [("explicit", CLIENTID.to_bytes(8, "big"), 0)]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("OPEN_CONFIRM", {"stateid": HELD}),
        ("CLOSE", {"stateid": HELD}),
        ("LOCK", {"stateid": HELD}),
        ("LOCKU", {"stateid": HELD}),
        ("READ", {"stateid": HELD}),
        ("WRITE", {"stateid": HELD}),
        ("DELEGRETURN", {"stateid": HELD}),
    ],
)
def test_operations_with_a_stateid(name: str, values: dict[str, object]) -> None:
    c = connection()
    outcome = {"stateid": HELD} if name in ("OPEN_CONFIRM", "CLOSE", "LOCK", "LOCKU") else {}
    c.compound([op("PUTFH"), op(name, **values)]).reply([{}, outcome])
    assert told(c) == [("state", HELD[1], 0)]


def test_open_counts_by_its_clientid() -> None:
    c = connection()
    c.compound([op("PUTFH"), op("OPEN", clientid=CLIENTID), "GETFH"]).reply([{}, {}, {"handle": b"f"}])
    assert told(c) == [("state", CLIENTID.to_bytes(8, "big"), 0)]


@pytest.mark.parametrize("special", [bytes(12), b"\xff" * 12])
def test_special_stateids_do_not_count(special: bytes) -> None:
    c = connection()
    c.compound([op("PUTFH"), op("READ", stateid=(0, special))]).reply([{}, {}])
    assert told(c) == []


@pytest.mark.parametrize("name", ["GETATTR", "LOOKUP", "ACCESS"])
def test_operations_without_state_do_not_count(name: str) -> None:
    c = connection()
    values = {"name": "f"} if name == "LOOKUP" else {}
    c.compound(["PUTROOTFH", op(name, **values)]).reply([{}, {}])
    assert told(c) == []


def test_setclientid_and_its_confirm_do_not_count() -> None:
    c = connection()
    c.call("SETCLIENTID", owner=b"o", verifier=1).reply(clientid=CLIENTID, confirm=2)
    c.call("SETCLIENTID_CONFIRM", clientid=CLIENTID, confirm=2).reply()
    assert told(c) == []


def test_a_sequence_counts_once_whatever_follows_it() -> None:
    c = connection(1)
    session = Session(session=SESSION)
    c.compound([op("PUTFH"), op("READ", stateid=HELD)], session=session).reply([{}, "NFS4ERR_BAD_STATEID"])
    assert told(c) == [("sequence", SESSION, 0)]


def test_a_refused_sequence() -> None:
    c = connection(1)
    c.compound([], session=Session(session=SESSION)).reply([], sequence_status="NFS4ERR_BADSESSION")
    assert told(c) == [("sequence", SESSION, 10052)]
    assert len(accepted(uses(traced(c.wire)))) == 0


def test_what_a_failed_compound_did_not_reach_has_no_status() -> None:
    c = connection()
    c.compound([op("PUTFH"), op("CLOSE", stateid=HELD)]).reply(["NFS4ERR_STALE"])
    assert told(c) == [("state", HELD[1], NO_STATUS)]


def test_what_came_before_the_failure_was_done() -> None:
    c = connection()
    c.compound([op("PUTFH"), op("WRITE", stateid=HELD), op("GETATTR")]).reply([{}, {}, "NFS4ERR_IO"])
    assert told(c) == [("state", HELD[1], 0)]


def test_an_unanswered_use_has_no_status() -> None:
    c = connection()
    c.call("RENEW", clientid=CLIENTID)
    assert told(c) == [("explicit", CLIENTID.to_bytes(8, "big"), NO_STATUS)]


def test_a_retransmission_counts_once() -> None:
    c = connection()
    c.repeat(c.call("RENEW", clientid=CLIENTID)).reply()
    assert len(told(c)) == 1


def test_a_reply_without_its_call_still_shows_a_session() -> None:
    c = connection(1)
    c.compound([], session=Session(session=SESSION), lost=True).reply([])
    assert told(c) == [("sequence", SESSION, 0)]


@pytest.mark.parametrize(
    ("status", "counts"),
    [("NFS4ERR_CB_PATH_DOWN", True), ("NFS4ERR_LEASE_MOVED", True), ("NFS4ERR_STALE_CLIENTID", False)],
)
def test_warnings_of_a_renew(status: str, counts: bool) -> None:
    c = connection()
    c.call("RENEW", clientid=CLIENTID).reply(status)
    assert (len(accepted(uses(traced(c.wire)))) == 1) == counts


def test_a_minor_version_1_stateid_renews_only_by_its_sequence() -> None:
    c = connection(1)
    c.compound([op("PUTFH"), op("READ", stateid=HELD)]).reply([{}, {}])
    assert told(c) == []
