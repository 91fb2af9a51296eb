"""The process in which cases are analysed, one after the other: a line of JSON in, a line of JSON out.

    python -m nfsanalyze.batch.child MEGABYTES

It holds itself to the limit of memory; that of time is kept by its parent, and by an alarm should the parent be gone.
"""

from __future__ import annotations

import errno
import gc
import json
import os
import signal
import sys
from dataclasses import replace
from typing import BinaryIO

from nfsanalyze.batch.work import Outcome, Work, outcome_to, work_from
from nfsanalyze.lean import lean

GRACE_S = 30
"""Seconds after the limit at which a child without a parent ends itself."""


def main() -> int:
    """Serve until stdin ends."""
    answers = _own_stdout()
    lean()
    # Loaded while there is memory: where these find none as they start, they wait for ever or just end.
    import numpy as np  # noqa: F401
    import polars as pl  # noqa: F401

    _limit(int(sys.argv[1]))
    for line in sys.stdin.buffer:
        work = work_from(json.loads(line))
        _alarm(int(work.limits.seconds) + GRACE_S)
        _forget_peak()
        outcome = replace(_served(work), peak_mb=_peak())
        _alarm(0)
        answers.write(json.dumps(outcome_to(outcome)).encode() + b"\n")
        answers.flush()
        gc.collect()
    return 0


def _served(work: Work) -> Outcome:
    from nfsanalyze.batch.unit import analyse_case

    base = Outcome(case=work.case, status="failed", paths=work.paths)
    try:
        return analyse_case(work)
    except Exception as error:  # whatever it is, it is this case's alone
        if _of_memory(error):
            return replace(base, status="memory", error=f"needs more than {work.limits.megabytes:,} MB (--memory)")
        return replace(base, error=f"internal error: {type(error).__name__}: {error}".rstrip(": "))


def _of_memory(error: Exception) -> bool:
    """Whether it says that there is no more memory; a shared library that finds none is an ImportError."""
    told = isinstance(error, ImportError) and any(word in str(error) for word in ("memory", "map segment"))
    return told or isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM


def _own_stdout() -> BinaryIO:
    """The pipe to the parent; what anything else prints goes to stderr."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _limit(megabytes: int) -> None:
    if megabytes:
        try:
            import resource
        except ImportError:
            return
        # Of what is mapped but never touched nothing is counted, as RLIMIT_AS would.
        resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20, megabytes << 20))


def _alarm(seconds: int) -> None:
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


def _forget_peak() -> None:
    """Let the kernel count the peak of memory anew (proc(5), clear_refs)."""
    try:
        with open("/proc/self/clear_refs", "w") as file:  # noqa: PTH123 - a knob, not a file
            file.write("5")
    except OSError:
        pass


def _peak() -> float:
    """The most memory held at once since then, in MB; 0 where the system does not tell."""
    try:
        with open("/proc/self/status") as file:  # noqa: PTH123 - the same
            for line in file:
                if line.startswith("VmHWM:"):
                    return round(int(line.split()[1]) / 1024, 1)
    except (OSError, ValueError):
        pass
    return 0.0


if __name__ == "__main__":
    try:
        code = main()
    except Exception as error:
        if _of_memory(error):  # not even a question or an answer fits: ended as what is not Python ends then
            os.abort()
        raise
    sys.exit(code)
