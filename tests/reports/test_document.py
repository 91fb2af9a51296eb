"""The document: what design promises of it, drawn from tables written by hand."""

from __future__ import annotations

import json
import random
from importlib.resources import files
from typing import Any

import jsonschema
import polars as pl
import pytest
from reports.example import (
    HELD,
    LOST,
    NS,
    OWNER,
    START,
    VERIFIER,
    at,
    capture,
    doubt,
    finding,
    request,
    table,
    takeover_tables,
    trunking_gap,
)

from dissect.nfs4.batch import CAPTURE_STRIDE
from nfsanalyze.engine.finding import Evidence
from nfsanalyze.reports.document import document, empty_document
from nfsanalyze.reports.document.implementation import server_implementation
from nfsanalyze.reports.document.leases import longest_silence
from nfsanalyze.reports.json_report import render_json

Document = dict[str, Any]


def schema() -> dict[str, Any]:
    text = (files("nfsanalyze.reports") / "nfsanalyze-1.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def closed(part: Any) -> Any:
    """The schema with no room for a field it does not describe."""
    if isinstance(part, dict):
        inner = {key: closed(value) for key, value in part.items()}
        return {"additionalProperties": False, **inner} if "properties" in part else inner
    return [closed(value) for value in part] if isinstance(part, list) else part


def valid(report: Document) -> Document:
    jsonschema.Draft202012Validator(closed(schema())).validate(json.loads(render_json(report)))
    return report


def case() -> Document:
    return document(takeover_tables(), [trunking_gap(), finding()], [doubt()])


def test_schema_is_a_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_document_is_as_its_schema_describes_it() -> None:
    valid(case())


def test_empty_document_is_valid_and_says_it_is_incomplete() -> None:
    report = valid(empty_document(["x.pcap: not a capture"]))
    assert report["summary"]["complete"] is False
    assert report["summary"]["incomplete"] == ["x.pcap: not a capture"]
    assert all(report[name] == [] for name in ("captures", "clients", "findings", "not_evaluable"))


def test_lists_promised_by_the_contract() -> None:
    expected = {"schema", "tool", "captures", "servers", "clients", "leases", "sessions", "takeovers", "recoveries"}
    assert expected | {"findings", "not_evaluable", "summary"} <= case().keys()


def test_an_owner_keeps_every_short_form_granted_at_its_address() -> None:
    owners = {owner["server_address"]: owner for owner in case()["clients"][0]["owners"]}
    assert owners["10.0.0.1"]["clientids"] == [HELD]
    assert owners["10.0.0.2"]["clientids"] == [LOST, HELD]
    assert owners["10.0.0.2"]["owner_hex"] == OWNER.hex()
    assert owners["10.0.0.1"]["verifiers"] == [VERIFIER]


def test_a_refused_request_grants_nothing() -> None:
    tables = takeover_tables()
    refused = request(87, "10.0.0.3", HELD, status=10017)
    unanswered = request(90, "10.0.0.3", None, status=None, reply_frame=None)
    tables["client_owners"] = table("client_owners", refused, unanswered)
    (owner,) = document(tables, [], [])["clients"][0]["owners"]
    assert owner["clientids"] == []
    assert owner["requests"] == 2


def test_owners_are_told_apart_by_address_port_version_and_bytes() -> None:
    tables = takeover_tables()
    tables["client_owners"] = table(
        "client_owners",
        request(1, "10.0.0.1", HELD),
        request(2, "10.0.0.1", HELD, server_port=20049),
        request(3, "10.0.0.1", HELD, minor_version=1),
        request(4, "10.0.0.1", HELD, owner=b"another"),
        request(5, "10.0.0.1", HELD, client_address="10.0.0.99"),
    )
    assert len(valid(document(tables, [], []))["clients"][0]["owners"]) == 5


def test_an_owner_is_never_lost_with_its_client() -> None:
    tables = takeover_tables()
    tables["clients"] = table("clients")
    (client,) = valid(document(tables, [], []))["clients"]
    assert client["id"] == "c1"
    assert len(client["owners"]) == 2


def test_lease_renewed_at_two_addresses_is_one_lease() -> None:
    held, lost = case()["leases"]
    assert held["renewals_by_address"] == {"10.0.0.1": 7, "10.0.0.2": 4}
    assert held["longest_gap_s"] == 10.5
    assert held["end"] == {"reason": "open", "frame": None}
    assert lost["end"] == {"reason": "moved", "frame": 237}
    assert lost["lease_time_source"] == "assumed"


def run(first: float, last: float, longest: float, count: int = 5) -> dict[str, Any]:
    return {"first": at(first), "last": at(last), "longest_gap_s": longest, "count": count}


@pytest.mark.parametrize(
    ("runs", "longest"),
    [
        ([], None),
        ([run(0, 0, 0.0, count=1)], None),
        ([run(0, 30, 10.0)], 10.0),
        ([run(0, 30, 10.0), run(42, 60, 8.0)], 12.0),
        ([run(42, 60, 20.0), run(0, 30, 10.0)], 20.0),
        ([run(0, 30, 10.0), run(20, 60, 8.0)], None),
    ],
)
def test_longest_silence_is_told_only_where_the_runs_tell_it(runs: list[dict[str, Any]], longest: float | None) -> None:
    assert longest_silence(runs) == longest


def test_a_silence_beyond_the_lease_time_is_the_longest_gap() -> None:
    tables = takeover_tables()
    tables["lease_gaps"] = table(
        "lease_gaps",
        {"lease": 2, "client": 1, "gap_s": 31.5, "after": "expired"},
        {"lease": 2, "client": 1, "gap_s": 17.0, "after": "continued"},
    )
    assert [lease["longest_gap_s"] for lease in document(tables, [], [])["leases"]] == [10.5, 31.5]


def test_server_lists_its_heads_and_what_makes_them_one() -> None:
    first, second = case()["servers"]
    assert [stay["head"] for stay in second["heads"]] == [2, 1]
    assert second["heads"][0]["evidence"] == []
    assert second["heads"][1]["evidence"] == [
        {"proof": "instance", "proven": True, "address": "10.0.0.1", "frames": [12, 242]}
    ]
    assert (first["lease_time_s"], first["lease_time_source"]) == (15.0, "getattr")
    assert second["lease_time_source"] == "assumed"


def test_a_callback_connection_makes_no_server() -> None:
    assert [server["address"] for server in case()["servers"]] == ["10.0.0.1", "10.0.0.2"]


def test_identity_is_the_last_answer_and_that_of_each_head() -> None:
    tables = takeover_tables()
    tables["client_owners"] = table(
        "client_owners",
        request(87, "10.0.0.2", LOST, head=2, so_major_id=b"head2", so_minor_id=0, eir_server_scope=b"head2"),
        request(
            241,
            "10.0.0.2",
            HELD,
            head=1,
            so_major_id=b"head1",
            so_minor_id=7,
            eir_server_scope=b"sc\0",
            impl_domain="kernel.org",
            impl_name="Linux 6.13",
        ),
    )
    server = valid(document(tables, [], []))["servers"][1]
    assert server["identity"] == {
        "so_major_id": b"head1".hex(),
        "so_minor_id": 7,
        "scope": "736300",
        "impl_id": {"domain": "kernel.org", "name": "Linux 6.13"},
    }
    assert [stay["identity"]["so_major_id"] for stay in server["heads"]] == [b"head2".hex(), b"head1".hex()]
    assert server["implementation"] == "Linux nfsd"


BOOT = 1_795_364_700


@pytest.mark.parametrize(
    ("signs", "name"),
    [
        ({"impl_domain": "kernel.org"}, "Linux nfsd"),
        ({"impl_domain": "nfsv41.ietf.org"}, "illumos"),
        ({"impl_domain": "example.org", "so_major_id": b"h", "scope": b"h"}, None),
        ({"so_major_id": b"h", "scope": b"h_NFS-Ganesha\0"}, "NFS-Ganesha"),
        ({"so_major_id": b"h", "scope": b"h_NFS-Ganesha"}, None),
        ({"so_major_id": b"filer 8a3b11f0", "scope": b"filer 8a3b11f0"}, "illumos"),
        ({"so_major_id": b"10.0.0.1.8.1", "scope": b""}, "dCache nfs4j"),
        (
            {"so_major_id": b"0b6a1e52-3c4d-11ee-9d5b-000c29a1b2c3", "scope": b"0b6a1e52-3c4d-11ee-9d5b-000c29a1b2c3"},
            "FreeBSD nfsd",
        ),
        (
            {
                "so_major_id": b"head1",
                "scope": b"head1",
                "instance": BOOT.to_bytes(4, "little").hex(),
                "instance_time": BOOT * NS,
            },
            "Linux nfsd",
        ),
        (
            {
                "so_major_id": b"head1",
                "scope": b"head1",
                "instance": BOOT.to_bytes(4, "big").hex(),
                "instance_time": BOOT * NS,
            },
            None,
        ),
        ({"so_major_id": b"head1", "scope": b"head1"}, None),
        ({}, None),
    ],
)
def test_implementation_by_its_strongest_sign(signs: dict[str, Any], name: str | None) -> None:
    blank: dict[str, Any] = dict.fromkeys(("so_major_id", "scope", "impl_domain", "instance", "instance_time"))
    assert server_implementation(**{**blank, **signs}) == name


def test_takeover_lists_every_signal_with_its_weight() -> None:
    (takeover,) = case()["takeovers"]
    assert (takeover["kind"], takeover["from_head"], takeover["to_head"]) == ("takeover", 2, 1)
    assert [(s["signal"], s["weight"], s["frame"]) for s in takeover["signals"]] == [("S20", -1, 237), ("S9", 6, 242)]


def test_recovery_names_its_trigger_and_what_was_lost() -> None:
    (recovery,) = case()["recoveries"]
    assert recovery["trigger"] == {"status": 10022, "status_name": "NFS4ERR_STALE_CLIENTID", "frame": 237}
    assert recovery["reclaims"] == {"tried": 1, "failed": 1}
    assert recovery["files"] == [
        {"kind": "lock", "name": "locked.txt", "filehandle": "0102", "status_name": "NFS4ERR_NO_GRACE", "frame": 259}
    ]


def test_summary_counts_moves_but_not_restarts() -> None:
    tables = takeover_tables()
    kinds = ("takeover", "failback", "restart", "undetermined")
    rows = [{"takeover": n, "address": "10.0.0.2", "kind": kind, "first_frame": n} for n, kind in enumerate(kinds, 1)]
    tables["takeovers"] = table("takeovers", *rows)
    summary = document(tables, [finding()], [])["summary"]
    assert summary["takeovers"] == 2
    assert summary["findings"] == {"critical": 1, "high": 0, "medium": 0, "low": 0, "note": 0}
    assert summary["complete"] is True


def test_findings_come_most_serious_first() -> None:
    found = [
        finding("NFS302", "note"),
        finding("NFS101", "high"),
        finding("NFS301", "high"),
        finding("NFS208", "critical"),
    ]
    report = document(takeover_tables(), found, [])
    assert [f["rule"] for f in report["findings"]] == ["NFS208", "NFS101", "NFS301", "NFS302"]


def test_a_finding_about_lost_state_carries_the_files_of_its_client_there() -> None:
    critical, _ = case()["findings"]
    assert [entry["name"] for entry in critical["files"]] == ["locked.txt"]
    found = [finding("NFS101", "medium"), finding("NFS208", "critical", client="c9")]
    assert [entry["files"] for entry in document(takeover_tables(), found, [])["findings"]] == [[], []]


def test_times_keep_their_nanoseconds() -> None:
    report = case()
    assert report["captures"][0]["first"] == "2026-11-22T16:25:21.074568400Z"
    assert report["captures"][0]["last"] == "2026-11-22T16:26:27.364867760Z"
    assert report["captures"][0]["duration_s"] == pytest.approx(66.29029936)
    tables = {"captures": table("captures", capture(first=START + 1))}
    assert document(tables, [], [])["captures"][0]["first"].endswith(".074568401Z")


def test_what_was_decoded_and_what_not() -> None:
    (entry,) = case()["captures"]
    assert entry["decoded"] == {"fast": 0, "exact": 190, "tshark": 0}
    assert [(note["reason"], note["count"]) for note in entry["not_decoded"]] == [("unknown operation", 2)]


def test_frames_are_those_of_their_own_capture() -> None:
    untied = {"clock_tie": "none", "clock_group": 1, "clock_offset_s": None, "clock_uncertainty_s": None}
    tables = takeover_tables()
    tables["captures"] = table("captures", capture(), capture(capture="other.pcap", **untied))
    tables["client_owners"] = table("client_owners", request(CAPTURE_STRIDE + 7, "10.0.0.1", HELD))
    elsewhere = Evidence(capture="other.pcap", frame=9, time=at(1), note="SETCLIENTID")
    report = valid(document(tables, [finding(evidence=(elsewhere,))], []))
    owner = report["clients"][0]["owners"][0]
    assert (owner["capture"], owner["first_frame"]) == ("other.pcap", 7)
    assert report["findings"][0]["evidence"][0]["frame"] == 9
    assert [c["clock_offset_s"] for c in report["captures"]] == [0.0, None]


def test_equal_facts_in_any_order_give_equal_bytes() -> None:
    shuffled = {
        name: frame if name == "captures" else frame.sample(fraction=1.0, shuffle=True, seed=3)
        for name, frame in takeover_tables().items()
    }
    found, doubts = [finding(), trunking_gap()], [doubt(), doubt("NFS101"), doubt("NFS101")]
    once = render_json(document(takeover_tables(), found, doubts))
    random.Random(1).shuffle(found)
    again = render_json(document(shuffled, found, doubts[::-1]))
    assert again == once


def test_json_is_ascii_whatever_the_wire_held() -> None:
    tables = takeover_tables()
    tables["client_owners"] = tables["client_owners"].with_columns(pl.lit("Grüße \u202e\x1b[31m").alias("owner_text"))
    text = render_json(document(tables, [], []))
    assert text.isascii()
    assert "\x1b" not in text
