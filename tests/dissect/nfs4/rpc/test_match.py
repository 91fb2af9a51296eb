from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect.nfs4.batch import Marks
from dissect.nfs4.bounds import REPLY_EARLY_FRAMES
from dissect.nfs4.rpc import match as module
from dissect.nfs4.rpc.match import Call, Early, Matcher, Reply
from dissect.nfs4.rpc.record import Record
from wire import rpc

FORTH, BACK = 0, 1


def record(data: bytes, frame: int) -> Record:
    return Record(data, frame, frame * 10, 0, Marks(0))


def call(xid: int, frame: int) -> Record:
    return record(rpc.call(xid, 1, b"", rpc.AUTH_NONE), frame)


def reply(xid: int, frame: int) -> Record:
    return record(rpc.accepted(xid, b""), frame)


def matched(*said: tuple[int, Record], before: int | None = None) -> tuple[Matcher, list[tuple[int, int | None]]]:
    """The matcher, and for each reply it let go the frames of reply and call."""
    matcher = Matcher()
    for direction, message in said:
        matcher.add(direction, message)
    out = list(matcher.match(before))
    return matcher, pairs(out)


def pairs(out: list[Call | Reply | Early]) -> list[tuple[int, int | None]]:
    return [
        (thing.record.frame, None if thing.call is None else thing.call.id >> 12)
        for thing in out
        if isinstance(thing, Reply)
    ]


def test_a_reply_answers_the_call_with_its_xid() -> None:
    _, got = matched((FORTH, call(1, 1)), (FORTH, call(2, 2)), (BACK, reply(2, 3)), (BACK, reply(1, 4)))
    assert got == [(3, 2), (4, 1)]


def test_one_xid_may_be_under_way_in_both_directions() -> None:
    _, got = matched((FORTH, call(1, 1)), (BACK, call(1, 2)), (FORTH, reply(1, 3)), (BACK, reply(1, 4)))
    assert got == [(3, 2), (4, 1)]


def test_of_two_calls_with_one_xid_the_latest_before_the_reply_is_answered() -> None:
    matcher, got = matched((FORTH, call(1, 1)), (FORTH, call(1, 2)), (BACK, reply(1, 3)), (FORTH, call(1, 9)))
    assert got == [(3, 2)]
    matcher.add(BACK, reply(1, 10))
    assert pairs(list(matcher.match(None))) == [(10, 9)]


def test_a_call_sent_again_before_its_reply_says_so() -> None:
    matcher = Matcher()
    for frame in (1, 2):
        matcher.add(FORTH, call(1, frame))
    assert [thing.again for thing in matcher.match(None) if isinstance(thing, Call)] == [False, True]


def test_an_xid_used_anew_after_its_reply_is_no_repetition() -> None:
    matcher = Matcher()
    for direction, message in ((FORTH, call(1, 1)), (BACK, reply(1, 2)), (FORTH, call(1, 3))):
        matcher.add(direction, message)
    assert [thing.again for thing in matcher.match(None) if isinstance(thing, Call)] == [False, False]


def test_messages_leave_in_the_order_of_their_ids_however_they_come() -> None:
    _, got = matched((BACK, reply(1, 4)), (FORTH, call(1, 3)), (FORTH, call(1, 1)))
    assert got == [(4, 3)]


def test_what_may_still_be_preceded_stays() -> None:
    matcher, got = matched((FORTH, call(1, 1)), (BACK, reply(1, 5)), before=5)
    assert got == []
    assert pairs(list(matcher.match(6))) == [(5, 1)]


def test_a_reply_waits_for_a_call_that_the_file_holds_after_it() -> None:
    matcher, got = matched((BACK, reply(1, 1)))
    assert got == []
    matcher.add(FORTH, call(1, 1 + REPLY_EARLY_FRAMES))
    assert pairs(list(matcher.match(None))) == [(1, 1 + REPLY_EARLY_FRAMES)]


def test_a_call_too_long_after_a_reply_is_not_its_own() -> None:
    matcher, _ = matched((BACK, reply(1, 1)), (FORTH, call(1, 2 + REPLY_EARLY_FRAMES)))
    assert pairs(list(matcher.leave())) == [(1, None)]


def test_a_reply_given_up_is_without_a_call() -> None:
    matcher = Matcher()
    matcher.add(BACK, reply(1, 1))
    (early,) = matcher.match(None)
    assert isinstance(early, Early)
    given = matcher.give_up(early)
    assert given is not None
    assert given.call is None
    assert matcher.give_up(early) is None


def test_two_replies_to_one_call_leave_the_second_without() -> None:
    matcher, got = matched((FORTH, call(1, 1)), (BACK, reply(1, 2)), (BACK, reply(1, 3)))
    assert got == [(2, 1)]
    assert pairs(list(matcher.leave())) == [(3, None)]


def test_the_oldest_of_too_many_unanswered_calls_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UNANSWERED_CALLS", 2)
    monkeypatch.setattr(module, "UNANSWERED_OF_XID", 2)
    matcher, _ = matched(*((FORTH, call(xid, xid)) for xid in (1, 2, 3)), *((FORTH, call(3, n)) for n in (4, 5, 6)))
    for xid in (1, 2, 3, 3, 3):
        matcher.add(BACK, reply(xid, 10 + xid))
    got = pairs(list(matcher.match(None)))
    assert got == [(12, 2), (13, 6), (13, 5)]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 1), st.integers(1, 3)), max_size=30),
    st.randoms(use_true_random=False),
)
def test_matching_does_not_depend_on_how_much_is_known_at_a_time(
    said: list[tuple[bool, int, int]], random: object
) -> None:
    messages = [
        (direction, (call if is_call else reply)(xid, frame)) for frame, (is_call, direction, xid) in enumerate(said, 1)
    ]
    _, at_once = matched(*messages)
    matcher = Matcher()
    step_by_step = []
    for direction, message in messages:
        matcher.add(direction, message)
        step_by_step += pairs(list(matcher.match(message.frame + 1)))
    assert step_by_step == at_once
    calls = [answered for _, answered in at_once]
    assert len(calls) == len(set(calls))
