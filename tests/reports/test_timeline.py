"""timeline[]: lanes, bars, renewals and marks, drawn from tables written by hand and from samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from reports.example import HELD, NS, START, at, capture, table

from nfsanalyze.analysis import analyse
from nfsanalyze.reports.document import document
from nfsanalyze.reports.document.timeline import STRETCHES, WHOLE
from nfsanalyze.reports.narrow import narrow

SAMPLES = Path(__file__).resolve().parents[2] / "samples"

Document = dict[str, Any]


def timeline(**tables: Any) -> list[Document]:
    told: list[Document] = document({"captures": table("captures", capture()), **tables}, [], [])["timeline"]
    return told


def lease(**values: Any) -> dict[str, Any]:
    return {
        "lease": 1,
        "client": 1,
        "head": 1,
        "server_address": "10.0.0.1",
        "clientid": HELD,
        "first": at(1),
        "lease_time_s": 10.0,
        "end": "open",
        "established_frame": 12,
        **values,
    }


def ticks(address: str, *seconds: float) -> list[dict[str, Any]]:
    return [
        {"lease": 1, "server_address": address, "first_frame": 100 + n, "first": at(s), "last": at(s), "count": 1}
        for n, s in enumerate(seconds)
    ]


def errors(number: int, **values: Any) -> Any:
    rows = [
        {
            "frame": 10 + n,
            "time": START + n * NS // 100,
            "client": 1,
            "server_address": "10.0.0.1",
            "op": "RENEW",
            "status": 10022,
            "status_name": "NFS4ERR_STALE_CLIENTID",
            **values,
        }
        for n in range(number)
    ]
    return table("state_errors", *rows)


def test_a_lease_is_a_bar_at_each_address_it_was_renewed_at() -> None:
    bins = ticks("10.0.0.1", 2, 3) + ticks("10.0.0.2", 5)
    (entry,) = timeline(leases=table("leases", lease()), renewal_bins=table("renewal_bins", *bins))
    assert entry["client"] == "c1"
    one, other = (lane["leases"][0] for lane in entry["lanes"])
    assert [lane["address"] for lane in entry["lanes"]] == ["10.0.0.1", "10.0.0.2"]
    assert one["renewals"] == [[1.0, 1.0, 1, 100], [2.0, 2.0, 1, 101]]
    assert (one["first_frame"], one["end"]["reason"]) == (12, "open")
    assert other["renewals"] == [[0.0, 0.0, 1, 100]]
    assert other["end"] is None


def test_a_lease_never_renewed_has_a_bar_all_the_same() -> None:
    (entry,) = timeline(leases=table("leases", lease(end="stale", end_frame=40, end_time=at(4))))
    ((bar,),) = (lane["leases"] for lane in entry["lanes"])
    assert bar["first"] == bar["last"]
    assert bar["renewals"] == []
    assert (bar["end"]["reason"], bar["end"]["frame"]) == ("stale", 40)


def test_few_marks_stand_one_by_one() -> None:
    (entry,) = timeline(state_errors=errors(WHOLE))
    (lane,) = entry["lanes"]
    assert [mark["frame"] for mark in lane["marks"]] == list(range(10, 10 + WHOLE))
    assert {mark["kind"] for mark in lane["marks"]} == {"error"}


def test_many_equal_marks_share_one_in_each_stretch_and_none_is_lost() -> None:
    (entry,) = timeline(state_errors=errors(5000))
    (lane,) = entry["lanes"]
    assert len(lane["marks"]) <= STRETCHES + 1
    assert sum(mark["count"] for mark in lane["marks"]) == 5000
    assert lane["marks"] == sorted(lane["marks"], key=lambda mark: mark["time"])


def test_flags_and_noise_are_no_errors() -> None:
    (entry,) = timeline(state_errors=errors(1, status=None, status_name="SEQ4_STATUS_CB_PATH_DOWN"))
    assert [mark["kind"] for mark in entry["lanes"][0]["marks"]] == ["flag"]


def test_what_belongs_to_no_client_comes_last() -> None:
    rows = timeline(leases=table("leases", lease()), state_errors=errors(1, client=None))
    assert [entry["client"] for entry in rows] == ["c1", None]


@pytest.fixture(scope="module")
def takeover() -> Document:
    analysis = analyse([str(SAMPLES / "01-v40-nonucs-takeover.pcap")])
    return document(analysis.tables, analysis.findings, analysis.not_evaluable)


def test_a_takeover_is_drawn_as_it_was(takeover: Document) -> None:
    (entry,) = takeover["timeline"]
    first, second = entry["lanes"]
    assert [bar["head"] for bar in second["leases"]] == [2, 1]
    assert second["leases"][0]["end"]["reason"] == "moved"
    assert second["leases"][0]["end"]["frame"] == 246
    assert second["leases"][0]["end"]["time"] > takeover["takeovers"][0]["time"]
    counted = {bar["lease"]: sum(t[2] for t in bar["renewals"]) for lane in (first, second) for bar in lane["leases"]}
    assert counted == {each["lease"]: each["renewals"] for each in takeover["leases"]}
    assert {"identity", "error", "refused-reclaim", "loss"} <= {mark["kind"] for mark in second["marks"]}


def test_narrowing_keeps_the_lanes_of_what_is_kept(takeover: Document) -> None:
    (entry,) = narrow(takeover, servers=["10.0.0.2"])["timeline"]
    assert [lane["address"] for lane in entry["lanes"]] == ["10.0.0.2"]
    assert narrow(takeover, clients=["10.9.9.9"])["timeline"] == []
