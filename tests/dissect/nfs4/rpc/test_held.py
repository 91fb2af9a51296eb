"""Records that the end of a chunk cuts: file data are only counted, and nothing that is told changes by that."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from same import compare

from dissect.nfs4.columnar.lanes import Lanes
from dissect.nfs4.rpc.held import Held, file_data
from wire.dialogue import CLIENT, Connection, Session, Wire, op

DATA = bytes(range(256)) * 48
SESSION = b"0123456789abcdef"


def write(connection: Connection, session: Session | None = None) -> Any:
    return connection.compound([op("PUTFH"), op("WRITE", data=DATA), op("GETATTR")], session=session)


def read(connection: Connection, session: Session | None = None) -> Any:
    call = connection.compound([op("PUTFH"), op("READ", count=len(DATA))], session=session)
    return call, [{}, {"data": DATA}]


def streams(wire: Wire) -> dict[str, bytes]:
    """The octets of the two directions of the only connection."""
    found: dict[str, bytes] = {}
    for _, frame in wire.frames:
        way = frame[26:34].hex()
        found[way] = found.get(way, b"") + frame[14 + 20 + (frame[46] >> 4) * 4 :]
    return found


def test_where_file_data_lie() -> None:
    for session in (None, Session(session=SESSION)):
        for asked in (True, False):
            wire = Wire()
            connection = wire.connect("10.0.0.11:871", "10.0.0.1:2049", minor=1 if session else 0)
            if asked:
                write(connection, session)
            else:
                call, outcome = read(connection, session)
                call.reply(outcome)
            (record,) = [octets[4:] for octets in streams(wire).values() if DATA in octets]
            at = record.index(DATA)
            assert file_data(record[:1024]) == (at, at + len(DATA))
            assert file_data(record[: at - 1]) is None


@given(st.binary(max_size=400))
def test_any_octets_have_file_data_or_none(octets: bytes) -> None:
    found = file_data(octets)
    assert found is None or 0 < found[0] <= found[1]


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=12), st.data())
def test_all_but_file_data_is_kept(counts: list[int], data: st.DataObject) -> None:
    wire = Wire()
    write(wire.connect("10.0.0.11:871", "10.0.0.1:2049"))
    (record,) = [octets for octets in streams(wire).values() if DATA in octets]
    held, at = Held(), 0
    for count in counts:
        count = min(count, len(record) - at)
        held.add(count, lambda start, stop, at=at: record[at + start : at + stop])  # type: ignore[misc]
        at += count
    begin = record.index(DATA)
    expected = record[:at]
    if held.thin:
        gone = min(at, begin + len(DATA)) - begin
        expected = record[:begin] + bytes(gone) + record[begin + gone : at]
    assert held.octets() == expected
    assert len(held) == at
    start = data.draw(st.integers(0, at))
    stop = data.draw(st.integers(start, at))
    assert held.part(start, stop) == expected[start:stop]
    assert held.thin == (at >= 1028)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_large_records_in_small_chunks(data: st.DataObject) -> None:
    wire = Wire()
    session = Session(session=SESSION)
    connection = wire.connect("10.0.0.11:871", "10.0.0.1:2049", minor=1, mss=data.draw(st.sampled_from([400, 1448])))
    for _ in range(data.draw(st.integers(2, 4))):
        if data.draw(st.booleans()):
            write(connection, session).reply([{}, {"count": len(DATA), "verifier": 7}, {"size": 1}])
        else:
            call, outcome = read(connection, session)
            call.reply(outcome)
    for at in data.draw(st.lists(st.integers(3, len(wire.frames) - 1), max_size=2)):
        how = data.draw(st.sampled_from(["lose", "repeat", "move"]))
        if how == "lose":
            del wire.frames[min(at, len(wire.frames) - 1)]
        else:
            frame = wire.frames[at - 1] if how == "repeat" else wire.frames.pop(at - 1)
            wire.frames.insert(data.draw(st.integers(3, len(wire.frames))), frame)
    compare(wire.pcap(), data.draw(st.sampled_from([1_400, 6_000, 18_000])))


def test_file_data_are_not_carried(monkeypatch: Any) -> None:
    """Equality alone would hold if all were kept."""
    most = []
    before = Lanes.write_back

    def watched(self: Lanes, *given: Any) -> None:
        before(self, *given)
        records = [voice._records for flow in self._flows.values() for voice in flow._voices]
        most.extend(len(each._long) - len(each._long.start()) for each in records if each._long is not None)

    monkeypatch.setattr(Lanes, "write_back", watched)
    wire = Wire()
    connection = wire.connect("10.0.0.11:871", "10.0.0.1:2049")
    write(connection)
    connection.segment(CLIENT, 0x11)
    compare(wire.pcap(), 3_000)
    assert max(most) > 8_000


def test_a_capture_that_ends_within_file_data() -> None:
    """After any of its frames: within the data, right behind them, within their padding, behind the record."""
    wire = Wire()
    connection = wire.connect("10.0.0.11:871", "10.0.0.1:2049", mss=400)
    connection.compound([op("PUTFH"), op("WRITE", data=DATA[:4_001]), op("GETATTR")])
    (record,) = [octets for octets in streams(wire).values() if DATA[:4_001] in octets]
    rest = len(record) - record.index(DATA[:4_001]) - 4_001
    for mss in (400, (len(record) - rest) // 4, (len(record) - rest + 1) // 6, len(record) - 1):
        wire = Wire()
        connection = wire.connect("10.0.0.11:871", "10.0.0.1:2049", mss=mss)
        connection.compound([op("PUTFH"), op("WRITE", data=DATA[:4_001]), op("GETATTR")])
        connection.segment(CLIENT, 0x11)
        whole = list(wire.frames)
        for count in range(3, len(whole) + 1):
            wire.frames = whole[:count]
            compare(wire.pcap(), 700, 3_000)
