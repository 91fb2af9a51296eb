from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect.nfs4.bounds import BEHIND_OCTETS, REORDER_FRAMES, STALLED_OCTETS
from dissect.nfs4.tcp import half as module
from dissect.nfs4.tcp.half import LOSS, SNAPLEN, Half, Hole, Item, Piece, Start, farther

ISN = 0xFFFFFFF0
"""Sequence numbers wrap after 15 octets."""
TEXT = bytes(range(256)) * 4


def connected(isn: int = ISN) -> tuple[Half, list[Item]]:
    half = Half()
    half.saw(isn, 1, 100)
    return half, half.synchronise(isn, 1, 100)


def send(half: Half, at: int, octets: int, frame: int, cut: int = 0, isn: int = ISN) -> list[Item]:
    """A segment with `octets` of TEXT from `at` on, of which the capture lacks the last `cut`."""
    data = TEXT[at : at + octets - cut] if at >= 0 else bytes(octets - cut)
    return half.feed((isn + 1 + at) % 2**32, data, octets, frame, frame * 100)


def read(items: Sequence[Item]) -> bytes:
    return b"".join(item.data for item in items if isinstance(item, Piece))


def holes(items: Sequence[Item]) -> list[tuple[int, int, str]]:
    return [(item.at, item.octets, item.reason) for item in items if isinstance(item, Hole)]


def test_segments_in_order_come_out_at_once() -> None:
    half, out = connected()
    assert out == [Start(0, True)]
    assert read(send(half, 0, 10, 2)) == TEXT[:10]
    assert read(send(half, 10, 20, 3)) == TEXT[10:30]
    assert (half.octets, half.retransmissions) == (30, 0)


def test_a_segment_that_comes_late_is_put_in_its_place() -> None:
    half, _ = connected()
    assert send(half, 10, 10, 2) == []
    assert half.stalled is not None
    assert read(send(half, 0, 10, 3)) == TEXT[:20]
    assert half.stalled is None


def test_a_second_copy_of_an_octet_is_ignored_whatever_it_says() -> None:
    half, _ = connected()
    send(half, 0, 10, 2)
    assert read(half.feed(ISN + 1, b"x" * 15, 15, 3, 300)) == b"x" * 5
    assert send(half, 0, 10, 4) == []
    assert (half.octets, half.retransmissions) == (15, 1)


def test_a_hole_stays_open_for_the_horizon_and_no_longer() -> None:
    half, _ = connected()
    send(half, 10, 10, 2)
    assert half.expire(2 + REORDER_FRAMES) == []
    out = half.expire(3 + REORDER_FRAMES)
    assert holes(out) == [(0, 10, LOSS)]
    assert read(out) == TEXT[10:20]
    assert send(half, 0, 10, 4 + REORDER_FRAMES) == []


def test_the_segment_that_fills_a_hole_on_the_last_frame_is_taken() -> None:
    half, _ = connected()
    send(half, 10, 10, 2)
    assert read(send(half, 0, 10, 2 + REORDER_FRAMES)) == TEXT[:20]
    half, _ = connected()
    send(half, 10, 10, 2)
    assert holes(send(half, 0, 10, 3 + REORDER_FRAMES)) == [(0, 10, LOSS)]


def test_a_hole_is_final_when_a_window_has_followed_it() -> None:
    half, _ = connected()
    size = 1 << 20
    for number in range(STALLED_OCTETS // size):
        assert half.feed(ISN + 11 + number * size, b"", size, 2 + number, 0) == []
    out = half.feed(ISN + 11 + STALLED_OCTETS, b"", 1, 20, 0)
    assert holes(out)[0] == (0, 10, LOSS)


def test_the_segments_around_a_hole_are_told() -> None:
    half, _ = connected()
    send(half, 0, 10, 2)
    send(half, 30, 10, 7)
    send(half, 20, 10, 8)
    (hole,) = [item for item in half.close() if isinstance(item, Hole)]
    assert (hole.at, hole.octets, hole.before.frame, hole.after.frame) == (10, 10, 2, 8)


def test_each_hole_has_its_own_horizon() -> None:
    half, _ = connected()
    send(half, 10, 10, 2)
    send(half, 30, 10, 1000)
    out = half.expire(3 + REORDER_FRAMES)
    assert holes(out) == [(0, 10, LOSS)]
    assert half.stalled is not None
    assert half.stalled.frame == 1000
    assert read(send(half, 20, 10, 1000 + REORDER_FRAMES)) == TEXT[20:40]


def test_a_frame_cut_by_the_snaplen_leaves_a_hole_of_its_own_kind() -> None:
    half, _ = connected()
    out = send(half, 0, 20, 2, cut=15)
    assert (read(out), holes(out)) == (TEXT[:5], [(5, 15, SNAPLEN)])
    assert read(send(half, 20, 5, 3)) == TEXT[20:25]


def test_a_keep_alive_is_a_retransmission() -> None:
    half, _ = connected()
    send(half, 0, 10, 2)
    assert half.feed(ISN + 10, b"\0", 1, 3, 0) == []
    assert half.feed(ISN + 11, b"", 0, 4, 0) == []
    assert read(send(half, 10, 10, 5)) == TEXT[10:20]
    assert half.retransmissions == 1


def test_a_keep_alive_before_any_data_is_no_data() -> None:
    half, _ = connected()
    assert half.feed(ISN, b"\0", 1, 2, 0) == []
    assert read(send(half, 0, 10, 3)) == TEXT[:10]


def test_the_octet_of_a_window_probe_is_data() -> None:
    half, _ = connected()
    assert read(send(half, 0, 1, 2)) == TEXT[:1]
    assert send(half, 0, 1, 3) == []
    assert read(send(half, 0, 10, 4)) == TEXT[1:10]


def test_a_stream_met_in_its_middle_begins_with_the_earliest_octet_in_reach() -> None:
    half = Half()
    assert send(half, 100, 10, 5) == []
    assert send(half, 90, 10, 6) == []
    out = half.expire(6 + REORDER_FRAMES)
    assert out[0] == Start(-10, False)
    assert read(out) == TEXT[90:110]
    assert send(half, 80, 10, 7 + REORDER_FRAMES) == []


def test_a_syn_that_the_file_holds_after_the_data_still_says_where_they_begin() -> None:
    half = Half()
    send(half, 5, 5, 2)
    assert half.synchronise(ISN, 3, 300) == [Start(-5, True)]
    assert read(send(half, 0, 5, 4)) == TEXT[:10]
    assert half.octets == 10


def test_sequence_numbers_wrap_more_than_once() -> None:
    half, _ = connected(0)
    step = 1 << 30
    for number in range(12):
        out = half.feed((1 + number * step) % 2**32, b"", step, 2 + number, 0)
        assert [item.at for item in out if isinstance(item, Hole)] == [number * step]
    assert half.octets == 12 * step


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_segmentation_order_and_duplication_give_the_same_stream(data: st.DataObject) -> None:
    length = data.draw(st.integers(1, 400))
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, length - 1)), max_size=20)) | {0, length})
    segments = [(a, b - a) for a, b in pairwise(cuts)]
    extra = data.draw(st.lists(st.tuples(st.integers(0, length - 1), st.integers(1, 60)), max_size=10))
    segments += [(at, min(octets, length - at)) for at, octets in extra]
    known = data.draw(st.booleans())
    half = connected()[0] if known else Half()
    out: list[Item] = []
    for frame, (at, octets) in enumerate(data.draw(st.permutations(segments)), 2):
        out += send(half, at, octets, frame)
    out += half.close()
    assert read(out) == TEXT[:length]
    assert holes(out) == []
    assert half.octets == length


@settings(max_examples=200, deadline=None)
@given(
    st.booleans(),
    st.lists(st.tuples(st.integers(1, 4), st.integers(-5, 60), st.integers(1, 12), st.integers(0, 12)), max_size=25),
)
def test_each_octet_is_taken_by_the_rule_alone(known: bool, sent: list[tuple[int, int, int, int]]) -> None:
    """The rule in the module's docstring, applied octet by octet to the whole capture at once."""
    horizon, window = 6, 40
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "REORDER_FRAMES", horizon)
        patch.setattr(module, "STALLED_OCTETS", window)
        half = connected()[0] if known else Half()
        got: dict[int, int] = {}
        frame, carried = 1, 0
        segments = []
        for gap, at, octets, cut in sent:
            frame += gap
            segments.append((frame, at, octets, max(octets - cut, 0), carried))
            carried += octets
        out: list[Item] = []
        for frame, at, octets, captured, _ in segments:
            out += send(half, at, octets, frame, cut=octets - captured)
        out += half.close()
    first_at = segments[0][1] if segments and not known else 0
    for item in out:
        if isinstance(item, Piece):
            for offset in range(len(item.data)):
                got[item.at + offset + first_at] = item.origin.frame
        elif isinstance(item, Hole) and item.reason == SNAPLEN:
            for offset in range(item.octets):
                got[item.at + offset + first_at] = -item.after.frame
    expected: dict[int, int] = {}
    for octet in range(-5 if not known else 0, 80):
        covering = [s for s in segments if s[1] <= octet < s[1] + s[2]]
        beyond = [s for s in segments if s[1] + s[2] > octet + 1]
        if not covering:
            continue
        taken = covering[0]
        since = beyond[0] if beyond else taken
        if taken[0] <= since[0] + horizon and taken[4] + taken[2] - since[4] <= window:
            held = octet < taken[1] + taken[3]
            expected[octet] = taken[0] if held else -taken[0]
    assert got == expected


def end_of(half: Half) -> list[tuple[int, int, int]]:
    """Start and octets of the hole at the end, and the frame that showed it first."""
    return [(item.at, item.octets, item.after.frame) for item in half.close() if isinstance(item, Hole)]


def acknowledged(half: Half, at: int, frame: int) -> None:
    half.acked = farther(half.acked, (ISN + 1 + at) % 2**32, frame, frame * 100)


def stands(half: Half, at: int, frame: int, fin: bool = False) -> None:
    half.ends_at((ISN + 1 + at) % 2**32, frame, frame * 100, fin)


def test_what_is_acknowledged_and_was_not_captured_is_a_hole_at_the_end() -> None:
    half, _ = connected()
    send(half, 0, 10, 2)
    for at, frame in ((10, 3), (40, 4), (40, 5), (30, 6)):
        acknowledged(half, at, frame)
    assert half.short
    assert end_of(half) == [(10, 30, 4)]
    assert not half.short


def test_a_segment_without_data_shows_what_went_before_it() -> None:
    half, _ = connected()
    send(half, 0, 10, 2)
    stands(half, 25, 3)
    assert end_of(half) == [(10, 15, 3)]


def test_data_that_follow_leave_no_hole_at_the_end() -> None:
    half, _ = connected()
    send(half, 0, 10, 2)
    acknowledged(half, 40, 3)
    stands(half, 40, 3)
    send(half, 10, 30, 4)
    assert end_of(half) == []


def test_a_fin_is_no_octet() -> None:
    """Whether or not it was captured, and whoever shows it."""
    half, _ = connected()
    send(half, 0, 10, 2)
    stands(half, 10, 3, fin=True)
    acknowledged(half, 11, 4)
    assert end_of(half) == []
    half, _ = connected()
    send(half, 0, 10, 2)
    acknowledged(half, 11, 4)
    assert end_of(half) == []
    half, _ = connected()
    send(half, 0, 10, 2)
    stands(half, 30, 3, fin=True)
    acknowledged(half, 31, 4)
    assert end_of(half) == [(10, 20, 3)]


def test_all_that_was_said_may_be_lost() -> None:
    half, _ = connected()
    acknowledged(half, 500, 3)
    assert end_of(half) == [(0, 500, 3)]


def test_a_stream_of_which_no_place_is_known_has_no_end() -> None:
    half = Half()
    acknowledged(half, 500, 3)
    half.saw(ISN, 3, 300)
    stands(half, 500, 3, fin=True)
    assert end_of(half) == []


def test_a_direction_that_was_not_captured_is_no_loss() -> None:
    """The peer's SYN-ACK tells where it begins."""
    half = Half()
    half.synchronise(ISN, 1, 100)
    acknowledged(half, 500, 3)
    assert end_of(half) == []


def test_numbers_out_of_every_window_show_nothing() -> None:
    half, _ = connected()
    send(half, 0, 10, 2)
    acknowledged(half, 10, 3)
    acknowledged(half, 10 + BEHIND_OCTETS + 1, 4)
    assert end_of(half) == []


def test_what_was_shown_long_ago_shows_nothing_of_data_captured_since() -> None:
    """Where no acknowledgement is captured for two gigabytes, its number would come to lie ahead."""
    half, _ = connected()
    acknowledged(half, 0, 2)
    for step in range(40):
        send(half, step * (60 << 20), 60 << 20, 3 + 1024 * step, cut=60 << 20)
    assert end_of(half) == []
