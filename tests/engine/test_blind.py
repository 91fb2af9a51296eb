"""Where the capture is blind a rule neither accuses nor acquits, and says so."""

from __future__ import annotations

from typing import Any

import pytest
from engine.small import facts, rule

from nfsanalyze.engine.blind import SUBJECTS
from nfsanalyze.engine.finding import NotEvaluable
from nfsanalyze.engine.run import run

CLIENT = {"client": 1, "addresses": ["10.0.0.11"], "hostnames": ["client1"]}
LEASE = {
    "lease": 1,
    "client": 1,
    "server_address": "10.0.0.1",
    "clientid": "0x01",
    "frames": [7],
    "first": 10,
    "last_renewal": 20,
}
HOLE = {
    "client_address": "10.0.0.11",
    "server_address": "10.0.0.1",
    "kind": "loss",
    "first_frame": 12,
    "last_frame": 13,
    "first": 15,
    "last": 16,
    "reason": "packets are missing",
}


def judged(blind: list[dict[str, Any]], **changes: Any) -> tuple[int, list[NotEvaluable]]:
    findings, unjudged = run([rule(**changes)], facts(clients=[CLIENT], leases=[LEASE], blind=blind))
    return len(findings), unjudged


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"client_address": None},
        {"server_address": None},
        {"client_address": None, "server_address": None},
        {"first": 0, "last": 10},
        {"first": 20, "last": 99},
        {"first": 0, "last": 99},
        {"kind": "replies"},
    ],
)
def test_what_touches_a_blind_stretch_is_withheld(change: dict[str, Any]) -> None:
    number, unjudged = judged([{**HOLE, **change}])
    assert number == 0
    assert (
        NotEvaluable(
            rule="NFS900",
            subject="10.0.0.11 (client1) → 10.0.0.1",
            reason="a finding is withheld: packets are missing",
            kinds=(str({**HOLE, **change}["kind"]),),
        )
        in unjudged
    )


@pytest.mark.parametrize(
    "change",
    [
        {"client_address": "10.0.0.12"},
        {"server_address": "10.0.0.2"},
        {"first": 0, "last": 9},
        {"first": 21, "last": 99},
        {"kind": "snaplen"},
    ],
)
def test_what_does_not_touch_it_stands(change: dict[str, Any]) -> None:
    assert judged([{**HOLE, **change}])[0] == 1


def test_a_rule_that_proves_by_what_it_saw_withholds_nothing() -> None:
    number, unjudged = judged([HOLE], withhold=())
    assert (number, unjudged) == (1, [])


def test_a_finding_without_servers_meets_the_blindness_of_all() -> None:
    detect = """SELECT client, CAST(NULL AS VARCHAR) AS servers, clientid AS clientids, frames, first,
                       last_renewal AS last FROM leases"""
    assert judged([{**HOLE, "server_address": "10.0.0.9"}], detect=detect)[0] == 0
    anybody = detect.replace("SELECT client", "SELECT CAST(NULL AS INTEGER) AS client")
    assert judged([{**HOLE, "client_address": "10.0.0.99"}], detect=anybody)[0] == 0


def test_what_could_have_been_missed_is_said_for_each_pair_once() -> None:
    silent = "SELECT client, clientid AS servers, clientid AS clientids, frames FROM leases WHERE lease = 99"
    blind = [
        {**HOLE, "kind": "replies", "reason": "replies are missing"},
        HOLE,
        {**HOLE, "first": 50, "last": 60},
        {**HOLE, "server_address": "10.0.0.2"},
        {**HOLE, "client_address": None, "server_address": None},
        {**HOLE, "client_address": None},
        {**HOLE, "client_address": "10.0.0.12", "kind": "snaplen"},
    ]
    assert [(entry.subject, entry.reason) for entry in judged(blind, detect=silent)[1]] == [
        ("capture", "packets are missing"),
        ("any client → 10.0.0.1", "packets are missing"),
        ("10.0.0.11 → 10.0.0.1", "packets are missing; replies are missing"),
        ("10.0.0.11 → 10.0.0.2", "packets are missing"),
    ]


def test_whom_a_rule_accused_it_did_not_miss() -> None:
    blind = [{**HOLE, "first": 50, "last": 60}, {**HOLE, "first": 50, "last": 60, "client_address": "10.0.0.12"}]
    number, unjudged = judged(blind)
    assert number == 1
    assert [entry.subject for entry in unjudged] == ["10.0.0.12 → 10.0.0.1"]


def test_counts_of_one_reason_are_added() -> None:
    silent = "SELECT client, clientid AS servers, clientid AS clientids, frames FROM leases WHERE lease = 99"
    blind = [{**HOLE, "reason": f"messages were cut ({number})"} for number in (70, 1, 1200)]
    assert judged(blind, detect=silent)[1][0].reason == "messages were cut (1,271)"


def test_many_subjects_are_counted() -> None:
    blind = [{**HOLE, "client_address": f"10.1.{n // 250}.{n % 250}"} for n in range(5000)]
    _, unjudged = judged(blind)
    assert len(unjudged) == SUBJECTS + 1
    assert (unjudged[-1].subject, unjudged[-1].reason) == ("and 4,990 more", "packets are missing")


def test_a_rule_that_watches_nothing_misses_nothing() -> None:
    silent = "SELECT client, clientid AS servers, clientid AS clientids, frames FROM leases WHERE lease = 99"
    assert judged([HOLE], detect=silent, watches=(), withhold=()) == (0, [])


def test_what_is_blind_is_said_also_where_the_facts_are_missing() -> None:
    findings, unjudged = run([rule()], facts(blind=[HOLE]))
    assert findings == []
    assert [entry.subject for entry in unjudged] == ["10.0.0.11 → 10.0.0.1"]
