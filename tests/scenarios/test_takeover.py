"""A takeover as Solaris clients and unknown ones live it: the address stands in the owner as packed bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.scan import Report, finding, fired, scan
from scenarios.solaris import SOLARIS, SPARC, UNLISTED, solaris_owner, solaris_verifier
from scenarios.takeover import ADDRESS_1, ADDRESS_2, CLIENT, HELD_1, HELD_2, TAKEN, Persona, Takeover, takeover

MUST = {"NFS101", "NFS201", "NFS302", "NFS208"}
MUST_NOT = {"NFS301", "NFS103", "NFS202", "NFS303", "NFS115"}

PERSONAS = {"solaris-x86": SOLARIS, "solaris-sparc": SPARC, "unlisted": UNLISTED}


@pytest.fixture(scope="module", params=PERSONAS)
def persona(request: pytest.FixtureRequest) -> Persona:
    return PERSONAS[request.param]


@pytest.fixture(scope="module")
def told(persona: Persona) -> Takeover:
    return takeover(persona)


@pytest.fixture(scope="module")
def report(told: Takeover, tmp_path_factory: pytest.TempPathFactory) -> Report:
    return scan(told.wire.write(tmp_path_factory.mktemp("takeover") / "case.pcap"))


def test_what_happened_is_said_and_nothing_else(report: Report) -> None:
    assert MUST - fired(report) == set()
    assert MUST_NOT & fired(report) == set()


def test_both_owners_embed_the_address_they_went_to(report: Report, persona: Persona) -> None:
    owners = {(o["server_address"], o["owner_hex"]): o for c in report["clients"] for o in c["owners"]}
    assert set(owners) == {(address, persona.owner(address).hex()) for address in (ADDRESS_1, ADDRESS_2)}
    for (address, _), owner in owners.items():
        assert owner["embedded"]["server_address"] == address
        assert owner["client_address"] == CLIENT
        assert owner["uniform"] is False


def test_one_host_is_one_client_whatever_its_verifiers(report: Report) -> None:
    (client,) = report["clients"]
    held = {o["server_address"]: set(o["clientids"]) for o in client["owners"]}
    assert held == {ADDRESS_1: {f"0x{HELD_1.hex()}"}, ADDRESS_2: {f"0x{HELD_2.hex()}", f"0x{TAKEN.hex()}"}}


def test_the_address_moved_to_head_1(report: Report, told: Takeover) -> None:
    (moved,) = report["takeovers"]
    assert (moved["address"], moved["kind"]) == (ADDRESS_2, "takeover")
    heads = {(s["address"], h["head"]) for s in report["servers"] for h in s["heads"]}
    assert (ADDRESS_1, moved["to_head"]) in heads
    assert told.announced in {signal["frame"] for signal in moved["signals"]}


def test_evidence_names_the_frames_that_prove_it(report: Report, told: Takeover) -> None:
    assert told.reclaim.answer in finding(report, "NFS208")["frames"]
    duplicate = finding(report, "NFS201")
    assert {f"0x{HELD_1.hex()}", f"0x{TAKEN.hex()}"} <= set(duplicate["clientids"])
    embedded = finding(report, "NFS101")
    assert {told.first.frame, told.second.frame} & set(embedded["frames"])
    assert embedded["severity"] == "high"


def test_a_solaris_client_is_recognised(tmp_path: Path) -> None:
    report = scan(takeover(SOLARIS).wire.write(tmp_path / "case.pcap"))
    (client,) = report["clients"]
    assert "solaris" in client["implementation"].lower()
    assert "web01" in client["hostnames"]


def test_verifiers_differ_between_servers_without_a_restart() -> None:
    assert solaris_verifier(ADDRESS_1) != solaris_verifier(ADDRESS_2)
    assert solaris_owner(ADDRESS_1)[:47] == solaris_owner(ADDRESS_2)[:47]
