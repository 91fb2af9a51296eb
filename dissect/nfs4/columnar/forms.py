"""Messages that lie alike, read by the few words that decide how they lie.

The walk reads of each message the words that it needs: operation numbers, lengths, discriminants. A message of the same
direction and length that has the same words in the same places is walked the same way, and so needs no walk: what was
found in the first is in the others, at the same distance from their beginning; and what stopped the walk there stops
it here.
"""

from __future__ import annotations

from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.columnar.cursors import Words
from dissect.nfs4.columnar.few import WORDS, Few, copied, in_a_row, size_of
from dissect.nfs4.columnar.lay import Laid, Records, lay
from dissect.nfs4.columnar.space import Index, Space
from dissect.nfs4.columnar.walk import COLUMNS, Seen
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.sets import distinct, runs

LONGEST_OCTETS = 1024
"""Rows of messages are compared up to this length: longer ones are much to copy, and go to `Few`."""
WORTH = 256
"""So many messages of a length are compared row by row with the forms of that length; fewer with all others: `Few`."""
_ROUNDS = 4
_OF_A_LENGTH = 24
_MOST = 4096
_BLOCK = 4096
"""Messages compared at a time stay in the cache."""


@dataclass(slots=True)
class _Form:
    """The words that decide (`places` in units of 4 octets), and the number under which the rest is found."""

    number: int
    places: Index
    words: NDArray[np.uint32]
    met: int = 0


@dataclass(slots=True)
class _Group:
    """Messages of one direction and length that no form was found for yet."""

    octets: int
    left: Index
    known: list[_Form] = field(default_factory=list)


class _Noted(Words):
    """Notes the addresses that are read."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self.read: list[Index] = []

    def u32(self, at: Index) -> Index:
        self.read.append(at)
        return self._space.u32(at)


class Forms:
    """The forms met so far in one direction."""

    def __init__(self, *, reply: bool) -> None:
        self._reply = reply
        self._forget()

    def _forget(self) -> None:
        self._known: dict[int, list[_Form]] = {}
        self._heads: list[list[int]] = []
        "Of each form: what `Laid` says, up to `seen`."
        self._bounds = [0]
        self._held: list[Index] = []
        self._few = Few()

    def lay(self, space: Space, records: Records) -> Laid:
        """As `lay.lay`."""
        if len(self._heads) > _MOST:
            self._forget()
        form = np.full(len(records.at), -1, np.int64)
        groups = self._groups(records)
        for group in groups:
            self._compare(space, records, group, group.known, form)
        for _ in range(_ROUNDS):
            groups = [group for group in groups if len(group.left) >= WORTH and len(group.known) < _OF_A_LENGTH]
            if not groups:
                break
            self._learn(space, records, groups, form)
        for group in groups:
            group.known.sort(key=lambda each: -each.met)
        self._lay_few(space, records, form)
        return self._join(space, records, form)

    def _lay_few(self, space: Space, records: Records, form: Index) -> None:
        """Give a form to those without one that are few of their length."""
        left = self._few.find(space, records, np.flatnonzero((form < 0) & in_a_row(records)), form)
        chosen = self._few.worth(records, left)
        if len(chosen):
            chosen = chosen[np.argsort(records.at[chosen])]
            sizes = size_of(records, chosen).tolist()
            for made, size in zip(self._learnt(space, records, chosen, WORDS), sizes, strict=True):
                if made is None:
                    self._few.bar(size)
                else:
                    self._few.add(size, made.number, made.places, made.words)
            self._few.find(space, records, left, form)

    def _groups(self, records: Records) -> list[_Group]:
        short = np.flatnonzero((records.octets <= LONGEST_OCTETS) & (records.tail < 0))
        octets = records.octets[short].astype(np.int16)
        order = np.argsort(octets, kind="stable")
        octets, short = octets[order], short[order]
        starts = runs(octets)
        stops = np.append(starts[1:], len(octets))
        worth = stops - starts >= WORTH
        return [
            _Group(octets=size, left=short[lo:hi], known=self._known.setdefault(size, []))
            for size, lo, hi in zip(
                octets[starts[worth]].tolist(), starts[worth].tolist(), stops[worth].tolist(), strict=True
            )
        ]

    def _compare(self, space: Space, records: Records, group: _Group, known: list[_Form], form: Index) -> None:
        """Give those of a group their form that have one of these."""
        if not known:
            return
        # Often the longest values stand at the end, and nothing depends on them.
        first, stop = min(int(each.places[0]) for each in known), max(int(each.places[-1]) for each in known) + 1
        left = []
        for lo in range(0, len(group.left), _BLOCK):
            these = group.left[lo : lo + _BLOCK]
            rows = space.rows(records.at[these] + 4 * first, 4 * (stop - first)).view(np.uint32)
            for each in known:
                same = (rows[:, each.places - first] == each.words).all(axis=1)
                hit = these[same]
                form[hit] = each.number
                each.met += len(hit)
                if len(hit) == len(these):
                    break
                these, rows = these[~same], rows[~same]
            else:
                left.append(these)
        group.left = np.concatenate(left) if left else group.left[:0]

    def _learn(self, space: Space, records: Records, groups: list[_Group], form: Index) -> None:
        """Walk one message of each group, and compare the others with it."""
        first = np.array([group.left[0] for group in groups], np.int64)
        order = np.argsort(records.at[first])
        fresh = self._learnt(space, records, first[order])
        for made, index in zip(fresh, order.tolist(), strict=True):
            if made is not None:
                groups[index].known.append(made)
                self._compare(space, records, groups[index], [made], form)

    def _learnt(self, space: Space, records: Records, first: Index, most: int = LONGEST_OCTETS) -> list[_Form | None]:
        """The forms of messages, in the order of their places; None where no word decides or more than so many do."""
        noted = _Noted(space)
        chosen = records.taken(first)
        laid = lay(noted, chosen, self._reply)
        address = distinct(np.concatenate(noted.read))
        owner = np.searchsorted(chosen.at, address, side="right") - 1
        place = address - chosen.at[owner]
        inside = (owner >= 0) & (place < copied(chosen)[owner])
        address, owner, place = address[inside], owner[inside], place[inside] // 4
        words = space.view("u4")[address]
        bounds = np.searchsorted(owner, np.arange(len(first) + 1)).tolist()
        heads = np.stack([laid.headed, laid.whole, laid.minor, laid.count, laid.status], axis=1).tolist()
        fresh: list[_Form | None] = []
        for index, head in enumerate(heads):
            span = slice(bounds[index], bounds[index + 1])
            if not 0 < span.stop - span.start <= most:
                fresh.append(None)
                continue
            fresh.append(_Form(number=len(self._heads), places=place[span], words=words[span]))
            self._heads.append(head)
            self._keep(laid.seen.taken(laid.seen.message == index), int(chosen.at[index]))
        return fresh

    def _keep(self, seen: Seen, at: int) -> None:
        columns = [getattr(seen, name) for name in COLUMNS]
        held = np.array(columns, np.int64)
        held[COLUMNS.index("body")] -= at
        held[COLUMNS.index("stop")] -= at
        self._held.append(held)
        self._bounds.append(self._bounds[-1] + len(seen.op))

    def _join(self, space: Space, records: Records, form: Index) -> Laid:
        """What the forms say, and what a walk of the rest does."""
        rest = np.flatnonzero(form < 0)
        if len(rest) == len(form):
            return lay(space, records, self._reply)
        heads = np.array([*self._heads, [0] * 5], np.int64)[form].T
        seen = self._seen(records, form)
        if len(rest):
            walked = lay(space, records.taken(rest), self._reply)
            heads[:, rest] = walked.headed, walked.whole, walked.minor, walked.count, walked.status
            walked.seen.message = rest[walked.seen.message]
            seen = Seen(
                **{name: np.concatenate([getattr(seen, name), getattr(walked.seen, name)]) for name in COLUMNS}
            ).taken(np.argsort(np.concatenate([seen.message, walked.seen.message]), kind="stable"))
        headed, whole, minor, count, status = heads
        return Laid(headed=headed != 0, whole=whole != 0, minor=minor, count=count, status=status, seen=seen)

    def _seen(self, records: Records, form: Index) -> Seen:
        """The operations held of the messages that have a form."""
        messages = np.flatnonzero(form >= 0)
        which = form[messages]
        bounds = np.array(self._bounds, np.int64)
        size = bounds[which + 1] - bounds[which]
        message = np.repeat(messages, size)
        ends = np.cumsum(size)
        item = np.arange(len(message)) + np.repeat(bounds[which] - ends + size, size)
        _, index, op, status, body, stop = np.concatenate(self._held, axis=1)[:, item]
        at = records.at[message]
        return Seen(message=message, index=index, op=op, status=status, body=body + at, stop=stop + at)
