"""What clients do after a refusal: the machine step by step, then whole recoveries."""

from __future__ import annotations

import pytest

from nfsanalyze.state.recoveries import TRANSITIONS, Phase, Step
from scenarios.cluster import A1, A2, Cluster
from scenarios.hosts import Host, linux_verifier, renewals
from scenarios.judged import fired, found, judged, rows
from scenarios.recovering import NEW, OLD, SAY, Dialogue
from scenarios.server import Head
from scenarios.stories import one_server, pair, restarted_in_place, take_turns, taken_over
from wire.dialogue import Session, op

IGNORED = {
    # an identity, a session or a confirm without a refusal before it is a mount
    (Phase.IDLE, Step.IDENTITY),
    (Phase.IDLE, Step.SESSION),
    (Phase.IDLE, Step.CONFIRM),
    (Phase.IDLE, Step.FOLLOW_UP),
    # nothing was obtained yet that could be refused again
    (Phase.IDLE, Step.REFUSED_AGAIN),
    (Phase.TRIGGERED, Step.REFUSED_AGAIN),
    # of another mount: this one has nothing to confirm or to reclaim with
    (Phase.TRIGGERED, Step.CONFIRM),
    (Phase.TRIGGERED, Step.FOLLOW_UP),
    (Phase.IDENTIFIED, Step.FOLLOW_UP),
}


WAYS = {
    (Phase.IDLE, 0): [],
    (Phase.IDLE, 1): [],
    (Phase.TRIGGERED, 0): [Step.REFUSED],
    (Phase.TRIGGERED, 1): [Step.REFUSED],
    (Phase.IDENTIFIED, 0): [Step.REFUSED, Step.IDENTITY],
    (Phase.IDENTIFIED, 1): [Step.REFUSED, Step.IDENTITY],
    (Phase.CONFIRMED, 0): [Step.REFUSED, Step.IDENTITY, Step.CONFIRM],
    (Phase.CONFIRMED, 1): [Step.REFUSED, Step.IDENTITY, Step.SESSION],
}
ONLY = {Step.SESSION: 1, Step.CONFIRM: 0}
CASES = [
    (phase, step, minor)
    for phase in Phase
    for step in Step
    for minor in (0, 1)
    if ONLY.get(step, minor) == minor and not (step is Step.REFUSED_AGAIN and phase in (Phase.IDLE, Phase.TRIGGERED))
]


def test_every_step_in_every_phase_is_decided() -> None:
    assert set(TRANSITIONS) | IGNORED == {(phase, step) for phase in Phase for step in Step}
    assert not set(TRANSITIONS) & IGNORED


@pytest.mark.parametrize(("phase", "step", "minor"), CASES, ids=[f"{p.value}, {s.value}, v4.{m}" for p, s, m in CASES])
def test_the_machine_goes_as_its_table_says(phase: Phase, step: Step, minor: int) -> None:
    d = Dialogue(minor)
    for earlier in WAYS[phase, minor]:
        SAY[earlier](d)
    SAY[step](d)
    after = TRANSITIONS.get((phase, step), phase)
    told = rows(judged(d.cluster), "recoveries")
    opened = after is Phase.TRIGGERED and phase in (Phase.IDLE, Phase.CONFIRMED)
    assert len(told) == (phase is not Phase.IDLE) + opened
    if not told:
        return
    last = told[-1]
    reached = phase if after is Phase.IDLE else after
    assert (last["new_clientid"] is not None) == (
        reached is Phase.IDENTIFIED or (reached is Phase.CONFIRMED and (phase, step) != (Phase.TRIGGERED, Step.SESSION))
    )
    assert (last["confirm_frame"] is not None) == (reached is Phase.CONFIRMED)
    if len(told) == 2:
        assert told[0]["outcome"] == "repeated"


class TestOutcome:
    def outcome(self, d: Dialogue) -> list[str]:
        return [row["outcome"] for row in rows(judged(d.cluster), "recoveries")]

    def test_a_new_session_is_enough_where_the_clientid_lives(self) -> None:
        d = Dialogue(1)
        d.refused()
        d.made()
        d.sequence(NEW)
        assert self.outcome(d) == ["session-only"]

    @pytest.mark.parametrize("minor", [0, 1])
    def test_recovered(self, minor: int) -> None:
        d = Dialogue(minor)
        for step in (Step.REFUSED, Step.IDENTITY, Step.SESSION if minor else Step.CONFIRM, Step.FOLLOW_UP):
            SAY[step](d)
        assert self.outcome(d) == ["recovered"]

    def test_open_at_the_end_of_the_capture(self) -> None:
        d = Dialogue(0)
        d.refused()
        assert self.outcome(d) == ["open"]

    def test_failed_where_nothing_followed_for_long(self) -> None:
        d = Dialogue(0)
        d.refused()
        for _ in range(5):
            d.cluster.wait(60)
            d.connection.call("LOOKUP", name="x").reply("NFS4ERR_NOENT")
        assert self.outcome(d) == ["failed"]

    def test_a_step_much_later_belongs_to_no_recovery(self) -> None:
        d = Dialogue(0)
        d.refused()
        d.cluster.wait(400)
        d.identity()
        d.confirm()
        (recovery,) = rows(judged(d.cluster), "recoveries")
        assert recovery["new_clientid"] is None

    @pytest.mark.parametrize("name", ["FREE_STATEID", "TEST_STATEID"])
    def test_a_test_of_stateids_begins_none(self, name: str) -> None:
        d = Dialogue(1)
        values = {"stateids": [(1, b"x")]} if name == "TEST_STATEID" else {"stateid": (1, b"x")}
        d.connection.call(name, session=Session(session=OLD), **values).reply("NFS4ERR_EXPIRED")
        assert self.outcome(d) == []

    def test_a_destroyed_session_begins_none(self) -> None:
        d = Dialogue(1)
        d.connection.compound([op("DESTROY_SESSION", session=OLD)]).reply("NFS4ERR_BADSESSION")
        assert self.outcome(d) == []


class TestDetection:
    @pytest.mark.parametrize("minor", [0, 1])
    def test_none_in_a_recovery_after_a_takeover(self, minor: int) -> None:
        p = pair(minor=minor, uniform=True)
        taken_over(p)
        (recovery,) = rows(judged(p.cluster), "recoveries")
        assert (recovery["detection"], recovery["live_at"], recovery["takeover_kind"]) == ("none", A1, "takeover")
        assert recovery["confirm_frame"] is not None

    def test_done_where_the_confirm_went_to_the_other_address(self) -> None:
        p = pair(uniform=True)
        p.cluster.fail(A2)
        p.cluster.wait(30)
        p.cluster.serve(A2, p.head_1)
        p.second.reconnect()
        p.second.renew()
        confirm = p.second.setclientid()
        assert confirm is not None
        p.second.setclientid_confirm(confirm, at=p.first)
        renewals(p.cluster, p.first)
        done = judged(p.cluster)
        (recovery,) = rows(done, "recoveries")
        assert recovery["detection"] == "done"
        assert "NFS302" in fired(done)
        assert "NFS301" not in fired(done)

    @pytest.mark.parametrize("bound", [True, False])
    def test_session_trunking_instead_of_a_new_session(self, bound: bool) -> None:
        p = pair(minor=1)
        p.cluster.fail(A2)
        p.cluster.wait(30)
        p.cluster.serve(A2, p.head_1)
        p.second.reconnect()
        p.second.renew()
        p.second.exchange_id()
        assert p.first.session is not None
        if bound:
            p.second.connection.compound([op("BIND_CONN_TO_SESSION", session=p.first.session.session)]).reply(
                [{"session": p.first.session.session}]
            )
        p.second.session = p.first.session
        renewals(p.cluster, p.first, p.second)
        done = judged(p.cluster)
        (recovery,) = rows(done, "recoveries")
        assert recovery["detection"] == "session-trunking"
        assert "NFS301" not in fired(done)
        assert "NFS310" not in fired(done)  # that is for first contact

    def test_not_visible_where_the_answer_is_missing(self) -> None:
        d = Dialogue(0)
        d.refused()
        d.connection.call("SETCLIENTID", owner=b"Linux NFSv4.0 web01", verifier=linux_verifier())
        (recovery,) = rows(judged(d.cluster), "recoveries")
        assert (recovery["detection"], recovery["new_clientid"]) == ("not-visible", None)

    @pytest.mark.parametrize("minor", [0, 1])
    def test_nothing_to_detect_after_a_restart(self, minor: int) -> None:
        p = pair(minor=minor, uniform=True)
        restarted_in_place(p)
        done = judged(p.cluster)
        (recovery,) = rows(done, "recoveries")
        assert (recovery["live_at"], recovery["outcome"]) == (None, "recovered")
        assert "NFS301" not in fired(done)

    @pytest.mark.parametrize("minor", [0, 1])
    def test_an_earlier_detection_excuses_a_later_recovery(self, minor: int) -> None:
        """The client knows already that both addresses are one server (RFC 7931 section 5.8)."""
        p = one_server(minor=1) if minor else one_server(uniform=True)
        if not minor:
            confirm = p.second.setclientid()
            assert confirm is not None
            p.second.setclientid_confirm(confirm, at=p.first)
        renewals(p.cluster, *p.mounts)
        done = judged(p.cluster)
        assert not {"NFS301", "NFS302"} & fired(done)


class TestLoops:
    def test_session_after_session_refused(self) -> None:
        d = Dialogue(1)
        d.refused()
        for number in range(4):
            session = b"session number %02d" % number
            d.made(session[:16])
            d.cluster.wait(5)
            d.sequence(session[:16], "NFS4ERR_BADSESSION")
        done = judged(d.cluster)
        assert [row["outcome"] for row in rows(done, "recoveries")][:-1] == ["repeated"] * 4
        (told,) = found(done, "NFS406")
        assert told.severity == "critical"

    def test_one_refusal_answered_many_times_is_no_loop(self) -> None:
        d = Dialogue(1)
        for _ in range(12):
            d.refused()
        d.connection.compound([op("DESTROY_SESSION", session=OLD)]).reply("NFS4ERR_BADSESSION")
        d.made()
        d.sequence(NEW)
        done = judged(d.cluster)
        assert len(rows(done, "recoveries")) == 1
        assert "NFS406" not in fired(done)

    def test_two_clones_throw_each_other_out(self) -> None:
        cluster = Cluster({A1: Head()})
        one = Host(cluster=cluster, name="clone").mount(A1, minor=1)
        two = Host(cluster=cluster, name="clone", address="10.0.0.12", verifier=linux_verifier(ns=1)).mount(A1, minor=1)
        take_turns(cluster, one, two, turns=6)
        done = judged(cluster)
        assert {row["outcome"] for row in rows(done, "recoveries")} == {"repeated", "recovered"}
        assert "NFS103" in fired(done)


def test_two_addresses_recover_apart() -> None:
    p = one_server(uniform=True)
    for mount in p.mounts:
        mount.connection.call("RENEW", clientid=mount.clientid).reply("NFS4ERR_STALE_CLIENTID")
        mount.identify()
    assert {row["server_address"] for row in rows(judged(p.cluster), "recoveries")} == {A1, A2}
