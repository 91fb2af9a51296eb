"""What an address answered when: replies, refusals, grace, connections that lived and died. Columnar over all
messages."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import FRAME_SHIFT, Kind, TcpEvent, TcpFlag
from dissect.nfs4.const import Status
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.sets import among
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.rows import ascending, grouped
from nfsanalyze.facts.trace import Trace

_STATE_REFUSED = [int(s) for s in (Status.STALE_CLIENTID, Status.STALE_STATEID, Status.BADSESSION, Status.DEADSESSION)]

_SILENCE_NS = 1_000_000_000
"""Waits for an answer shorter than this are not kept: nobody's lease is that short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A frame and its time."""

    time: int
    frame: int


def moment(trace: Trace, row: int) -> Moment:
    """The moment of one message, by its row."""
    return Moment(time=trace.time(row), frame=trace.frame(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Many moments, in order of time: two arrays, for a server may answer millions of times."""

    times: NDArray[np.int64]
    frames: NDArray[np.uint64]

    def at(self, index: int) -> Moment | None:
        """One of them, None outside."""
        if not 0 <= index < len(self.times):
            return None
        return Moment(time=int(self.times[index]), frame=int(self.frames[index]))

    def before(self, time: int) -> Moment | None:
        """The last one before a time."""
        return self.at(int(self.times.searchsorted(time, "left")) - 1)

    def since(self, time: int, until: int | None = None, *, after: bool = False) -> Moment | None:
        """The first one at a time or later (`after`: only later), not later than `until`."""
        found = self.at(int(self.times.searchsorted(time, "right" if after else "left")))
        return found if found is not None and (until is None or found.time <= until) else None


_NONE = Series(times=np.zeros(0, np.int64), frames=np.zeros(0, np.uint64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """Per server address, each in order of time."""

    good: dict[str, Series]
    "replies that were no refusal of state and no GRACE"
    grace: dict[str, Series]
    refused: dict[str, list[tuple[Moment, str]]]
    "refusals, with the client address"
    links: dict[str, list[Link]]
    servers: dict[str, set[str]]
    "by client address: the server addresses it talks to"
    tcp: dict[int, list[TcpEvent]]
    syn_acks: dict[str, Series]
    asked: dict[str, Series]
    answered: dict[str, Series]
    silences: dict[str, list[tuple[int, int | None]]]
    "from the first request or SYN after an answer to the next answer, None where none came"

    def last_good(self, address: str, before: int) -> Moment | None:
        """The last good reply before a time."""
        return self.good.get(address, _NONE).before(before)

    def first_good(self, address: str, since: int, until: int | None = None) -> Moment | None:
        """The first good reply at or after a time."""
        return self.good.get(address, _NONE).since(since, until)

    def in_grace(self, address: str, since: int, until: int) -> Moment | None:
        """The first GRACE reply in a window."""
        return self.grace.get(address, _NONE).since(since, until)

    def refusals(self, address: str, since: int, until: int) -> list[tuple[Moment, str]]:
        """Refusals of state in a window."""
        there = self.refused.get(address, [])
        first = bisect_left(there, since, key=lambda r: r[0].time)
        return there[first : bisect_right(there, until, key=lambda r: r[0].time)]

    def first_answer(self, address: str, since: int, until: int) -> Moment | None:
        """The first SYN-ACK or reply of the address after a time."""
        series = [s.get(address, _NONE) for s in (self.syn_acks, self.good, self.grace)]
        found = [m for s in series if (m := s.since(since, until, after=True)) is not None]
        found += [moment for moment, _ in self.refusals(address, since + 1, until)[:1]]
        return min(found, key=lambda m: (m.time, m.frame), default=None)

    def silent(self, address: str, since: int, until: int) -> bool:
        """No answer of the address to anybody inside a window, although it was asked."""
        asked, answered = self.asked.get(address, _NONE), self.answered.get(address, _NONE)
        return (
            answered.since(since, until - 1, after=True) is None
            and asked.since(since, until - 1, after=True) is not None
        )

    def unanswered(self, address: str, since: int, until: int) -> int:
        """The longest time inside a window, in ns, for which the address answered nobody although it was asked."""
        there = self.silences.get(address, [])
        first = max(0, bisect_left(there, since, key=lambda s: s[0]) - 1)
        inside = there[first : bisect_right(there, until, key=lambda s: s[0])]
        return max((min(end or until, until) - max(start, since) for start, end in inside), default=0)


def census(trace: Trace, links: dict[int, Link]) -> Census:
    """Sort all replies by server address and by what they say."""
    m = trace.messages
    addresses = sorted({link.server_address for link in links.values() if not link.callback})
    number = {a: i for i, a in enumerate(addresses)}
    of_conn = np.full(max([*links, *trace.connections, 0]) + 1, -1, np.int32)
    for conn, link in links.items():
        if not link.callback:
            of_conn[conn] = number[link.server_address]
    where = of_conn[m["conn"]]
    replies = (m["kind"] == int(Kind.COMPOUND_REPLY)) & (where >= 0) & (m["status"] >= 0)
    bad = np.flatnonzero(replies & (m["status"] > 0))
    refused = bad[among(m["status"][bad], _STATE_REFUSED)]
    grace = bad[m["status"][bad] == int(Status.GRACE)]
    good = replies.copy()
    good[refused] = good[grace] = False
    calls = (m["kind"] == int(Kind.COMPOUND_CALL)) & (where >= 0)
    by_link: dict[str, list[Link]] = defaultdict(list)
    servers: dict[str, set[str]] = defaultdict(set)
    for link in links.values():
        by_link[link.server_address].append(link)
        servers[link.client_address].add(link.server_address)
    tcp: dict[int, list[TcpEvent]] = defaultdict(list)
    opened: dict[TcpFlag, dict[str, list[Moment]]] = {
        TcpFlag.SYN: defaultdict(list),
        TcpFlag.SYN_ACK: defaultdict(list),
    }
    for event in sorted(trace.tcp, key=lambda e: (e.time, e.frame)):
        if event.conn in links:
            tcp[event.conn].append(event)
            if event.kind in opened and not links[event.conn].callback:
                moment = Moment(time=event.time, frame=event.frame)
                opened[event.kind][links[event.conn].server_address].append(moment)

    def series(rows: NDArray[np.intp]) -> dict[str, Series]:
        if not ascending(m["time"][rows]):
            rows = rows[np.argsort(m["time"][rows], kind="stable")]
        return {
            addresses[place]: Series(times=m["time"][rows[part]], frames=m["id"][rows[part]] >> np.uint64(FRAME_SHIFT))
            for place, part in grouped(where[rows], len(addresses))
        }

    told: dict[str, list[tuple[Moment, str]]] = defaultdict(list)
    for row in refused[np.argsort(m["time"][refused], kind="stable")].tolist():
        link = links[int(m["conn"][row])]
        moment = Moment(time=trace.time(row), frame=trace.frame(row))
        told[link.server_address].append((moment, link.client_address))
    syns, syn_acks = (
        {address: _listed(moments) for address, moments in opened[kind].items()}
        for kind in (TcpFlag.SYN, TcpFlag.SYN_ACK)
    )
    asked, answered = series(np.flatnonzero(calls)), series(np.flatnonzero(replies))
    return Census(
        good=series(np.flatnonzero(good)) if len(refused) or len(grace) else answered,
        grace=series(grace),
        refused=told,
        links=dict(by_link),
        servers=dict(servers),
        tcp=dict(tcp),
        syn_acks=syn_acks,
        asked=asked,
        answered=answered,
        silences={
            a: _silences([asked.get(a, _NONE), syns.get(a, _NONE)], [answered.get(a, _NONE), syn_acks.get(a, _NONE)])
            for a in addresses
        },
    )


def _listed(moments: Iterable[Moment]) -> Series:
    told = list(moments)
    return Series(times=np.array([m.time for m in told], np.int64), frames=np.array([m.frame for m in told], np.uint64))


def _silences(asked: list[Series], answered: list[Series]) -> list[tuple[int, int | None]]:
    asks = np.sort(np.concatenate([s.times for s in asked]))
    answers = np.sort(np.concatenate([s.times for s in answered]))
    if not len(asks):
        return []
    starts = np.concatenate([np.array([np.iinfo(np.int64).min]), answers])
    first = np.searchsorted(asks, starts, "right")
    ends = np.concatenate([answers, np.array([np.iinfo(np.int64).max])])
    waits = first < len(asks)
    begins = asks[np.minimum(first, len(asks) - 1)]
    waits &= (begins < ends) & (ends - np.minimum(begins, ends) > _SILENCE_NS)
    last = np.iinfo(np.int64).max
    return [(b, e if e != last else None) for b, e in zip(begins[waits].tolist(), ends[waits].tolist(), strict=True)]
