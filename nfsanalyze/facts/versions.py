"""Minor versions that servers refused (RFC 8881 section 2.7), and what clients asked for instead."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import Kind, Marks
from dissect.nfs4.const import Status
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.sets import distinct
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.trace import Trace

Pair = tuple[str, str]
"""Client and server address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRefusal:
    """One COMPOUND refused for its minor version; `then`: version and frame of the next accepted one."""

    frame: int
    call_frame: int | None
    time: int
    link: Link
    minor: int | None
    then: tuple[int, int] | None


def version_refusals(trace: Trace, links: dict[int, Link]) -> list[VersionRefusal]:
    """All refusals, by frame."""
    m = trace.messages
    replies = (m["kind"] == int(Kind.COMPOUND_REPLY)) & (m["marks"] & int(Marks.RETRANSMITTED) == 0)
    refused = np.flatnonzero(replies & (m["status"] == int(Status.MINOR_VERS_MISMATCH)))
    if not len(refused):
        return []
    asked = {links[conn] for conn in distinct(m["conn"][refused]).tolist() if conn in links}
    pairs = {(link.client_address, link.server_address) for link in asked}
    accepted = _accepted(trace, links, pairs, np.flatnonzero(replies & (m["status"] == 0) & (m["minor"] >= 0)))
    out = []
    for row in refused.tolist():
        found = links.get(int(m["conn"][row]))
        if found is None:
            continue
        call = trace.answer(row)
        minor = int(m["minor"][call]) if call >= 0 and int(m["minor"][call]) >= 0 else None
        good = accepted.get((found.client_address, found.server_address), np.zeros(0, np.intp))
        later = good[int(np.searchsorted(m["time"][good], int(m["time"][row]), "right")) :]
        then = later[m["minor"][later] < minor][:1].tolist() if minor is not None else []
        out.append(
            VersionRefusal(
                frame=trace.frame(row),
                call_frame=trace.frame(call) if call >= 0 else None,
                time=trace.time(row),
                link=found,
                minor=minor,
                then=(int(m["minor"][then[0]]), trace.frame(then[0])) if then else None,
            )
        )
    return sorted(out, key=lambda v: v.frame)


def _accepted(
    trace: Trace, links: dict[int, Link], pairs: set[Pair], rows: NDArray[np.intp]
) -> dict[Pair, NDArray[np.intp]]:
    """By client and server address: rows of accepted replies, by time."""
    conns: dict[Pair, list[int]] = defaultdict(list)
    for link in links.values():
        if (link.client_address, link.server_address) in pairs:
            conns[link.client_address, link.server_address].append(link.conn)
    m = trace.messages
    out = {}
    for pair, numbers in conns.items():
        mine = rows[np.isin(m["conn"][rows], np.array(numbers, np.uint32))]
        out[pair] = mine[np.lexsort((mine, m["time"][mine]))]
    return out
