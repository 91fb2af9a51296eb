"""Ever wider sets of frames around a finding, the smallest first; one of them gives the finding again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.engine.finding import Finding
from nfsanalyze.slicing.anatomy import Anatomy, Ends, Mask, runs

if TYPE_CHECKING:
    import polars as pl

MARGIN_FRAMES = 8
"""Frames of a connection kept on either side of the time of a finding: a hole that ends before its first frame hides
nothing of it."""

_REGULAR = ("renewal", "callbacks")
"""Events that come over and over, whatever happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A set of frames, and what it is in words."""

    what: str
    mask: Mask
    beyond: bool = False
    "it holds connections that are not the subject's"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom a finding is about: numbers of clients with all their addresses, addresses of servers, and its frames."""

    clients: frozenset[int]
    client_addresses: frozenset[str]
    servers: frozenset[str]
    frames: frozenset[int]
    first: int
    last: int


def subject(finding: Finding, tables: Mapping[str, pl.DataFrame], frames: Iterable[int]) -> Subject:
    """The finding's client and servers, and those whom its evidence names; `frames` are places of its evidence."""
    named = {finding.client, *finding.other_clients, *(each.client for each in finding.evidence)} - {None}
    clients = frozenset(int(name[1:]) for name in named if name is not None)
    addresses = {
        address
        for client, mine in tables["clients"].select("client", "addresses").iter_rows()
        if client in clients
        for address in mine
    }
    servers = {*finding.servers, *(each.server for each in finding.evidence if each.server is not None)}
    return Subject(
        clients=clients,
        client_addresses=frozenset(addresses),
        servers=frozenset(servers),
        frames=frozenset(frames),
        first=finding.first,
        last=finding.last,
    )


def steps(found: Anatomy, tables: Mapping[str, pl.DataFrame], about: Subject) -> Iterator[Step]:
    """Each holds the one before; the last is the whole case."""
    rpc = tables["rpc"]
    ending = found.at(rpc["frame"].to_list())
    answers = _answers(rpc)
    events = _events(tables, about)

    def told(frames: Iterable[int]) -> Mask:
        wanted = found.at([frame for each in frames for frame in (each, *answers.get(each, ()))])
        mask = runs(found, ending, wanted)
        conns = np.unique(found.conns[wanted])
        return mask | (found.control & np.isin(found.conns, conns[conns >= 0]))

    bound = np.zeros(len(found.places), np.bool_)
    bound[found.at(_bindings(tables, about))] = True
    mask = bound | told([*about.frames, *(frame for frame, kind in events if kind not in _REGULAR)])
    yield Step(what="its frames and those of identity, sessions and state", mask=mask)
    regular = [frame for frame, _ in events]
    mask = mask | told([*regular, *_renewals(tables, about)])
    yield Step(what="all frames of note of its client and servers, renewals too", mask=mask)
    ours = found.of_conns(lambda ends: _between(ends, about))
    mask = mask | found.alone | (ours & _window(found, ours, about))
    yield Step(what="all frames of its connections while it happens", mask=mask)
    mask = mask | (ours & (found.times <= about.last))
    yield Step(what="its connections from their beginnings to its end", mask=mask)
    mask = mask | ours
    yield Step(what="its connections as a whole", mask=mask)
    mask = mask | found.of_conns(lambda ends: _touches(ends, about))
    yield Step(what="all connections of its client and servers", mask=mask, beyond=True)
    yield Step(what="the whole capture", mask=np.ones(len(found.places), np.bool_), beyond=True)


def _answers(rpc: pl.DataFrame) -> dict[int, list[int]]:
    """Frames of calls and replies to each other."""
    found: dict[int, list[int]] = {}
    for frame, call, reply in rpc.select("frame", "call_frame", "reply_frame").iter_rows():
        found.setdefault(frame, []).extend(each for each in (call, reply) if each is not None)
    return found


def _events(tables: Mapping[str, pl.DataFrame], about: Subject) -> list[tuple[int, str]]:
    """Frames of note of the clients, and those of no client at the servers."""
    return [
        (frame, kind)
        for frame, client, address, kind in tables["events"].select("frame", "client", "address", "kind").iter_rows()
        if client in about.clients or (client is None and (address in about.servers or not about.servers))
    ]


def _renewals(tables: Mapping[str, pl.DataFrame], about: Subject) -> list[int]:
    return [
        frame for frame, client in tables["renewals"].select("frame", "client").iter_rows() if client in about.clients
    ]


def _bindings(tables: Mapping[str, pl.DataFrame], about: Subject) -> list[int]:
    """Where ARP or a neighbour advertisement binds an address of the subject to a MAC."""
    names = about.servers | about.client_addresses
    rows = tables["links"].select("address", "adjacent", "first_frame", "last_frame").iter_rows()
    return [frame for address, adjacent, *frames in rows if adjacent and address in names for frame in frames]


def _window(found: Anatomy, ours: Mask, about: Subject) -> Mask:
    """Frames within the time of the finding, and some before and after of each connection."""
    inside = (found.times >= about.first) & (found.times <= about.last)
    mask = inside.copy()
    for conn in np.unique(found.conns[ours]):
        rows = np.flatnonzero(found.conns == conn)
        within = np.flatnonzero(inside[rows])
        first, last = _edges(within, found.times[rows], about)
        mask[rows[max(first - MARGIN_FRAMES, 0) : last + MARGIN_FRAMES]] = True
    return mask


def _edges(within: NDArray[np.intp], times: NDArray[np.int64], about: Subject) -> tuple[int, int]:
    if len(within):
        return int(within[0]), int(within[-1]) + 1
    at = int(np.searchsorted(times, about.first))
    return at, at


def _between(ends: Ends, about: Subject) -> bool:
    """A connection of one of the clients with one of the servers, callbacks too; of anybody where none is named."""
    addresses = {address for address, _ in ends}
    mine = not about.client_addresses or bool(addresses & about.client_addresses)
    return mine and (not about.servers or bool(addresses & about.servers))


def _touches(ends: Ends, about: Subject) -> bool:
    addresses = {address for address, _ in ends}
    return bool(addresses & (about.client_addresses | about.servers))
