"""OPENs as rows: what was asked under which id, and what was answered."""

from __future__ import annotations

from nfsanalyze.facts.opens import opens
from scenarios.facts import traced
from wire.dialogue import Session, Wire, op

SESSION = bytes(range(16))


def test_an_open_by_clientid_and_one_by_session() -> None:
    wire = Wire()
    old = wire.connect("10.0.0.11:871", "10.0.0.1:2049")
    asked = old.compound([op("PUTFH"), op("OPEN", clientid=7)]).reply([{}, {}])
    new = wire.connect("10.0.0.11:872", "10.0.0.1:2049", minor=1)
    new.compound([op("PUTFH"), op("OPEN")], session=Session(session=SESSION)).reply([{}, "NFS4ERR_GRACE"])
    trace = traced(wire)
    found = opens(trace)
    assert found.status.tolist() == [0, 10013]
    assert [trace.keys[key] for key in found.key.tolist()] == [(7).to_bytes(8, "big"), SESSION]
    assert (trace.frame(int(found.call[0])), trace.frame(int(found.reply[0]))) == (asked.frame, asked.answer)
    assert 0 < found.time[0] < found.told[0]


def test_reclaims_repetitions_and_what_nobody_answered() -> None:
    wire = Wire()
    c = wire.connect("10.0.0.11:871", "10.0.0.1:2049")
    reclaim = c.compound([op("PUTFH"), op("OPEN", clientid=7, claim="CLAIM_PREVIOUS")])
    c.repeat(reclaim)
    c.compound([op("PUTFH"), op("OPEN", clientid=7)]).reply(["NFS4ERR_STALE"])
    found = opens(traced(wire))
    assert found.reclaim.tolist() == [True, False]
    assert (found.told > 0).tolist() == [False, True]
    assert found.status.tolist() == [-1, -1]


def test_a_capture_without_any() -> None:
    wire = Wire()
    wire.connect("10.0.0.11:871", "10.0.0.1:2049").call("RENEW", clientid=7).reply()
    assert len(opens(traced(wire))) == 0
