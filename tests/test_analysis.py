"""The whole way, with either decoder."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from nfsanalyze.analysis import analyse
from nfsanalyze.reports.document import document
from nfsanalyze.reports.json_report import render_json

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


def test_two_runs_give_identical_bytes() -> None:
    runs = [render_json(report("01-v40-nonucs-takeover.pcap", "auto")) for _ in range(2)]
    assert hashlib.sha256(runs[0].encode()).digest() == hashlib.sha256(runs[1].encode()).digest()
