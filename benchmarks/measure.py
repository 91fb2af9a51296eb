"""What a process costs, and the programs that are compared."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PROGRAM = str(Path(sys.executable).with_name("nfsanalyze"))
FIELDS = ("frame.number", "rpc.xid", "nfs.opcode", "nfs.clientid", "nfs.session_id4", "nfs.nfsstat4")
DONE = (0, 1, 3, 4)
"Exit codes of a run that came to its end, whatever it found."


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process: seconds by the clock and of the processor, peak memory in MB."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Size:
    """What a capture holds."""

    octets: int
    packets: int
    messages: int


def commands(path: Path) -> dict[str, list[str]]:
    shown = [part for field in FIELDS for part in ("-e", field)]
    tshark = ["tshark", "-n", "-d", "tcp.port==2049,rpc", "-r", str(path), "-Y", "nfs", "-T", "fields", *shown]
    return {
        "nfsanalyze": [PROGRAM, "scan", "--no-config", "--format", "json", str(path)],
        "tshark": tshark,
        "tcpdump": ["tcpdump", "-n", "-r", str(path), "-w", "/dev/null"],
        "capinfos": ["capinfos", "-c", "-d", "-u", str(path)],
    }


def run(command: list[str]) -> Cost:
    begun = time.perf_counter()
    child = os.posix_spawnp(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, n, "/dev/null", os.O_WRONLY, 0) for n in (1, 2)],
    )
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - begun
    if os.waitstatus_to_exitcode(status) not in DONE:
        raise SystemExit(f"failed with {os.waitstatus_to_exitcode(status)}: {' '.join(command)}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def medians(tasks: dict[str, list[str]], runs: int) -> dict[str, Cost]:
    """Runs the tasks in turn, so that a slow minute hits all alike, after one turn that is not counted: it brings files
    and programs into memory."""
    taken: dict[str, list[Cost]] = {name: [] for name in tasks}
    for turn in range(runs + 1):
        for name, command in tasks.items():
            cost = run(command)
            if turn:
                taken[name].append(cost)
    return {
        name: Cost(*(statistics.median(getattr(cost, part) for cost in costs) for part in ("wall", "cpu", "memory")))
        for name, costs in taken.items()
    }


def size(path: Path) -> Size:
    """As nfsanalyze tells it."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        done = subprocess.run([*commands(path)["nfsanalyze"], "-o", str(report)], capture_output=True, text=True)
        if done.returncode not in DONE:
            raise SystemExit(done.stderr)
        (told,) = json.loads(report.read_text(encoding="utf-8"))["captures"]
    return Size(path.stat().st_size, told["packets"], told["rpc_messages"])
