"""server_behaviour: what real servers show of themselves, each answer with its frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from reports.example import at, table, takeover_tables

from nfsanalyze.analysis import analyse
from nfsanalyze.reports.document import document
from nfsanalyze.reports.terminal import render_text

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def behaviour(name: str) -> list[dict[str, Any]]:
    analysis = analyse([str(SAMPLES / name)])
    told: list[dict[str, Any]] = document(analysis.tables, analysis.findings, analysis.not_evaluable)[
        "server_behaviour"
    ]
    return told


@pytest.mark.parametrize(
    ("name", "kind", "clientids"),
    [
        ("02-v40-ucs-takeover.pcapng", "whole-node identity", "per server"),
        ("03-v41-takeover.pcap", "whole-node identity", "per server"),
        ("04b-v40-ucs-multihomed.pcapng", "one server with trunkable addresses", "per server"),
        ("04c-v41-multihomed.pcap", "one server with trunkable addresses", "per server"),
        ("04e-v42-multihomed-maxconnect.pcapng", "one server with trunkable addresses", "per server"),
        ("01-v40-nonucs-takeover.pcap", None, None),
        ("05a-v40-server-reboot.pcap", None, None),
    ],
)
def test_the_class_of_a_head(name: str, kind: str | None, clientids: str | None) -> None:
    first = behaviour(name)[0]
    assert (first["class"], first["clientids"]["value"]) == (kind, clientids)
    assert ("reason" in first) == (kind is None)
    assert bool(first["clientids"]["frames"]) == (clientids is not None)


def test_what_a_head_did_with_an_address_that_it_took() -> None:
    (moved,) = behaviour("02-v40-ucs-takeover.pcapng")[0]["takeovers"]
    assert moved["address"] == "10.0.0.2"
    assert moved["old_state"]["statuses"] == ["NFS4ERR_STALE_CLIENTID"]
    assert moved["returning_clients"]["value"] == "re-uses the clientid it knows"
    assert moved["returning_clients"]["frames"] == [237, 242]
    (alone,) = behaviour("01-v40-nonucs-takeover.pcap")[0]["takeovers"]
    assert alone["returning_clients"]["value"] == "grants a new clientid"


def test_an_owner_known_elsewhere_and_who_the_server_is() -> None:
    first = behaviour("03-v41-takeover.pcap")[0]
    assert first["known_owner"]["value"] == "the clientid it knows, confirmed"
    assert first["identity"]["value"] == "one for all addresses"
    assert (first["implementation"]["value"], first["implementation"]["confidence"]) == ("Linux nfsd", "medium")
    assert "little-endian" in " ".join(first["implementation"]["signs"])


def two_addresses(**second: Any) -> list[dict[str, Any]]:
    """One head at two addresses, and one owner sent to both."""
    tables = takeover_tables()
    stay = {"head": 1, "first_frame": 1, "last_frame": 99, "first": at(0), "last": at(60)}
    tables["heads"] = table("heads", {**stay, "address": "10.0.0.1"}, {**stay, "address": "10.0.0.2"})
    tables["takeovers"] = table("takeovers")
    owner = {
        "client": 1,
        "head": 1,
        "minor_version": 1,
        "owner": b"Linux NFSv4.1 client1",
        "owner_complete": True,
        "verifier": "0x01",
        "op": "EXCHANGE_ID",
        "eir_flags": 0,
        "so_major_id": b"vm",
        "eir_server_scope": b"vm",
        "time": at(1),
    }
    rows = (
        {**owner, "frame": 10, "reply_frame": 11, "server_address": "10.0.0.1", "clientid": "0x01"},
        {**owner, "frame": 20, "reply_frame": 21, "server_address": "10.0.0.2", "clientid": "0x02", **second},
    )
    tables["client_owners"] = table("client_owners", *rows)
    bound = {"frame": 12, "time": at(2), "op": "CREATE_SESSION", "status": 0, "clientid": "0x01"}
    tables["confirms"] = table("confirms", {**bound, "server_address": "10.0.0.1"})
    told: list[dict[str, Any]] = document(tables, (), ())["server_behaviour"]
    return told


def test_a_virtual_server_per_address() -> None:
    (head,) = two_addresses()
    assert (head["class"], head["class_shown_by"]) == ("virtual server per address", "clientids")
    assert head["clientids"]["frames"] == [10, 11, 20, 21]
    (named,) = two_addresses(clientid="0x01", so_major_id=b"other")
    assert (named["class"], named["class_shown_by"]) == ("virtual server per address", "identity")


def test_another_boot_or_another_owner_proves_nothing() -> None:
    for other in ({"verifier": "0x09"}, {"owner": b"other"}, {"owner_complete": False}, {"client": 2}):
        (head,) = two_addresses(**other)
        assert head["clientids"]["value"] is None, other


def test_a_record_that_was_never_confirmed_proves_nothing() -> None:
    """Linux sends EXCHANGE_ID twice at a mount; the first clientid is never used."""
    first = behaviour("04c-v41-multihomed.pcap")[0]
    assert first["clientids"]["value"] == "per server"


def test_the_text_answers_the_question() -> None:
    analysis = analyse([str(SAMPLES / "03-v41-takeover.pcap")])
    text = render_text(document(analysis.tables, analysis.findings, analysis.not_evaluable), width=100)
    assert "What the servers do" in text
    assert "head 1 (10.0.0.1 and 10.0.0.2, Linux nfsd): whole-node identity" in text
    assert "after the takeover of 10.0.0.2 it refuses what the other head granted" in text


def detection(name: str) -> dict[str, Any]:
    analysis = analyse([str(SAMPLES / name)])
    told: dict[str, Any] = document(analysis.tables, analysis.findings, analysis.not_evaluable)["clients"][0][
        "detection"
    ]
    return told


def test_clients_look_for_trunking_when_they_mount_and_not_in_recovery() -> None:
    mounted = detection("04b-v40-ucs-multihomed.pcapng")
    assert [(each["address"], each["found"]) for each in mounted["at_mount"]] == [("10.0.0.2", "collapsed")]
    assert mounted["in_recovery"] == []
    recovered = detection("02-v40-ucs-takeover.pcapng")
    (only,) = recovered["in_recovery"]
    assert (only["address"], only["other_address"], only["found"]) == ("10.0.0.2", "10.0.0.1", "none")
