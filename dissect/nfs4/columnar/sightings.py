"""Which MAC spoke for which address, from many plain segments at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dissect.nfs4.columnar.chunk import Chunk
from dissect.nfs4.columnar.endpoints import Ways
from dissect.nfs4.columnar.headers import Segments
from dissect.nfs4.columnar.space import Index
from dissect.nfs4.link.runs import FIRST_TTLS, RST, Binding, LinkRuns

_NO_MAC = 0
_FIRST = np.isin(np.arange(256), list(FIRST_TTLS))
_UNSPECIFIED = ("0.0.0.0", "::")


class Sightings:
    """Feeds stretches of frames in which an address and its MAC do not change to the runs of the unwrapper."""

    def __init__(self, runs: LinkRuns, ways: Ways) -> None:
        self._runs = runs
        self._ways = ways
        self._addresses: dict[str, int] = {}
        self._sources: list[int] = []

    def forget(self) -> None:
        """The numbers of ways begin again."""
        self._addresses.clear()
        self._sources.clear()

    def saw(self, chunk: Chunk, segments: Segments, way: Index, odd: Index, base: int) -> Callable[[int], None]:
        """Prepare the stretches of a chunk. The function returned feeds those that begin before a frame's index; call
        it
        with that of each odd frame before the unwrapper has it, and at the end with the number of frames."""
        stretches = self._stretches(chunk, segments, way, odd, base)
        stretches.reverse()

        def feed(before: int) -> None:
            while stretches and stretches[-1][0] < before:
                _, address, mac, frame, time, last_frame, last, routed = stretches.pop()
                self._runs.saw(address, mac, Binding.SPOKE, frame, time, last_frame, last, routed)

        return feed

    def _stretches(
        self, chunk: Chunk, segments: Segments, way: Index, odd: Index, base: int
    ) -> list[tuple[int, str, bytes, int, int, int, int, bool]]:
        if not len(segments.frame) or not segments.station.any():
            return []
        ways = self._ways.ways
        for each in ways[len(self._sources) :]:
            self._sources.append(self._addresses.setdefault(each.source[0], len(self._addresses)))
        names = list(self._addresses)
        source = np.array(self._sources, np.int64)[way]
        number = segments.station
        order = np.argsort(source.astype(np.uint16) if len(names) < 1 << 16 else source, kind="stable")
        order = order[number[order] != _NO_MAC]
        if not len(order):
            return []
        source, number = source[order], number[order]
        # An odd frame may show another MAC of the same address.
        gap = np.searchsorted(odd, segments.frame[order])
        change = (source[1:] != source[:-1]) | (number[1:] != number[:-1]) | (gap[1:] != gap[:-1])
        starts = np.concatenate([[0], np.flatnonzero(change) + 1])
        ends = np.append(starts[1:], len(order)) - 1
        first, last = segments.frame[order[starts]], segments.frame[order[ends]]
        far = ~_FIRST[segments.ttl] & (segments.flags & RST == 0)
        routed = np.logical_or.reduceat(far[order], starts)
        found = [
            (index, names[address], value.to_bytes(6, "big"), begin + base, time, end + base, last_time, hop)
            for index, address, value, begin, time, end, last_time, hop in zip(
                first.tolist(),
                source[starts].tolist(),
                number[starts].tolist(),
                chunk.number[first].tolist(),
                chunk.time[first].tolist(),
                chunk.number[last].tolist(),
                chunk.time[last].tolist(),
                routed.tolist(),
                strict=True,
            )
            if names[address] not in _UNSPECIFIED
        ]
        found.sort()
        return found
