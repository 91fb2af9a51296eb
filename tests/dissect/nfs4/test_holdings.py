"""What has no end yet is held up to a bound over all connections, by the same rule in both decoders."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from decoded import Decoded
from hypothesis import given, settings
from hypothesis import strategies as st
from same import compare, opened

from dissect.nfs4 import holdings
from dissect.nfs4.batch import Gap, Marks, Note
from dissect.nfs4.columnar import decode
from dissect.nfs4.exact import exact
from dissect.nfs4.flow import HELD_NOTE
from wire import rpc
from wire.dialogue import CLIENT, SERVER, Connection, Wire

BOUND = 40_000
PUTFH, RENEW, SETATTR, WRITE = 22, 30, 34, 38


@pytest.fixture(autouse=True)
def small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(holdings, "HELD_OCTETS", BOUND)
        patch.setattr(decode, "_CAREFUL", BOUND // 8)
        yield


def call(xid: int, *operations: bytes) -> bytes:
    """A call of NFSv4.0 with its mark."""
    return rpc.record(rpc.call(xid, 1, rpc.compound_arguments(b"", 0, operations), rpc.auth_sys(b"client1")))


def renew(clientid: int = 1) -> bytes:
    return struct.pack(">IQ", RENEW, clientid)


def attributes(octets: int) -> bytes:
    """A SETATTR of an access control list as long as this: no file data."""
    return struct.pack(">I16sIII", SETATTR, bytes(16), 1, 1 << 12, octets) + bytes(octets)


def data(octets: int) -> tuple[bytes, bytes]:
    """PUTFH and WRITE."""
    handle = struct.pack(">II8x", PUTFH, 8)
    return handle, struct.pack(">I16sQII", WRITE, bytes(16), 0, 0, octets) + bytes(octets)


def clients(wire: Wire, number: int) -> list[Connection]:
    return [wire.connect(f"10.0.{n >> 8}.{n & 255}:871", "10.1.0.1:2049") for n in range(number)]


def notes(decoded: Decoded) -> list[Note]:
    return [each for each in decoded.events if isinstance(each, Note) and each.reason == HELD_NOTE]


def read(wire: Wire) -> Decoded:
    return Decoded(exact(opened(wire.pcap())))


def test_of_many_long_records_without_an_end_the_longest_are_given_up() -> None:
    wire = Wire()
    all_ = clients(wire, 12)
    long = [call(7, renew(n), attributes(20_000)) for n in range(12)]
    for n, connection in enumerate(all_):
        connection.send(CLIENT, long[n][: 6_000 + 100 * n])
    # 4000 and more octets of each count: with the tenth it is too much, and without the five longest less than half
    assert {note.conn for note in notes(read(wire))} == {4, 5, 6, 7, 8}
    for n, connection in enumerate(all_):
        connection.send(CLIENT, long[n][6_000 + 100 * n :] + call(8, renew(n)))
    decoded = read(wire)
    rows = decoded.rows
    assert len(rows) == 24, "where a record ends that was given up is known"
    cut = {row.conn for row in rows if row.marks & Marks.LOST}
    assert cut == {note.conn for note in notes(decoded)}
    compare(wire.pcap(), 1 << 20, 20_000, 3_000, 1)


def test_file_data_do_not_count() -> None:
    wire = Wire()
    all_ = clients(wire, 12)
    for connection in all_:
        connection.send(CLIENT, call(7, *data(30_000))[:20_000])
    for connection in all_:
        connection.send(CLIENT, call(7, *data(30_000))[20_000:])
    decoded = read(wire)
    assert not notes(decoded)
    assert not any(row.marks for row in decoded.rows)
    compare(wire.pcap(), 1 << 20, 20_000)


def test_segments_behind_holes_count_and_their_holes_are_final() -> None:
    wire = Wire()
    all_ = clients(wire, 6)
    late = []
    for connection in all_:
        connection.send(CLIENT, call(6, renew()))
        late.append(wire.frames.pop() if connection is not all_[0] else None)
        for xid in range(7, 40):
            connection.send(CLIENT, call(xid, renew()))
    wire.frames += [frame for frame in late if frame is not None]
    decoded = read(wire)
    assert notes(decoded)
    gaps = {each.conn for each in decoded.events if isinstance(each, Gap)}
    assert gaps == {note.conn for note in notes(decoded)} != {1, 2, 3, 4, 5}
    compare(wire.pcap(), 1 << 20, 20_000, 3_000)


def test_what_has_not_shown_its_nature_counts_and_has_to_show_it_anew() -> None:
    """What others hold must not make a connection vanish that speaks on."""
    wire = Wire()
    all_ = [wire.connect(f"10.0.0.{n}:4000", "10.1.0.1:9999") for n in range(1, 13)]
    answer = rpc.record(rpc.accepted(7, bytes(6_000)))
    for connection in all_:
        connection.send(SERVER, answer[:5_900])
    for connection in all_:
        connection.send(SERVER, answer[5_900:] + answer + answer)
    assert 0 < len(read(wire).connections) < 12
    compare(wire.pcap(), 1 << 20, 20_000)
    for connection in all_:
        connection.send(SERVER, answer * 5)
    decoded = read(wire)
    assert len(decoded.connections) == 12
    assert 0 < len(notes(decoded)) < 12
    compare(wire.pcap(), 1 << 20, 20_000)


@pytest.mark.parametrize("size", [500, 1_100, 1_550, 2_000, 5_000, 20_000])
def test_what_the_snaplen_cut_is_not_held_twice(size: int) -> None:
    wire = Wire()
    long, short = clients(wire, 2)
    record = call(7, renew(1), attributes(40_000)) + call(8, renew(1))
    fragment = rpc.record(call(3, renew(2), attributes(39_000))[4:], fragment=30_000)
    long.send(CLIENT, record[:28_000])
    short.send(CLIENT, fragment[:11_000])
    long.send(CLIENT, record[28_000:28_500])
    cut = short.segment(CLIENT, 0x10, fragment[11_000:11_500])
    long.send(CLIENT, record[28_500:29_000])
    long.send(CLIENT, record[29_000:])
    compare(captured(wire, {cut: 14 + 20 + 20 + 100}), size)


@pytest.mark.parametrize("size", [500, 1_100, 1_550, 2_000, 5_000, 20_000])
def test_a_segment_that_fills_many_holes_counts_once(size: int) -> None:
    wire = Wire()
    long, torn = clients(wire, 2)
    record = call(7, renew(1), attributes(40_000)) + call(8, renew(1))
    other, base = call(3, renew(2), attributes(39_000)), torn.next_seq[CLIENT]
    long.send(CLIENT, record[:30_500])
    for at in range(100, 156, 2):
        torn.segment(CLIENT, 0x10, other[at : at + 1], seq=base + at)
    long.send(CLIENT, record[30_500:30_800])
    torn.segment(CLIENT, 0x10, other[99:157], seq=base + 99)
    long.send(CLIENT, record[30_800:31_100])
    long.send(CLIENT, record[31_100:])
    compare(wire.pcap(), size)


def captured(wire: Wire, cut: dict[int, int]) -> bytes:
    """The file, with so many octets captured of some frames."""
    out = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)
    for number, (time, frame) in enumerate(wire.frames, 1):
        data = frame[: cut.get(number, len(frame))]
        out += struct.pack("<IIII", time // 10**9, time % 10**9, len(data), len(frame)) + data
    return out


@settings(max_examples=25)
@given(st.data())
def test_both_decoders_give_up_the_same(draw: st.DataObject) -> None:
    wire = Wire()
    mss = draw.draw(st.sampled_from([300, 1448, 9000]))
    all_ = [wire.connect(f"10.0.0.{n}:871", "10.1.0.1:2049", mss=mss) for n in range(1, draw.draw(st.integers(3, 9)))]
    size = st.integers(0, 20_000)
    record = st.one_of(
        st.builds(lambda n: call(n, renew(n)), st.integers(1, 9)),
        st.builds(lambda n: call(9, renew(), attributes(n & ~3), renew(2)), size),
        st.builds(lambda n: call(9, *data(n & ~3), renew(2)), size),
    )
    streams = [b"".join(draw.draw(st.lists(record, min_size=1, max_size=5))) for _ in all_]
    fragment = draw.draw(st.booleans())
    if fragment:
        streams[0] = rpc.record(call(3, attributes(16_000))[4:], fragment=5_000) + streams[0]
    at = [0] * len(all_)
    for _ in range(draw.draw(st.integers(3, 40))):
        n = draw.draw(st.integers(0, len(all_) - 1))
        octets = draw.draw(st.integers(1, 9_000))
        if part := streams[n][at[n] : at[n] + octets]:
            all_[n].send(CLIENT, part)
            at[n] += octets
    for place in draw.draw(st.lists(st.integers(0, len(wire.frames) - 1), max_size=6)):
        how = draw.draw(st.sampled_from(["lose", "repeat", "move"]))
        place = min(place, len(wire.frames) - 1)
        if how == "lose":
            del wire.frames[place]
        else:
            frame = wire.frames[place] if how == "repeat" else wire.frames.pop(place)
            wire.frames.insert(draw.draw(st.integers(0, len(wire.frames))), frame)
    compare(wire.pcap(), 1 << 20, draw.draw(st.sampled_from([1, 2_000, 20_000])))


CHILD = """
import resource, struct, sys
from functools import partial
sys.path.insert(0, sys.argv[2])
from dissect.nfs4.capture import Frame
from dissect.nfs4.columnar import columnar
from dissect.nfs4.exact import exact
from wire import rpc

CLIENTS, OCTETS = 1500, 60_000
setattr = struct.pack(">I16sIII", 34, bytes(16), 1, 1 << 12, 4 << 20) + bytes(4 << 20)
record = rpc.record(rpc.call(7, 1, rpc.compound_arguments(b"", 0, [setattr]), rpc.auth_sys(b"client1")))

def capture():
    number = 0
    for at in range(-OCTETS, 3 * OCTETS, OCTETS):
        payload, flags = (record[at : at + OCTETS], 0x10) if at >= 0 else (b"", 0x02)
        for n in range(CLIENTS):
            number += 1
            ip = struct.pack(">BBHHHBBHII", 0x45, 0, 40 + len(payload), 0, 0, 64, 6, 0, 0x0A000000 + n, 0x0AFF0001)
            tcp = struct.pack(">HHIIBBHHH", 871, 2049, 1000 + max(at, -1), 1, 0x50, flags, 29200, 0, 0)
            data = bytes(12) + b"\\x08\\0" + ip + tcp + payload
            yield Frame(number=number, time=number, data=data, original_length=len(data), link_type=1, interface=0)

decoder = {"exact": exact, "columnar": partial(columnar, chunk_bytes=4 << 20)}[sys.argv[1]]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
messages = sum(len(batch.messages) for batch in decoder(capture()))
print(messages, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
"""


@pytest.mark.parametrize("decoder", ["exact", "columnar"])
def test_memory_is_bounded(decoder: str) -> None:
    """A quarter of a gigabyte of the beginnings of 1500 records of 4 MiB."""
    command = [sys.executable, "-c", CHILD, decoder, str(Path(__file__).parents[2])]
    child = subprocess.run(command, capture_output=True, text=True, check=True)
    messages, mebibytes = map(int, child.stdout.split())
    assert messages == 1500
    assert mebibytes < 150
