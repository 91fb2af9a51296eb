"""A cursor in each of many messages, moved together: what `dissect.nfs4.xdr.Reader` is to one.

A cursor that met a flaw is no longer `good`; it stays where it is, and what it reads from then on is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.columnar.space import Index
from dissect.nfs4.dataclass import dataclass

Mask = NDArray[np.bool_]


class Words(Protocol):
    """Something to read 32-bit numbers from, by address."""

    def u32(self, at: Index) -> Index:
        """The numbers at these addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tails:
    """Of messages of which only head and tail were copied: what would lie at address `begin`, did the head go on, lies
    at `at`, and ends at `end`. `at` is -1 where there is no tail."""

    begin: Index
    at: Index
    end: Index


class Cursors:
    """Cursors `at` that end at `end` each; `good` marks those that met no flaw."""

    __slots__ = ("_good", "_sound", "_tails", "_which", "_words", "at", "end")

    def __init__(self, words: Words, at: Index, end: Index, tails: Tails | None = None, which: Index | None = None):
        self._words, self._tails, self._which = words, tails, which
        self.at, self.end = at, end
        self._good: Mask = np.ones(len(at), np.bool_)
        self._sound = True
        "all are good; False if that is not known"

    @property
    def good(self) -> Mask:
        """Those that met no flaw; to be set anew, never changed in place."""
        return self._good

    @good.setter
    def good(self, good: Mask) -> None:
        self._good, self._sound = good, False

    def u32(self) -> Index:
        """The next number of each."""
        begin = self.at
        self._to(begin + 4)
        if self._sound:
            return self._words.u32(begin)
        these = np.flatnonzero(self._good)
        value = np.zeros(len(begin), np.int64)
        value[these] = self._words.u32(begin[these])
        return value

    def skip(self, octets: int | Index) -> None:
        """Pass over as many octets, a multiple of 4."""
        self._to(self.at + octets)

    def skip_opaque(self, limit: int | None = None) -> None:
        """Pass over an opaque<limit>."""
        size = self.u32()
        if limit is not None:
            self.good = self.good & (size <= limit)
        self._to(self.at + ((size + 3) & ~3))

    def skip_bitmap(self) -> None:
        """Pass over a bitmap4."""
        count = self.u32()
        self._to(self.at + 4 * count)

    def skip_payload(self) -> None:
        """Pass over an opaque<> of file data, which may end in the tail of a message."""
        size = self.u32()
        stop = self.at + ((size + 3) & ~3)
        if self._tails is not None and self._which is not None:
            tails, which = self._tails, self._which
            beyond = tails.at[which] + stop - tails.begin[which]
            jump = self.good & (tails.at[which] >= 0) & (beyond >= tails.at[which]) & (beyond <= tails.end[which])
            stop = np.where(jump, beyond, stop)
            self.end = np.where(jump, tails.end[which], self.end)
        self._to(stop)

    def one_of(self, highest: int) -> Index:
        """The discriminant of a union whose arms are 0 to `highest`, as those of a bool are 0 and 1."""
        value = self.u32()
        within = value <= highest
        if np.count_nonzero(within) < len(within):
            self.good = self._good & within
        return value

    def only(self, chosen: Mask, read: Callable[[Cursors], object]) -> None:
        """Let `read` move some of the cursors."""
        these = np.flatnonzero(chosen & self.good)
        if len(these) == len(self.at):
            read(self)
        elif len(these):
            part = self.part(these)
            read(part)
            self.take_back(these, part)

    def part(self, these: Index) -> Cursors:
        """Some of the cursors, which must be good, to be moved apart from the others."""
        return Cursors(self._words, self.at[these], self.end[these])

    def take_back(self, these: Index, part: Cursors) -> None:
        """Go on from where a part has come."""
        at, good = self.at.copy(), self.good.copy()
        at[these], good[these] = part.at, part.good
        self.at, self.good = at, good

    def peek(self, at: Index, chosen: Mask) -> Index:
        """Numbers that were passed, of those chosen."""
        value = np.zeros(len(at), np.int64)
        these = np.flatnonzero(chosen)
        value[these] = self._words.u32(at[these])
        return value

    def _to(self, at: Index) -> None:
        fits = at <= self.end
        if not self._sound:
            fits &= self._good
        if np.count_nonzero(fits) == len(fits):
            self.at = at
            if self._sound:
                return
            self._sound = True
        else:
            self.at = np.where(fits, at, self.at)
            self._sound = False
        self._good = fits
