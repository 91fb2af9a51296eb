"""IP fragments: together again in any order, bounded, and said where they stay apart."""

from __future__ import annotations

import ipaddress
import struct
from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect.nfs4.batch import Note
from dissect.nfs4.capture import Frame
from dissect.nfs4.link import Other, Segment, Unwrapper
from dissect.nfs4.link import fragments as bounds
from dissect.nfs4.link.fragments import Fragments
from dissect.nfs4.link.internet import Fragment
from wire.frames import ACK, tcp_segment

CLIENT, SERVER = ("10.0.0.11", 925), ("10.0.0.1", 2049)
CLIENT6, SERVER6 = ("fd00::11", 925), ("fd00::1", 2049)
BODY = bytes(range(256)) * 10
KEY = (b"source and destination", 1, 6)


def fragment4(data: bytes, start: int, stop: int, ident: int = 7, protocol: int = 6) -> bytes:
    word = start // 8 | (0x2000 if stop < len(data) else 0)
    part = data[start:stop]
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(part), ident, word, 64, protocol, 0)
    return head + ipaddress.ip_address(CLIENT[0]).packed + ipaddress.ip_address(SERVER[0]).packed + part


def fragment6(data: bytes, start: int, stop: int, following: int = 6) -> bytes:
    part = data[start:stop]
    part = struct.pack(">BBHI", following, 0, start | (stop < len(data)), 99) + part
    head = struct.pack(">IHBB", 6 << 28, len(part), 44, 64)
    return head + ipaddress.ip_address(CLIENT6[0]).packed + ipaddress.ip_address(SERVER6[0]).packed + part


SEGMENT4 = tcp_segment(CLIENT, SERVER, 1000, 2000, ACK, BODY)
SEGMENT6 = tcp_segment(CLIENT6, SERVER6, 1000, 2000, ACK, BODY)
CUTS = ((0, 1000), (1000, 2000), (2000, len(SEGMENT4)))
PARTS4 = [fragment4(SEGMENT4, *cut) for cut in CUTS]
PARTS6 = [fragment6(SEGMENT6, *cut) for cut in CUTS]


def run(*packets: bytes, snaplen: int = 1 << 18, times: list[int] | None = None) -> tuple[list[Segment], list[Note]]:
    unwrapper = Unwrapper()
    found: list[Segment] = []
    for number, packet in enumerate(packets, start=1):
        time = times[number - 1] if times else number
        data = packet[:snaplen]
        frame = Frame(number=number, time=time, data=data, original_length=len(packet), link_type=101, interface=0)
        found += [item for item in unwrapper.feed(frame, number) if isinstance(item, Segment)]
    return found, [item for item in unwrapper.drain(final=True) if isinstance(item, Note)]


@pytest.mark.parametrize("parts", [PARTS4, PARTS6], ids=["IPv4", "IPv6"])
def test_in_any_order_the_last_to_come_completes(parts: list[bytes]) -> None:
    for order in permutations(parts):
        (segment,), notes = run(*order)
        assert (segment.frame, segment.time, segment.seq, segment.payload) == (3, 3, 1000, BODY)
        assert segment.length == len(BODY)
        assert notes == []


def test_both_taps_show_each_fragment() -> None:
    first, second, third = PARTS4
    for order in (
        [first, first, second, second, third, third],
        [*PARTS4, *PARTS4],
        [third, first, third, second, first],
    ):
        segments, notes = run(*order)
        assert [segment.payload for segment in segments] == [BODY]
        assert notes == []


def test_an_identification_may_be_used_again() -> None:
    again = tcp_segment(CLIENT, SERVER, 1000 + len(BODY), 2000, ACK, BODY)
    segments, notes = run(*PARTS4, *(fragment4(again, *cut) for cut in CUTS))
    assert [segment.seq for segment in segments] == [1000, 1000 + len(BODY)]
    assert notes == []


def test_the_snaplen_cuts_every_fragment() -> None:
    (segment,), notes = run(*PARTS4, snaplen=520)
    assert (segment.payload, segment.length) == (BODY[:480], len(BODY))
    assert notes == []
    (segment,), notes = run(*PARTS6, snaplen=520)
    assert (segment.payload, segment.length) == (BODY[: 520 - 48 - 20], len(BODY))


def test_headers_of_ipv6_behind_the_fragment_header() -> None:
    data = bytes.fromhex("06000104 00000000") + SEGMENT6
    (segment,), _ = run(*(fragment6(data, *cut, following=60) for cut in ((0, 800), (800, len(data)))))
    assert segment.payload == BODY


def test_what_never_completes_is_noted_where_it_began() -> None:
    segments, notes = run(PARTS4[1], PARTS4[0])
    assert (segments, notes) == ([], [Note(reason="IP fragments incomplete", count=1, frame=1)])
    later = [0, bounds.WAITING_NS + 1, bounds.WAITING_NS + 2]
    segments, notes = run(*PARTS4, times=later)
    assert (segments, notes[0].count) == ([], 2)


def test_fragments_that_overlap_are_refused() -> None:
    segments, notes = run(PARTS4[0], fragment4(SEGMENT4, 992, 2000), PARTS4[2])
    assert segments == []
    assert {note.reason for note in notes} == {"IP fragments contradict each other", "IP fragments incomplete"}


def test_fragments_of_other_protocols_are_not_held() -> None:
    data = bytes((8, 0)) + bytes(1998)
    unwrapper = Unwrapper()
    items: list[object] = []
    for number, cut in enumerate(((0, 1000), (1000, 2000)), start=1):
        packet = fragment4(data, *cut, protocol=1)
        frame = Frame(number=number, time=0, data=packet, original_length=len(packet), link_type=101, interface=0)
        items += unwrapper.feed(frame, number)
    assert items == [Other(frame=1, protocol="icmp"), Other(frame=2, protocol="icmp")]
    assert unwrapper.drain(final=True) == []


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[int] = []
    fragments = Fragments(lambda _reason, frame: noted.append(frame))
    for number in range(3000):
        assert fragments.add(Fragment((b"", number, 6), 0, True), bytes(64), 64, number, number) is None
    assert noted == list(range(3000 - bounds.WAITING_DATAGRAMS))
    monkeypatch.setattr(bounds, "WAITING_OCTETS", 1000)
    fragments.add(Fragment((b"", 9999, 6), 0, True), bytes(64), 64, 3000, 3000)
    assert fragments._octets <= 1064
    fragments.flush()
    assert fragments._octets == 0
    assert len(noted) == 3001


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_cuts_in_any_order_give_the_datagram(data: st.DataObject) -> None:
    whole = data.draw(st.binary(min_size=9, max_size=600))
    inner = data.draw(st.sets(st.integers(1, (len(whole) - 1) // 8), max_size=6))
    edges = [0, *sorted(edge * 8 for edge in inner), len(whole)]
    parts = [(start, whole[start:stop], stop < len(whole)) for start, stop in pairwise(edges)]
    repeated = data.draw(st.lists(st.sampled_from(parts), max_size=4))
    order = data.draw(st.permutations(parts + repeated))
    fragments = Fragments(lambda reason, _frame: pytest.fail(reason))
    done = [
        result
        for start, payload, more in order
        if (result := fragments.add(Fragment(KEY, start, more), payload, len(payload), 1, 1)) is not None
    ]
    assert done == [(whole, len(whole))]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 8191), st.booleans(), st.binary(max_size=64), st.integers(0, 70000)), max_size=30)
)
def test_any_fragments(parts: list[tuple[int, bool, bytes, int]]) -> None:
    fragments = Fragments(lambda _reason, _frame: None)
    for offset, more, payload, beyond in parts:
        done = fragments.add(Fragment(KEY, offset * 8, more), payload, len(payload) + beyond, 1, 1)
        if done is not None:
            assert len(done[0]) <= done[1] <= 65535
    fragments.flush()
    assert fragments._octets == 0
