"""COMPOUNDs walked together: at each step the next operation of every message that has one, one kind after another."""

from __future__ import annotations

import numpy as np

from dissect.nfs4.columnar.cursors import Cursors, Mask, Tails, Words
from dissect.nfs4.columnar.shapes import ARGUMENTS, DENIED, FAILURES, RESULTS, Shape
from dissect.nfs4.columnar.space import Index
from dissect.nfs4.compound import STATUS_LIMIT
from dissect.nfs4.const import Op, Status
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.rows import HOLDERS, NAMERS
from dissect.nfs4.sets import runs

MOST = 64
"""Operations followed here; longer COMPOUNDs are rare."""

TABLE = 76
"""Operation numbers below it are looked up."""
_OK, _FAILED, _DENIED = 0, 1, 2
_ARMS = 3


@dataclass(slots=True, kw_only=True)
class Bodies:
    """Where the operations of messages are: the cursor of each, the end of what it may read, how many there are."""

    at: Index
    end: Index
    count: Index
    tails: Tails


@dataclass(slots=True, kw_only=True)
class Seen:
    """Operations of which rows are made or values kept, one item each. `message`: position in what was walked;
    `body` and `stop`: addresses where arguments or result begin and end; `status`: -1 in calls."""

    message: Index
    index: Index
    op: Index
    status: Index
    body: Index
    stop: Index

    def taken(self, these: Index | Mask) -> Seen:
        """Some of them."""
        return Seen(**{name: getattr(self, name)[these] for name in COLUMNS})


COLUMNS = ("message", "index", "op", "status", "body", "stop")


def _held(*ops: Op) -> Mask:
    held = np.zeros(TABLE, np.bool_)
    held[[*ops]] = True
    return held


_HOLDER = _held(*HOLDERS)
_NAMER = _held(*NAMERS)
_HELD_ARGUMENTS = _held(
    Op.CLOSE,
    Op.DELEGPURGE,
    Op.DELEGRETURN,
    Op.FREE_STATEID,
    Op.LOCK,
    Op.LOCKT,
    Op.LOCKU,
    Op.LOOKUP,
    Op.OPEN,
    Op.OPEN_CONFIRM,
    Op.OPEN_DOWNGRADE,
    Op.PUTFH,
    Op.READ,
    Op.RELEASE_LOCKOWNER,
    Op.RENEW,
    Op.SEQUENCE,
    Op.SETATTR,
    Op.SETCLIENTID_CONFIRM,
    Op.WRITE,
)
_HELD_RESULTS = _held(
    Op.COMMIT,
    Op.GETFH,
    Op.LOCK,
    Op.LOCKU,
    Op.OPEN,
    Op.OPEN_CONFIRM,
    Op.OPEN_DOWNGRADE,
    Op.SEQUENCE,
    Op.SETCLIENTID,
    Op.WRITE,
)
_CALLS: dict[int, Shape] = {op * _ARMS: shape for op, shape in ARGUMENTS.items()}
_REPLIES: dict[int, Shape] = {
    op * _ARMS + arm: shape
    for arm, shapes in ((_OK, RESULTS), (_FAILED, FAILURES), (_DENIED, DENIED))
    for op, shape in shapes.items()
}


def walk(words: Words, bodies: Bodies, results: bool) -> tuple[Mask, Seen]:
    """Which messages were read to the end of their last operation, and the operations held of those; what names a file
    only beside an operation that holds one."""
    state = _Walk(words, bodies, results)
    good = state.good
    good[bodies.count > MOST] = False
    active = np.flatnonzero(good & (bodies.count > 0))
    step = 0
    while len(active):
        state.step(active, step)
        step += 1
        active = active[good[active] & (bodies.count[active] > step)]
    seen = state.seen()
    return good, seen.taken(good[seen.message] & (state.holder[seen.message] | (seen.status > 0) | ~_NAMER[seen.op]))


class _Walk:
    def __init__(self, words: Words, bodies: Bodies, results: bool) -> None:
        self._words, self._bodies, self._results = words, bodies, results
        self._shapes = _REPLIES if results else _CALLS
        self._kept = _HELD_RESULTS if results else _HELD_ARGUMENTS
        self._at, self._end = bodies.at.copy(), bodies.end.copy()
        self.good = np.ones(len(bodies.at), np.bool_)
        self.holder = np.zeros(len(bodies.at), np.bool_)
        self._parts: list[tuple[Index, Index, Index, Index]] = []
        self._steps: list[tuple[int, int, int]] = []
        "of each part: the place of its operations in their messages, their number, how many there are"

    def seen(self) -> Seen:
        """All that was held, in the order of messages and operations."""
        if not self._parts:
            return Seen(**{name: np.zeros(0, np.int64) for name in COLUMNS})
        message, status, body, stop = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        step, op, size = np.array(self._steps, np.int64).T
        # The parts are in the order of operations.
        order = np.argsort(message, kind="stable")
        return Seen(
            message=message[order],
            index=np.repeat(step, size)[order],
            op=np.repeat(op, size)[order],
            status=status[order],
            body=body[order],
            stop=stop[order],
        )

    def step(self, active: Index, step: int) -> None:
        """Take one operation of each."""
        head = Cursors(self._words, self._at[active], self._end[active])
        op = head.one_of(TABLE - 1)
        group = op * _ARMS
        status = np.full(len(active), -1, np.int64)
        if self._results:
            status = head.one_of(STATUS_LIMIT)
            group += np.where(status == 0, _OK, np.where(status == Status.DENIED, _DENIED, _FAILED))
        if not head.good.all():
            group[~head.good] = -1
        order = np.argsort(group.astype(np.int16), kind="stable")
        group = group[order]
        starts = runs(group)
        for lo, hi in zip(starts.tolist(), [*starts[1:].tolist(), len(group)], strict=True):
            these = order[lo:hi]
            which = active[these]
            shape = self._shapes.get(int(group[lo]))
            if shape is None:
                self.good[which] = False
                continue
            body = Cursors(self._words, head.at[these], head.end[these], self._bodies.tails, which)
            named = shape(body)
            self._at[which], self._end[which], self.good[which] = body.at, body.end, body.good
            self._hold(int(op[these[0]]), status[these], which, head.at[these], body.at, named, step)

    def _hold(
        self, op: int, status: Index, which: Index, begin: Index, stop: Index, named: Mask | None, step: int
    ) -> None:
        if _HOLDER[op]:
            self.holder[which] = True
        if named is not None:
            these = np.flatnonzero(named)
            which, status, begin, stop = which[these], status[these], begin[these], stop[these]
        elif not self._kept[op] and status[0] <= 0:
            return
        self._parts.append((which, status, begin, stop))
        self._steps.append((step, op, len(which)))
