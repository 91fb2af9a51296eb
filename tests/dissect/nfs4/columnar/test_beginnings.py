"""Connections that begin amid others: with and without their handshake, on new ports and on ports used before."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from same import compare

from dissect.nfs4.columnar.numbers import reorder
from wire import frames as link
from wire.dialogue import CLIENT, SERVER, Connection, Wire

ACTIONS = ("connect", "call", "call", "call", "reply", "reply", "close", "reset", "syn", "late")
HANDSHAKES = ("full", "full", "full", "none", "silent", "refused")


def act(data: st.DataObject, wire: Wire, connections: list[Connection], waiting: list[Any]) -> None:
    action = data.draw(st.sampled_from(ACTIONS))
    if action == "connect" or not connections:
        port = data.draw(st.integers(871, 874))
        server = data.draw(st.sampled_from(["10.0.0.1:2049", "10.0.0.1:2049", "10.0.0.1:12049"]))
        how = data.draw(st.sampled_from(HANDSHAKES))
        connections.append(
            wire.connect(f"10.0.0.11:{port}", server, handshake=how, mss=data.draw(st.integers(60, 900)))
        )
        return
    connection = data.draw(st.sampled_from(connections))
    if action == "call":
        waiting.append(connection.call("RENEW", clientid=0x11))
    elif action == "reply" and waiting:
        waiting.pop(data.draw(st.integers(0, len(waiting) - 1))).reply()
    elif action == "close":
        connection.close()
    elif action == "reset":
        connection.reset(data.draw(st.sampled_from([CLIENT, SERVER])))
    elif action == "syn":
        connection.segment(CLIENT, link.SYN, seq=connection.next_seq[CLIENT] - 1)
    elif action == "late":
        connection.call("GETATTR", lost=True)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_connections_come_and_go(data: st.DataObject) -> None:
    wire = Wire()
    connections: list[Connection] = []
    waiting: list[Any] = []
    for _ in range(data.draw(st.integers(5, 60))):
        act(data, wire, connections, waiting)
    for at in data.draw(st.lists(st.integers(0, max(len(wire.frames) - 1, 0)), max_size=3)):
        wire.frames.insert(data.draw(st.integers(0, len(wire.frames) - 1)), wire.frames.pop(at))
    compare(wire.pcap(), data.draw(st.sampled_from([600, 4_000, 1 << 20])), 1 << 20)


def test_numbers_follow_the_first_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one without a handshake is come to last, and counts as first."""
    changed = []

    def watched(*given: Any) -> Any:
        changed.append(reorder(*given))
        return changed[-1]

    monkeypatch.setattr("dissect.nfs4.columnar.lanes.reorder", watched)
    wire = Wire()
    early = wire.connect("10.0.0.11:871", "10.0.0.1:2049", handshake="none")
    early.call("RENEW", clientid=0x11).reply()
    for port in range(872, 876):
        late = wire.connect(f"10.0.0.11:{port}", "10.0.0.1:2049")
        late.call("SETCLIENTID", owner=b"web01", verifier=1).reply(clientid=0x11, confirm=7)
        late.close()
        early.call("RENEW", clientid=0x11).reply()
    compare(wire.pcap(), 1 << 20)
    assert changed[0] == {0: 1, 1: 2, 2: 3, 3: 4, 4: 0}


def test_what_follows_a_handshake_is_read_together(alone: list[Any]) -> None:
    wire = Wire()
    for port in range(871, 891):
        connection = wire.connect(f"10.0.0.11:{port}", "10.0.0.1:2049")
        for _ in range(5):
            connection.call("RENEW", clientid=0x11).reply()
        connection.close()
    compare(wire.pcap(), 1 << 20)
    assert not alone


@pytest.mark.parametrize("between", [50, 63, 64, 65, 80, 200])
@pytest.mark.parametrize("size", [500, 3_000, 1 << 20])
def test_a_syn_that_the_file_has_late(between: int, size: int) -> None:
    """The answer to it stands first: how much later it comes decides whether the connection is told with it."""
    wire = Wire()
    connection = wire.connect("10.0.0.11:871", "10.0.0.1:2049")
    syn = wire.frames.pop(0)
    other = wire.connect("10.0.0.12:872", "10.0.0.1:2049", handshake="none")
    for _ in range(between - 2):
        other.ack()
    wire.frames.append(syn)
    connection.call("RENEW", clientid=1).reply()
    compare(wire.pcap(), size)
