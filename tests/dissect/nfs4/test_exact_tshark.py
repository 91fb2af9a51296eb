"""The exact decoder against another one, on captures without damage."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from decoded import CAPTURES

from dissect.nfs4.batch import FRAME_SHIFT
from dissect.nfs4.capture import open_capture
from dissect.nfs4.exact import messages

WHOLE = [path for path in CAPTURES if not path.name.startswith("12-")]
CALLBACKS = "nfs.cb.operation"

Said = dict[int, tuple[list[tuple[int, int]], list[int]]]
"""By frame: xid and type of its messages, and the operations of all of them."""


def by_tshark(path: Path) -> Said:
    # RPC goes by guess there unless told, and a reserved client port may guess wrong.
    asked = ["-o", "tcp.try_heuristic_first:TRUE", "-d", "tcp.port==2049,rpc", "-d", "tcp.port==20049,rpc"]
    fields = ["frame.number", "rpc.xid", "rpc.msgtyp", "nfs.opcode", CALLBACKS]
    shown = [word for field in fields for word in ("-e", field)]
    command = ["tshark", "-n", *asked, "-r", str(path), "-Y", "rpc", "-T", "fields", *shown]
    said: Said = {}
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        frame, xids, types, *operations = (cell.split(",") if cell else [] for cell in line.split("\t"))
        pairs = [(int(xid, 16), int(mtype)) for xid, mtype in zip(xids, types, strict=True)]
        said[int(frame[0])] = pairs, [int(op) for cell in operations for op in cell]
    return said


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.name)
def test_each_message_and_operation_is_where_tshark_has_it(path: Path) -> None:
    said: Said = {}
    with open_capture(path) as capture:
        for id, message in sorted(messages(capture), key=lambda found: found[0]):
            pairs, operations = said.setdefault(id >> FRAME_SHIFT, ([], []))
            pairs.append((message.xid, message.kind & 1))
            operations += [operation.op for operation in message.operations]
    assert said == by_tshark(path)
