"""Connections on ports of their own, as callbacks come: read together from their first words on where these call."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from same import compare

from wire import frames as link
from wire import rpc
from wire.dialogue import CLIENT, SERVER, Call, Connection, Wire, op

SIZES = st.sampled_from([600, 4_000, 1 << 20])
PROGRAMS = [(rpc.NFS_PROGRAM, 4), (rpc.NFS_PROGRAM, 3), (0x40000000, 1), (0x5FFFFFFF, 4), (0x60000000, 1), (100005, 3)]


def called_back(wire: Wire, port: int = 700, **how: Any) -> Connection:
    """A connection from a server to the port on which a client takes callbacks."""
    return wire.connect(f"10.0.0.1:{port}", "10.0.0.11:43845", **how)


def test_callbacks_are_read_together(alone: list[Any]) -> None:
    wire = Wire()
    main = wire.connect("10.0.0.11:871", "10.0.0.1:2049")
    for port in range(700, 706):
        back = called_back(wire, port)
        main.call("RENEW", clientid=0x11).reply()
        back.null(program=0x40000000, version=1).reply_null()
        back.ack()
        back.callback([op("CB_RECALL", stateid=(1, b"deleg"))]).reply()
        back.close()
    compare(wire.pcap(), 1 << 20)
    assert not alone


def test_they_are_told_of_when_they_speak() -> None:
    """What connections say of themselves has the order of the exact decoder, whenever they began."""
    wire = Wire()
    back = [called_back(wire, port) for port in range(700, 704)]
    for connection in reversed(back):
        connection.null(program=0x40000000, version=1).reply_null()
    compare(wire.pcap(), 1 << 20)


def test_only_all_of_a_call_shows_it(alone: list[Any]) -> None:
    wire = Wire()
    halves = called_back(wire, mss=30)
    halves.null(program=0x40000000, version=1).reply_null()
    compare(wire.pcap(), 1 << 20)
    assert alone


ACTIONS = ("null", "null", "call", "reply", "reply", "other", "noise", "close", "reset", "early", "cut", "quiet")


def act(data: st.DataObject, connection: Connection, waiting: list[Call]) -> None:
    action = data.draw(st.sampled_from(ACTIONS))
    by = data.draw(st.sampled_from([CLIENT, CLIENT, SERVER]))
    if action == "null":
        program, version = data.draw(st.sampled_from(PROGRAMS))
        waiting.append(connection.null(program=program, version=version, by=by))
    elif action == "call":
        waiting.append(connection.callback([op("CB_RECALL", stateid=(1, b"deleg"))]))
    elif action == "reply" and waiting:
        answered = waiting.pop(data.draw(st.integers(0, len(waiting) - 1)))
        data.draw(st.sampled_from([answered.reply_null, answered.deny, answered.reply_version_mismatch]))()
    elif action == "other":
        connection.send(by, rpc.record(rpc.call(connection.xid, 0, bytes(8), rpc.AUTH_NONE, 0x40000000, 1)))
    elif action == "noise":
        connection.send(by, data.draw(st.binary(min_size=1, max_size=90)))
    elif action == "close":
        connection.segment(by, link.FIN | link.ACK)
    elif action == "reset":
        connection.reset(by)
    elif action == "early":
        connection.send(by, rpc.record(rpc.accepted(connection.xid + 1, b"")))
    elif action == "cut":
        message = rpc.record(rpc.call(connection.xid, 0, b"", rpc.AUTH_NONE, 0x40000000, 1))
        connection.segment(by, link.ACK | link.FIN, message[: data.draw(st.integers(1, len(message)))])
    elif action == "quiet":
        connection.ack(by)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_they_say_first(data: st.DataObject) -> None:
    wire = Wire()
    connections: list[Connection] = []
    waiting: list[Call] = []
    for _ in range(data.draw(st.integers(3, 40))):
        if not connections or data.draw(st.integers(0, 3)) == 0:
            how = data.draw(st.sampled_from(["full", "full", "full", "silent", "none"]))
            port = data.draw(st.integers(700, 703))
            connections.append(called_back(wire, port, handshake=how, mss=data.draw(st.sampled_from([30, 200, 1448]))))
        act(data, data.draw(st.sampled_from(connections)), waiting)
    for at in data.draw(st.lists(st.integers(0, max(len(wire.frames) - 1, 0)), max_size=2)):
        wire.frames.insert(data.draw(st.integers(0, len(wire.frames) - 1)), wire.frames.pop(at))
    snaplen = data.draw(st.sampled_from([262144, 262144, 100]))
    compare(wire.pcap(snaplen=snaplen), data.draw(SIZES), 1 << 20)
