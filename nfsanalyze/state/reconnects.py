"""Connections made again and again without ever getting anything done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import Kind
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.rows import grouped
from nfsanalyze.facts.trace import Trace

LEAST = 3
"""Connections without success in a row that are kept as a series at all."""

MINUTE_NS = 60_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Connections of one client to one server address, one after the other, by their first frames."""

    links: tuple[Link, ...]

    @property
    def most_a_minute(self) -> int:
        """The most of them that began within a minute."""
        begun = np.array([link.first for link in self.links])
        return int((np.searchsorted(begun, begun + MINUTE_NS, "right") - np.arange(len(begun))).max())

    @property
    def refused(self) -> int:
        """Those that the server reset or did not answer."""
        return sum(link.end == "rst_server" or not link.answered for link in self.links)


def series(trace: Trace, links: dict[int, Link]) -> list[Series]:
    """All series, by their first frame.

    Only between hosts of which the one has called NFS at the other: monitors that probe the port, and scanners, do not
    count. A connection that stays open is waited for, not given up; a success on any connection ends a series.
    """
    pairs: dict[tuple[str, str], list[Link]] = defaultdict(list)
    for link in links.values():
        if not link.callback:
            pairs[link.client_address, link.server_address].append(link)
    done = _successes(trace)
    out: list[Series] = []
    for group in pairs.values():
        if len(group) >= LEAST and any(link.calls for link in group):
            out += _fruitless(sorted(group, key=lambda x: (x.first, x.first_frame)), done)
    return sorted(out, key=lambda s: s.links[0].first_frame)


def _successes(trace: Trace) -> dict[int, NDArray[np.int64]]:
    """By connection: times of the COMPOUND replies with status NFS4_OK."""
    m = trace.messages
    rows = np.flatnonzero((m["kind"] == int(Kind.COMPOUND_REPLY)) & (m["status"] == 0))
    conns, numbers = np.unique(m["conn"][rows], return_inverse=True)
    return {int(conns[number]): np.sort(m["time"][rows[part]]) for number, part in grouped(numbers, len(conns))}


def _fruitless(group: Sequence[Link], done: dict[int, NDArray[np.int64]]) -> Iterator[Series]:
    times = np.sort(np.concatenate([done[link.conn] for link in group if link.conn in done] or [np.zeros(0, np.int64)]))
    row: list[Link] = []
    for link in group:
        if link.conn in done or (link.end == "open" and link.answered):
            continue
        since = row[-1].first if row else link.first
        between = np.searchsorted(times, link.last, "right") - np.searchsorted(times, since, "left")
        if row and between:
            yield from _series(row, times)
            row = []
        row.append(link)
    yield from _series(row, times)


def _series(row: Sequence[Link], times: NDArray[np.int64]) -> Iterator[Series]:
    """What these connections make, if they are enough. A client that is refused, and later served, waited for a server
    that was down: that it came back, and what it had forgotten, is told elsewhere."""
    waited = all(not link.calls and (link.end == "rst_server" or not link.answered) for link in row)
    served = np.searchsorted(times, row[-1].last if row else 0, "left") < len(times)
    if len(row) >= LEAST and not (waited and served):
        yield Series(links=tuple(row))
