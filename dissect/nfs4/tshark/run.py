"""Starts the process that reads tshark's output, and takes its answers as they come."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from dissect.nfs4.tshark.answer import Answer, read_answer
from dissect.nfs4.tshark.errors import TsharkError
from dissect.nfs4.tshark.program import Tshark
from dissect.nfs4.tshark.spool import Spool

PATIENCE_S = 300
"""Seconds in which some answer must come: tshark reads a file through before it says anything only where it must."""

_PIECE = 1 << 16
_ROOT = str(Path(__file__).parents[3])


def unwrapped(tshark: Tshark, spool: Spool, *, raw: bool) -> Iterator[Answer]:
    """What tshark finds in the frames of a spool, in their order; `raw` where whole RPC messages are looked for.

    Raises TsharkError where tshark ends otherwise than well; what came before holds.
    """
    spool.flush()
    if not spool.numbers:
        return
    with (spool.folder / "errors").open("w+b") as errors:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "dissect.nfs4.tshark.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=spool.folder,
            env=environment(spool.folder),
            start_new_session=True,
        )
        try:
            yield from _answers(process, tshark, spool, raw=raw)
        finally:
            _end(process)


def environment(folder: Path) -> dict[str, str]:
    """That of a process which must not heed what its user has set for Wireshark, or add to it."""
    mine = {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "XDG_CACHE_HOME": str(folder),
        "WIRESHARK_CONFIG_DIR": str(folder),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join([_ROOT, *(path for path in sys.path if path)]),
    }
    return os.environ | mine


def _answers(process: subprocess.Popen[bytes], tshark: Tshark, spool: Spool, *, raw: bool) -> Iterator[Answer]:
    assert process.stdin is not None
    order = {"tshark": tshark.path, "file": str(spool.path), "raw": raw}
    with suppress(BrokenPipeError):
        process.stdin.write(json.dumps(order).encode() + b"\n")
        process.stdin.close()
    for line in _lines(process):
        said = read_answer(line, spool.numbers)
        if said is None:
            return
        yield said
    raise TsharkError(f"the process that reads tshark's output ended early: {_last_line(spool.folder / 'errors')}")


def _lines(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    assert process.stdout is not None
    rest = b""
    while True:
        if not select.select([process.stdout], [], [], PATIENCE_S)[0]:
            raise TsharkError(f"tshark said nothing for {PATIENCE_S} seconds")
        piece = os.read(process.stdout.fileno(), _PIECE)
        if not piece:
            return
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines


def _last_line(errors: Path) -> str:
    lines = errors.read_text(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it does not say why")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and the tshark that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdout is not None:
        process.stdout.close()
    process.wait()
