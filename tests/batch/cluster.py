"""A real Dask cluster on this machine: a scheduler and workers as processes that a test may end by force."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path


class Cluster:
    """`address` of the scheduler, and its workers' processes."""

    def __init__(self, folder: Path, workers: int) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self._log = folder / "scheduler.log"
        self._start(
            "scheduler", ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        )
        self.address = self._address()
        self.workers = [self._worker(number) for number in range(workers)]

    def _worker(self, number: int) -> subprocess.Popen[bytes]:
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(self._folder)]
        return self._start(f"worker{number}", ["distributed.cli.dask_worker", self.address, *options])

    def _start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        with (self._folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command], stdout=log, stderr=log, env=environment, start_new_session=True
            )
        self._processes.append(process)
        return process

    def _address(self) -> str:
        for _ in range(300):
            found = re.search(r"(tcp://127\.0\.0\.1:\d+)", self._log.read_text()) if self._log.exists() else None
            if found:
                return found[1]
            time.sleep(0.1)
        raise AssertionError(f"no scheduler: {self._log.read_text()}")

    def kill(self, worker: int) -> None:
        """As a machine that loses its power: the worker and all it started."""
        os.killpg(self.workers[worker].pid, signal.SIGKILL)

    def stop(self) -> None:
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    running = Cluster(folder, workers)
    try:
        yield running
    finally:
        running.stop()
