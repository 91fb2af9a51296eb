"""A slice gives its finding again, in the same words, and accuses nobody else."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from dissect.nfs4.capture import open_capture
from dissect.nfs4.capture.pcapng_write import Packet
from nfsanalyze.analysis import Analysis, analyse
from nfsanalyze.engine.finding import SEVERITIES, Finding
from nfsanalyze.several import several
from nfsanalyze.slicing.cut import Case, Slice, cut

SAMPLES = Path(__file__).parents[2] / "samples"
WANTED = ("rpc", "renewals")
CASES = (
    "01-v40-nonucs-takeover.pcap",
    "03-v41-takeover.pcap",
    "04a-v40-nonucs-multihomed-any-sll2.pcap",
    "06a-v40-lease-expiry-conflict.pcap",
    "08a-v41-cloned-owner.pcap",
    "12-02-snoop.snoop",
    "14-idle-renewals.pcap",
)
"""Takeovers by minor version, a cooked link, expiry, two clients of one owner, other containers, a long quiet."""


@cache
def analysed(*names: str) -> Analysis:
    return analyse([str(SAMPLES / name) for name in names], wanted=WANTED)


def sliced(finding: Finding, *names: str, **options: object) -> Slice:
    captures = [open_capture(SAMPLES / name) for name in names]
    case = Case(captures, several(captures) if len(captures) > 1 else None)
    return cut(case, analysed(*names), finding, lambda path: analyse([path]), **options)  # type: ignore[arg-type]


def serious(name: str) -> list[Finding]:
    """Findings of at least medium severity, one of each rule."""
    least = SEVERITIES.index("medium")
    found = [f for f in analysed(name).findings if SEVERITIES.index(f.severity) >= least]
    return list({f.rule: f for f in found}.values())


@pytest.mark.parametrize("name", CASES)
def test_scanning_a_slice_gives_the_finding_again(name: str, tmp_path: Path) -> None:
    whole = analysed(name)
    known = {f.id for f in whole.findings}
    findings = serious(name)
    assert findings
    for finding in findings:
        found = sliced(finding, name)
        assert found.faithful, (finding.rule, found.reason)
        path = tmp_path / f"{finding.rule}.pcapng"
        path.write_bytes(found.data)
        again = {f.id: f for f in analyse([str(path)]).findings}
        assert again[finding.id].severity == finding.severity
        assert again[finding.id].message == finding.message
        assert {f.id for f in again.values() if f.rule > "NFS1"} <= known
        assert found.packets <= found.of


def test_a_slice_of_a_long_capture_is_short() -> None:
    (finding,) = serious("14-idle-renewals.pcap")
    found = sliced(finding, "14-idle-renewals.pcap")
    assert found.packets < found.of / 10


def test_packets_keep_their_number_time_and_bytes(tmp_path: Path) -> None:
    name = "02-v40-ucs-takeover.pcapng"
    finding = next(f for f in serious(name) if f.rule == "NFS301")
    found = sliced(finding, name)
    path = tmp_path / "slice.pcapng"
    path.write_bytes(found.data)
    with open_capture(SAMPLES / name) as capture:
        originals = {(f.time, f.data, f.original_length): f.number for f in capture}
    with open_capture(path) as capture:
        numbers = [originals[f.time, f.data, f.original_length] for f in capture]
    assert numbers == sorted(numbers)
    assert set(finding.frames) <= set(numbers)
    for number in numbers:
        assert f"frame {number} of {name}".encode() in found.data


def test_taps_become_interfaces_of_one_file(tmp_path: Path) -> None:
    names = ("02-v40-ucs-takeover-c1.pcap", "12-02-gz.pcap.gz")
    finding = next(f for f in analysed(*names).findings if f.rule == "NFS301")
    found = sliced(finding, *names)
    assert found.faithful
    path = tmp_path / "slice.pcapng"
    path.write_bytes(found.data)
    assert finding.id in {f.id for f in analyse([str(path)]).findings}
    assert names[0].encode() in found.data


def test_what_takes_the_finding_away_is_said() -> None:
    name = "02-v40-ucs-takeover.pcapng"
    finding = next(f for f in serious(name) if f.rule == "NFS301")
    found = sliced(finding, name, change=lambda packet: replace(packet, data=packet.data[:60]))
    assert not found.faithful
    assert found.packets == found.of
    assert "NFS" in found.reason


def test_each_packet_passes_through_the_change() -> None:
    name = "14-idle-renewals.pcap"
    (finding,) = serious(name)
    seen: list[Packet] = []

    def watched(packet: Packet) -> Packet:
        seen.append(packet)
        return replace(packet, comment="secret")

    found = sliced(finding, name, change=watched)
    assert len(seen) >= found.packets
    assert b"frame 1 of" not in found.data
