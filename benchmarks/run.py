"""Measures nfsanalyze against tshark and tcpdump on the same files, in one run, and prints the ratios.

    python benchmarks/run.py [--megabytes N] [--runs N] [--only NAME]…

CPU seconds are of whole processes less what the same process needs for an empty capture; medians of the runs, which
are taken in turn so that a slow minute hits all alike. Memory is the peak of the process. Needs tshark and tcpdump.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from recipes import RECIPES, empty

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = str(Path(sys.executable).with_name("nfsanalyze"))
SMALL = ROOT / "samples" / "14-idle-renewals.pcap"
FIELDS = ("frame.number", "rpc.xid", "nfs.opcode", "nfs.clientid", "nfs.session_id4", "nfs.nfsstat4")


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process: wall and CPU seconds, peak memory in MB."""

    wall: float
    cpu: float
    memory: float


def commands(path: Path) -> dict[str, list[str]]:
    shown = [part for field in FIELDS for part in ("-e", field)]
    tshark = ["tshark", "-n", "-d", "tcp.port==2049,rpc", "-r", str(path), "-Y", "nfs", "-T", "fields", *shown]
    return {
        "nfsanalyze": [PROGRAM, "scan", "--format", "json", str(path)],
        "tshark": tshark,
        "tcpdump": ["tcpdump", "-n", "-r", str(path), "-w", "/dev/null"],
    }


def capture(name: str, megabytes: int) -> Path:
    """Made in a process of its own: a child's peak memory begins with what its parent holds."""
    recipe = [sys.executable, str(ROOT / "benchmarks" / "recipes.py"), name, str(megabytes)]
    return Path(subprocess.run(recipe, check=True, capture_output=True, text=True).stdout.strip())


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
    if os.waitstatus_to_exitcode(status) not in (0, 1, 3, 4):
        raise SystemExit(f"failed with {os.waitstatus_to_exitcode(status)}: {' '.join(command)}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def medians(tasks: dict[str, list[str]], runs: int) -> dict[str, Cost]:
    """Runs the tasks in turn, after one turn that is not counted."""
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


def start_up(runs: int) -> None:
    bare = [sys.executable, "-c"]
    tasks = {
        "python alone": [*bare, "pass"],
        "import numpy": [*bare, "import numpy"],
        "import polars": [*bare, "import polars"],
        "import nfsanalyze.cli": [*bare, "import nfsanalyze.cli"],
        "nfsanalyze --help": [PROGRAM, "--help"],
        "nfsanalyze scan, no packets": commands(empty())["nfsanalyze"],
        f"nfsanalyze scan, {SMALL.stat().st_size // 1000} kB": commands(SMALL)["nfsanalyze"],
        f"tshark, {SMALL.stat().st_size // 1000} kB": commands(SMALL)["tshark"],
    }
    print(f"{'start-up':<34}{'wall s':>9}{'CPU s':>9}{'MB':>8}")
    for name, cost in medians(tasks, runs).items():
        print(f"{name:<34}{cost.wall:>9.3f}{cost.cpu:>9.3f}{cost.memory:>8.0f}")


def throughput(names: list[str], megabytes: int, runs: int) -> None:
    idle = medians(commands(empty()), runs)
    head = f"{'CPU s, start-up taken off':<34}{'nfsanalyze':>11}{'tshark':>9}{'tcpdump':>9}"
    print(f"\n{head}{'tshark ÷':>10}{'÷ tcpdump':>11}{'MB':>8}{'tshark MB':>11}")
    for name in names:
        costs = medians(commands(capture(name, megabytes)), runs)
        ours, theirs, copy = (
            max(costs[tool].cpu - idle[tool].cpu, 1e-3) for tool in ("nfsanalyze", "tshark", "tcpdump")
        )
        print(
            f"{name + f', {megabytes} MB':<34}{ours:>11.2f}{theirs:>9.2f}{copy:>9.2f}{theirs / ours:>10.1f}"
            f"{ours / copy:>11.1f}{costs['nfsanalyze'].memory:>8.0f}{costs['tshark'].memory:>11.0f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=100, help="size of the captures (ratios settle above 500)")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", action="append", choices=list(RECIPES))
    given = parser.parse_args()
    start_up(given.runs)
    throughput(given.only or list(RECIPES), given.megabytes, given.runs)


if __name__ == "__main__":
    main()
