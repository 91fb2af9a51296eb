"""Names of all operations of single messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissect.nfs4.batch import Kind
from dissect.nfs4.capture import open_capture
from dissect.nfs4.const import cb_op_name, op_name
from dissect.nfs4.exact import messages
from dissect.nfs4.link.segment import Segment
from dissect.nfs4.link.unwrap import Unwrapper
from dissect.nfs4.message import Message
from dissect.nfs4.peek import FRAMES, Sought, operations

SAMPLES = Path(__file__).resolve().parents[3] / "samples"


def sources(path: Path) -> dict[int, str]:
    """Who sent each frame."""
    unwrapper = Unwrapper()
    with open_capture(path) as capture:
        items = [item for frame in capture for item in unwrapper.feed(frame, frame.number)]
    return {item.frame: item.source for item in items if isinstance(item, Segment)}


def compounds(path: Path) -> list[tuple[int, Message]]:
    with open_capture(path) as capture:
        return [(id, m) for id, m in messages(capture) if m.kind >= Kind.COMPOUND_CALL and m.operations]


@pytest.mark.parametrize("name", ["02-v40-ucs-takeover.pcapng", "03-v41-takeover.pcap", "11b-vlan100.pcapng"])
def test_the_same_as_the_decoder_reads(name: str) -> None:
    decoded, sender = compounds(SAMPLES / name), sources(SAMPLES / name)
    programs = {m.xid: m.prog for _, m in decoded if m.prog}
    sought = {
        id: Sought(
            xid=m.xid,
            kind=m.kind,
            source=sender[id >> 12],
            prog=programs.get(m.xid, 0),
            minor=m.minor,
            frames=tuple(range(max((id >> 12) - FRAMES, 1), (id >> 12) + 1)),
        )
        for id, m in decoded
    }
    with open_capture(SAMPLES / name) as capture:
        found = operations(capture, sought)
    for id, m in decoded:
        named = cb_op_name if m.kind >= Kind.CB_NULL_CALL else op_name
        assert found[id] == tuple(named(each.op) for each in m.operations)
    assert len(decoded) > 100


def test_what_is_not_there_is_not_found() -> None:
    nothing = Sought(xid=1, kind=Kind.COMPOUND_CALL, source="10.0.0.11", prog=100003, minor=0, frames=(1, 2, 10))
    with open_capture(SAMPLES / "02-v40-ucs-takeover.pcapng") as capture:
        assert operations(capture, {7: nothing}) == {}
