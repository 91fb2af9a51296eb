"""Measures a batch of many captures on one process, on two, and on a Dask cluster of two workers on this machine.

    python benchmarks/batches.py [--cases N]

Prints a table in Markdown. The captures are copies of the small ones in samples/.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))


def copies(folder: Path, count: int) -> None:
    """So many captures, taken in turn from the small ones of samples/."""
    sources = sorted(path for path in (ROOT / "samples").glob("*.pcap*") if path.stat().st_size < 200_000)
    for number, source in enumerate(islice(cycle(sources), count)):
        shutil.copy(source, folder / f"{number:04}-{source.name}")


def measured(*arguments: str) -> float:
    """Seconds of a batch by the clock."""
    with tempfile.TemporaryDirectory() as out:
        begun = time.perf_counter()
        command = [sys.executable, "-m", "nfsanalyze", "batch", *arguments, "--out", out]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        if done.returncode not in (0, 4):
            raise SystemExit(done.stderr)
        return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=200)
    count = parser.parse_args().cases
    from batch.cluster import cluster  # the one that tests use

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "captures").mkdir()
        copies(folder / "captures", count)
        path = str(folder / "captures")
        rows = {f"{jobs} process{'es' if jobs > 1 else ''}": measured(path, "--jobs", str(jobs)) for jobs in (1, 2)}
        with cluster(folder, workers=2) as running:
            rows["Dask, 2 workers"] = measured(path, "--scheduler", running.address)
    one = rows["1 process"]
    print(f"{count} captures, {os.cpu_count()} processors\n")
    print("| where | seconds | cases a second | x one process |\n|---|---:|---:|---:|")
    for where, seconds in rows.items():
        print(f"| {where} | {seconds:.1f} | {count / seconds:.1f} | {one / seconds:.2f} |")


if __name__ == "__main__":
    main()
