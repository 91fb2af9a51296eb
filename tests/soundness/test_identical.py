"""Equal captures give equal reports, byte for byte, in one process and in another."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from soundness.damages import DAMAGES
from soundness.packets import packets_of, pcap

from nfsanalyze.analysis import analyse
from nfsanalyze.reports.document import document
from nfsanalyze.reports.json_report import render_json
from samples.expectations import SAMPLES

ROOT = SAMPLES.parent
NAMES = (
    "02-v40-ucs-takeover.pcapng",
    "04e-v42-multihomed-maxconnect.pcapng",
    "08a-v41-cloned-owner.pcap",
    "12-02-merged-two-taps.pcapng",
)


def report(path: Path) -> bytes:
    done = analyse([str(path)])
    told = document(done.tables, done.findings, done.not_evaluable, incomplete=done.incomplete, rules=done.rules)
    return render_json(told).encode()


def report_of_another_process(path: Path, hash_seed: int) -> bytes:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": str(hash_seed)}
    command = [sys.executable, "-m", "nfsanalyze", "scan", "--format", "json", str(path)]
    done = subprocess.run(command, capture_output=True, env=environment, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_a_report_twice(name: str) -> None:
    assert report(SAMPLES / name) == report(SAMPLES / name)


@pytest.mark.parametrize("name", NAMES)
def test_a_report_in_another_process(name: str) -> None:
    here = report(SAMPLES / name)
    assert report_of_another_process(SAMPLES / name, 1) == here
    assert report_of_another_process(SAMPLES / name, 20_261_122) == here


@pytest.mark.parametrize("damage", ["25% lost (1)", "cut to 128 octets", "only what servers sent"])
def test_a_report_on_a_damaged_copy_in_another_process(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "copy.pcap"
    path.write_bytes(pcap(DAMAGES[damage](packets_of(SAMPLES / "08a-v41-cloned-owner.pcap"))))
    assert report_of_another_process(path, 7) == report(path)
