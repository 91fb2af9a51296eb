"""Who is client and who is server: by what is said, never by port or by who connected."""

from __future__ import annotations

import pytest

from dissect.nfs4.const import AuthFlavor
from nfsanalyze.facts.roles import Link
from scenarios.facts import linked
from wire.dialogue import Session, Wire, op

CLIENT, SERVER = "10.0.0.11", "10.0.0.1"


def only(wire: Wire) -> Link:
    (link,) = linked(wire).values()
    return link


@pytest.mark.parametrize("port", [2049, 20049, 31337])
def test_whatever_the_port(port: int) -> None:
    w = Wire()
    c = w.connect(f"{CLIENT}:871", f"{SERVER}:{port}")
    c.call("RENEW", clientid=1).reply()
    link = only(w)
    assert (link.client_address, link.server_address, link.server_port) == (CLIENT, SERVER, port)
    assert (link.calls, link.replies, link.end, link.callback) == (1, 1, "open", False)
    assert link.machinename == "client1"
    assert link.flavor == AuthFlavor.AUTH_SYS


def test_whoever_speaks_first_in_the_capture() -> None:
    w = Wire()
    c = w.connect(f"{CLIENT}:2049", f"{SERVER}:31337", handshake="none")
    asked = c.call("RENEW", clientid=1)
    w.frames.clear()
    asked.reply()
    for _ in range(3):
        c.call("RENEW", clientid=1).reply()
    link = only(w)
    assert (link.client_address, link.server_address) == (CLIENT, SERVER)
    assert link.syn_frame is None


def test_a_v40_callback_is_told_from_a_mount() -> None:
    w = Wire()
    w.connect(f"{CLIENT}:871", f"{SERVER}:2049").call("RENEW", clientid=1).reply()
    back = w.connect(f"{SERVER}:900", f"{CLIENT}:41389", machinename=None)
    back.null(program=0x40000000, version=1).reply_null()
    back.callback([op("CB_RECALL", stateid=(1, b"x"))]).reply()
    mount, called = sorted(linked(w).values(), key=lambda link: link.first_frame)
    assert not mount.callback and called.callback
    assert (called.client_address, called.server_address) == (CLIENT, SERVER)


def test_callbacks_on_a_v41_connection_do_not_turn_it_round() -> None:
    w = Wire()
    c = w.connect(f"{CLIENT}:871", f"{SERVER}:2049", minor=1)
    session = Session(session=bytes(range(16)))
    c.compound([], session=session).reply([])
    for _ in range(9):
        c.callback([op("CB_SEQUENCE", session=session.session), op("CB_RECALL", stateid=(1, b"x"))]).reply(
            [{"session": session.session}, {}]
        )
    link = only(w)
    assert (link.client_address, link.callback, link.client_direction) == (CLIENT, False, 0)


@pytest.mark.parametrize(
    ("by", "end"), [("client", "rst_client"), ("server", "rst_server")], ids=["by the client", "by the server"]
)
def test_a_reset(by: str, end: str) -> None:
    w = Wire()
    c = w.connect(f"{CLIENT}:871", f"{SERVER}:2049")
    c.call("RENEW", clientid=1).reply()
    frame = c.reset(by=by)
    assert (only(w).end, only(w).end_frame) == (end, frame)


def test_a_close() -> None:
    w = Wire()
    c = w.connect(f"{CLIENT}:871", f"{SERVER}:2049")
    c.call("RENEW", clientid=1).reply()
    frame = c.close()
    assert (only(w).end, only(w).end_frame) == ("fin", frame)


def test_a_server_that_falls_silent() -> None:
    w = Wire()
    c = w.connect(f"{CLIENT}:871", f"{SERVER}:2049")
    last = c.call("RENEW", clientid=1).reply()
    asked = c.call("RENEW", clientid=1)
    c.repeat(asked)
    link = only(w)
    assert (link.end, link.end_frame, link.client_retransmissions) == ("silent", last.answer, 1)


@pytest.mark.parametrize("handshake", ["silent", "refused"])
def test_a_connection_that_never_came_about(handshake: str) -> None:
    w = Wire()
    w.connect(f"{CLIENT}:871", f"{SERVER}:2049", handshake=handshake)
    link = only(w)
    assert (link.answered, link.calls) == (False, 0)


def test_a_resent_call_counts_once() -> None:
    w = Wire()
    c = w.connect(f"{CLIENT}:871", f"{SERVER}:2049")
    asked = c.call("RENEW", clientid=1)
    again = c.repeat(asked)
    again.reply()
    assert (only(w).calls, only(w).replies) == (1, 1)


def test_other_protocols_are_no_links() -> None:
    w = Wire()
    c = w.connect(f"{CLIENT}:871", f"{SERVER}:22")
    c.send("client", b"SSH-2.0-OpenSSH_9.2\r\n")
    c.null(program=100000, version=2).reply_null()
    assert linked(w) == {}
