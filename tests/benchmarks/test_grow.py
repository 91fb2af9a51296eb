"""Grown captures are whole captures: every copy is there, on its own network, later in time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def fields(path: Path, only: str, *names: str) -> list[list[str]]:
    command = ["tshark", "-n", "-r", str(path), "-o", "ip.check_checksum:TRUE", "-d", "tcp.port==2049,rpc"]
    command += ["-o", "tcp.try_heuristic_first:TRUE", "-Y", only, "-T", "fields"]
    for name in names:
        command += ["-e", name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def test_copies_are_apart_and_sound(tmp_path: Path) -> None:
    source, grown = ROOT / "samples" / "01-v40-nonucs-takeover.pcap", tmp_path / "grown.pcap"
    command = [sys.executable, str(ROOT / "benchmarks" / "grow.py"), str(source), str(grown), "3"]
    subprocess.run([*command, "--vary", "client1", "--vary", "0xf815036b"], check=True)
    times = [float(time) for (time,) in fields(grown, "frame", "frame.time_epoch")]
    assert len(times) == 3 * len(fields(source, "frame", "frame.number"))
    assert times == sorted(times)
    assert fields(grown, "ip.checksum.status == 0 || _ws.malformed", "frame.number") == []
    granted = fields(grown, "nfs.opcode == 35 && nfs.clientid", "ip.src", "nfs.clientid")
    assert {tuple(row) for row in granted if row[0].endswith(".0.1")} == {("10.0.0.1", "0xf815036b0efddb96")}
    assert {address for address, _ in granted} == {f"10.0.{copy}.{host}" for copy in range(3) for host in (1, 2)}
    assert len({clientid for address, clientid in granted if address.endswith(".1")}) == 3
