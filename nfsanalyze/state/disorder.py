"""How far the packets of a capture are out of the order in which they were sent.

Captures of several interfaces or queues, and merged ones, may hold an answer before the question. Within so much time
the order of frames says nothing about what was cause and what effect.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.trace import Trace
from nfsanalyze.state.blind import Blind
from nfsanalyze.state.census import Moment

MOST_NS = 50_000_000
"""What is further apart is no disorder of packets: two clocks differ."""

Pair = tuple[str, str]
"""Client and server address."""

Slack = Mapping[tuple[int, str], int]
"""By client number and server address: within how many ns the order of the capture may not be that of the wire."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disorder:
    """Replies before their calls: by how much at most, and from when to when."""

    ns: int
    first: Moment
    last: Moment


def disorder(trace: Trace, links: Mapping[int, Link]) -> dict[Pair, Disorder]:
    """The pairs of which a reply was captured before its call."""
    m = trace.messages
    replies = np.flatnonzero((m["answer"] >= 0) & (m["kind"] & 1 == 1))
    calls = m["answer"][replies]
    early = m["time"][calls] - m["time"][replies]
    rows: dict[Pair, list[int]] = defaultdict(list)
    for at in np.flatnonzero(early > 0).tolist():
        link = links.get(int(m["conn"][replies[at]]))
        if link is not None:
            rows[link.client_address, link.server_address].append(at)
    return {
        pair: Disorder(
            ns=max(int(early[at]) for at in inverted),
            first=min((_moment(trace, int(replies[at])) for at in inverted), key=lambda m: m.time),
            last=max((_moment(trace, int(calls[at])) for at in inverted), key=lambda m: m.time),
        )
        for pair, inverted in sorted(rows.items())
    }


def _moment(trace: Trace, row: int) -> Moment:
    return Moment(time=trace.time(row), frame=trace.frame(row))


def slack(found: Mapping[Pair, Disorder], clients: Mapping[int, int], links: Mapping[int, Link]) -> Slack:
    """How far the order is to be doubted; `clients`: the client of each connection."""
    out: dict[tuple[int, str], int] = defaultdict(int)
    for conn, client in clients.items():
        link = links.get(conn)
        if link is not None and (pair := found.get((link.client_address, link.server_address))) is not None:
            key = client, link.server_address
            # a call and its reply change places only by what is left after the time that the server took
            out[key] = max(out[key], min(2 * pair.ns, MOST_NS))
    return out


def shuffled(found: Mapping[Pair, Disorder]) -> list[Blind]:
    """What it hides: a stretch a pair."""
    return [
        Blind(
            client_address=client,
            server_address=server,
            conn=None,
            kind="disorder",
            first=each.first,
            last=each.last,
            reason=f"packets were captured in another order than they were sent, by up to {each.ns / 1e6:.1f} ms",
        )
        for (client, server), each in found.items()
    ]
