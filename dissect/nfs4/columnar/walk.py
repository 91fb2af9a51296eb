"""COMPOUNDs walked together: at each step the next operation of every message that has one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.columnar.shapes import TABLE, Part, Shapes
from dissect.nfs4.columnar.space import Index, Space
from dissect.nfs4.compound import STATUS_LIMIT
from dissect.nfs4.const import Attribute, Op

Mask = NDArray[np.bool_]

MOST = 64
"""Operations followed here; longer COMPOUNDs are rare."""

_VALUED = 1 << Attribute.LEASE_TIME | 1 << Attribute.FS_LOCATIONS
_ENTRIES = 4096
_HOLDER = np.zeros(TABLE + 1, np.bool_)
_HOLDER[[Op.OPEN, Op.LOCK, Op.CLOSE, Op.DELEGRETURN]] = True


@dataclass(slots=True, kw_only=True)
class Bodies:
    """Where the operations of messages are: the cursor of each, the end of what it may read, how many there are.

    A message of which only head and tail were copied has `end` at its head's end; octet `far_from` of the record space,
    counted as an address that goes on from the head, lies at `far` and the tail ends at `far_end`.
    """

    at: Index
    end: Index
    count: Index
    far_from: Index
    far: Index
    far_end: Index


@dataclass(slots=True, kw_only=True)
class Seen:
    """Operations of which rows are made. `message`: position in Bodies; `body`: address of arguments or result."""

    message: Index
    index: Index
    op: Index
    status: Index
    body: Index


def walk(space: Space, bodies: Bodies, shapes: Shapes, results: bool) -> tuple[Mask, Seen]:
    """Which messages were read to the end of their last operation, and the operations held of all."""
    size = len(bodies.at)
    good = np.ones(size, np.bool_)
    good[bodies.count > MOST] = False
    state = _Walk(space, bodies, shapes, results, good)
    active = np.flatnonzero(good & (bodies.count > 0))
    step = 0
    while len(active):
        active = state.step(active, step)
        step += 1
        active = active[bodies.count[active] > step]
    good &= ~(state.holder & state.named)
    return good, state.seen()


class _Walk:
    def __init__(self, space: Space, bodies: Bodies, shapes: Shapes, results: bool, good: Mask) -> None:
        self._space, self._shapes, self._results, self._good = space, shapes, results, good
        self._bodies = bodies
        self._at, self._end = bodies.at.copy(), bodies.end.copy()
        self.holder = np.zeros(len(good), np.bool_)
        self.named = np.zeros(len(good), np.bool_)
        self._parts: list[tuple[Index, Index, Index, Index, Index]] = []

    def seen(self) -> Seen:
        columns = [np.concatenate(column) for column in zip(*self._parts, strict=True)] if self._parts else []
        if not columns:
            columns = [np.zeros(0, np.int64)] * 5
        message, index, op, status, body = columns
        return Seen(message=message, index=index, op=op, status=status, body=body)

    def step(self, active: Index, step: int) -> Index:
        """Take one operation of each; returns those that could be read."""
        shapes, space = self._shapes, self._space
        at, end = self._at[active], self._end[active]
        need = 8 if self._results else 4
        fits = at + need <= end
        if not fits.all():
            active, at, end = self._keep(fits, active, at, end)
        op = np.minimum(space.u32(at), TABLE)
        fixed, first, second = shapes.fixed[op], shapes.first[op], shapes.second[op]
        fine = fixed >= 0
        at += need
        if self._results:
            status = space.u32(at - 4)
            fine &= status <= STATUS_LIMIT
            failed = np.flatnonzero(status)
            if len(failed):
                bad = op[failed]
                body = bad == Op.SETATTR
                fine[failed] = shapes.bare[bad] | body
                fine[failed] &= status[failed] <= STATUS_LIMIT
                fixed[failed] = 0
                first[failed] = np.where(body, int(Part.BITMAP), int(Part.NONE))
                second[failed] = Part.NONE
        else:
            status = np.full(len(active), -1, np.int64)
        begin = at
        at = at + fixed
        fine &= at <= end
        if not fine.all():
            keep = np.flatnonzero(fine)
            self._good[active[~fine]] = False
            active, at, end, begin = active[keep], at[keep], end[keep], begin[keep]
            op, status, first, second = op[keep], status[keep], first[keep], second[keep]
        if first.any():
            at, end, fine = self._variable(first, op, at, end, active)
            if second.any():
                at, end, more = self._variable(second, op, at, end, active)
                fine &= more
        else:
            fine = np.ones(len(active), np.bool_)
        self._check(op, status, begin, active, fine)
        self._at[active], self._end[active] = at, end
        if not fine.all():
            self._good[active[~fine]] = False
        held = fine & (shapes.held[op] | (status > 0)) if self._results else fine & shapes.held[op]
        these = np.flatnonzero(held)
        if len(these):
            index = np.full(len(these), step, np.int64)
            self._parts.append((active[these], index, op[these], status[these], begin[these]))
        return active[fine] if not fine.all() else active

    def _keep(self, fits: Mask, active: Index, at: Index, end: Index) -> tuple[Index, Index, Index]:
        self._good[active[~fits]] = False
        return active[fits], at[fits], end[fits]

    def _check(self, op: Index, status: Index, begin: Index, active: Index, fine: Mask) -> None:
        """What the shapes do not say."""
        words = self._space
        if not self._results:
            these = np.flatnonzero(op == Op.SEQUENCE)
            if len(these):
                fine[these] &= words.u32(begin[these] + 28) <= 1
            return
        done = status == 0
        these = np.flatnonzero((op == Op.READ) & done)
        if len(these):
            fine[these] &= words.u32(begin[these]) <= 1
        these = np.flatnonzero((op == Op.GETATTR) & done & fine)
        if len(these):
            mask = words.u32(begin[these] + 4)
            empty = words.u32(begin[these]) == 0
            fine[these] &= empty | (mask & _VALUED == 0)
        self.holder[active[_HOLDER[op]]] = True
        self.named[active[(op == Op.GETFH) & done]] = True

    def _variable(
        self, part: NDArray[np.int8], op: Index, at: Index, end: Index, active: Index
    ) -> tuple[Index, Index, Mask]:
        """Past the part of variable size of each."""
        fine = np.ones(len(at), np.bool_)
        some = np.flatnonzero(part)
        begin = at[some]
        short = begin + 4 > end[some]
        size = self._space.u32(np.where(short, 0, begin))
        kind = part[some]
        octets = np.where(kind == Part.BITMAP, 4 * size, (size + 3) & ~3)
        stop = begin + 4 + octets
        over = short | (stop > end[some]) | ((kind == Part.OPAQUE) & (size > self._shapes.limit[op[some]]))
        payload = np.flatnonzero((kind == Part.PAYLOAD) & ~short)
        end = end.copy()
        if len(payload):
            bodies = self._bodies
            these = active[some[payload]]
            beyond = stop[payload] - bodies.far_from[these]
            jump = (bodies.far[these] >= 0) & (beyond >= 0) & (bodies.far[these] + beyond <= bodies.far_end[these])
            hit = payload[jump]
            stop[hit] = bodies.far[these[jump]] + beyond[jump]
            end[some[hit]] = bodies.far_end[these[jump]]
            over[hit] = False
        entries = np.flatnonzero((kind == Part.DIRECTORY) & ~short)
        if len(entries):
            stop[entries], whole = self._directory(begin[entries], end[some[entries]])
            over[entries] = ~whole
        at = at.copy()
        at[some] = np.where(over, begin, stop)
        fine[some] = ~over
        return at, end, fine

    def _directory(self, at: Index, end: Index) -> tuple[Index, Mask]:
        """Past the entries of READDIR and what follows them: each is announced by a TRUE (RFC 8881 section 18.23.2)."""
        at, good = at.copy(), np.ones(len(at), np.bool_)
        active = np.arange(len(at))
        space = self._space
        for _ in range(_ENTRIES):
            here, stop = at[active], end[active]
            fits = here + 4 <= stop
            more = space.u32(np.where(fits, here, 0))
            good[active[~fits | (more > 1)]] = False
            last = fits & (more == 0)
            # The end of the list is followed by `eof`.
            closing = active[last]
            tail = here[last] + 4
            room = tail + 4 <= stop[last]
            good[closing] &= room & (space.u32(np.where(room, tail, 0)) <= 1)
            at[closing] = tail + 4
            going = fits & (more == 1)
            active, here, stop = active[going], here[going] + 12, stop[going]
            if not len(active):
                return at, good
            for bitmap in (False, True, False):
                fits = here + 4 <= stop
                size = space.u32(np.where(fits, here, 0))
                here = here + 4 + (4 * size if bitmap else (size + 3) & ~3)
                fits &= here <= stop
                if not fits.all():
                    good[active[~fits]] = False
                    active, here, stop = active[fits], here[fits], stop[fits]
            at[active] = here
        good[active] = False
        return at, good
