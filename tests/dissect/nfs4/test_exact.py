from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from decoded import CAPTURES, SAMPLES, Decoded, Row, decode, read, taken
from same import compare

from dissect.nfs4 import streams
from dissect.nfs4.batch import CAPTURE_STRIDE, FRAME_SHIFT, Gap, HalfSummary, Kind, Marks, Note, TcpEvent, TcpFlag
from dissect.nfs4.bounds import REPLY_EARLY_FRAMES, SYN_LATE_FRAMES
from dissect.nfs4.exact import exact, messages
from dissect.nfs4.tcp import half
from wire import frames as link
from wire import rpc
from wire.dialogue import CLIENT, SERVER, Connection, Wire, op


def mounted(wire: Wire, **how: Any) -> Connection:
    """A client that has introduced itself."""
    connection = wire.connect("10.0.0.11:871", "10.0.0.1:2049", **how)
    connection.call("SETCLIENTID", owner=b"web01", verifier=1).reply(clientid=0x11, confirm=7)
    connection.call("SETCLIENTID_CONFIRM", clientid=0x11, confirm=7).reply()
    return connection


def test_calls_and_replies_are_told_with_their_connection() -> None:
    wire = Wire()
    connection = mounted(wire)
    renew = connection.call("RENEW", clientid=0x11).reply("NFS4ERR_STALE_CLIENTID")
    got = decode(wire)
    assert [(row.kind, row.direction) for row in got.rows] == [("COMPOUND_CALL", 0), ("COMPOUND_REPLY", 1)] * 3
    assert got.rows[-1] == Row(renew.answer, 0, 1, "COMPOUND_REPLY", renew.xid, renew.frame, Marks(0))
    assert got.messages[-1][11] == 10022
    assert got.messages[0][9].machinename == b"client1"
    (described,) = got.connections
    assert (described.initiator_port, described.responder_port, described.syn_frame) == (871, 2049, 1)
    assert got.ops[-1][2:5] == (30, 10022, b"")
    assert (renew.frame << FRAME_SHIFT, 0, 30, -1, (0x11).to_bytes(8, "big"), 0, 0) in got.ops
    assert got.details[0][2].id == b"web01"


def test_a_capture_of_many_is_on_its_own_stretch_of_frame_numbers() -> None:
    wire = Wire()
    mounted(wire)
    here, there = decode(wire), decode(wire, capture_no=2)
    assert [row[0] for row in there.messages] == [row[0] + (2 * CAPTURE_STRIDE << FRAME_SHIFT) for row in here.messages]
    assert there.connections[0].first_frame == 2 * CAPTURE_STRIDE + 1


def test_no_frames_make_no_batch() -> None:
    assert list(exact([])) == []


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_the_size_of_batches_changes_no_row(path: Path) -> None:
    whole = read(path, batch_frames=10**9)
    for size in (1, 50):
        parts = read(path, batch_frames=size)
        assert parts.batches >= whole.batches == 1
        for name in ("messages", "ops", "details", "connections", "events"):
            assert getattr(parts, name) == getattr(whole, name)


SAME_PACKETS = [
    "bigendian",
    "nsec",
    "gz",
    "snoop",
    "rawip",
    "loopback",
    "dup",
    "merged-two-taps",
    "reorder-wire",
    "reorder-file",
]


@pytest.mark.parametrize("form", SAME_PACKETS)
def test_the_same_packets_in_another_form_hold_the_same_messages(form: str) -> None:
    (path,) = SAMPLES.glob(f"12-02-{form}.*")
    base, other = read(SAMPLES / "02-v40-ucs-takeover.pcapng"), read(path)

    def said(decoded: Decoded) -> list[tuple[Any, ...]]:
        calls = {row[0]: row[5] for row in decoded.messages}
        return sorted((row[4:6], calls.get(row[6]), row[7:9], row[10:], repr(row[9])) for row in decoded.messages)

    assert said(other) == said(base)
    assert len(other.connections) == len(base.connections)
    assert [(c.syn_frame is None) for c in other.connections] == [(c.syn_frame is None) for c in base.connections]
    assert other.of(Gap) == []


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("12-02-*")), ids=lambda path: path.name)
def test_a_damaged_capture_holds_no_message_that_the_whole_one_has_not(path: Path) -> None:
    base = {row[4:6] for row in read(SAMPLES / "02-v40-ucs-takeover.pcapng").messages}
    for row in read(path).messages:
        assert row[4:6] in base or (row[4] == Kind.OTHER_REPLY and row[6] == 0)


def test_messages_are_those_of_the_batches() -> None:
    wire = Wire()
    mounted(wire)
    assert [(id, message.xid) for id, message in messages(taken(wire))] == [
        (row[0], row[5]) for row in decode(wire).messages
    ]


def test_rpc_is_found_on_any_port() -> None:
    wire = Wire()
    connection = wire.connect("10.0.0.11:55555", "10.0.0.1:12049")
    connection.call("RENEW", clientid=1).reply()
    assert [row.kind for row in decode(wire).rows] == ["COMPOUND_CALL", "COMPOUND_REPLY"]


def test_rpc_of_other_programs_is_told_as_such() -> None:
    wire = Wire()
    connection = wire.connect("10.0.0.11:55555", "10.0.0.1:635")
    connection.null(program=100005, version=3).reply_null()
    got = decode(wire)
    assert [(row[4], row[7]) for row in got.messages] == [(Kind.OTHER_CALL, 100005), (Kind.OTHER_REPLY, 100005)]


def test_callbacks_come_on_their_own_connection_in_minor_version_0() -> None:
    wire = Wire()
    mounted(wire)
    back = wire.connect("10.0.0.1:700", "10.0.0.11:40001")
    back.null(program=0x40000000, version=1).reply_null()
    back.callback([op("CB_RECALL", stateid=(1, bytes(12)))]).reply()
    kinds = [row.kind for row in decode(wire).rows if row.conn == 1]
    assert kinds == ["CB_NULL_CALL", "CB_NULL_REPLY", "CB_COMPOUND_CALL", "CB_COMPOUND_REPLY"]


def test_callbacks_come_against_the_stream_in_minor_version_1() -> None:
    wire = Wire()
    connection = wire.connect("10.0.0.11:871", "10.0.0.1:2049", minor=1)
    sent = connection.callback([op("CB_SEQUENCE", session=bytes(16))])
    forth = connection.compound([op("PUTROOTFH")])
    sent.reply("NFS4ERR_BADSESSION")
    forth.reply()
    got = decode(wire).rows
    assert [(row.kind, row.direction) for row in got] == [
        ("CB_COMPOUND_CALL", 1),
        ("COMPOUND_CALL", 0),
        ("CB_COMPOUND_REPLY", 0),
        ("COMPOUND_REPLY", 1),
    ]
    assert [row.answers for row in got] == [0, 0, got[0].frame, got[1].frame]


def test_a_call_repeated_on_its_connection_is_marked() -> None:
    wire = Wire()
    connection = mounted(wire)
    call = connection.call("RENEW", clientid=0x11)
    connection.send(CLIENT, call.message)
    call.reply()
    got = decode(wire).rows[-3:]
    assert [row.marks for row in got] == [Marks(0), Marks.RETRANSMITTED, Marks(0)]
    assert got[2].answers == got[1].frame


def test_a_retransmitted_segment_is_no_message() -> None:
    wire = Wire()
    connection = mounted(wire)
    call = connection.call("RENEW", clientid=0x11)
    connection.repeat(call)
    call.reply()
    got = decode(wire)
    assert len(got.rows) == 6
    assert [half.retransmissions for half in got.of(HalfSummary)] == [1, 0]


def test_a_lost_reply_is_a_gap_and_the_next_one_is_found() -> None:
    wire = Wire()
    connection = mounted(wire)
    connection.call("RENEW", clientid=0x11).reply(lost=True)
    after = connection.call("RENEW", clientid=0x11).reply()
    got = decode(wire)
    (gap,) = got.of(Gap)
    assert (gap.conn, gap.direction, gap.frame, gap.reason) == (0, 1, after.answer, "loss")
    assert got.rows[-1] == Row(after.answer, 0, 1, "COMPOUND_REPLY", after.xid, after.frame, Marks.RESYNCED)


def test_what_was_lost_at_the_end_is_a_gap() -> None:
    """Nothing follows in its stream, but the peer acknowledges it."""
    wire = Wire()
    connection = wire.connect("10.0.0.11:871", "10.0.0.1:2049")
    answered = connection.call("RENEW", clientid=0x11).reply()
    asked = connection.call("RENEW", clientid=0x11)
    at = connection.next_seq[SERVER]
    asked.reply(lost=True)
    shown = connection.ack()
    connection.close()
    (gap,) = decode(wire).of(Gap)
    assert (gap.direction, gap.octets, gap.reason) == (1, connection.next_seq[SERVER] - 1 - at, "loss")
    assert (gap.last_frame, gap.frame) == (answered.answer, shown)


@pytest.mark.parametrize("older", [-5000, 5000, 1 << 30])
@pytest.mark.parametrize("answer", [link.ACK, link.FIN | link.ACK])
def test_what_a_server_still_says_of_the_connection_before_is_no_loss(older: int, answer: int) -> None:
    """RFC 9293 section 3.5.1: it answers the SYN of a client that restarted on the same ports by the old numbers."""
    wire = Wire()
    before = mounted(wire)
    before.call("RENEW", clientid=0x11).reply()
    again = wire.connect("10.0.0.11:871", "10.0.0.1:2049", handshake="none")
    again.next_seq = {by: before.next_seq[by] - older & 0xFFFFFFFF for by in (CLIENT, SERVER)}
    again.segment(CLIENT, link.SYN, seq=again.next_seq[CLIENT])
    before.segment(SERVER, answer)
    before.reset(CLIENT)
    again.handshake()
    again.call("RENEW", clientid=0x11).reply()
    assert decode(wire).of(Gap) == []
    compare(wire.pcap(), 1, 500)


def test_a_reply_without_its_call_is_told_without() -> None:
    wire = Wire()
    connection = mounted(wire)
    lost = connection.call("RENEW", clientid=0x11, lost=True).reply()
    row = decode(wire).rows[-1]
    assert (row.frame, row.answers, row.kind) == (lost.answer, 0, "COMPOUND_REPLY")


@pytest.mark.parametrize(("by", "kinds"), [(CLIENT, {"COMPOUND_CALL"}), (SERVER, {"COMPOUND_REPLY"})])
@pytest.mark.parametrize("port", [2049, 12049])
def test_one_direction_is_enough(by: str, kinds: set[str], port: int) -> None:
    wire = Wire()
    connection = wire.connect("10.0.0.11:871", f"10.0.0.1:{port}")
    for _ in range(4):
        connection.call("RENEW", clientid=1).reply()
    source = link.ip_packet("10.0.0.11" if by == CLIENT else "10.0.0.1", "10.0.0.9", 6, b"", 0)[1][12:16]
    wire.frames = [(time, frame) for time, frame in wire.frames if frame[26:30] == source]
    got = decode(wire)
    assert {row.kind for row in got.rows} == kinds
    assert len(got.rows) == 4
    assert got.connections[0].responder_port == port


def test_a_syn_that_no_nfs_server_answers_is_told() -> None:
    wire = Wire()
    wire.connect("10.0.0.11:871", "10.0.0.2:2049", handshake="silent")
    got = decode(wire)
    assert [(event.kind, event.frame) for event in got.of(TcpEvent)] == [(TcpFlag.SYN, 1)]
    assert got.connections[0].responder_address == "10.0.0.2"


def test_a_syn_to_where_nfs_was_found_is_told_wherever_it_comes() -> None:
    wire = Wire()
    wire.connect("10.0.0.11:871", "10.0.0.2:7777", handshake="silent")
    wire.connect("10.0.0.11:872", "10.0.0.3:7777", handshake="silent")
    connection = wire.connect("10.0.0.11:873", "10.0.0.2:7777")
    connection.call("RENEW", clientid=1).reply()
    got = decode(wire)
    assert sorted(described.conn for described in got.connections) == [0, 2]
    assert got.notes == {"tcp port 7777: no data": 1}


@pytest.mark.parametrize("cb", ["10.0.0.11", "fd00::b"])
def test_a_syn_to_where_callbacks_were_asked_for_is_told(cb: str) -> None:
    wire = Wire()
    connection = wire.connect("10.0.0.11:873", "10.0.0.2:2049")
    connection.call("SETCLIENTID", owner=b"x", verifier=1, cb=cb, cb_port=41389).reply(clientid=1)
    server, client = ("10.0.0.2:900", f"{cb}:41389") if "." in cb else ("[fd00::2]:900", f"[{cb}]:41389")
    wire.connect(server, client, handshake="silent")
    wire.connect(server.replace("900", "901"), client.replace("41389", "41390"), handshake="silent")
    got = decode(wire)
    assert [(c.responder_address, c.responder_port) for c in got.connections][1:] == [(cb, 41389)]
    assert got.notes == {"tcp port 41390: no data": 1}


@pytest.mark.parametrize("uaddr", [b"", b"10.0.0.11", b"10.0.0.11.256.1", b"10.0.0.11.-1.1", b"host.1.1", b"\xff.1.1"])
def test_an_odd_callback_address_harms_nothing(uaddr: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wire.identities.uaddr", lambda address, port: uaddr)
    wire = Wire()
    connection = wire.connect("10.0.0.11:873", "10.0.0.2:2049")
    connection.call("SETCLIENTID", owner=b"x", verifier=1).reply(clientid=1)
    assert len(decode(wire).rows) == 2


def test_ports_used_anew_make_another_connection() -> None:
    wire = Wire()
    first = mounted(wire)
    pending = first.call("RENEW", clientid=0x11)
    second = wire.connect("10.0.0.11:871", "10.0.0.1:2049")
    second.xid = pending.xid - 1
    again = second.call("RENEW", clientid=0x11).reply()
    got = decode(wire)
    assert [described.conn for described in got.connections] == [0, 1]
    assert got.rows[-1].answers == again.frame
    assert {row.conn for row in got.rows} == {0, 1}
    assert [row.marks for row in got.rows[-2:]] == [Marks(0), Marks(0)]


def test_the_file_may_hold_a_reply_before_its_call() -> None:
    wire = Wire()
    connection = mounted(wire)
    connection.call("RENEW", clientid=0x11).reply()
    wire.frames[-2:] = reversed(wire.frames[-2:])
    reply, call = decode(wire).rows[-2:]
    assert (reply.kind, reply.answers) == ("COMPOUND_REPLY", call.frame)


def test_a_reply_waits_for_its_call_no_longer_than_the_bound() -> None:
    wire = Wire()
    connection = mounted(wire)
    connection.call("RENEW", clientid=0x11, lost=True).reply()
    for _ in range(REPLY_EARLY_FRAMES + 2):
        wire.arp("10.0.0.50", "02:00:00:00:00:50", gratuitous=True)
    batches = list(exact(taken(wire), batch_frames=len(wire.frames) - 1))
    assert [len(batch.messages) for batch in batches] == [5, 0]


def test_a_hole_is_waited_for_no_longer_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "REORDER_FRAMES", 20)
    monkeypatch.setattr(half, "REORDER_FRAMES", 20)
    wire = Wire()
    connection = mounted(wire)
    connection.call("RENEW", clientid=0x11, lost=True)
    connection.call("RENEW", clientid=0x11).reply()
    soon = len(wire.frames) + SYN_LATE_FRAMES
    for _ in range(2 * SYN_LATE_FRAMES):
        wire.arp("10.0.0.50", "02:00:00:00:00:50", gratuitous=True)
    first, *_ = exact(taken(wire), batch_frames=soon)
    assert len(first.messages) == 6
    got = decode(wire)
    assert [row.marks for row in got.rows[-2:]] == [Marks.RESYNCED, Marks(0)]
    assert len(got.of(Gap)) == 1


def test_traffic_of_others_is_counted() -> None:
    wire = Wire()
    web = wire.connect("10.0.0.11:50000", "10.0.0.9:443")
    web.send(CLIENT, b"\x16\x03\x01\x02\x00" + bytes(200))
    web.send(SERVER, b"\x16\x03\x03\x00\x7a" + bytes(200))
    wire.ip("10.0.0.11", "10.0.0.9", 17, b"\xc3\x50\x00\x6f" + bytes(12))
    wire.arp("10.0.0.9", "02:00:00:00:00:09", gratuitous=True)
    got = decode(wire)
    assert got.rows == got.connections == got.of(TcpEvent) == []
    assert got.notes == {"tcp port 443: no RPC recognised": 5, "udp port 111": 1, "arp": 1}


def test_of_a_connection_that_is_not_told_nothing_is() -> None:
    """Not even what a second tap shows of it when its ports are in use again."""
    wire = Wire()
    for _ in range(2):
        web = wire.connect("10.0.0.11:50000", "10.0.0.9:443")
        web.send(CLIENT, b"GET / HTTP/1.1")
        web.send(SERVER, b"HTTP/1.1 200 OK")
        web.close()
    wire.frames += wire.frames[:8]
    got = decode(wire)
    assert got.connections == got.of(TcpEvent) == got.of(HalfSummary) == []


def test_an_nfs_port_without_rpc_says_so() -> None:
    wire = Wire()
    connection = wire.connect("10.0.0.11:50000", "10.0.0.9:2049")
    connection.send(CLIENT, b"GET / HTTP/1.1\r\n\r\n")
    got = decode(wire)
    assert got.notes["no RPC record recognised on an NFS port"] == 4
    assert len(got.connections) == 1


def test_tls_ends_what_can_be_read() -> None:
    wire = Wire()
    connection = wire.connect("10.0.0.11:871", "10.0.0.1:2049")
    probe = rpc.call(1, 0, b"", (7).to_bytes(4, "big") + bytes(4))
    ready = (1).to_bytes(4, "big") * 2 + bytes(8) + (8).to_bytes(4, "big") + b"STARTTLS" + bytes(4)
    connection.send(CLIENT, rpc.record(probe))
    frame = connection.send(SERVER, rpc.record(ready))
    connection.send(CLIENT, b"\x16\x03\x01\x02\x00" + bytes(200))
    connection.call("RENEW", clientid=0x11).reply()
    got = decode(wire)
    assert [row.kind for row in got.rows] == ["NULL_CALL", "NULL_REPLY"]
    (note,) = got.of(Note)
    assert (note.reason, note.frame, note.conn) == ("TLS: connection encrypted", frame, 0)


def test_the_snaplen_cuts_messages_not_the_conversation() -> None:
    wire = Wire()
    connection = mounted(wire)
    connection.call("WRITE", data=bytes(3000)).reply()
    connection.call("RENEW", clientid=0x11).reply()
    got = Decoded(exact(taken(wire, snaplen=140)))
    assert len(got.rows) == 8
    assert got.rows[4].marks == Marks.CUT
    assert all(row.answers for row in got.rows[1::2])


def test_every_direction_has_its_summary() -> None:
    wire = Wire()
    connection = mounted(wire)
    connection.close()
    got = decode(wire)
    assert [(half.direction, half.segments) for half in got.of(HalfSummary)] == [(0, 6), (1, 4)]
    assert [event.kind for event in got.of(TcpEvent)] == [TcpFlag.SYN, TcpFlag.SYN_ACK, TcpFlag.FIN, TcpFlag.FIN]
