"""Opens, locks and delegations, and the names of the files they are on."""

from __future__ import annotations

import pytest

from nfsanalyze.facts.files import Files, files
from scenarios.facts import exchanged
from wire.dialogue import Connection, Session, Wire, op

CLIENTID = 7
OPENED, LOCKED, DELEGATED = (1, b"opened......"), (1, b"locked......"), (1, b"delegated...")


def connection(minor: int = 0) -> Connection:
    return Wire().connect("10.0.0.11:871", "10.0.0.1:2049", minor=minor)


def told(c: Connection) -> Files:
    return files(exchanged(c.wire))


def opened(c: Connection, *, name: str = "db.lock", delegation: str = "NONE") -> None:
    c.compound([op("PUTFH", handle=b"dir"), op("OPEN", clientid=CLIENTID, name=name), "GETFH"]).reply(
        [{}, {"stateid": OPENED, "delegation": delegation, "delegated": DELEGATED}, {"handle": b"file"}]
    )


def kinds(found: Files) -> dict[str, tuple[bytes | None, bool]]:
    """By kind: the name, and whether it is still held."""
    return {held.kind: (held.name, held.until is None) for held in found.held}


def test_an_open_by_name() -> None:
    c = connection()
    opened(c)
    (held,) = told(c).held
    assert (held.kind, held.name, held.filehandle, held.clientid) == (
        "open",
        b"db.lock",
        b"file",
        CLIENTID.to_bytes(8, "big"),
    )


def test_an_open_with_a_delegation() -> None:
    c = connection()
    opened(c, delegation="WRITE")
    assert kinds(told(c)) == {"open": (b"db.lock", True), "delegation": (b"db.lock", True)}


def test_a_lock_takes_its_name_from_the_handle() -> None:
    c = connection()
    opened(c)
    c.compound([op("PUTFH", handle=b"file"), op("LOCK", open_stateid=OPENED, clientid=CLIENTID)]).reply(
        [{}, {"stateid": LOCKED}]
    )
    assert kinds(told(c))["lock"] == (b"db.lock", True)


def test_a_reclaim_takes_its_name_from_the_open_before() -> None:
    c = connection()
    opened(c)
    c.compound([op("PUTFH", handle=b"file"), op("OPEN", clientid=CLIENTID, claim="CLAIM_PREVIOUS")]).reply(
        [{}, "NFS4ERR_NO_GRACE"]
    )
    found = told(c)
    assert found.names == {b"file": b"db.lock"}
    (reclaim,) = found.reclaims
    assert (reclaim.name, reclaim.claim, reclaim.status) == (b"db.lock", "CLAIM_PREVIOUS", 10033)


def test_a_close_gives_back_the_open_and_its_locks() -> None:
    c = connection()
    opened(c, delegation="READ")
    c.compound([op("PUTFH", handle=b"file"), op("LOCK", open_stateid=OPENED, clientid=CLIENTID)]).reply(
        [{}, {"stateid": LOCKED}]
    )
    c.compound([op("PUTFH", handle=b"file"), op("CLOSE", stateid=OPENED)]).reply([{}, {"stateid": OPENED}])
    assert {kind: held for kind, (_, held) in kinds(told(c)).items()} == {
        "open": False,
        "lock": False,
        "delegation": True,
    }
    c.compound([op("PUTFH", handle=b"file"), op("DELEGRETURN", stateid=DELEGATED)]).reply([{}, {}])
    assert not any(held for _, held in kinds(told(c)).values())


def test_a_close_that_was_refused_gives_nothing_back() -> None:
    c = connection()
    opened(c)
    c.compound([op("PUTFH", handle=b"file"), op("CLOSE", stateid=OPENED)]).reply([{}, "NFS4ERR_BAD_STATEID"])
    assert kinds(told(c)) == {"open": (b"db.lock", True)}


def test_a_v41_open_belongs_to_its_session_not_to_the_clientid_it_names() -> None:
    """RFC 8881 section 18.16: the server ignores the clientid in an open owner."""
    c = connection(1)
    session = Session(session=bytes(range(16)))
    c.compound([op("PUTFH", handle=b"dir"), op("OPEN", clientid=99, name="f"), "GETFH"], session=session).reply(
        [{}, {"stateid": OPENED}, {"handle": b"file"}]
    )
    (held,) = told(c).held
    assert (held.clientid, held.session) == (None, session.session)


@pytest.mark.parametrize("claim", ["CLAIM_PREVIOUS", "CLAIM_DELEGATE_PREV", "CLAIM_DELEG_PREV_FH"])
def test_claims_that_reclaim(claim: str) -> None:
    c = connection()
    c.compound([op("PUTFH", handle=b"file"), op("OPEN", clientid=CLIENTID, claim=claim)]).reply([{}, {}])
    assert [r.claim for r in told(c).reclaims] == [claim]


@pytest.mark.parametrize("claim", ["CLAIM_NULL", "CLAIM_FH", "CLAIM_DELEGATE_CUR", "CLAIM_DELEG_CUR_FH"])
def test_claims_that_do_not(claim: str) -> None:
    c = connection()
    c.compound([op("PUTFH", handle=b"file"), op("OPEN", clientid=CLIENTID, claim=claim)]).reply([{}, {}])
    assert told(c).reclaims == ()


def test_verdicts_of_test_stateid() -> None:
    c = connection(1)
    session = Session(session=bytes(range(16)))
    c.call("TEST_STATEID", session=session, stateids=[OPENED, LOCKED]).reply(statuses=[0, 10025])
    assert [(t.other, t.status) for t in told(c).tested] == [(OPENED[1], 0), (LOCKED[1], 10025)]
