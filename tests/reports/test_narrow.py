"""`--client` and `--server` narrow the report."""

from __future__ import annotations

from typing import Any

from reports.example import HELD, doubt, finding, request, table, takeover_tables

from nfsanalyze.reports.addresses import addresses_in
from nfsanalyze.reports.document import document
from nfsanalyze.reports.narrow import narrow, strangers


def case() -> dict[str, Any]:
    tables = takeover_tables()
    other = request(300, "10.0.0.3", HELD, client=2, client_address="10.0.0.12")
    tables["client_owners"] = table(
        "client_owners", request(10, "10.0.0.1", HELD), request(87, "10.0.0.2", HELD), other
    )
    found = [
        finding("NFS208", client="c1"),
        finding("NFS101", client="c2", servers=("10.0.0.3",)),
        finding("NFS302", "note", client=None, servers=("10.0.0.2",)),
    ]
    doubts = [doubt(subject="10.0.0.11 → 10.0.0.2"), doubt(subject="10.0.0.12 → any server"), doubt(subject="capture")]
    return document(tables, found, doubts)


def test_nothing_asked_changes_nothing() -> None:
    assert narrow(case()) == case()


def test_one_client_by_address_or_id() -> None:
    for name in ("10.0.0.11", "c1"):
        report = narrow(case(), clients=[name])
        assert [client["id"] for client in report["clients"]] == ["c1"]
        assert [f["rule"] for f in report["findings"]] == ["NFS208", "NFS302"]
        assert [server["address"] for server in report["servers"]] == ["10.0.0.1", "10.0.0.2"]
        assert len(report["takeovers"]) == 1
        assert [entry["subject"] for entry in report["not_evaluable"]] == ["10.0.0.11 → 10.0.0.2", "capture"]


def test_a_finding_about_several_clients_is_of_each() -> None:
    shared = finding("NFS103", client="c1", other_clients=("c2",))
    told = document(takeover_tables(), [shared], ())
    assert told["findings"][0]["other_clients"] == ["c2"]
    for name in ("10.0.0.11", "10.0.0.12"):
        assert [f["rule"] for f in narrow(told, clients=[name])["findings"]] == ["NFS103"]


def test_the_summary_counts_what_is_left() -> None:
    summary = narrow(case(), clients=["10.0.0.12"])["summary"]
    assert (summary["clients"], summary["leases"], summary["takeovers"]) == (1, 0, 0)
    assert summary["findings"]["critical"] == 1


def test_one_server() -> None:
    report = narrow(case(), servers=["10.0.0.3"])
    assert [f["rule"] for f in report["findings"]] == ["NFS101"]
    assert [client["id"] for client in report["clients"]] == ["c2"]
    assert report["leases"] == report["takeovers"] == report["recoveries"] == []


def test_a_lease_counts_for_every_address_it_was_renewed_at() -> None:
    report = narrow(case(), servers=["10.0.0.2"])
    assert [lease["lease"] for lease in report["leases"]] == [1, 2]
    assert {o["server_address"] for c in report["clients"] for o in c["owners"]} == {"10.0.0.2"}


def test_an_address_nobody_has() -> None:
    report = case()
    assert strangers(report, clients=["10.9.9.9", "10.0.0.11"], servers=["10.0.0.1"]) == ["10.9.9.9"]
    assert narrow(report, clients=["10.9.9.9"])["findings"] == []


def test_addresses_are_compared_as_addresses() -> None:
    assert strangers(case(), clients=["10.0.0.011x"]) == ["10.0.0.011x"]
    assert addresses_in("client 10.0.0.1: at 2001:DB8::0001, port 2049. Then 10.0.0.10.") == [
        "10.0.0.1",
        "2001:db8::1",
        "10.0.0.10",
    ]
    assert addresses_in("no address: face::b00k 1.2.3 c1") == []


def test_a_move_stays_with_every_address_it_concerns() -> None:
    report = case()
    (move,) = report["takeovers"]
    assert move["address"] == "10.0.0.2"
    assert narrow(report, servers=["10.0.0.1"])["takeovers"] == [move]
    del move["signals"][:]
    move["to_address"] = "10.0.0.3"
    assert narrow(report, servers=["10.0.0.3"])["takeovers"] == [move]
    assert narrow(report, servers=["10.0.0.1"])["takeovers"] == []
