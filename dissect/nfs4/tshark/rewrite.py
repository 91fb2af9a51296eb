"""Captures in formats that are not read here, rewritten by tshark."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import weakref
from pathlib import Path

from dissect.nfs4.capture import Capture, CaptureError, open_capture
from dissect.nfs4.tshark.errors import TsharkError
from dissect.nfs4.tshark.program import tshark
from dissect.nfs4.tshark.run import environment
from dissect.nfs4.tshark.spool import room

_CUT_SHORT = 2
"""Exit status where the file ends inside a packet, and where it is no capture at all."""

_FILE = re.compile(r'(?i)\b(the file) ".*"')


def rewritten(path: str) -> Capture:
    """A capture of any format that tshark reads, with the path of the original; the copy goes when it is forgotten.

    Raises TsharkError where there is no tshark, or it cannot read the file either.
    """
    program = tshark()
    folder = Path(tempfile.mkdtemp(prefix="nfsanalyze-"))
    copy = folder / "rewritten.pcapng"
    # An absolute name begins with a slash, so that no name can be taken for an option.
    command = [program.path, "-r", os.path.abspath(path), "-F", "pcapng", "-w", str(copy)]  # noqa: PTH100
    most = room(folder)
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=folder,
            env=environment(folder),
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
        )
        if done.returncode == -signal.SIGXFSZ:
            raise TsharkError(f"tshark cannot rewrite it: it takes more than half of what is free in {folder.parent}")
        if done.returncode not in (0, _CUT_SHORT) or not copy.exists():
            raise TsharkError(f"tshark cannot read it either ({_said(done.stderr)})")
        capture = open_capture(copy)
    except (TsharkError, CaptureError, OSError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise TsharkError(str(error)) from None
    weakref.finalize(capture, shutil.rmtree, folder, ignore_errors=True)
    capture.path = path
    capture.format = "rewritten by tshark"
    if done.returncode:
        capture.cut_short, capture.cut_reason = True, _said(done.stderr)
    return capture


def _said(stderr: bytes) -> str:
    """The last line, without the name of the file: tshark was given an absolute one, and a report may name nobody."""
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    return _FILE.sub(r"\1", lines[-1].replace("tshark: ", "").rstrip(".")) if lines else "it does not say why"
