"""What an address answered when: replies, refusals, grace, connections that lived and died. Columnar over all
messages."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import Kind, TcpEvent, TcpFlag
from dissect.nfs4.const import Status
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.trace import Trace, frame_of

_STATE_REFUSED = [
    int(s)
    for s in (
        Status.STALE_CLIENTID,
        Status.STALE_STATEID,
        Status.BADSESSION,
        Status.DEADSESSION,
    )
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A frame and its time."""

    time: int
    frame: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """Per server address, each list in order of time."""

    good: dict[str, list[Moment]]
    "replies that were no refusal of state and no GRACE"
    grace: dict[str, list[Moment]]
    refused: dict[str, list[tuple[Moment, str]]]
    "refusals, with the client address"
    calls: dict[str, list[Moment]]
    links: dict[str, list[Link]]
    servers: dict[str, set[str]]
    "by client address: the server addresses it talks to"
    tcp: dict[int, list[TcpEvent]]
    syns: dict[str, list[Moment]]
    syn_acks: dict[str, list[Moment]]

    def last_good(self, address: str, before: int) -> Moment | None:
        """The last good reply before a time."""
        there = self.good.get(address, [])
        at = bisect_left(there, before, key=lambda m: m.time)
        return there[at - 1] if at else None

    def first_good(self, address: str, since: int, until: int | None = None) -> Moment | None:
        """The first good reply at or after a time."""
        there = self.good.get(address, [])
        at = bisect_left(there, since, key=lambda m: m.time)
        return there[at] if at < len(there) and (until is None or there[at].time <= until) else None

    def in_grace(self, address: str, since: int, until: int) -> Moment | None:
        """The first GRACE reply in a window."""
        return next((m for m in self.grace.get(address, []) if since <= m.time <= until), None)

    def refusals(self, address: str, since: int, until: int) -> list[tuple[Moment, str]]:
        """Refusals of state in a window."""
        there = self.refused.get(address, [])
        return there[
            bisect_left(there, since, key=lambda r: r[0].time) : bisect_right(there, until, key=lambda r: r[0].time)
        ]

    def first_answer(self, address: str, since: int, until: int) -> Moment | None:
        """The first SYN-ACK of the address after a time, else its first reply of any kind."""
        found = [
            Moment(time=e.time, frame=e.frame)
            for link in self.links.get(address, [])
            for e in self.tcp.get(link.conn, [])
            if e.kind == TcpFlag.SYN_ACK and since < e.time <= until and not link.callback
        ]
        for there in (
            self.good.get(address, []),
            self.grace.get(address, []),
            [r[0] for r in self.refused.get(address, [])],
        ):
            at = bisect_right(there, since, key=lambda m: m.time)
            if at < len(there) and there[at].time <= until:
                found.append(there[at])
        return min(found, key=lambda m: (m.time, m.frame), default=None)

    def silent(self, address: str, since: int, until: int) -> bool:
        """No answer of the address to anybody inside a window, although it was asked."""
        inside = [
            m
            for there in (
                self.good.get(address, []),
                self.grace.get(address, []),
                [r[0] for r in self.refused.get(address, [])],
            )
            for m in there[
                bisect_right(there, since, key=lambda m: m.time) : bisect_left(there, until, key=lambda m: m.time)
            ]
        ]
        asked = self.calls.get(address, [])
        return not inside and bisect_left(asked, until, key=lambda m: m.time) > bisect_right(
            asked, since, key=lambda m: m.time
        )

    def unanswered(self, address: str, since: int, until: int) -> int:
        """The longest time inside a window, in ns, for which the address answered nobody although it was asked: from
        the first request or SYN after an answer to the next answer."""
        there = (self.good, self.grace, self.syn_acks)
        answers = {m.time for moments in there for m in _within(moments.get(address, []), since, until)}
        answers |= {moment.time for moment, _ in self.refusals(address, since, until)}
        asked = sorted(
            m.time for moments in (self.calls, self.syns) for m in _within(moments.get(address, []), since, until)
        )
        longest, start = 0, since
        for answer in [*sorted(answers - {since}), until]:
            at = bisect_right(asked, start)
            if at < len(asked) and asked[at] < answer:
                longest = max(longest, answer - asked[at])
            start = answer
        return longest


def _within(moments: list[Moment], since: int, until: int) -> list[Moment]:
    first = bisect_left(moments, since, key=lambda m: m.time)
    return moments[first : bisect_right(moments, until, key=lambda m: m.time)]


def census(trace: Trace, links: dict[int, Link]) -> Census:
    """Sort all replies by server address and by what they say."""
    m = trace.messages
    addresses = sorted({link.server_address for link in links.values() if not link.callback})
    number = {a: i for i, a in enumerate(addresses)}
    of_conn = np.full(max([*links, 0]) + 1, -1, np.int64)
    for conn, link in links.items():
        if not link.callback:
            of_conn[conn] = number[link.server_address]
    conns = np.minimum(m["conn"], len(of_conn) - 1).astype(np.int64)
    where = np.where(m["conn"] < len(of_conn), of_conn[conns], -1)
    replies = (m["kind"] == int(Kind.COMPOUND_REPLY)) & (where >= 0)
    refused = replies & np.isin(m["status"], _STATE_REFUSED)
    grace = replies & (m["status"] == int(Status.GRACE))
    good = replies & ~refused & ~grace & (m["status"] >= 0)
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

    def moments(mask: NDArray[np.bool_]) -> dict[str, list[Moment]]:
        out: dict[str, list[Moment]] = defaultdict(list)
        rows = np.flatnonzero(mask)
        rows = rows[np.argsort(m["time"][rows], kind="stable")]
        for w, t, i in zip(where[rows].tolist(), m["time"][rows].tolist(), m["id"][rows].tolist(), strict=True):
            out[addresses[w]].append(Moment(time=t, frame=frame_of(i)))
        return out

    told: dict[str, list[tuple[Moment, str]]] = defaultdict(list)
    for row in np.flatnonzero(refused)[np.argsort(m["time"][refused], kind="stable")].tolist():
        link = links[int(m["conn"][row])]
        moment = Moment(time=int(m["time"][row]), frame=frame_of(int(m["id"][row])))
        told[link.server_address].append((moment, link.client_address))
    return Census(
        good=moments(good),
        grace=moments(grace),
        refused=told,
        calls=moments(calls),
        links=dict(by_link),
        servers=dict(servers),
        tcp=dict(tcp),
        syns=opened[TcpFlag.SYN],
        syn_acks=opened[TcpFlag.SYN_ACK],
    )
