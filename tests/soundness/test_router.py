"""Behind a router every head has the router's MAC: a takeover is found by its other signs, and a MAC proves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from soundness.damages import SERVERS
from soundness.packets import Packets, behind_router, packets_of, pcap

from nfsanalyze.analysis import Analysis, analyse
from samples.expectations import SAMPLES

ROUTER = bytes.fromhex("02000000fe01")
TAKEOVERS = ("01-v40-nonucs-takeover.pcap", "02-v40-ucs-takeover.pcapng", "03-v41-takeover.pcap")


@pytest.fixture(params=[False, True], ids=["routed", "proxy ARP"])
def arp(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=TAKEOVERS)
def routed(request: pytest.FixtureRequest, arp: bool) -> Packets:
    return behind_router(ROUTER, *SERVERS, arp=arp)(packets_of(SAMPLES / request.param))


def judged(packets: Packets, folder: Path) -> Analysis:
    path = folder / "routed.pcap"
    path.write_bytes(pcap(packets))
    return analyse([str(path)])


def rules(done: Analysis) -> set[str]:
    return {finding.rule for finding in done.findings}


def test_every_frame_of_a_head_bears_the_router(routed: Packets, arp: bool) -> None:
    heads = {bytes(map(int, server.split("."))) for server in SERVERS}
    sent = {packet.data[6:12] for packet in routed if packet.addresses and packet.addresses[0] in heads}
    received = {packet.data[:6] for packet in routed if packet.addresses and packet.addresses[1] in heads}
    assert sent == received == {ROUTER}
    answers = [p.data for p in routed if p.ethertype == 0x0806 and p.data[28:32] in heads]
    assert bool(answers) == arp
    assert {(data[6:12], data[22:28]) for data in answers} <= {(ROUTER, ROUTER)}


def test_the_takeover_is_found(routed: Packets, tmp_path: Path) -> None:
    done = judged(routed, tmp_path)
    assert "NFS302" in rules(done)
    assert [(row["address"], row["kind"]) for row in done.tables["takeovers"].iter_rows(named=True)] == [
        ("10.0.0.2", "takeover")
    ]
    assert not set(done.tables["signals"]["signal"]) & {"S1", "S2", "S3"}


def test_the_two_heads_are_not_one_by_their_mac(routed: Packets, tmp_path: Path) -> None:
    done = judged(routed, tmp_path)
    assert "mac" not in set(done.tables["same_head"]["proof"])
    (took_place,) = done.tables["takeovers"]["time"]
    assert all(first >= took_place for first in done.tables["same_head"].filter(proven=True)["first"])
    before, *_ = done.tables["heads"].filter(address="10.0.0.2").sort("first")["head"]
    (partner,) = done.tables["heads"].filter(address="10.0.0.1")["head"]
    assert before != partner


def test_before_the_takeover_nobody_holds_two_leases(routed: Packets, tmp_path: Path) -> None:
    (first,) = judged(routed, tmp_path).tables["takeovers"]["first_frame"]
    done = judged(routed[: first - 1], tmp_path)
    assert {"NFS201", "NFS301", "NFS302", "NFS310"}.isdisjoint(rules(done))
    assert done.tables["same_head"].filter(proven=True).is_empty()
