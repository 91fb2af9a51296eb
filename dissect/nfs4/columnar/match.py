"""Which reply answers which call, for many messages at once: the rule of `dissect.nfs4.rpc.match`.

Here no reply comes without a call before it. Where one does, its connection is named, and goes another way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.bounds import UNANSWERED_CALLS, UNANSWERED_OF_XID
from dissect.nfs4.columnar.space import Index
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.sets import distinct

Mask = NDArray[np.bool_]


@dataclass(slots=True, kw_only=True)
class Answers:
    """`call`: for each message the index of the call that it answers, below 0 for one that was waiting before (-1 for
    the last of those, -2 for the one before it …); NONE for calls. `again`: calls whose xid was under way."""

    call: Index
    again: Mask
    emptied: list[tuple[int, int]] = field(default_factory=list)
    "(lane, xid) of which no call was left at some time"
    left: list[tuple[int, int, list[int]]] = field(default_factory=list)
    "(lane, xid, calls) that wait at the end, numbered as in `call`; in the order in which they were without calls last"
    refused: set[int] = field(default_factory=set)
    "connections with a reply without a call, or with more calls waiting than are remembered"


NONE = np.iinfo(np.int64).min


def match(lane: Index, xid: Index, reply: Mask, waiting: Sequence[tuple[int, int]]) -> Answers:
    """Match messages in the order of their ids. `lane`: twice the connection's number, plus the direction of the call;
    `waiting`: lane and xid of the calls that wait, in the order in which they came for each xid."""
    before = len(waiting)
    if before:
        held = np.array(waiting, np.int64)
        lane = np.concatenate([held[:, 0], lane])
        xid = np.concatenate([held[:, 1], xid])
        reply = np.concatenate([np.zeros(before, np.bool_), reply])
    count = len(lane)
    key = (lane << 32) | xid
    order = np.argsort(key, kind="stable")
    key, answer = key[order], reply[order]
    call = np.full(count, NONE, np.int64)
    again = np.zeros(count, np.bool_)
    answers = Answers(call=call, again=again)
    if not count:
        return answers
    same = np.concatenate([[False], key[1:] == key[:-1]])
    after_call = same & np.concatenate([[False], ~answer[:-1]])
    # A call after a call, or a reply after anything else, makes the whole group one to be taken step by step.
    odd = answer != after_call
    if odd.any():
        group = np.cumsum(~same) - 1
        strange = np.zeros(int(group[-1]) + 1, np.bool_)
        strange[group[odd]] = True
        plain = ~strange[group]
    else:
        plain = np.ones(count, np.bool_)
    replies = np.flatnonzero(answer & plain)
    call[order[replies]] = order[replies - 1] - before
    last = np.concatenate([~same[1:], [True]])
    open_calls = np.flatnonzero(plain & last & ~answer)
    opened = [(int(order[each]), int(key[each]), [int(order[each])]) for each in open_calls.tolist()]
    if before:
        # Of the waiting ones, those that were answered leave their place in the order.
        gone = np.flatnonzero(plain & (order < before) & ~last)
        answers.emptied += [(int(each) >> 32, int(each) & 0xFFFFFFFF) for each in key[gone]]
    if odd.any():
        for lo, hi in _runs(~plain, same):
            _stack(order, key, answer, lo, hi, before, answers, opened)
    opened.sort()
    answers.left = [(place >> 32, place & 0xFFFFFFFF, [each - before for each in calls]) for _, place, calls in opened]
    _overfull(lane, reply, call, before, answers)
    answers.call, answers.again = call[before:], again[before:]
    return answers


def _runs(chosen: Mask, same: Mask) -> list[tuple[int, int]]:
    """The groups of equal keys among the chosen items."""
    starts = np.flatnonzero(chosen & ~same)
    heads = np.append(np.flatnonzero(~same), len(same))
    ends = heads[np.searchsorted(heads, starts, side="right")]
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def _stack(
    order: Index,
    key: Index,
    answer: Mask,
    lo: int,
    hi: int,
    before: int,
    answers: Answers,
    opened: list[tuple[int, int, list[int]]],
) -> None:
    """One xid of one direction: a reply answers the latest call that has none."""
    place = int(key[lo])
    calls: list[int] = []
    since = -1
    emptied = False
    for each in range(lo, hi):
        index = int(order[each])
        if not answer[each]:
            if not calls:
                since = index
            answers.again[index] = bool(calls) and index >= before
            calls.append(index)
            if len(calls) > UNANSWERED_OF_XID:
                answers.refused.add(place >> 33)
        elif calls:
            answers.call[index] = calls.pop() - before
            emptied |= not calls
        else:
            answers.refused.add(place >> 33)
    if emptied:
        answers.emptied.append((place >> 32, place & 0xFFFFFFFF))
    if calls:
        opened.append((since, place, calls))


def _overfull(lane: Index, reply: Mask, call: Index, before: int, answers: Answers) -> None:
    """Refuse connections that have more calls under way at some time than are remembered."""
    if len(lane) <= UNANSWERED_CALLS:
        return
    change = np.where(reply, -1, 1)
    order = np.argsort(lane, kind="stable")
    sums = np.cumsum(change[order])
    starts = np.flatnonzero(np.concatenate([[True], np.diff(lane[order]) != 0]))
    offset = np.repeat(sums[starts] - change[order][starts], np.diff(np.append(starts, len(lane))))
    for each in distinct(lane[order][sums - offset > UNANSWERED_CALLS]).tolist():
        answers.refused.add(each >> 1)
