"""Blocks of pcapng files, many at once: packets of all interfaces of a section together, all else one by one."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.capture import Capture
from dissect.nfs4.capture.frame import MAX_TIME, Interface
from dissect.nfs4.capture.pcapng import (
    BLOCK_LEAST,
    ENHANCED,
    FIXED,
    INTERFACE,
    MAX_BLOCK,
    NUMBERED,
    PACKET,
    SECTION,
    SIMPLE,
    Sections,
)
from dissect.nfs4.capture.stream import CutShort
from dissect.nfs4.columnar.chunk import FRAMES, Chunk, as_captured
from dissect.nfs4.columnar.feed import Stretch
from dissect.nfs4.columnar.leap import Layout, Mask, follow
from dissect.nfs4.columnar.ration import believed
from dissect.nfs4.columnar.space import Index, Space
from dissect.nfs4.sets import distinct

_BEGIN = 8
"""Octets of a block before its body."""
_NANOSECONDS = 1_000_000_000


class Pcapng:
    """Reads the blocks of one file; `begins` is where the first is."""

    begins = 0

    def __init__(self, capture: Capture, head: bytes) -> None:
        self._source = capture.source
        self._sections = Sections(self._source, capture.tally, head)
        self._skipped: tuple[int, int, int] | None = None

    def take(self, stretch: Stretch) -> Generator[Chunk, None, int]:
        """The blocks that are whole; returns where the first begins that is not. Raises CutShort."""
        space, sections, at = stretch.space, self._sections, stretch.start
        if self._skipped is not None:
            if stretch.stop - at < 4 and not stretch.last:
                return at
            at = self._skip(stretch, *self._skipped)
        while True:
            starts, upto = follow(space, at, stretch.stop, _LAYOUTS[sections.layout.order])
            sizes = np.diff(starts, append=upto)
            good = len(believed(self._source, stretch, starts, sections.blocks))
            for low in range(0, good, FRAMES):
                run = slice(low, min(low + FRAMES, good))
                yield from self._blocks(stretch, starts[run], sizes[run])
            sections.blocks += good
            if good < len(starts):
                sections.count(stretch.offset + int(starts[good]))
            at = upto
            left, offset = stretch.stop - at, stretch.offset + at
            if left < BLOCK_LEAST:
                if left and stretch.last:
                    raise CutShort(offset, "the file ends inside a block")
                return at
            kind, total, size = sections.begin(space.data, at, offset)
            if left < size:
                if stretch.last:
                    raise CutShort(offset, "the file ends inside a block")
                if kind in FIXED:
                    return at
                # Nothing of it is wanted but its end, however far that is.
                self._skipped = kind, total, offset
                return at + size - 4
            sections.count(offset)
            at = self._one(stretch, at, kind, total, size)

    def _skip(self, stretch: Stretch, kind: int, total: int, offset: int) -> int:
        """Check the end of a block that was skipped, with which a stretch begins."""
        at = stretch.start
        if stretch.stop - at < 4:
            raise CutShort(offset, "the file ends inside a block")
        self._sections.count(offset)
        self._sections.end(stretch.space.data, at, at, kind, total, offset)
        self._sections.take(kind, b"", 0, 0, offset)
        self._skipped = None
        return at + 4

    def _one(self, stretch: Stretch, at: int, kind: int, total: int, size: int) -> int:
        """Take a block by itself that holds no packet; where it ends."""
        data, offset, stop = stretch.space.data, stretch.offset + at, at + size - 4
        self._sections.end(data, at, stop, kind, total, offset)
        self._sections.take(kind, data, at + _BEGIN, stop, offset)
        return at + size

    def _blocks(self, stretch: Stretch, starts: Index, sizes: Index) -> Generator[Chunk, None, None]:
        """The packets in blocks of one section, and its interfaces on the way. Raises CutShort."""
        kinds = stretch.space.view(self._sections.layout.order + "u4")[starts]
        low = 0
        for high in [*np.flatnonzero(kinds == INTERFACE).tolist(), len(starts)]:
            if high > low:
                run = slice(low, high)
                yield from self._packets(stretch, starts[run], sizes[run], kinds[run])
            if high < len(starts):
                self._one(stretch, int(starts[high]), INTERFACE, self._total(stretch, starts, high), int(sizes[high]))
            low = high + 1

    def _total(self, stretch: Stretch, starts: Index, index: int) -> int:
        total: int = self._sections.layout.word.unpack_from(stretch.space.data, int(starts[index]) + 4)[0]
        return total

    def _packets(
        self, stretch: Stretch, starts: Index, sizes: Index, kinds: NDArray[np.uint32]
    ) -> Generator[Chunk, None, None]:
        """The packets in blocks that declare nothing."""
        space, sections = stretch.space, self._sections
        packet = (kinds == ENHANCED) | (kinds == SIMPLE) | (kinds == PACKET)
        counted = packet if packet.all() else packet | np.isin(kinds, np.array(list(NUMBERED), np.uint32))
        number = sections.number + np.cumsum(counted)
        chosen = np.flatnonzero(packet)
        kind, begin = kinds[chosen], starts[chosen]
        order = sections.layout.order
        fields = space.view("V20")[begin + _BEGIN].view(order + "u4").reshape(-1, 5)
        interface, high, low, captured, original = (fields[:, column].astype(np.int64) for column in range(5))
        data = begin + _BEGIN + FIXED[ENHANCED]
        simple, old = np.flatnonzero(kind == SIMPLE), np.flatnonzero(kind == PACKET)
        if len(old):
            interface[old] = interface[old] & 0xFFFF if order == "<" else interface[old] >> 16
        if len(simple):
            original[simple] = interface[simple]
            interface[simple] = 0
            snaplen = sections.interfaces[0][1].snaplen if sections.interfaces else None
            captured[simple] = original[simple] if snaplen is None else np.minimum(original[simple], snaplen)
            data[simple] = begin[simple] + _BEGIN + FIXED[SIMPLE]
        wrong = np.flatnonzero((data + captured > begin + sizes[chosen] - 4) | (interface >= len(sections.interfaces)))
        good = slice(0, int(wrong[0]) if len(wrong) else len(chosen))
        if len(chosen[good]):
            stamp = (high[good].astype(np.uint64) << np.uint64(32)) | low[good].astype(np.uint64)
            yield self._chunk(
                stretch,
                number[chosen[good]],
                interface[good],
                *self._times(stamp, interface[good], simple[simple < good.stop]),
                data[good],
                *as_captured(captured[good], original[good]),
            )
        sections.number = int(number[-1])
        if len(wrong):
            at = int(begin[wrong[0]])
            stop = at + int(sizes[chosen[wrong[0]]]) - 4
            sections.take(int(kind[wrong[0]]), space.data, at + _BEGIN, stop, stretch.offset + at)

    def _chunk(
        self,
        stretch: Stretch,
        number: Index,
        interface: Index,
        time: Index,
        timed: Mask,
        at: Index,
        captured: Index,
        original: Index,
    ) -> Chunk:
        declared = self._sections.interfaces
        return Chunk(
            space=stretch.space,
            used=stretch.stop,
            number=number,
            time=time,
            at=at,
            captured=captured,
            original=original,
            link_type=np.array([each.link_type for _, each in declared], np.int32)[interface],
            interface=np.array([place for place, _ in declared], np.int32)[interface],
            timed=None if timed.all() else timed,
        )

    def _times(self, stamp: NDArray[np.uint64], interface: Index, simple: Index) -> tuple[Index, Mask]:
        """The times of packets, and which of them have one of their own; the others bear that of the one before."""
        sections = self._sections
        time = np.full(len(stamp), -1, np.int64)
        for each in distinct(interface).tolist():
            these = np.flatnonzero(interface == each)
            time[these] = nanoseconds(stamp[these], sections.interfaces[each][1])
        time[simple] = -1
        timed = time >= 0
        if not timed.all():
            sections.tally.untimed += int((~timed).sum())
            latest = np.maximum.accumulate(np.where(timed, np.arange(len(time)), -1))
            time = np.where(latest < 0, sections.clock, time[latest])
        sections.clock = int(time[-1])
        return time, timed


def nanoseconds(stamp: NDArray[np.uint64], origin: Interface) -> Index:
    """The times that an interface's clock shows; -1 where that is none to be believed."""
    multiplier, divisor, offset = origin.multiplier, origin.divisor, origin.offset
    most = int(stamp.max())
    if divisor == 1 and most * multiplier < MAX_TIME:
        time = (stamp * np.uint64(multiplier)).astype(np.int64)
    elif multiplier == 1 and 1 < divisor < MAX_TIME and most // divisor < MAX_TIME:
        time = (stamp // np.uint64(divisor)).astype(np.int64)
    elif divisor <= 1 << 33 and most // divisor < MAX_TIME // _NANOSECONDS and multiplier == _NANOSECONDS:
        whole, rest = np.divmod(stamp, np.uint64(divisor))
        time = (whole * np.uint64(multiplier) + rest * np.uint64(multiplier) // np.uint64(divisor)).astype(np.int64)
    else:
        exact = (each * multiplier // divisor + offset for each in stamp.tolist())
        return np.array([each if 0 <= each < MAX_TIME else -1 for each in exact], np.int64)
    if not -MAX_TIME < offset < MAX_TIME:
        return np.full(len(time), -1, np.int64)
    time += offset
    time[(time < 0) | (time >= MAX_TIME)] = -1
    return time


def _plausible(order: str) -> Callable[[Space, Index, Index], Mask]:
    def plausible(space: Space, starts: Index, sizes: Index) -> Mask:
        words = space.view(order + "u4")
        kinds = words[starts]
        good: Mask = (sizes >= BLOCK_LEAST) & (kinds != SECTION)
        # Where the length is nonsense, so is the place of the last word.
        good &= words[np.where(good, starts + sizes - 4, starts)] == words[starts + 4]
        for kind, fixed in FIXED.items():
            these = kinds == kind
            if these.any():
                good &= ~these | ((sizes >= BLOCK_LEAST + fixed) & (sizes <= MAX_BLOCK))
        return good

    return plausible


def _likely(order: str) -> Callable[[Space, int, int], bool]:
    def likely(space: Space, at: int, stop: int) -> bool:
        total = int.from_bytes(space.data[at + 4 : at + 8], _NAMES[order])
        end = at + (total + 3 & ~3)
        return total >= BLOCK_LEAST and end <= stop and space.data[end - 4 : end] == space.data[at + 4 : at + 8]

    return likely


_NAMES: dict[str, Literal["little", "big"]] = {"<": "little", ">": "big"}
_LAYOUTS = {
    order: Layout(
        order=order,
        header=BLOCK_LEAST,
        length_at=4,
        align=4,
        plausible=_plausible(order),
        needle=lambda space, at: (bytes(space.data[at : at + 4]), 0),
        likely=_likely(order),
    )
    for order in _NAMES
}
