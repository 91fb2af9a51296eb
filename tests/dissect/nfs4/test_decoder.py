"""Which frames go to tshark, and what comes of them: the same conversation, however it was carried."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from decoded import Decoded

from dissect.nfs4.batch import Kind, Marks
from dissect.nfs4.capture import CaptureError, Frame, open_capture
from dissect.nfs4.decoder import Decoder, Decoding, decode, decoding, opened
from dissect.nfs4.link import Segment, Unwrapper
from dissect.nfs4.tshark import rewrite, spool
from dissect.nfs4.tshark.errors import TsharkError
from wire import rdma
from wire.captures import Pcapng
from wire.dialogue import CLIENT, SERVER, Wire
from wire.frames import ethernet, ip_packet
from wire.tunnels import over_udp

HERE, THERE = "10.0.0.11", "10.0.0.1"


def story() -> Wire:
    wire = Wire(start="2026-11-22T12:00:00")
    connection = wire.connect(f"{HERE}:871", f"{THERE}:2049")
    connection.call("SETCLIENTID", owner=b"Linux NFSv4.0 web01", verifier=1).reply(clientid=0x11, confirm=7)
    connection.call("SETCLIENTID_CONFIRM", clientid=0x11, confirm=7).reply()
    for _ in range(3):
        wire.wait(seconds=20)
        connection.call("RENEW", clientid=0x11).reply()
    connection.close()
    return wire


def write(path: Path, frames: list[tuple[int, bytes, int]]) -> Path:
    """A capture of (time, octets, link type)."""
    types = sorted({link_type for _, _, link_type in frames})
    file = Pcapng().section()
    for link_type in types:
        file = file.interface(link_type, tsresol=9)
    for time, octets, link_type in frames:
        file = file.packet(octets, time, interface=types.index(link_type))
    path.write_bytes(file.data)
    return path


def run(path: Path, decoder: Decoder = "auto", *, fast: bool = False) -> tuple[Decoded, Decoding]:
    capture = open_capture(path)
    way = decoding([capture], decoder)
    way.fast = fast
    return Decoded(decode(capture, way, capture.again)), way


def spoken(decoded: Decoded) -> list[tuple[str, int, bool]]:
    return [(row.kind, row.xid, bool(row.answers)) for row in decoded.rows]


PLAIN = [("COMPOUND_CALL", "COMPOUND_REPLY")[reply] for _ in range(5) for reply in (False, True)]


def gtp(frame: bytes) -> bytes:
    packet = frame[14:]
    return over_udp(2152, struct.pack(">BBHI", 0x30, 0xFF, len(packet), 42) + packet)


def nflog(frame: bytes) -> bytes:
    packet = frame[14:]
    return b"\2\0\0\0" + struct.pack("<HH", 4 + len(packet), 9) + packet


ETHERNET, INFINIBAND = 2, 21


def erf(frame: bytes, kind: int = ETHERNET, time: int = 0) -> bytes:
    """An ERF record: time, type, flags, lengths; two octets come before a frame of Ethernet."""
    body = bytes(2) + frame if kind == ETHERNET else frame
    return (
        struct.pack("<Q", (time << 32) // 10**9) + struct.pack(">BBHHH", kind, 4, 16 + len(body), 0, len(frame)) + body
    )


CARRIERS: dict[str, tuple[Callable[[bytes], bytes], int, str]] = {
    "GTP-U": (gtp, 1, "tunnel: GTP-U not decoded"),
    "NFLOG": (nflog, 239, "unknown link type 239"),
    "ERF": (erf, 197, "unknown link type 197"),
    "a bridge's backbone": (
        lambda frame: ethernet(rdma.HERE, rdma.THERE, 0x88E7, b"\0\0\0\x2a" + frame),
        1,
        "tunnel: provider backbone bridge not decoded",
    ),
}


@pytest.mark.parametrize("fast", [False, True], ids=["exact", "fast"])
@pytest.mark.parametrize("name", CARRIERS)
def test_what_we_cannot_open_tshark_opens(name: str, fast: bool, tmp_path: Path) -> None:
    carry, link_type, reason = CARRIERS[name]
    wire = story()
    whole, _ = run(wire.write(tmp_path / "plain.pcap"))
    path = write(tmp_path / "carried.pcapng", [(time, carry(frame), link_type) for time, frame in wire.frames])
    carried, way = run(path, fast=fast)
    assert carried.rows == whole.rows
    assert carried.details == whole.details
    assert carried.notes == {}
    assert {reason: list(frames) for reason, frames in way.opened.items()} == {
        reason: list(range(1, 1 + len(wire.frames)))
    }
    assert set(way.frames) == set(range(1, 1 + len(wire.frames)))


@pytest.mark.parametrize("fast", [False, True], ids=["exact", "fast"])
def test_one_way_in_a_tunnel_and_the_other_beside_it_is_one_conversation(fast: bool, tmp_path: Path) -> None:
    wire = story()
    whole, _ = run(wire.write(tmp_path / "plain.pcap"))
    there = wire.mac(THERE)
    frames = [(time, gtp(frame) if frame[6:12] == there else frame, 1) for time, frame in wire.frames]
    mixed, way = run(write(tmp_path / "mixed.pcapng", frames), fast=fast)
    assert mixed.rows == whole.rows
    assert sum(map(len, way.opened.values())) == sum(frame[6:12] == there for _, frame in wire.frames)


def test_without_tshark_the_rest_is_decoded_and_it_is_said_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = story()
    frames = [(time, frame, 1) for time, frame in wire.frames] + [(wire.time, gtp(wire.frames[3][1]), 1)]
    path = write(tmp_path / "both.pcapng", frames)
    whole, _ = run(wire.write(tmp_path / "plain.pcap"))
    monkeypatch.setenv("PATH", str(tmp_path))
    decoded, way = run(path)
    assert decoded.rows == whole.rows
    assert decoded.notes == {"tunnel: GTP-U not decoded": 1, "udp port 2152": 1}
    assert way.failure is not None and way.failure.startswith("tshark is not installed; install tshark 3.6")
    with pytest.raises(TsharkError, match="not installed"):
        run(path, "tshark")


def test_fast_asks_nobody(tmp_path: Path) -> None:
    path = write(tmp_path / "t.pcapng", [(1, gtp(story().frames[3][1]), 1)])
    decoded, way = run(path, "fast", fast=True)
    assert (decoded.rows, way.opened, way.failure) == ([], {}, None)
    assert decoded.notes == {"tunnel: GTP-U not decoded": 1, "udp port 2152": 1}


def test_what_tshark_cannot_open_either_stays_closed(tmp_path: Path) -> None:
    user = write(tmp_path / "user.pcapng", [(1, b"of our own making", 147)])
    decoded, way = run(user)
    assert decoded.notes == {"unknown link type 147": 1, "linktype-147": 1}
    assert (way.opened, way.failure) == ({}, None)


def messages(wire: Wire) -> list[tuple[int, str, bytes]]:
    """Time, sender and octets of each message; each has a segment of its own."""
    found = []
    for number, (time, octets) in enumerate(wire.frames, 1):
        frame = Frame(number=number, time=time, data=octets, original_length=len(octets), link_type=1, interface=0)
        for item in Unwrapper().feed(frame, number):
            if isinstance(item, Segment) and item.payload:
                found.append((time, CLIENT if item.destination_port == 2049 else SERVER, item.payload[4:]))
    return found


def over_roce(wire: Wire, mtu: int = 1024) -> list[tuple[int, bytes, int]]:
    frames, number = [], 100
    for time, sender, message in messages(wire):
        ends, pair = ((HERE, THERE), 0x11) if sender == CLIENT else ((THERE, HERE), 0x22)
        for packet in rdma.sends(rdma.header(message) + message, pair, number, mtu):
            number += 1
            frames.append((time, rdma.roce(*ends, packet), 1))
    return frames


@pytest.mark.parametrize("mtu", [1024, 64], ids=["one packet a message", "several"])
def test_messages_over_roce_are_whole(mtu: int, tmp_path: Path) -> None:
    wire = story()
    whole, _ = run(wire.write(tmp_path / "plain.pcap"))
    path = write(tmp_path / "roce.pcapng", over_roce(wire, mtu))
    decoded, way = run(path)
    assert spoken(decoded) == spoken(whole)
    assert [value for _, _, value in decoded.details] == [value for _, _, value in whole.details]
    (connection,) = decoded.connections
    assert (connection.initiator_address, connection.responder_address) == (HERE, THERE)
    assert connection.responder_port == 20049
    assert {reason: len(frames) for reason, frames in way.opened.items()} == {
        "RDMA: RoCE not decoded": len(over_roce(wire, mtu))
    }
    assert spoken(run(path, "tshark")[0]) == spoken(whole)


def test_messages_over_infiniband_have_global_addresses(tmp_path: Path) -> None:
    wire, frames = story(), []
    whole, _ = run(wire.write(tmp_path / "plain.pcap"))
    for number, (time, sender, message) in enumerate(messages(wire), 100):
        ends = ("fe80::11", "fe80::1") if sender == CLIENT else ("fe80::1", "fe80::11")
        (packet,) = rdma.sends(rdma.header(message) + message, 0x11, number, 1024)
        frames.append((time, erf(rdma.infiniband(*ends, packet), INFINIBAND), 197))
    decoded, _ = run(write(tmp_path / "ib.pcapng", frames))
    assert spoken(decoded) == spoken(whole)
    assert decoded.connections[0].responder_address == "fe80::1"


def test_messages_over_iwarp_keep_their_connection(tmp_path: Path) -> None:
    story_wire = story()
    whole, _ = run(story_wire.write(tmp_path / "plain.pcap"))
    wire = Wire(start="2026-11-22T12:00:00")
    connection = wire.connect(f"{HERE}:871", f"{THERE}:20049")
    connection.send(CLIENT, rdma.mpa(reply=False))
    connection.send(SERVER, rdma.mpa(reply=True))
    for number, (time, sender, message) in enumerate(messages(story_wire), 1):
        wire.time = time
        connection.send(sender, rdma.fpdu(rdma.header(message) + message, number))
    path = wire.write(tmp_path / "iwarp.pcap")
    decoded, way = run(path)
    assert spoken(decoded) == spoken(whole)
    (told,) = decoded.connections
    assert (told.initiator_port, told.responder_port) == (871, 20049)
    assert {reason: len(frames) for reason, frames in way.opened.items()} == {
        "RDMA: iWARP not decoded": len(wire.frames)
    }
    assert spoken(run(path, "tshark")[0]) == spoken(whole)
    closed, _ = run(path, "fast", fast=True)
    assert (closed.rows, closed.notes) == ([], {"RDMA: iWARP not decoded": 1})


def test_what_was_placed_in_memory_is_missing_from_its_message(tmp_path: Path) -> None:
    """A READ over RDMA: the reply names how much was read and does not hold it. A WRITE: neither does the call."""
    wire = Wire(start="2026-11-22T12:00:00")
    connection = wire.connect(f"{HERE}:871", f"{THERE}:2049")
    read = connection.compound(["PUTFH", ("READ", {"count": 64}), "GETATTR"])
    read.reply([{}, {"data": b"z" * 64}, {}])
    frames = []
    for number, (time, sender, message) in enumerate(messages(wire), 100):
        ends = (HERE, THERE) if sender == CLIENT else (THERE, HERE)
        if sender == SERVER:
            message = message.replace(b"z" * 64, b"")
        head = rdma.header(message, writes=64 if sender == SERVER else 0)
        (packet,) = rdma.sends(head + message, 0x11, number, 1024)
        frames.append((time, rdma.roce(*ends, packet), 1))
    decoded, _ = run(write(tmp_path / "read.pcapng", frames))
    call, reply = decoded.rows
    assert (call.kind, reply.kind, call.marks & ~Marks.RESYNCED) == ("COMPOUND_CALL", "COMPOUND_REPLY", Marks(0))
    assert Marks.CUT in reply.marks
    assert decoded.messages[1][11] == 0  # the status of the COMPOUND stands before any data
    assert all(row[3] <= 0 for row in decoded.ops)


@pytest.mark.parametrize("kind", ["netmon2", "ngsniffer", "5views", "erf"])
def test_foreign_formats_are_rewritten(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a name that looks like an option, and holds a line's end."""
    wire = story()
    plain = wire.write(tmp_path / "plain.pcap")
    whole, _ = run(plain)
    made = tmp_path / "-r all\n.cap"
    if kind == "erf":
        made.write_bytes(b"".join(erf(frame, time=time) for time, frame in wire.frames))
    else:
        subprocess.run(["editcap", "-F", kind, plain, tmp_path / "made"], check=True, capture_output=True)
        (tmp_path / "made").rename(made)
    monkeypatch.chdir(tmp_path)
    capture = opened(made.name, "auto")
    assert (capture.path, capture.format) == (made.name, "rewritten by tshark")
    way = decoding([capture], "auto")
    decoded = Decoded(decode(capture, way, capture.again))
    assert spoken(decoded) == spoken(whole)
    by_chunk = Decoding(decoder="auto", fast=True)
    assert spoken(Decoded(decode(capture.again(), by_chunk, capture.again))) == spoken(whole)
    copy = Path(capture.file)
    assert copy.exists()
    del capture, way
    assert not copy.exists()
    with pytest.raises(CaptureError, match=r"editcap|not a packet capture"):
        opened(made.name, "fast")


def test_what_is_no_capture_is_none_for_tshark_either(tmp_path: Path) -> None:
    path = tmp_path / "noise"
    path.write_bytes(bytes(range(1, 256)))
    with pytest.raises(CaptureError, match=r"noise: is not a packet capture: .*; tshark cannot read it either"):
        opened(str(path), "auto")


def test_udp_is_read_without_help(tmp_path: Path) -> None:
    """NFSv4.0 by datagram, fragmented where it is long; on another port, too, once a call was seen."""
    wire = story()
    whole, _ = run(wire.write(tmp_path / "plain.pcap"))
    for port in (2049, 12049):
        frames = []
        for ident, (time, sender, message) in enumerate(messages(wire), 1):
            ports = (871, port) if sender == CLIENT else (port, 871)
            ends = (HERE, THERE) if sender == CLIENT else (THERE, HERE)
            datagram = struct.pack(">HHHH", *ports, 8 + len(message), 0) + message
            for at in range(0, len(datagram), 96):
                kind, packet = ip_packet(*ends, 17, datagram[at : at + 96], ident)
                more = 0x2000 if at + 96 < len(datagram) else 0
                packet = packet[:6] + struct.pack(">H", more | at // 8) + packet[8:]
                frames.append((time, ethernet(rdma.HERE, rdma.THERE, kind, packet), 1))
        for fast in (False, True):
            decoded, way = run(write(tmp_path / "udp.pcapng", frames), fast=fast)
            assert spoken(decoded) == spoken(whole)
            assert way.opened == {}
            (connection,) = decoded.connections
            assert (connection.initiator_port, connection.responder_port) == (871, port)
    assert {row[4] for row in whole.messages} == {Kind.COMPOUND_CALL, Kind.COMPOUND_REPLY}


def test_frames_for_tshark_leave_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that find no room are told as not decoded, and why."""
    monkeypatch.setattr(spool, "room", lambda folder: 300)
    frames = [(time, gtp(frame), 1) for time, frame in story().frames[:5]]
    decoded, way = run(write(tmp_path / "many.pcapng", frames))
    assert {reason: len(numbers) for reason, numbers in way.opened.items()} == {"tunnel: GTP-U not decoded": 2}
    assert decoded.notes["tunnel: GTP-U not decoded"] == 3
    assert way.failure is not None and "more than half of what is free" in way.failure


def test_a_foreign_capture_that_grows_without_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewrite, "room", lambda folder: 700)
    made = tmp_path / "made.erf"
    made.write_bytes(b"".join(erf(frame, time=time) for time, frame in story().frames))
    with pytest.raises(CaptureError, match=r"tshark cannot rewrite it: it takes more than half of what is free"):
        opened(str(made), "auto")
