"""Connections on which nothing was said are forgotten, and others take their endpoints: both decoders at one frame."""

from __future__ import annotations

import pytest
from same import compare

from dissect.nfs4 import streams
from wire import frames as link
from wire.dialogue import CLIENT, SERVER, Connection, Wire

KEPT = 200
SIZES = pytest.mark.parametrize("size", [2_000, 1 << 20])
BETWEEN = pytest.mark.parametrize("between", [KEPT - 5, KEPT - 4, KEPT - 3, KEPT - 2, KEPT + 50])


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "SILENT_FRAMES", KEPT)


def opened(wire: Wire) -> Connection:
    return wire.connect("10.0.0.1:700", "10.0.0.11:43845")


def passed(wire: Wire, frames: int) -> None:
    other = wire.connect("10.0.0.12:871", "10.0.0.1:2049", handshake="none")
    for _ in range(frames):
        other.ack()


@SIZES
@BETWEEN
def test_a_handshake_on_its_endpoints(between: int, size: int) -> None:
    """A reset of the one before is of that one, where it is still known."""
    wire = Wire()
    before = opened(wire)
    passed(wire, between)
    after = opened(wire)
    after.null(program=0x40000000, version=1).reply_null()
    after.segment(CLIENT, link.RST, seq=before.next_seq[CLIENT])
    after.null(program=0x40000000, version=1).reply_null()
    compare(wire.pcap(), size)


@SIZES
@BETWEEN
def test_a_late_answer_to_its_syn(between: int, size: int) -> None:
    wire = Wire()
    late = wire.connect("10.0.0.1:700", "10.0.0.11:43845", handshake="silent")
    passed(wire, between)
    late.segment(SERVER, link.SYN | link.ACK)
    late.null(program=0x40000000, version=1).reply_null()
    compare(wire.pcap(), size)


@SIZES
@BETWEEN
def test_first_words_that_come_late(between: int, size: int) -> None:
    wire = Wire()
    late = opened(wire)
    passed(wire, between)
    late.null(program=0x40000000, version=1).reply_null()
    late.close()
    compare(wire.pcap(), size)
