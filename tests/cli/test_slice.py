"""`nfsanalyze slice`: what it writes, what it says, and what it refuses."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from nfsanalyze.cli.app import run

SAMPLES = Path(__file__).parents[2] / "samples"
CAPTURE = SAMPLES / "01-v40-nonucs-takeover.pcap"


def refused(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    assert run(["slice", *map(str, words)]) == 2
    return capsys.readouterr().err


def test_a_slice_is_written_and_told_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.pcapng"
    assert run(["slice", str(CAPTURE), "nfs201", "-o", str(out)]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "of 359 packets" in told.err
    assert "gives NFS201 again" in told.err
    comments = subprocess.run(
        ["tshark", "-r", str(out), "-T", "fields", "-e", "frame.comment"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert all(comment.endswith(f"of {CAPTURE.name}") for comment in comments)
    assert f"{len(comments):,} of 359" in told.err
    assert run(["scan", str(out), "--select", "NFS201", "--fail-on", "high"]) == 1


def test_a_finding_that_is_not_there_lists_those_that_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = refused(capsys, CAPTURE, "NFS999", "-o", tmp_path / "out")
    assert "NFS201" in error
    assert 'no finding "NFS999"' in error
    assert not (tmp_path / "out").exists()
    assert "NFS201" in refused(capsys, CAPTURE, "NFS201#2", "-o", tmp_path / "out")
    assert "NFS201" in refused(capsys, CAPTURE, "0", "-o", tmp_path / "out")
    assert "names no finding" in refused(capsys, CAPTURE, "?", "-o", tmp_path / "out")


def test_a_finding_of_another_client_does_not_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = refused(capsys, CAPTURE, "NFS201", "--client", "10.9.9.9", "-o", tmp_path / "out")
    assert "it has none" in error


def test_what_cannot_be_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot be read twice" in refused(capsys, "-", "NFS201", "-o", tmp_path / "out")
    assert "finding last" in refused(capsys, CAPTURE, "-o", tmp_path / "out")
    assert "one of the captures" in refused(capsys, CAPTURE, "NFS201", "-o", CAPTURE)
    assert "not for a terminal" in refused(capsys, CAPTURE, "NFS201", "-o", "-")
    assert "does not exist" in refused(capsys, CAPTURE, "NFS201", "-o", tmp_path / "no" / "out")
    assert "no such file" in refused(capsys, tmp_path / "no.pcap", "NFS201", "-o", tmp_path / "out")
