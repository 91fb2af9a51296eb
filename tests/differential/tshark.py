"""tshark's reading of a capture, as far as it can be compared."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from differential.spoken import Spoken

_FIELDS = (
    "frame.number",
    "rpc.xid",
    "rpc.msgtyp",
    "rpc.repframe",
    "nfs.opcode",
    "nfs.cb.operation",
    "nfs.nfsstat4",
    "nfs.clientid",
    "nfs.session_id4",
    "nfs.ops.count",
)
"""`rpc.repframe` is, in spite of its name, the frame of the request, and stands in replies."""

_CUT_SHORT = 2
"""Exit status where the file ends inside a packet; what came before is printed all the same."""


def executable() -> str:
    """Where tshark is. Raises FileNotFoundError that says what to do."""
    found = shutil.which("tshark")
    if found is None:
        raise FileNotFoundError(
            "tshark is not installed: the decoder cannot be held against it (Debian: apt-get install tshark)"
        )
    return found


def read(capture: Path, *, ports: tuple[int, ...], reassemble_out_of_order: bool, cut_short: bool) -> dict[int, Spoken]:
    """The RPC messages of each frame that holds any.

    The ports are set to RPC and heuristics come first: otherwise a reserved source port makes the connection another
    protocol's. Raises ValueError where tshark fails; that a file is cut short is no failure where it is expected.
    """
    command = [executable(), "-n", "-r", str(capture), "-Y", "rpc", "-o", "tcp.try_heuristic_first:TRUE"]
    command += ["-o", f"tcp.reassemble_out_of_order:{str(reassemble_out_of_order).upper()}"]
    command += [part for port in ports for part in ("-d", f"tcp.port=={port},rpc")]
    command += ["-T", "fields", "-E", "occurrence=a", "-E", "aggregator=,", "-E", "separator=|"]
    command += [part for field in _FIELDS for part in ("-e", field)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != (_CUT_SHORT if cut_short else 0):
        raise ValueError(f"tshark ended with {done.returncode}: {done.stderr.strip()}")
    return dict(_row(line) for line in done.stdout.splitlines())


def _row(line: str) -> tuple[int, Spoken]:
    frame, *columns = line.split("|")
    xids, types, calls, ops, cb_ops, statuses, clientids, sessions, announced = (
        column.split(",") if column else [] for column in columns
    )
    return int(frame), Spoken(
        messages=[(int(xid, 16), bool(int(kind))) for xid, kind in zip(xids, types, strict=True)],
        answers=[int(call) for call in calls],
        operations=[int(op) for op in ops],
        callback_operations=[int(op) for op in cb_ops],
        statuses=[int(status) for status in statuses],
        clientids=[clientid.removeprefix("0x") for clientid in clientids],
        sessions=sessions,
        announced=[int(count) for count in announced],
    )
