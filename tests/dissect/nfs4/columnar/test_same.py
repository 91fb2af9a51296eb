"""The fast decoder says what the exact decoder says: on every sample, and on whatever order, loss and cuts make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from decoded import CAPTURES, Decoded
from hypothesis import given, settings
from hypothesis import strategies as st
from same import COUNTS, compare, opened, said

from dissect.nfs4.batch import LinkEvent
from dissect.nfs4.capture import open_capture
from dissect.nfs4.columnar import columnar
from dissect.nfs4.columnar import streams as sorting
from dissect.nfs4.exact import exact
from wire import frames as link
from wire.dialogue import CLIENT, SERVER, Connection, Wire


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_samples(path: Path) -> None:
    with open_capture(path) as reference:
        expected = said(Decoded(exact(reference)))
    for size in (1 << 22, 5_000):
        with open_capture(path) as capture:
            assert said(Decoded(columnar(capture, chunk_bytes=size))) == expected
            assert [getattr(capture, name) for name in COUNTS] == [getattr(reference, name) for name in COUNTS]


@pytest.mark.parametrize("name", ["02-v40-ucs-takeover-c1.pcap", "12-02-loss10pct.pcap"])
def test_one_packet_at_a_time(name: str) -> None:
    (path,) = [path for path in CAPTURES if path.name == name]
    compare(path.read_bytes(), 1)


def test_frame_numbers_of_a_later_capture() -> None:
    (path,) = [path for path in CAPTURES if path.name == "05a-v40-server-reboot.pcap"]
    compare(path.read_bytes(), 3_000, capture_no=2)


def test_ttls_that_show_a_router() -> None:
    """Of segments, whichever of a run they are; resets are often made by what stands between."""
    wire = Wire()
    wire.ttls = {"10.0.0.1": 64, "10.0.0.2": 64, "fd00::1": 63}
    ends = ("10.0.0.11:871", "10.0.0.1:2049"), ("10.0.0.11:872", "10.0.0.2:2049"), ("[fd00::11]:873", "[fd00::1]:2049")
    connections = [wire.connect(client, server) for client, server in ends]
    for connection in connections:
        connection.call("RENEW", clientid=0x11).reply()
    wire.ttls = {"10.0.0.1": 61, "10.0.0.2": 61, "fd00::1": 64}
    connections[0].reset()
    for connection in connections[1:]:
        connection.call("RENEW", clientid=0x11).reply()
    data = wire.pcap()
    events = Decoded(exact(opened(data))).events
    assert {event.address for event in events if isinstance(event, LinkEvent) and event.routed} == {
        "10.0.0.2",
        "fd00::1",
    }
    compare(data, 1, 300, 4096)


KINDS = 9
HEAD = 80
"""Frames at the beginning of a conversation that stay in order: none of its SYNs can come after so many."""


def exchange(data: st.DataObject, connection: Connection, waiting: list[Any], step: int) -> None:
    """One step of a client that has introduced itself, or an answer to one before."""
    if step == 0:
        waiting.append(connection.call("RENEW", clientid=0x11))
    elif step == 1:
        waiting.append(connection.call("WRITE", data=bytes(data.draw(st.integers(0, 6000)))))
    elif step == 2:
        waiting.append(connection.call("GETATTR"))
    elif step == 3:
        connection.call("SETCLIENTID", owner=b"web01", verifier=1).reply(clientid=0x11, confirm=7)
    elif step == 4 and waiting:
        waiting.append(connection.call("RENEW", clientid=0x11))
        connection.send(CLIENT, waiting[-1].message)
    elif waiting:
        call = waiting.pop(data.draw(st.integers(0, len(waiting) - 1)))
        failed = data.draw(st.sampled_from([None, None, "NFS4ERR_DELAY"]))
        call.reply(failed) if failed else call.reply()


def conversation(data: st.DataObject) -> Wire:
    """Connections side by side, each old enough that its SYN cannot follow, and then some traffic."""
    wire = Wire()
    ports = data.draw(
        st.lists(st.sampled_from(["10.0.0.1:2049", "10.0.0.1:12049"]), min_size=1, max_size=2, unique=True)
    )
    connections = [wire.connect("10.0.0.11:871", port, mss=data.draw(st.integers(40, 1448))) for port in ports]
    for _ in range(36 // len(connections)):
        for connection in connections:
            connection.call("RENEW", clientid=0x11).reply()
    waiting: list[list[Any]] = [[] for _ in connections]
    for step in data.draw(st.lists(st.integers(0, KINDS * len(connections) - 1), min_size=5, max_size=40)):
        which = step // KINDS
        exchange(data, connections[which], waiting[which], step % KINDS)
    return wire


SIZES = st.sampled_from([1_000, 6_000, 16_000, 1 << 20])
"""Of what is no plain file half as much is read at a time: from one packet or a few up to all."""


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whole_conversations(data: st.DataObject) -> None:
    compare(conversation(data).pcap(), data.draw(SIZES))


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_order_repetition_and_loss(data: st.DataObject) -> None:
    wire = conversation(data)
    head, rest = wire.frames[:HEAD], wire.frames[HEAD:]
    if rest:
        for at in data.draw(st.lists(st.integers(0, len(rest) - 1), max_size=4)):
            rest.insert(data.draw(st.integers(0, len(rest))), rest[at])
        for at in data.draw(st.lists(st.integers(0, len(rest) - 1), max_size=4)):
            rest.insert(data.draw(st.integers(0, len(rest) - 1)), rest.pop(at))
        for at in data.draw(st.lists(st.integers(0, len(rest) - 1), max_size=2)):
            rest[at : at + 1] = []
            if not rest:
                break
    wire.frames = head + rest
    snaplen = data.draw(st.sampled_from([262144, 262144, 120]))
    compare(wire.pcap(snaplen=snaplen), data.draw(SIZES), data.draw(SIZES))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_ports_used_again_and_connections_that_end(data: st.DataObject) -> None:
    wire = conversation(data)
    for end in (link.FIN | link.ACK, link.RST):
        connection = wire.connect("10.0.0.11:871", "10.0.0.1:2049")
        for _ in range(data.draw(st.integers(1, 40))):
            connection.call("RENEW", clientid=0x11).reply()
        connection.segment(data.draw(st.sampled_from([CLIENT, SERVER])), end)
    compare(wire.pcap(), data.draw(SIZES))


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_what_is_lost_at_the_end_of_streams(data: st.DataObject) -> None:
    """Acknowledgements and FINs show it, also such as are no truth: of another connection, or far off."""
    wire = conversation(data)
    connection = wire.connect("10.0.0.12:900", "10.0.0.1:2049")
    for _ in range(data.draw(st.sampled_from([0, 1, 36]))):
        connection.call("RENEW", clientid=0x11).reply()
    for step in data.draw(st.lists(st.integers(0, 7), max_size=16)):
        by = CLIENT if step & 1 else SERVER
        far = data.draw(st.sampled_from([0, 0, 1, 900, (64 << 20) - 900, 64 << 20, 1 << 31]))
        if step < 4:
            connection.send(by, bytes(data.draw(st.integers(1, 900))), lost=step < 2)
        elif step < 6:
            connection.segment(by, link.ACK, seq=connection.next_seq[by] + far & 0xFFFFFFFF)
        else:
            connection.next_seq[by] += far
            connection.segment(by, data.draw(st.sampled_from([link.ACK, link.FIN | link.ACK, link.RST | link.ACK])))
            connection.next_seq[by] -= far
    if data.draw(st.booleans()):
        again = wire.connect("10.0.0.12:900", "10.0.0.1:2049", handshake=data.draw(st.sampled_from(["full", "silent"])))
        for _ in range(data.draw(st.integers(0, 2))):
            connection.segment(SERVER, data.draw(st.sampled_from([link.ACK, link.FIN | link.ACK])))
        again.call("RENEW", clientid=0x11).reply()
    compare(wire.pcap(), data.draw(SIZES), data.draw(SIZES))


@settings(max_examples=60, deadline=None)
@given(st.data(), st.lists(st.binary(max_size=200), max_size=10))
def test_any_payload(data: st.DataObject, payloads: list[bytes]) -> None:
    wire = conversation(data)
    connection = wire.connect("10.0.0.12:900", "10.0.0.1:2049")
    for _ in range(36):
        call = connection.call("RENEW", clientid=0x11).reply()
    for payload in payloads:
        at = data.draw(st.integers(0, len(call.message) - 1))
        connection.send(CLIENT, data.draw(st.sampled_from([payload, call.message[:at] + payload, call.message])))
    compare(wire.pcap(), data.draw(SIZES))


def test_most_segments_are_read_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equality alone would hold if all went one by one."""
    taken: list[tuple[int, int]] = []
    before = sorting.sort

    def counted(*args: Any) -> Any:
        found = before(*args)
        taken.append((len(found.slow), sum(len(stream.segments) for stream in found.streams)))
        return found

    monkeypatch.setattr("dissect.nfs4.columnar.decode.sort", counted)
    wire = Wire()
    connection = wire.connect("10.0.0.11:871", "10.0.0.1:2049")
    for _ in range(2000):
        connection.call("RENEW", clientid=0x11).reply()
    compare(wire.pcap(), 1 << 20)
    slow, together = (sum(column) for column in zip(*taken, strict=True))
    assert slow < 100 and together > 3900
