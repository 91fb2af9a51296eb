"""What order, repetition, loss and garbage do to what the exact decoder says."""

from __future__ import annotations

from typing import Any

from decoded import Decoded, decode, taken
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect.nfs4.batch import Kind
from dissect.nfs4.exact import messages
from wire.dialogue import CLIENT, SERVER, Wire


def conversation(data: st.DataObject) -> Wire:
    """Some calls and replies, several under way at a time, in segments of any size."""
    wire = Wire()
    connection = wire.connect("10.0.0.11:871", "10.0.0.1:2049", mss=data.draw(st.integers(40, 1448)))
    waiting = []
    for step in data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=12)):
        if step == 0:
            waiting.append(connection.call("RENEW", clientid=0x11))
        elif step == 1:
            waiting.append(connection.call("WRITE", data=bytes(data.draw(st.integers(0, 2000)))))
        elif waiting:
            waiting.pop(data.draw(st.integers(0, len(waiting) - 1))).reply()
    return wire


def said(decoded: Decoded) -> list[tuple[Any, ...]]:
    """The messages without their frames, and which call each reply answers."""
    xids = {row[0]: row[5] for row in decoded.messages}
    return sorted((row[3:6], xids.get(row[6]), row[10:12]) for row in decoded.messages)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_order_and_repetition_in_the_file_change_no_message(data: st.DataObject) -> None:
    wire = conversation(data)
    base = said(decode(wire))
    rest = wire.frames[1:]
    for at in data.draw(st.lists(st.integers(0, len(rest) - 2), max_size=8)):
        rest[at], rest[at + 1] = rest[at + 1], rest[at]
    for at in data.draw(st.lists(st.integers(0, len(rest) - 1), max_size=5)):
        rest.insert(data.draw(st.integers(0, len(rest))), rest[at])
    wire.frames = [wire.frames[0], *rest]
    assert said(decode(wire, batch_frames=data.draw(st.integers(1, 20)))) == base


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_loss_makes_no_message_that_was_not_sent(data: st.DataObject) -> None:
    wire = conversation(data)
    base = {(m.xid, m.kind & 1): m for _, m in messages(taken(wire))}
    wire.frames = [each for each in wire.frames if data.draw(st.integers(0, 4))]
    snaplen = data.draw(st.sampled_from([None, None, 100, 160]))
    for _, message in messages(taken(wire, snaplen)):
        whole = base[message.xid, message.kind & 1]
        assert message.kind in (whole.kind, Kind.OTHER_REPLY)
        assert message.operations == whole.operations[: len(message.operations)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([CLIENT, SERVER]), st.integers(0, 63), st.integers(-100, 300), st.binary(max_size=90)
        ),
        max_size=15,
    )
)
def test_any_segments_are_decoded_without_raising(sent: list[tuple[str, int, int, bytes]]) -> None:
    wire = Wire()
    connection = wire.connect("10.0.0.11:871", "10.0.0.1:2049", handshake="none")
    call = connection.call("RENEW", clientid=0x11)
    for by, flags, offset, payload in sent:
        seq = (connection.next_seq[by] + offset) % 2**32
        connection.segment(by, flags, payload if flags % 3 else call.message, seq=seq)
    whole, parts = decode(wire), decode(wire, batch_frames=1)
    assert parts.messages == whole.messages
    assert parts.events == whole.events
