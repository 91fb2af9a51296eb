"""From rows to findings: subject, evidence, order, and what is withheld."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from engine.small import facts, rule

from dissect.nfs4.batch import CAPTURE_STRIDE
from nfsanalyze.engine.evidence import FIRST_FRAMES, LAST_FRAMES
from nfsanalyze.engine.finding import Finding
from nfsanalyze.engine.rule import RuleError
from nfsanalyze.engine.run import run

S = 1_000_000_000
CLIENT = {"client": 1, "addresses": ["10.0.0.11"], "hostnames": ["client1"]}
LEASE = {"lease": 1, "client": 1, "server_address": "10.0.0.1", "clientid": "0x01", "frames": [7, 9]}
DETECT = "SELECT client, server_address AS servers, clientid AS clientids, frames FROM leases"


def found(detect: str = DETECT, **tables: list[dict[str, Any]]) -> list[Finding]:
    return run([rule(detect=detect)], facts(**tables))[0]


def test_a_finding_has_all_it_needs() -> None:
    (finding,) = found(
        captures=[{"capture": "a.pcap"}],
        clients=[CLIENT],
        leases=[LEASE],
        events=[
            {"frame": 7, "time": 70, "note": "RENEW accepted"},
            {"frame": 9, "time": 90, "note": "RENEW"},
            {"frame": 9, "time": 90, "note": "answered EXPIRED"},
        ],
    )
    assert finding.client == "c1"
    assert finding.message == "10.0.0.11 (client1) said nothing at 10.0.0.1 for 0x01"
    assert (finding.servers, finding.clientids, finding.frames) == (("10.0.0.1",), ("0x01",), (7, 9))
    assert (finding.capture, finding.filter) == ("a.pcap", "frame.number in {7, 9}")
    assert (finding.first, finding.last) == (70 * S, 90 * S)
    assert [(e.capture, e.frame, e.time, e.note) for e in finding.evidence] == [
        ("a.pcap", 7, 70 * S, "RENEW accepted"),
        ("a.pcap", 9, 90 * S, "RENEW; answered EXPIRED"),
    ]
    assert (finding.severity, finding.confidence, finding.title) == ("medium", "high", "A client says nothing")
    assert finding.fix == "fix"


def test_the_row_may_say_when_and_how_bad() -> None:
    detect = (
        "SELECT client, server_address AS servers, clientid AS clientids, frames, first, last_renewal AS last, "
        "'critical' AS severity, 'low' AS confidence FROM leases"
    )
    (finding,) = found(detect, leases=[{**LEASE, "first": 5, "last_renewal": 80}], events=[{"frame": 7, "time": 70}])
    assert (finding.first, finding.last) == (5 * S, 80 * S)
    assert (finding.severity, finding.confidence) == ("critical", "low")


OTHERS = (
    "SELECT MIN(client) AS client, ARRAY_AGG(client) AS others, MIN(server_address) AS servers, clientid AS clientids, "
    "ARRAY_AGG(frames) AS frames FROM leases GROUP BY clientid"
)
TWO = {"clients": [CLIENT, {"client": 2, "addresses": ["10.0.0.12"]}], "leases": [LEASE, {**LEASE, "client": 2}]}


def test_a_finding_may_be_about_several_clients() -> None:
    (finding,) = found(OTHERS, **TWO)
    assert (finding.client, finding.other_clients) == ("c1", ("c2",))


def test_what_is_hidden_of_any_client_it_is_about_withholds_it() -> None:
    hidden = {"client_address": "10.0.0.12", "server_address": "10.0.0.1", "kind": "loss", "first": 0, "last": 99}
    assert found(OTHERS, **TWO, blind=[hidden]) == []
    assert found(OTHERS, **TWO, blind=[{**hidden, "client_address": "10.0.0.13"}])


def test_one_finding_of_two_clients_names_both() -> None:
    """Two instances of one host and name have one fingerprint."""
    twin = {**CLIENT, "client": 2}
    (finding,) = found(clients=[CLIENT, twin], leases=[LEASE, {**LEASE, "client": 2, "lease": 2}])
    assert (finding.client, finding.other_clients) == ("c1", ("c2",))


def test_a_severity_nobody_knows_is_an_error() -> None:
    with pytest.raises(RuleError, match='severity "awful" is none of note, low, medium, high, critical'):
        found(
            "SELECT client, clientid AS servers, clientid AS clientids, frames, 'awful' AS severity FROM leases",
            leases=[LEASE],
        )


def test_evidence_comes_from_other_tables_where_no_event_tells() -> None:
    (finding,) = found(
        leases=[LEASE],
        signals=[{"frame": 7, "time": 70, "note": "a new MAC"}],
        blind=[{"kind": "end", "first_frame": 9, "first": 90, "reason": "the file breaks off"}],
    )
    assert [(e.frame, e.note) for e in finding.evidence] == [(7, "a new MAC"), (9, "the file breaks off")]


def test_without_any_time_the_capture_tells_when() -> None:
    (finding,) = found(captures=[{"capture": "a.pcap", "first": 3}], leases=[LEASE])
    assert (finding.first, finding.last, finding.evidence) == (3 * S, 3 * S, ())


def test_an_unknown_client_is_none() -> None:
    detect = (
        "SELECT CAST(NULL AS INTEGER) AS client, server_address AS servers, clientid AS clientids, frames FROM leases"
    )
    (finding,) = found(detect, clients=[CLIENT], leases=[LEASE])
    assert finding.client is None
    assert finding.message.startswith("a client said")
    (finding,) = found(leases=[LEASE])
    assert (finding.client, finding.message[:8]) == ("c1", "client 1")


def test_frames_of_several_columns_are_joined_and_those_of_no_frame_left_out() -> None:
    detect = """SELECT client, clientid AS servers, clientid AS clientids, ARRAY_AGG(frames) AS frames,
                       established_frame, confirmed_frame AS confirm_frame
                FROM leases GROUP BY client, clientid, established_frame, confirmed_frame"""
    (finding,) = found(
        detect,
        leases=[
            {**LEASE, "frames": [9, 7, 9, 0], "established_frame": 3},
            {**LEASE, "frames": [8], "established_frame": 3},
        ],
    )
    assert finding.frames == (3, 7, 8, 9)


def test_a_finding_of_two_captures_is_cited_by_the_one_that_shows_more() -> None:
    (finding,) = found(
        captures=[{"capture": "a.pcap"}, {"capture": "b.pcap"}],
        leases=[{**LEASE, "frames": [7, CAPTURE_STRIDE + 2, CAPTURE_STRIDE + 3]}],
        events=[
            {"frame": 7, "time": 70, "note": "at the first tap"},
            {"frame": CAPTURE_STRIDE + 2, "time": 20, "note": "at the second"},
        ],
    )
    assert (finding.capture, finding.frames, finding.filter) == ("b.pcap", (2, 3), "frame.number in {2, 3}")
    assert [(e.capture, e.frame, e.note) for e in finding.evidence] == [
        ("b.pcap", 2, "at the second"),
        ("a.pcap", 7, "at the first tap"),
    ]


def test_the_first_and_last_of_many_frames_are_kept() -> None:
    (finding,) = found(leases=[{**LEASE, "frames": list(range(1, 1001))}])
    assert len(finding.frames) == FIRST_FRAMES + LAST_FRAMES
    assert (finding.frames[0], finding.frames[FIRST_FRAMES - 1], finding.frames[-1]) == (1, FIRST_FRAMES, 1000)


def test_a_row_without_frames_is_said_and_not_lost() -> None:
    findings, unjudged = run([rule(detect=DETECT)], facts(clients=[CLIENT], leases=[{**LEASE, "frames": []}]))
    assert findings == []
    assert [(entry.subject, entry.reason) for entry in unjudged] == [
        ("10.0.0.11 (client1) → 10.0.0.1", "the facts it rests on name no frame")
    ]


def test_rows_about_one_subject_are_one_finding() -> None:
    detect = f"{DETECT.replace(' FROM', ', lease_time_source AS severity, first, last_renewal AS last FROM')}"
    (finding,) = found(
        detect,
        leases=[
            {**LEASE, "frames": [7], "lease_time_source": "low", "first": 1, "last_renewal": 2},
            {**LEASE, "frames": [8], "lease_time_source": "high", "first": 3, "last_renewal": 4},
            {**LEASE, "frames": [9], "lease_time_source": "low", "first": 5, "last_renewal": 6},
        ],
    )
    assert (finding.severity, finding.frames) == ("high", (7, 8, 9))
    assert finding.message.endswith("(2 more like it)")
    assert (finding.first, finding.last) == (1 * S, 6 * S)


def test_the_id_is_of_the_subject_and_not_of_the_frames() -> None:
    (one,) = found(clients=[CLIENT], leases=[LEASE])
    (again,) = found(clients=[{**CLIENT, "client": 5}], leases=[{**LEASE, "client": 5, "frames": [700]}])
    (other,) = found(clients=[{**CLIENT, "addresses": ["10.0.0.12"]}], leases=[LEASE])
    assert one.id == again.id != other.id
    assert len(one.id) == 16


def test_the_worst_stands_first_and_every_run_is_the_same() -> None:
    rows = [
        {**LEASE, "clientid": f"0x{n:02x}", "frames": [100 - n], "lease_time_source": ("low", "high")[n % 2]}
        for n in range(20)
    ]
    detect = DETECT.replace(" FROM", ", lease_time_source AS severity FROM")
    rules = [rule(detect=detect), replace(rule(detect=detect), id="NFS901", name="another")]
    runs = [run(rules, facts(leases=rows[::step]))[0] for step in (1, -1, 1)]
    assert runs[0] == runs[1] == runs[2]
    assert [(f.severity, f.rule) for f in runs[0][::10]] == [
        ("high", "NFS900"),
        ("high", "NFS901"),
        ("low", "NFS900"),
        ("low", "NFS901"),
    ]
    assert [f.frames[0] for f in runs[0][:10]] == sorted(f.frames[0] for f in runs[0][:10])


def test_a_rule_runs_only_where_its_tables_have_rows() -> None:
    broken = rule(detect="SELECT nothing FROM leases")
    assert run([broken], facts(leases=[])) == ([], [])
    assert run([broken], {}) == ([], [])
    with pytest.raises(RuleError, match='no column "nothing"'):
        run([broken], facts(leases=[LEASE]))
