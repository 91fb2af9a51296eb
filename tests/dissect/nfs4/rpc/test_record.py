from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect.nfs4.batch import Marks
from dissect.nfs4.bounds import RECORD_OCTETS
from dissect.nfs4.rpc import search as module
from dissect.nfs4.rpc.doubt import KEPT
from dissect.nfs4.rpc.record import Record, Records
from dissect.nfs4.tcp.half import LOSS, SNAPLEN, Half, Hole, Item, Origin, Piece
from wire import rpc

MSS = 1000


def call(xid: int, payload: int = 0) -> bytes:
    return rpc.call(xid, 1, bytes([xid & 0xFF]) * payload, rpc.auth_sys(b"client1"))


def reply(xid: int, payload: int = 0) -> bytes:
    return rpc.accepted(xid, bytes([xid & 0xFF]) * payload)


def marked(*messages: bytes) -> bytes:
    return b"".join(rpc.record(message) for message in messages)


def segments(stream: bytes, size: int = MSS, start: int = 0) -> list[tuple[int, bytes]]:
    return [(at, stream[at : at + size]) for at in range(start, len(stream), size)]


def captured(
    sent: Iterable[tuple[int, bytes]], *, known: bool = True, snaplen: int | None = None
) -> list[Record | Hole]:
    """What is read of segments `(position, octets)`, one a frame from frame 1 on."""
    half, records = Half(), Records()
    items: list[Item] = half.synchronise(999, 0, 0) if known else []
    for frame, (at, data) in enumerate(sent, 1):
        items += half.feed(1000 + at, data[:snaplen], len(data), frame, frame * 10)
    items += half.close()
    return [found for item in items for found in records.feed(item)] + records.close()


def messages(found: Iterable[Record | Hole]) -> list[bytes]:
    return [thing.data for thing in found if isinstance(thing, Record)]


def marks(found: Iterable[Record | Hole]) -> list[Marks]:
    return [thing.marks for thing in found if isinstance(thing, Record)]


def holes(found: Iterable[Record | Hole]) -> list[tuple[int, str]]:
    return [(thing.octets, thing.reason) for thing in found if isinstance(thing, Hole)]


def test_several_records_in_a_segment_are_numbered_in_their_order() -> None:
    found = captured([(0, marked(call(1), call(2), call(3)))])
    assert messages(found) == [call(1), call(2), call(3)]
    assert [thing.id for thing in found if isinstance(thing, Record)] == [1 << 12, 1 << 12 | 1, 1 << 12 | 2]


def test_a_record_over_many_segments_is_of_the_frame_with_its_last_octet() -> None:
    (found,) = captured(segments(marked(call(1, 3500))))
    assert isinstance(found, Record)
    assert found.data == call(1, 3500)
    assert (found.frame, found.time, found.part) == (4, 40, 0)


def test_its_last_octet_may_have_been_captured_before_others() -> None:
    first, second, *rest = segments(marked(call(1, 3500)))
    (found,) = captured([first, *rest, second])
    assert isinstance(found, Record)
    assert found.frame == 3


@pytest.mark.parametrize("fragment", [1, 4, 7, 12, 40, 100])
def test_fragments_are_put_together(fragment: int) -> None:
    stream = rpc.record(call(1, 50), fragment) + marked(call(2))
    assert messages(captured(segments(stream, 64))) == [call(1, 50), call(2)]


def test_an_empty_last_fragment_ends_a_record() -> None:
    message = call(1)
    stream = len(message).to_bytes(4, "big") + message + b"\x80\0\0\0" + marked(call(2))
    assert messages(captured([(0, stream)])) == [message, call(2)]


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_stream_may_be_cut_anywhere(cut: int) -> None:
    stream = marked(call(1), reply(2), call(3))
    assert messages(captured([(0, stream[:cut]), (cut, stream[cut:])])) == [call(1), reply(2), call(3)]


def test_a_hole_in_a_payload_costs_what_follows_in_that_record_and_nothing_else() -> None:
    stream = marked(call(1, 4000), call(2), call(3))
    sent = segments(stream)
    found = captured(sent[:1] + sent[2:])
    assert messages(found) == [call(1, 4000)[: MSS - 4], call(2), call(3)]
    assert marks(found) == [Marks.LOST, Marks(0), Marks(0)]
    assert holes(found) == [(MSS, LOSS)]
    assert [thing.frame for thing in found if isinstance(thing, Record)] == [4, 4, 4]


def test_a_hole_in_a_fragment_does_not_hide_the_next_fragments() -> None:
    stream = rpc.record(call(1, 4000), 1500) + marked(call(2))
    sent = segments(stream, 500)
    found = captured(sent[:2] + sent[3:])
    assert messages(found) == [call(1, 4000)[:996], call(2)]
    assert marks(found) == [Marks.LOST, Marks(0)]


def test_after_a_hole_over_a_record_mark_the_next_record_is_searched_for() -> None:
    """The third record begins in mid-segment: it is believed because a fourth follows where it ends."""
    stream = marked(call(1), call(2, 1500), call(3, 900), call(4), call(5))
    sent = segments(stream)
    found = captured(sent[1:])
    assert messages(found) == [call(3, 900), call(4), call(5)]
    assert marks(found) == [Marks.RESYNCED, Marks(0), Marks(0)]
    assert holes(found) == [(MSS, LOSS)]


def test_a_hole_that_ends_where_a_record_ends_costs_only_that() -> None:
    sent = [(0, marked(call(1, 100))[:50]), (len(marked(call(1, 100))), marked(call(2)))]
    found = captured(sent)
    assert messages(found) == [call(1, 100)[:46], call(2)]
    assert marks(found) == [Marks.LOST, Marks(0)]


def test_a_record_of_which_only_the_end_is_missing_is_of_the_last_frame_there_is() -> None:
    stream = marked(call(1, 2500), call(2))
    sent = segments(stream)
    found = captured([*sent[:2], (len(stream), marked(call(3)))])
    assert messages(found) == [call(1, 2500)[: 2 * MSS - 4], call(3)]
    assert marks(found) == [Marks.LOST, Marks.RESYNCED]
    assert [thing.frame for thing in found if isinstance(thing, Record)] == [2, 3]


def test_a_record_that_the_capture_does_not_see_the_end_of_is_given_as_far_as_it_came() -> None:
    found = captured(segments(marked(call(1), call(2, 2500)))[:2])
    assert messages(found) == [call(1), call(2, 2500)[: 2 * MSS - len(marked(call(1))) - 4]]
    assert marks(found) == [Marks(0), Marks.LOST]


def test_what_is_too_short_to_say_anything_is_not_given() -> None:
    assert captured([(0, marked(call(1))[:20])]) == []


def test_a_stream_met_in_its_middle_is_read_from_the_first_record_that_begins_a_segment() -> None:
    stream = marked(call(1, 2500)) + marked(call(2))
    found = captured([(2000, stream[2000:]), (len(stream), marked(call(3), call(4)))], known=False)
    assert messages(found)[-2:] == [call(3), call(4)]
    assert captured(segments(stream)[1:2], known=False) == []


def test_the_snaplen_takes_the_end_of_each_record_and_is_told_by_its_mark_alone() -> None:
    sent, at = [], 0
    for xid in range(1, 5):
        record = marked(call(xid, 300))
        sent.append((at, record))
        at += len(record)
    found = captured(sent, snaplen=100)
    assert messages(found) == [call(xid, 300)[:96] for xid in range(1, 5)]
    assert marks(found) == [Marks.CUT] * 4
    assert holes(found) == []


def test_what_the_snaplen_takes_whole_is_told_as_a_hole() -> None:
    sent = [(0, marked(call(1), call(2, 50)))]
    at = len(sent[0][1])
    found = captured([*sent, (at, marked(call(3)))], snaplen=len(marked(call(1))) + 10)
    assert messages(found)[0] == call(1)
    assert call(3) in messages(found) or messages(found)[1] == call(3)[: len(messages(found)[1])]
    assert holes(found) == [(len(marked(call(2, 50))) - 10, SNAPLEN)]


@pytest.mark.parametrize("mark", [0, 1 << 31, RECORD_OCTETS + 1, 0xFFFFFFFF, 0x47455420])
def test_a_record_mark_that_cannot_be_is_searched_past(mark: int) -> None:
    records = Records()
    half = Half()
    items = half.synchronise(0, 0, 0)
    items += half.feed(1, marked(call(1)) + mark.to_bytes(4, "big") + b"garbage", len(marked(call(1))) + 11, 1, 10)
    items += half.feed(1 + len(marked(call(1))) + 11, marked(call(2), call(3)), len(marked(call(2), call(3))), 2, 20)
    found = [thing for item in items for thing in records.feed(item)]
    assert messages(found) == [call(1), call(2), call(3)]
    assert marks(found) == [Marks(0), Marks.RESYNCED, Marks(0)]
    assert records.slips == 1


def test_a_wrong_length_that_leads_into_the_middle_of_a_record_is_noticed() -> None:
    wrong = bytearray(marked(call(1)))
    wrong[3] += 8
    sent = [(0, bytes(wrong) + marked(call(2), call(3))), (5000, b"")]
    at = len(sent[0][1])
    found = captured([sent[0], (at, marked(call(4), call(5)))])
    assert messages(found)[-2:] == [call(4), call(5)]


def test_records_inside_a_payload_are_not_taken_for_records_of_the_stream() -> None:
    """Somebody reads a capture of NFS over NFS, and the segment with the record mark is lost."""
    inner = b"".join(bytes(16) + bytes(66) + marked(call(xid, 20)) for xid in range(100, 130))
    stream = marked(rpc.accepted(1, inner + bytes(8)), reply(2, 40), reply(3))
    sent = segments(stream, 700)
    for lost in range(len(sent) - 1):
        found = captured(sent[:lost] + sent[lost + 1 :])
        assert {message[:4] for message in messages(found)} <= {(n).to_bytes(4, "big") for n in (1, 2, 3)}


def test_no_frame_has_more_records_than_can_be_numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RECORDS_A_FRAME", 3)
    found = captured([(0, marked(*(reply(n) for n in range(5)))), (5 * 28, marked(reply(9)))])
    assert messages(found) == [reply(0), reply(1), reply(2), reply(9)]


def test_a_record_in_the_making_says_whose_it_is() -> None:
    half, records = Half(), Records()
    for item in half.synchronise(0, 0, 0) + half.feed(1, marked(call(7, 500))[:100], 100, 1, 0):
        records.feed(item)
    assert records.awaits(7)
    assert not records.awaits(8)


TALK = st.lists(st.tuples(st.sampled_from([call, reply]), st.integers(0, 300)), min_size=1, max_size=12)


@settings(max_examples=100, deadline=None)
@given(TALK, st.data())
def test_segmentation_order_and_repetition_change_nothing(talk: list[tuple[type, int]], data: st.DataObject) -> None:
    sent = [make(xid, payload) for xid, (make, payload) in enumerate(talk, 1)]
    stream = b"".join(rpc.record(m, data.draw(st.sampled_from([None, None, 30, 100]))) for m in sent)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1), max_size=25)) | {0, len(stream)})
    pieces = [(a, stream[a:b]) for a, b in pairwise(cuts)]
    pieces += data.draw(st.lists(st.sampled_from(pieces), max_size=5))
    found = captured(data.draw(st.permutations(pieces)))
    assert messages(found) == sent
    assert set(marks(found)) == {Marks(0)}


@settings(max_examples=150, deadline=None)
@given(TALK, st.data())
def test_loss_never_makes_a_message_that_was_not_sent(talk: list[tuple[type, int]], data: st.DataObject) -> None:
    sent = [make(xid, payload) for xid, (make, payload) in enumerate(talk, 1)]
    stream = marked(*sent)
    pieces = segments(stream, data.draw(st.integers(20, 400)))
    kept = data.draw(st.lists(st.sampled_from(pieces), unique=True))
    found = captured(sorted(kept), known=data.draw(st.booleans()), snaplen=data.draw(st.sampled_from([None, 50, 90])))
    for thing in found:
        if isinstance(thing, Record):
            whole = sent[int.from_bytes(thing.data[:4], "big") - 1]
            assert whole.startswith(thing.data)
            assert thing.data == whole or thing.marks & (Marks.LOST | Marks.CUT)
    xids = [message[:4] for message in messages(found)]
    assert len(xids) == len(set(xids))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 300), st.binary(max_size=80) | st.sampled_from([marked(call(1)), marked(reply(2))])),
        max_size=12,
    ),
    st.booleans(),
)
def test_any_octets_are_read_without_raising(sent: list[tuple[int, bytes]], known: bool) -> None:
    for thing in captured(sent, known=known):
        assert isinstance(thing, Hole) or len(thing.data) >= 12


def test_one_record_in_mid_segment_is_no_evidence_but_a_row_of_them_is() -> None:
    lead, tail = b"payload", b"payload"
    alone = captured([(0, lead + marked(call(1)) + tail)], known=False)
    row = captured([(0, lead + marked(call(1), reply(2), call(3), reply(4)) + tail)], known=False)
    assert messages(alone) == []
    assert messages(row) == [call(1), reply(2), call(3), reply(4)]


def test_a_record_that_fills_a_segment_is_evidence_enough() -> None:
    found = captured([(0, b"payload"), (7, marked(call(1))), (len(marked(call(1))) + 7, b"payload")], known=False)
    assert messages(found) == [call(1)]


def test_a_frame_cut_by_the_snaplen_still_tells_where_its_segment_ends() -> None:
    size = len(marked(call(1, 200)))
    found = captured(
        [(0, bytes(50)), (50, marked(call(1, 200))), (50 + size, marked(call(2)))], known=False, snaplen=90
    )
    assert messages(found)[0] == call(1, 200)[:86]
    assert marks(found)[0] == Marks.CUT | Marks.RESYNCED


def begun(size: int, following: bytes = b"") -> tuple[bytes, list[tuple[int, bytes]]]:
    """A call in segments of `size` behind octets that say nothing, with its second segment lost."""
    long = call(1, 4000)
    stream = bytes(MSS) + marked(long)
    parts = [(0, bytes(MSS))] + [(MSS + at, stream[MSS + at : MSS + at + size]) for at in range(0, len(long) + 4, size)]
    if following:
        parts.append((len(stream), following))
    return long, parts[:2] + parts[3:]


def test_a_record_whose_middle_is_lost_while_its_place_is_unsure_shows_where_it_ends() -> None:
    """It begins a segment; a segment ends where its mark says that it does."""
    long, sent = begun(MSS)
    (found,) = [thing for thing in captured(sent, known=False) if isinstance(thing, Record)]
    assert found.data == long[: MSS - 4]
    assert found.marks == Marks.LOST | Marks.RESYNCED
    assert found.frame == len(sent)


def test_or_by_the_record_that_begins_there() -> None:
    long, sent = begun(MSS)
    # The last segment goes on with the next record, so that none ends where the first does.
    at, last = sent[-1]
    found = captured([*sent[:-1], (at, last + marked(call(2)))], known=False)
    assert messages(found) == [long[: MSS - 4], call(2)]


def test_where_neither_is_it_was_none() -> None:
    _, sent = begun(MSS)
    at, last = sent[-1]
    assert messages(captured([*sent[:-1], (at, last + bytes(300))], known=False)) == []
    assert messages(captured(sent[:-1], known=False)) == []


def test_nor_where_the_hole_hides_its_end() -> None:
    _, sent = begun(MSS)
    assert messages(captured([*sent[:2], (9000, bytes(MSS))], known=False)) == []


def test_places_in_doubt_are_few() -> None:
    records = Records()
    head = (0x80000000 | 1 << 20).to_bytes(4, "big") + call(7)
    for at in range(0, 1 << 16, 1000):
        origin = Origin(frame=1, time=1, start=at, end=at + len(head), ahead=at)
        records.feed(Piece(at, head, len(head), origin))
        records.feed(Hole(at + len(head), 1000 - len(head), LOSS, origin, origin))
    assert len(records._doubts) == KEPT
