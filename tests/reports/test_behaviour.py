"""server_behaviour: what real servers show of themselves, each answer with its frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from reports.example import at, table, takeover_tables

from nfsanalyze.analysis import analyse
from nfsanalyze.reports.document import document
from nfsanalyze.reports.terminal import render_text
from scenarios.cluster import A1, A2, A3, Cluster
from scenarios.hosts import Host, renewals
from scenarios.judged import judged
from scenarios.server import Head
from scenarios.stories import MAC_3, outage, pair, returned
from wire.dialogue import op

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


def two_addresses(*, renewed: float = 5, end: str = "open", **second: Any) -> list[dict[str, Any]]:
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
    tables["leases"] = table(
        "leases",
        {
            "lease": 1,
            "client": 1,
            "head": 1,
            "server_address": "10.0.0.1",
            "minor_version": 1,
            "clientid": "0x01",
            "confirmed": at(0.5),
            "first": at(0.5),
            "last_renewal": at(renewed),
            "lease_time_s": 90.0,
            "end": end,
        },
    )
    told: list[dict[str, Any]] = document(tables, (), ())["server_behaviour"]
    return told


def test_a_virtual_server_per_address() -> None:
    (head,) = two_addresses()
    assert (head["class"], head["class_shown_by"]) == ("virtual server per address", "clientids")
    assert head["clientids"]["frames"] == [10, 11, 20, 21]
    (named,) = two_addresses(clientid="0x01", so_major_id=b"other")
    assert (named["class"], named["class_shown_by"]) == ("virtual server per address", "identity")


def test_a_record_that_was_gone_proves_nothing() -> None:
    """After an unmount, or when its lease had run out, the head owes the owner no old clientid."""
    for gone in ({"renewed": 0.6, "end": "destroyed"}, {"renewed": 0.6, "time": at(200)}):
        (head,) = two_addresses(**gone)
        assert (head["clientids"]["value"], head["class"]) == (None, None), gone


def test_two_names_of_which_one_is_at_both_addresses_are_not_one_for_each() -> None:
    tables = takeover_tables()
    row = {"client": 1, "head": 1, "minor_version": 1, "op": "EXCHANGE_ID", "clientid": "0x01"}
    named = [("10.0.0.1", b"a"), ("10.0.0.2", b"b"), ("10.0.0.2", b"a")]
    rows = [
        {**row, "frame": 10 * n, "reply_frame": 10 * n + 1, "server_address": a, "so_major_id": m}
        for n, (a, m) in enumerate(named, 1)
    ]
    tables["client_owners"] = table("client_owners", *rows)
    told = document(tables, (), ())["server_behaviour"]
    assert told[0]["identity"]["value"] is None


def story(told: Cluster) -> list[dict[str, Any]]:
    done = judged(told)
    entries: list[dict[str, Any]] = document(done.tables, done.findings, done.not_evaluable)["server_behaviour"]
    return entries


def test_what_a_head_does_with_owners_it_knows_is_not_mixed_with_owners_it_cannot_know() -> None:
    p = pair()
    other = Host(cluster=p.cluster, address="10.0.0.12", name="client2", uniform=True)
    p.more = [other.mount(A1, name="y"), other.mount(A2, name="z")]
    renewals(p.cluster, *p.mounts)
    outage(p, p.second, p.more[1])
    p.cluster.serve(A2, p.head_1)
    returned(p, p.second, p.more[1])
    renewals(p.cluster, *p.mounts)
    head = story(p.cluster)[0]
    (moved,) = head["takeovers"]
    assert moved["returning_clients"]["value"] == "re-uses the clientid it knows"
    assert head["class"] == "whole-node identity"


def test_the_grace_of_another_server_is_not_that_of_the_head_that_took_an_address() -> None:
    p = pair()
    elsewhere = Head(name=b"other", mac=MAC_3, counter=0x33000000)
    p.cluster.at[A3] = elsewhere
    p.cluster.wire.host(A3, MAC_3)
    bystander = Host(cluster=p.cluster, address="10.0.0.12", name="client2").mount(A3, name="z")
    outage(p, p.second)
    p.cluster.serve(A2, p.head_1)
    returned(p, p.second)
    ask = [op("PUTFH", handle=b"root"), op("OPEN", clientid=bystander.clientid, owner=b"o", name="new")]
    for _ in range(3):
        p.cluster.wait(2)
        bystander.connection.compound(ask).reply([{}, "NFS4ERR_GRACE"])
    renewals(p.cluster, *p.mounts)
    (moved,) = story(p.cluster)[0]["takeovers"]
    assert moved["grace"]["value"] is None


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
