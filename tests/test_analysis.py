"""The whole way, with each decoder."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import pytest

from dissect.nfs4.decoder import Decoder
from nfsanalyze.analysis import analyse
from nfsanalyze.errors import NothingToAnalyse
from nfsanalyze.reports.document import document
from nfsanalyze.reports.json_report import render_json
from wire.dialogue import Wire

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


def report(name: str, decoder: str) -> dict[str, object]:
    done = analyse([str(SAMPLES / name)], decoder=decoder)  # type: ignore[arg-type]
    told = document(done.tables, done.findings, done.not_evaluable, incomplete=done.incomplete)
    for capture in told["captures"]:
        del capture["decoded"]
    return told


@pytest.mark.parametrize(
    "name",
    [
        "01-v40-nonucs-takeover.pcap",
        "03-v41-takeover.pcap",
        "04e-v42-multihomed-maxconnect.pcapng",
        "08a-v41-cloned-owner.pcap",
        "12-02-loss10pct.pcap",
        "12-02-merged-two-taps.pcapng",
        "12-02-snap128.pcap",
        "12-02-snoop.snoop",
        "12-02-gz.pcap.gz",
    ],
)
def test_both_decoders_lead_to_the_same_report(name: str) -> None:
    assert report(name, "fast") == report(name, "exact")


def test_so_does_what_tshark_unwraps() -> None:
    """Of every sample tests/dissect/nfs4/tshark compares what the decoder yields."""
    name = "02-v40-ucs-takeover.pcapng"
    assert report(name, "tshark") == report(name, "fast")


def test_two_runs_give_identical_bytes() -> None:
    runs = [render_json(report("01-v40-nonucs-takeover.pcap", "auto")) for _ in range(2)]
    assert hashlib.sha256(runs[0].encode()).digest() == hashlib.sha256(runs[1].encode()).digest()


@pytest.mark.parametrize("decoder", ["exact", "fast"])
def test_what_was_read_for_nothing_is_told(tmp_path: Path, decoder: Decoder) -> None:
    """What UDP carries on the server's port and is no RPC is counted by that port, whichever is lower."""
    wire = Wire(start="2026-11-22T12:00:00")
    for source, target in ((871, 2049), (2049, 871)):
        wire.ip("10.0.0.11", "10.0.0.1", 17, struct.pack(">HHHH", source, target, 12, 0) + b"none")
    with pytest.raises(NothingToAnalyse, match=r"in 2 packets; it holds udp port 2049 \(2\); capture") as caught:
        analyse([str(wire.write(tmp_path / "udp.pcap"))], decoder=decoder)
    assert caught.value.tables["captures"]["packets"].to_list() == [2]
    assert caught.value.tables["decode_notes"]["reason"].to_list() == ["udp port 2049"]


@pytest.mark.parametrize("decoder", ["exact", "fast"])
def test_a_zero_filled_tail_is_told(tmp_path: Path, decoder: Decoder) -> None:
    whole = (SAMPLES / "05a-v40-server-reboot.pcap").read_bytes()
    path = tmp_path / "case.pcap"
    path.write_bytes(whole + bytes(4096))
    (told,) = analyse([str(path)], decoder=decoder).incomplete
    assert told.startswith(f"{path}: zero-filled from byte {len(whole)}; the ")
