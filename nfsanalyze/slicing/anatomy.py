"""What each frame of a case is: which connection and direction, which bytes of the stream, or a binding of addresses.

One pass over the captures. Decoders tell of a message only the frame that holds its last byte; a slice needs all of
its segments, and those that open and close its connection.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.capture import Frame
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.link.segment import Other, Segment
from dissect.nfs4.link.unwrap import Unwrapper

Mask = NDArray[np.bool_]

Ends = frozenset[tuple[str, int]]
"""The two addresses and ports of a connection."""

_CONTROL = 0x07
"""FIN, SYN, RST."""
_ALONE = ("arp", "icmpv6", "icmp", "fragment")
"""Frames without a segment that bear on the segments of others: address bindings, refusals, parts of datagrams."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anatomy:
    """Arrays with an item a frame, in the order of the case."""

    places: NDArray[np.int64]
    "`capture_no * CAPTURE_STRIDE + number`: the frame in its file, ascending only within a capture"
    times: NDArray[np.int64]
    conns: NDArray[np.int64]
    "index into `ends`, -1 for frames without a segment"
    sources: NDArray[np.int64]
    "index into `addresses` of who sent it, -1 for frames without a segment"
    control: Mask
    "SYN, FIN or RST"
    payload: Mask
    "segments with payload"
    alone: Mask
    "ARP, ICMP, neighbour discovery, fragments"
    origins: NDArray[np.int64]
    "index into `links`"
    ends: list[Ends]
    addresses: list[str]
    links: list[tuple[int, int]]
    "(interface, link type)"

    def at(self, places: Iterable[int]) -> NDArray[np.intp]:
        """Indexes of frames, those that there are."""
        order = np.argsort(self.places, kind="stable")
        wanted = np.array(sorted(set(places)), np.int64)
        found = np.searchsorted(self.places, wanted, sorter=order)
        found = found[found < len(order)]
        rows = order[found]
        kept: NDArray[np.intp] = rows[np.isin(self.places[rows], wanted)]
        return kept

    def of_conns(self, wanted: Callable[[Ends], bool]) -> Mask:
        """Frames of the connections for which `wanted` holds."""
        chosen = np.array([wanted(ends) for ends in self.ends] + [False], np.bool_)
        return chosen[self.conns]


def anatomy(frames: Iterable[Frame], place: Callable[[int], int]) -> Anatomy:
    """Read frames to their end; `place` leads from a frame's number to its file."""
    unwrapper = Unwrapper()
    columns = {name: array("q") for name in ("place", "time", "conn", "source", "flags", "length", "alone", "origin")}
    conns: dict[Ends, int] = {}
    addresses: dict[str, int] = {}
    links: dict[tuple[int, int], int] = {}
    for frame in frames:
        columns["place"].append(place(frame.number))
        columns["time"].append(frame.time)
        columns["origin"].append(links.setdefault((frame.interface, frame.link_type), len(links)))
        conn = source = -1
        flags = length = alone = 0
        for item in unwrapper.feed(frame, frame.number):
            if isinstance(item, Segment):
                ends = frozenset(((item.source, item.source_port), (item.destination, item.destination_port)))
                conn = conns.setdefault(ends, len(conns))
                source = addresses.setdefault(item.source, len(addresses))
                flags, length = item.flags, item.length
            elif isinstance(item, Other):
                alone = int(item.protocol in _ALONE)
        for name, value in (("conn", conn), ("source", source), ("flags", flags), ("length", length), ("alone", alone)):
            columns[name].append(value)
    made = {
        name: np.frombuffer(column, np.int64) if column else np.zeros(0, np.int64) for name, column in columns.items()
    }
    return Anatomy(
        places=made["place"],
        times=made["time"],
        conns=made["conn"],
        sources=made["source"],
        control=(made["flags"] & _CONTROL) != 0,
        payload=made["length"] > 0,
        alone=made["alone"] != 0,
        ends=list(conns),
        addresses=list(addresses),
        origins=made["origin"],
        links=list(links),
    )


def runs(found: Anatomy, ending: NDArray[np.intp], wanted: NDArray[np.intp]) -> Mask:
    """Of the frames `ending` (where messages end) those that are `wanted`, with all segments of their messages: from
    the frame where the message before ended, to the frame itself, in that connection and from that sender."""
    mask = np.zeros(len(found.places), np.bool_)
    mask[wanted] = True
    ends_here = np.zeros(len(found.places), np.bool_)
    ends_here[ending] = True
    way = found.conns * (len(found.addresses) + 1) + found.sources
    for each in np.unique(way[wanted]):
        rows = np.flatnonzero((way == each) & found.payload)
        positions = np.searchsorted(rows, wanted[way[wanted] == each])
        borders = np.flatnonzero(ends_here[rows])
        for position in positions[positions < len(rows)].tolist():
            before = int(np.searchsorted(borders, position)) - 1
            begin = int(borders[before]) if before >= 0 else 0
            mask[rows[begin : position + 1]] = True
    return mask
