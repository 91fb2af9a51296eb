"""MOVED, LEASE_MOVED and fs_locations as they crossed the wire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from dissect.nfs4 import types as t
from dissect.nfs4.batch import Kind, Marks
from dissect.nfs4.const import Op, Status
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.embedded import canonical
from nfsanalyze.facts.exchange import Exchange
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.trace import Trace

_LOOKING = (int(Op.LOOKUP), int(Op.LOOKUPP), int(Op.GETFH))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One reply with MOVED or LEASE_MOVED. `looking`: the operation that failed was on its way to a file, which is how
    a referral is met (RFC 8881 section 11.16.3)."""

    link: Link
    minor: int
    frame: int
    time: int
    lease: bool
    looking: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One server named in fs_locations; `address` where it is named by that."""

    link: Link
    frame: int
    time: int
    server: bytes
    address: str | None
    rootpath: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One reply that held fs_locations, whatever it named."""

    link: Link
    frame: int
    time: int
    listed: tuple[Listed, ...]


def moved(trace: Trace, links: dict[int, Link]) -> list[Moved]:
    """All replies with these statuses, by frame."""
    m, o = trace.messages, trace.ops
    out = []
    for at in np.flatnonzero(np.isin(o["status"], (int(Status.MOVED), int(Status.LEASE_MOVED)))).tolist():
        row = int(o["row"][at])
        link = links.get(int(m["conn"][row]))
        fresh = int(m["kind"][row]) == Kind.COMPOUND_REPLY and not int(m["marks"][row]) & Marks.RETRANSMITTED
        if link is not None and fresh:
            out.append(
                Moved(
                    link=link,
                    minor=max(int(m["minor"][row]), 0),
                    frame=trace.frame(row),
                    time=trace.time(row),
                    lease=int(o["status"][at]) == Status.LEASE_MOVED,
                    looking=int(o["op"][at]) in _LOOKING,
                )
            )
    return sorted(out, key=lambda x: (x.time, x.frame))


def asked(exchanges: Iterable[Exchange]) -> list[Asked]:
    """All answers that held fs_locations, by time."""
    out = []
    for e in exchanges:
        for result in e.results.values():
            if isinstance(result, t.GETATTR4resok) and result.fs_locations is not None and e.reply_frame is not None:
                time = e.reply_time or e.time
                listed = tuple(_listed(e.link, e.reply_frame, time, result.fs_locations))
                out.append(Asked(link=e.link, frame=e.reply_frame, time=time, listed=listed))
    return sorted(out, key=lambda x: (x.time, x.frame))


def _listed(link: Link, frame: int, time: int, found: t.fs_locations4) -> Iterator[Listed]:
    for place in found.locations:
        for server in place.server:
            yield Listed(
                link=link,
                frame=frame,
                time=time,
                server=server,
                address=canonical(server.decode("ascii", "replace")),
                rootpath=b"/" + b"/".join(place.rootpath),
            )
