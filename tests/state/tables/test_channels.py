"""Slots, flags, callbacks, back channels, connections and stalls, as the tables tell them of stories."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from nfsanalyze.analysis import Analysis
from scenarios.cluster import A1, A2
from scenarios.judged import judged, rows
from scenarios.session_scenarios import CB_PORT, DELEGATION, FIRST, HERE, SESSIONS, THERE, beats, v41
from scenarios.stories import pair, restarted_in_place
from scenarios.trunking_scenarios import TRUNKING
from wire.dialogue import op


@cache
def told(name: str) -> Analysis:
    return judged((SESSIONS | TRUNKING)[name].tell())


def only(name: str, table: str, **where: Any) -> dict[str, Any]:
    (row,) = rows(told(name), table, **where)
    return row


class TestFlags:
    def test_a_run_lasts_until_a_reply_without_the_flag(self) -> None:
        run = only("SEQUENCE says that the path is down", "sequence_flags")
        assert (run["flag"], run["session_id"], run["count"], run["server_address"]) == ("CB_PATH_DOWN", FIRST, 4, A1)
        assert run["first_frame"] < run["last_frame"] < run["cleared_frame"]
        assert (run["last"] - run["first"]).total_seconds() == pytest.approx(180, abs=1)

    def test_each_flag_has_runs_of_its_own(self) -> None:
        flags = {r["flag"]: r["count"] for r in rows(told("a flag in one reply"), "sequence_flags")}
        assert flags == {"CB_PATH_DOWN": 1, "CB_PATH_DOWN_SESSION": 1}

    def test_a_flag_that_comes_back_is_another_run(self) -> None:
        w, c, s = v41()
        for flags in (0x400, 0, 0x400, 0x401):
            beats(w, c, s, 1, flags=flags)
        found = rows(judged(w), "sequence_flags")
        assert [(r["flag"], r["count"], r["cleared_frame"] is None) for r in found] == [
            ("BACKCHANNEL_FAULT", 1, False),
            ("BACKCHANNEL_FAULT", 2, True),
            ("CB_PATH_DOWN", 1, True),
        ]

    def test_without_flags_there_is_nothing(self) -> None:
        assert rows(told("a mount of v4.1 at rest"), "sequence_flags") == []


class TestSlots:
    def test_an_error_names_its_slot_and_session(self) -> None:
        errors = rows(told("a slot out of step"), "slot_errors")
        assert {(e["session_id"], e["slot"], e["status_name"]) for e in errors} == {
            (FIRST, 0, "NFS4ERR_SEQ_MISORDERED")
        }
        assert all(e["call_frame"] < e["frame"] and e["recovered_frame"] is None for e in errors)

    def test_a_slot_that_works_again(self) -> None:
        error = only("a slot out of step once", "slot_errors")
        assert error["recovered_frame"] > error["frame"]

    def test_another_host_in_the_session_is_named(self) -> None:
        error = only("a false retry, two hosts", "slot_errors")
        assert (error["client_address"], error["other_address"], error["made_at"]) == (HERE, THERE, A1)
        assert error["other_frame"] < error["frame"]

    def test_another_slot_does_not_cure_it(self) -> None:
        w, c, s = v41()
        c.compound([], session=s, slot=2).reply([], sequence_status="NFS4ERR_BADSLOT")
        c.compound([], session=s, slot=0).reply([])
        (error,) = rows(judged(w), "slot_errors")
        assert (error["slot"], error["recovered_frame"]) == (2, None)


class TestTrunkAttempts:
    @pytest.mark.parametrize(
        ("name", "operation", "claimed"),
        [
            ("a session refused at the other address of one identity", "SEQUENCE", True),
            ("a session refused at another server", "SEQUENCE", False),
            ("a session that cannot be bound at the other address", "BIND_CONN_TO_SESSION", True),
        ],
    )
    def test_the_first_refusal_is_kept_with_what_was_claimed(self, name: str, operation: str, claimed: bool) -> None:
        attempt = only(name, "trunk_attempts")
        assert (attempt["made_at"], attempt["address"], attempt["op"]) == (A1, A2, operation)
        assert (attempt["claimed"], len(attempt["claim_frames"])) == (claimed, 2)
        assert attempt["live_frame"] < attempt["frame"] < attempt["reply_frame"]

    @pytest.mark.parametrize(
        "name", ["a session that is accepted at the other address", "a session that was destroyed at home", "a restart"]
    )
    def test_what_is_no_refusal_of_trunking(self, name: str) -> None:
        assert rows(told(name), "trunk_attempts") == []


class TestVersions:
    def test_each_refusal_with_what_followed(self) -> None:
        found = rows(told("older and older versions"), "version_refusals")
        assert [(r["minor_version"], r["next_version"]) for r in found] == [(2, 0), (1, 0)]
        assert len({r["next_frame"] for r in found}) == 1


class TestReconnects:
    def test_a_series_is_counted(self) -> None:
        series = only("connections reset again and again", "reconnects")
        assert (series["connections"], series["most_a_minute"], series["refused"]) == (6, 6, 6)
        assert len(series["frames"]) == 6

    def test_a_server_that_refuses_to_the_end_makes_one(self) -> None:
        series = only("a server that refuses connections to the end", "reconnects")
        assert (series["connections"], series["refused"]) == (12, 12)

    def test_patience_makes_fewer_a_minute(self) -> None:
        series = only("connections reset with patience", "reconnects")
        assert (series["connections"], series["most_a_minute"]) == (6, 3)

    @pytest.mark.parametrize(
        "name",
        [
            "a monitor that probes the port",
            "short connections that get things done",
            "connections that stay open and idle",
            "a server that refuses connections for a minute",
        ],
    )
    def test_what_makes_no_series(self, name: str) -> None:
        assert rows(told(name), "reconnects") == []


class TestStalls:
    @pytest.mark.parametrize(
        ("name", "step"),
        [
            ("a recovery that stops at once, v4.0", "refused"),
            ("a recovery that stops before it is confirmed, v4.0", "identified"),
            ("a recovery that stops at once, v4.1", "refused"),
            ("a recovery that stops before it has a session", "identified"),
        ],
    )
    def test_how_far_it_came_and_how_long_it_is_silent(self, name: str, step: str) -> None:
        stall = only(name, "stalls")
        assert (stall["step"], stall["server_address"]) == (step, A1)
        assert stall["silence_s"] > 2 * stall["lease_time_s"] == 180
        assert stall["trigger_frame"] <= stall["alive_frame"]


class TestCallbacks:
    def test_every_callback_is_a_row(self) -> None:
        found = rows(told("a delegation returned"), "callbacks")
        assert [(r["op"], r["status_name"]) for r in found] == [("CB_NULL", None), ("CB_RECALL", "NFS4_OK")]
        assert found[1]["stateid"] == DELEGATION[1]
        assert all((r["client_address"], r["server_address"]) == (HERE, A1) for r in found)

    @pytest.mark.parametrize(
        ("name", "outcome"),
        [
            ("a recall that is not answered", "missing"),
            ("a recall that is answered and no more", "missing"),
            ("a delegation returned late", "late"),
            ("a delegation revoked", "revoked"),
            ("a delegation returned", "returned"),
            ("a return that crosses the recall", "returned"),
            ("a recall of what the client does not hold", "given-up"),
            ("a recall just before the end", "open"),
            ("a recall over the session, not returned", "missing"),
            ("a recall over the session, returned", "returned"),
        ],
    )
    def test_what_became_of_a_recall(self, name: str, outcome: str) -> None:
        assert only(name, "callbacks", op="CB_RECALL")["outcome"] == outcome

    def test_a_server_that_restarts_forgets_its_recall(self) -> None:
        p = pair(minor=1)
        session = p.second.session
        assert session is not None
        sequence = op("CB_SEQUENCE", session=session.session)
        p.second.connection.callback([sequence, op("CB_RECALL", stateid=DELEGATION)])
        restarted_in_place(p)
        (recall,) = rows(judged(p.cluster), "callbacks", op="CB_RECALL")
        assert recall["outcome"] == "moved"

    def test_a_refusal_by_rpc_has_its_name(self) -> None:
        found = rows(told("callbacks rejected by RPC"), "callbacks")
        assert {(r["op"], r["status"], r["refused"]) for r in found} == {
            ("CB_NULL", None, "AUTH_ERROR"),
            ("CB_COMPOUND", None, "AUTH_ERROR"),
        }


class TestCallbackPaths:
    @pytest.mark.parametrize(
        ("name", "unroutable"),
        [
            ("a mount of v4.0 at rest", None),
            ("callbacks to any address", "any address"),
            ("callbacks to the loopback", "loopback"),
            ("callbacks to port 0", "port 0"),
            ("callbacks to program 0", "program 0"),
        ],
    )
    def test_where_it_leads(self, name: str, unroutable: str | None) -> None:
        assert only(name, "callback_paths")["unroutable"] == unroutable

    def test_connections_that_nobody_answered_are_counted(self) -> None:
        path = only("callbacks that nobody answers", "callback_paths")
        assert (path["cb_address"], path["cb_port"], path["tries"], path["connected"]) == (HERE, CB_PORT, 3, 0)
        assert len(path["failed_frames"]) == 3
        down = only("callbacks that nobody answers", "callback_downs")
        assert (down["how"], down["count"]) == ("unanswered", 3)

    def test_one_answer_makes_it_good(self) -> None:
        path = only("one callback connection lost, one answered", "callback_paths")
        assert (path["tries"], path["connected"], path["answered"]) == (4, 1, 1)
        assert rows(told("one callback connection lost, one answered"), "callback_downs") == []

    def test_its_own_address_and_a_strangers(self) -> None:
        assert only("callbacks to a stranger", "callback_paths")["own"] is False
        assert {r["own"] for r in rows(told("callbacks to another interface of the client"), "callback_paths")} == {
            True
        }

    def test_what_the_server_says(self) -> None:
        down = only("RENEW says that the path is down", "callback_downs")
        assert (down["how"], down["count"], down["delegations"]) == ("renew", 4, 1)
        assert only("SEQUENCE says that the session's path is down", "callback_downs")["how"] == "sequence"


class TestBackchannels:
    def test_never_granted(self) -> None:
        channel = only("a back channel that is not granted", "backchannels")
        assert (channel["asked"], channel["granted"], channel["lost_frame"]) == (True, False, None)
        assert channel["without_s"] >= 180 and channel["uses"] >= 4

    def test_lost_and_not_bound_again(self) -> None:
        channel = only("a reconnect without binding", "backchannels")
        assert channel["granted"] and channel["lost_frame"] < channel["used_frame"]
        assert (channel["bound_frame"], channel["uses"]) == (None, 5)

    def test_bound_again_at_once(self) -> None:
        channel = only("a reconnect with binding", "backchannels")
        assert channel["bound_frame"] is not None
        assert channel["without_s"] < 1

    @pytest.mark.parametrize("name", ["a mount of v4.1 at rest", "a spare connection ends"])
    def test_one_that_stays_is_enough(self, name: str) -> None:
        assert only(name, "backchannels")["used_frame"] is None


class TestSessions:
    def test_times_and_refusal(self) -> None:
        first, second = rows(told("a session left behind"), "sessions")
        assert first["first"] < first["last"] < second["first"] < second["last"]
        assert first["refused_frame"] is None
        refused = [r for r in rows(told("two hosts with one owner"), "sessions") if r["refused_frame"]]
        assert refused and all(r["refused_frame"] > r["created_frame"] for r in refused)
