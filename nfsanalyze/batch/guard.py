"""The unit of work: a case, analysed by a child process within limits. The same wherever it runs."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from nfsanalyze.batch import layout
from nfsanalyze.batch.work import Outcome, Work, outcome_from, outcome_to, work_from, work_to

CASES_A_CHILD = 64
"""A child is replaced after so many cases, so that nothing it may leak adds up."""

_threads = threading.local()
_all: set[Child] = set()
_lock = threading.Lock()
_stopping = threading.Event()


def run(work: Work) -> Outcome:
    """Have a case analysed by this thread's child; the outcome is written to the output folder, whatever it is."""
    begun = time.perf_counter()
    child: Child | None = getattr(_threads, "child", None)
    if child is None or not child.fit(work):
        if child is not None:
            child.stop()
        child = _threads.child = Child(work.limits.megabytes)
    outcome = child.ask(work)
    if outcome.seconds == 0.0 and outcome.status not in ("done", "incomplete", "nothing"):
        outcome = replace(outcome, seconds=time.perf_counter() - begun)
    if _stopping.is_set():
        # Ended by ourselves: that is nothing to be remembered of the case.
        return replace(outcome, status="killed", error="interrupted")
    try:
        layout.write_outcome(Path(work.out), outcome)
    except OSError as error:
        return replace(outcome, status="failed", error=f"{work.out}: cannot be written: {error.strerror}")
    return outcome


def run_plain(work: dict[str, Any]) -> dict[str, Any]:
    """`run` on plain values, for schedulers that send them to other machines."""
    return outcome_to(run(work_from(work)))


def stop_all() -> None:
    """End all children of this process at once, and take what becomes of their cases for nothing."""
    _stopping.set()
    with _lock:
        children = list(_all)
    for child in children:
        child.kill()


def begin() -> None:
    """Let units run again after `stop_all`."""
    _stopping.clear()


class Child:
    """A process that serves cases."""

    def __init__(self, megabytes: int) -> None:
        self._megabytes = megabytes
        self._served = 0
        self._late = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "nfsanalyze.batch.child", str(megabytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # A group of its own: what it starts dies with it, and Ctrl-C is for the parent alone.
            start_new_session=True,
        )
        with _lock:
            _all.add(self)

    def fit(self, work: Work) -> bool:
        """Whether it can take another case."""
        return (
            self._process.poll() is None and self._served < CASES_A_CHILD and self._megabytes == work.limits.megabytes
        )

    def ask(self, work: Work) -> Outcome:
        """The outcome of a case; the child is gone if it was over a limit or died."""
        self._served += 1
        timer = threading.Timer(work.limits.seconds, self._time_out)
        timer.start()
        try:
            line = self._exchange(json.dumps(work_to(work)).encode() + b"\n")
        finally:
            timer.cancel()
        with contextlib.suppress(ValueError, KeyError, TypeError):
            return outcome_from(json.loads(line))
        code = self.stop()
        base = Outcome(case=work.case, status="killed", paths=work.paths)
        if self._late:
            limit = work.limits.seconds
            return replace(base, status="timeout", error=f"took longer than {limit:g} s (--timeout)")
        if code in (-signal.SIGABRT, -signal.SIGKILL):
            # What is not Python ends so where it gets no memory.
            return replace(
                base, status="memory", error=f"needs more than {self._megabytes:,} MB (--memory), or was killed"
            )
        return replace(base, error=f"the process ended with {code}")

    def _exchange(self, question: bytes) -> bytes:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            return b""
        try:
            stdin.write(question)
            stdin.flush()
            return stdout.readline()
        except (OSError, ValueError):
            return b""

    def _time_out(self) -> None:
        self._late = True
        self.kill()

    def kill(self) -> None:
        """End it and all that it started, now."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def stop(self) -> int:
        """End it and tell its exit status."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            self.kill()
            code = self._process.wait()
        with _lock:
            _all.discard(self)
        return code
