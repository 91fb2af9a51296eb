"""Floods: what comes by the thousands and never amounts to anything is not kept."""

from __future__ import annotations

import math
import struct
import time
from collections.abc import Iterator

import pytest
from decoded import taken
from same import compare

from dissect.nfs4 import streams
from dissect.nfs4.bounds import REPLY_EARLY_FRAMES, UNANSWERED_OF_XID
from dissect.nfs4.exact import exact
from dissect.nfs4.gather import Gather
from dissect.nfs4.link.segment import Segment
from dissect.nfs4.link.unwrap import Unwrapper
from dissect.nfs4.rpc.record import Record, Records
from dissect.nfs4.streams import Streams
from dissect.nfs4.tcp.connection import SYN
from dissect.nfs4.tcp.half import Half, Hole, Origin, Piece, Start
from wire import frames, rpc
from wire.dialogue import CLIENT, SERVER, Connection, Wire


def syns(number: int, *, port: int = 80, first: int = 1) -> Iterator[Segment]:
    """Beginnings of connections that nobody answers, each of another client."""
    for frame in range(first, first + number):
        yield Segment(
            frame=frame,
            time=frame * 1000,
            source=f"10.{frame >> 14 & 255}.{frame >> 7 & 127}.{frame & 127}",
            source_port=30_000 + frame % 30_000,
            destination="10.0.0.1",
            destination_port=port,
            seq=frame,
            ack=0,
            flags=SYN,
            payload=b"",
            length=0,
            mac=None,
            ttl=64,
        )


def fed(reader: Streams, segments: Iterator[Segment]) -> None:
    for segment in segments:
        reader.advance(segment.frame)
        reader.segment(segment)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "SILENT_FRAMES", 200)
    monkeypatch.setattr(streams, "SILENT_CONNECTIONS", 50)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("port", [80, 2049])
def test_half_open_connections_are_not_all_kept(port: int) -> None:
    gather = Gather()
    reader = Streams(gather)
    fed(reader, syns(5000, port=port))
    assert len(reader._flows) <= 200 + 50
    assert len(list(reader._connections)) <= 200 + 50
    assert len(reader._silent) <= 50
    reader.close()
    batch = gather.flush()
    told = len(batch.connections) if batch is not None else 0
    assert told == (50 if port == 2049 else 0)


@pytest.mark.usefixtures("small")
def test_what_was_given_up_is_counted() -> None:
    gather = Gather()
    reader = Streams(gather)
    fed(reader, syns(5000))
    reader.close()
    batch = gather.flush()
    assert batch is not None
    assert [(note.reason, note.count) for note in batch.events] == [("tcp port 80: no data", 5000)]


@pytest.mark.usefixtures("small")
def test_both_decoders_give_up_the_same() -> None:
    """Among a flood: a connection on a known port and one on another that spoke at once, and one that spoke late."""
    wire = Wire(start="2026-11-22T12:00:00")
    here = [wire.connect(f"10.0.0.11:{port}", f"10.0.0.1:{at}") for port, at in ((871, 2049), (872, 12049))]
    late = wire.connect("10.0.0.12:873", "10.0.0.1:12049")
    for connection in here:
        connection.call("RENEW", clientid=1).reply()
    flood(wire, 700)
    for connection in (*here, late):
        connection.call("RENEW", clientid=1).reply()
    compare(wire.pcap(), 1 << 22, 5_000)
    (batch,) = exact(taken(wire))
    assert len(batch.messages) == 10
    assert {c.syn_frame for c in batch.connections if c.initiator_address == "10.0.0.12"} == {None, 7}


def flood(wire: Wire, number: int) -> None:
    for n in range(number):
        Connection.segment(dead(wire, n), CLIENT, frames.SYN)


def dead(wire: Wire, n: int) -> Connection:
    return wire.connect(f"10.1.{n >> 8}.{n & 255}:{1024 + n}", "10.0.0.1:80", handshake="none")


def test_a_record_in_a_million_fragments_is_read_in_one_go() -> None:
    """Each fragment of an octet has a mark of four: what was gathered must not be copied for each of them."""
    body = rpc.call(7, 1, bytes(200_000), rpc.auth_sys(b"client1"))
    head, rest = body[:64], body[64:]
    stream = struct.pack(">I", len(head)) + head
    stream += b"".join(b"\x00\x00\x00\x01" + rest[at : at + 1] for at in range(len(rest) - 1))
    stream += b"\x80\x00\x00\x01" + rest[-1:]
    records = Records()
    records.feed(Start(0, True))
    found = []
    for at in range(0, len(stream), 1448):
        data = stream[at : at + 1448]
        found += records.feed(Piece(at, data, len(data), Origin(at // 1448 + 1, 0, at, at + len(data), at)))
    (record,) = found
    assert isinstance(record, Record)
    assert record.data == body


def behind_holes(count: int) -> float:
    """CPU seconds for a half-connection of which every second octet is missing."""
    least = math.inf
    for _ in range(3):
        half = Half()
        half.synchronise(0, 1, 0)
        began = time.process_time()
        for number in range(count):
            half.feed(2 * number + 2, b"x", 1, number + 2, 0)
        items = half.close()
        least = min(least, time.process_time() - began)
        assert sum(isinstance(item, Hole) for item in items) == count
    return least


def test_many_holes_cost_no_more_each_than_few() -> None:
    assert behind_holes(8000) <= 10 * behind_holes(2000)


def test_replies_to_a_call_that_never_ends_are_not_all_kept() -> None:
    wire = Wire()
    connection = wire.connect("10.0.0.11:871", "10.0.0.1:2049")
    call = rpc.call(7, 1, bytes(3000), rpc.auth_sys(b"client1"))
    connection.segment(CLIENT, 0x18, struct.pack(">I", 0x80000000 | len(call)) + call[:500])
    reply = struct.pack(">IIIIIIII", 0x80000000 | 28, 7, 1, 0, 0, 0, 0, 10001)
    for _ in range(5_000):
        connection.segment(SERVER, 0x18, reply)
    compare(wire.pcap(), 1 << 22, 50_000)
    gather = Gather()
    reader = Streams(gather)
    unwrapper, kept = Unwrapper(), 0
    for frame in taken(wire):
        reader.advance(frame.number)
        for item in unwrapper.feed(frame, frame.number):
            assert isinstance(item, Segment)
            reader.segment(item)
        kept = max(kept, len(reader._early))
    assert REPLY_EARLY_FRAMES < kept <= REPLY_EARLY_FRAMES + 64 + 2 * UNANSWERED_OF_XID
