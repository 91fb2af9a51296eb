"""Reclaims: what is refused for good, and what is only put off."""

from __future__ import annotations

import pytest

from nfsanalyze.analysis import Analysis
from nfsanalyze.state.recoveries import Step
from scenarios.cluster import A1, A2, Cluster
from scenarios.hosts import Host
from scenarios.judged import fired, judged, rows
from scenarios.recovering import NEW, SAY, Dialogue
from scenarios.server import Head, second
from wire.dialogue import Session, op
from wire.numbers import status_number


class TestReclaims:
    def recovering(self) -> Dialogue:
        d = Dialogue(0)
        for step in (Step.REFUSED, Step.IDENTITY, Step.CONFIRM):
            SAY[step](d)
        return d

    def claim(self, d: Dialogue, status: str, *, handle: bytes = b"f1", claim: str = "CLAIM_PREVIOUS") -> None:
        asked = op("OPEN", clientid=d.clientid, claim=claim)
        d.connection.compound([op("PUTFH", handle=handle), asked]).reply([{}, {} if status == "OK" else status])

    def told(self, d: Dialogue) -> tuple[Analysis, tuple[int, int, str]]:
        done = judged(d.cluster)
        (recovery,) = rows(done, "recoveries")
        return done, (recovery["reclaims"], recovery["reclaims_failed"], recovery["outcome"])

    @pytest.mark.parametrize("status", ["NFS4ERR_GRACE", "NFS4ERR_DELAY"])
    def test_a_request_to_come_back_is_no_failure(self, status: str) -> None:
        d = self.recovering()
        for _ in range(3):
            self.claim(d, status)
            d.cluster.wait(5)
        self.claim(d, "OK")
        done, told = self.told(d)
        assert told == (4, 0, "recovered")
        assert "NFS208" not in fired(done)

    @pytest.mark.parametrize("status", ["NFS4ERR_NO_GRACE", "NFS4ERR_RECLAIM_BAD", "NFS4ERR_RECLAIM_CONFLICT"])
    @pytest.mark.parametrize("claim", ["CLAIM_PREVIOUS", "CLAIM_DELEGATE_PREV"])
    def test_a_final_refusal_is_one(self, status: str, claim: str) -> None:
        d = self.recovering()
        self.claim(d, "NFS4ERR_GRACE", claim=claim)
        self.claim(d, status, claim=claim)
        done, told = self.told(d)
        assert told == (2, 1, "recovered-with-loss")
        assert [row["status_name"] for row in rows(done, "reclaims", final=True)] == [status]
        assert "NFS208" in fired(done)

    def test_a_refusal_that_was_overcome_is_none(self) -> None:
        d = self.recovering()
        self.claim(d, "NFS4ERR_NO_GRACE")
        self.claim(d, "OK")
        done, told = self.told(d)
        assert told == (2, 0, "recovered")
        assert "NFS208" not in fired(done)

    def test_of_one_file_does_not_excuse_another(self) -> None:
        d = self.recovering()
        self.claim(d, "NFS4ERR_NO_GRACE", handle=b"f1")
        self.claim(d, "OK", handle=b"f2")
        assert self.told(d)[1] == (2, 1, "recovered-with-loss")

    def test_locks_count_too(self) -> None:
        d = self.recovering()
        self.claim(d, "OK")
        asked = op("LOCK", open_stateid=(1, b"o"), clientid=d.clientid, reclaim=True)
        d.connection.compound([op("PUTFH", handle=b"f1"), asked]).reply([{}, "NFS4ERR_RECLAIM_CONFLICT"])
        done, told = self.told(d)
        assert told == (2, 1, "recovered-with-loss")
        assert [row["claim"] for row in rows(done, "reclaims")] == ["CLAIM_PREVIOUS", "LOCK reclaim"]
        assert "NFS208" in fired(done)

    def test_complete_already_is_no_failure(self) -> None:
        d = Dialogue(1)
        for step in (Step.REFUSED, Step.IDENTITY, Step.SESSION):
            SAY[step](d)
        d.connection.call("RECLAIM_COMPLETE", session=Session(session=NEW)).reply("NFS4ERR_COMPLETE_ALREADY")
        done = judged(d.cluster)
        (recovery,) = rows(done, "recoveries")
        assert recovery["complete_already_frame"] is not None
        assert (recovery["reclaims_failed"], recovery["outcome"]) == (0, "recovered")
        assert not {"NFS208", "NFS209"} & fired(done)


def test_a_revoked_delegation_is_lost_without_a_recovery() -> None:
    cluster = Cluster({A1: Head()})
    mount = Host(cluster=cluster).mount(A1, minor=1, name=None)
    given = (1, b"delegation01")
    ask = [op("PUTFH", handle=b"root"), op("OPEN", owner=b"o", name="report"), "GETFH"]
    answer = {"stateid": (1, b"open-of-it01"), "delegation": "READ", "delegated": given}
    mount.connection.compound(ask, session=mount.session).reply([{}, answer, {"handle": b"report"}])
    cluster.wait(30)
    mount.connection.compound([op("TEST_STATEID", stateids=[given])], session=mount.session).reply(
        [{"statuses": [status_number("NFS4ERR_DELEG_REVOKED")]}]
    )
    (lost,) = rows(judged(cluster), "lost_state")
    assert (lost["kind"], lost["name"], lost["recovery"]) == ("delegation", "report", None)
    assert lost["status_name"] == "NFS4ERR_DELEG_REVOKED"


def test_what_was_revoked_is_named_by_who_held_it() -> None:
    """Two servers, or one for two clients, may give out equal stateids."""
    cluster = Cluster({A1: Head(), A2: Head(name=b"hn2", booted=second("2026-11-21T21:13:42"))})
    host = Host(cluster=cluster, uniform=True)
    given = (1, b"delegation01")
    mounts = [host.mount(address, minor=1, name=None) for address in (A1, A2)]
    for mount, name in zip(mounts, ("report", "budget"), strict=True):
        ask = [op("PUTFH", handle=b"root"), op("OPEN", owner=b"o", name=name), "GETFH"]
        answer = {"stateid": (1, b"open-of-" + name[:4].encode()), "delegation": "READ", "delegated": given}
        mount.connection.compound(ask, session=mount.session).reply([{}, answer, {"handle": name.encode()}])
    cluster.wait(30)
    mounts[0].connection.compound([op("TEST_STATEID", stateids=[given])], session=mounts[0].session).reply(
        [{"statuses": [status_number("NFS4ERR_DELEG_REVOKED")]}]
    )
    (lost,) = rows(judged(cluster), "lost_state")
    assert (lost["server_address"], lost["name"]) == (A1, "report")
