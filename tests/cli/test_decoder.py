"""`scan --decoder`: what tshark opened is told, and what stayed closed, with the remedy."""

from __future__ import annotations

import io
import json
import struct
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from nfsanalyze.cli.app import run
from wire.dialogue import Wire
from wire.tunnels import over_udp

GTP = 2152


def gtp(frame: bytes) -> bytes:
    packet = frame[14:]
    return over_udp(GTP, struct.pack(">BBHI", 0x30, 0xFF, len(packet), 42) + packet)


@pytest.fixture
def half(tmp_path: Path) -> Path:
    """Two clients: one goes through a tunnel."""
    wire = Wire(start="2026-11-22T12:00:00")
    for address in ("10.0.0.11", "10.0.0.12"):
        begun = len(wire.frames)
        connection = wire.connect(f"{address}:871", "10.0.0.1:2049")
        connection.call("SETCLIENTID", owner=b"web" + address.encode(), verifier=1).reply(clientid=0x11, confirm=7)
        connection.call("SETCLIENTID_CONFIRM", clientid=0x11, confirm=7).reply()
    wire.frames[begun:] = [(time, gtp(frame)) for time, frame in wire.frames[begun:]]
    return wire.write(tmp_path / "half.pcap")


def owners(report: str) -> set[str]:
    return {bytes.fromhex(o["owner_hex"]).decode() for c in json.loads(report)["clients"] for o in c["owners"]}


def test_what_went_to_tshark_is_told(half: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", str(half)]) == 0
    out = capsys.readouterr().out
    assert "opened by tshark: tunnel: GTP-U (7 frames, 8 to 14): 4 RPC messages" in " ".join(out.split())
    assert "not decoded" not in out
    assert run(["scan", "--format", "json", str(half)]) == 0
    report = capsys.readouterr().out
    (capture,) = json.loads(report)["captures"]
    assert capture["opened_by_tshark"] == [{"reason": "tunnel: GTP-U", "frames": 7, "first_frame": 8, "last_frame": 14}]
    assert capture["decoded"] == {"fast": 0, "exact": 4, "tshark": 4}
    assert capture["not_decoded"] == []
    assert owners(report) == {"web10.0.0.11", "web10.0.0.12"}
    assert run(["query", str(half), "SELECT reason, decoded, last_frame FROM decode_notes", "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "tunnel: GTP-U,true,14"


def test_without_tshark_the_rest_is_analysed_and_the_remedy_told(
    half: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(["scan", "--format", "json", str(half)]) == 4
    captured = capsys.readouterr()
    assert captured.err.startswith(
        f"nfsanalyze: incomplete: {half}: 7 packets not decoded: tunnel: GTP-U not decoded (7); "
        "tshark is not installed; install tshark 3.6 or later"
    )
    assert owners(captured.out) == {"web10.0.0.11"}
    report = json.loads(captured.out)
    assert (report["summary"]["complete"], report["captures"][0]["opened_by_tshark"]) == (False, [])
    assert [note["reason"] for note in report["captures"][0]["not_decoded"]] == [
        "tunnel: GTP-U not decoded",
        "udp port 2152",
    ]
    assert run(["scan", "--decoder", "tshark", str(half)]) == 2
    assert "--decoder tshark: tshark is not installed" in capsys.readouterr().err


def test_fast_leaves_it_closed_and_says_what_opens_it(half: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", "--decoder", "fast", str(half)]) == 4
    captured = capsys.readouterr()
    assert "GTP-U not decoded (7); --decoder auto lets tshark open them" in captured.err
    assert "decoded: tunnel: GTP-U not decoded (7)" in " ".join(captured.out.split())


def test_tshark_opens_all(half: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", "--decoder", "tshark", "--format", "json", str(half)]) == 0
    report = capsys.readouterr().out
    (capture,) = json.loads(report)["captures"]
    assert capture["decoded"] == {"fast": 0, "exact": 0, "tshark": 8}
    assert owners(report) == {"web10.0.0.11", "web10.0.0.12"}


def test_a_pipe_cannot_be_read_again(
    half: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def pipe() -> SimpleNamespace:
        return SimpleNamespace(buffer=io.BytesIO(half.read_bytes()), isatty=lambda: False)

    monkeypatch.setattr(sys, "stdin", pipe())
    assert run(["scan", "-"]) == 4
    assert "standard input cannot be read twice; save it to a file" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", pipe())
    assert run(["scan", "--decoder", "tshark", "-"]) == 2
    assert "standard input cannot be read twice; save it to a file" in capsys.readouterr().err


def test_several_captures_each_tell_their_own(half: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wire = Wire(start="2026-11-22T12:00:05")
    connection = wire.connect("10.0.0.13:871", "10.0.0.1:2049")
    connection.call("SETCLIENTID", owner=b"web10.0.0.13", verifier=1).reply(clientid=0x13, confirm=7)
    wire.frames[:] = [(time, gtp(frame)) for time, frame in wire.frames]
    other = wire.write(tmp_path / "other.pcap")
    assert run(["scan", "--format", "json", str(half), str(other)]) == 0
    report = capsys.readouterr().out
    assert [
        (note["first_frame"], note["last_frame"], note["frames"])
        for capture in json.loads(report)["captures"]
        for note in capture["opened_by_tshark"]
    ] == [(8, 14, 7), (1, 5, 5)]
    assert owners(report) == {"web10.0.0.11", "web10.0.0.12", "web10.0.0.13"}
