"""Whose segment it is: a small number for each pair of sender and receiver, the same throughout a capture."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.columnar.headers import Segments
from dissect.nfs4.columnar.space import Index, Space
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.link.segment import Segment
from dissect.nfs4.sets import distinct
from dissect.nfs4.tcp.connection import Endpoint

_SLOTS = 1 << 16
_SHIFT = np.uint64(48)
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], np.uint64)
_FOUR, _SIX = 12, 36
_ROUNDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One direction between two endpoints. `key` is the same for both ways, as `Connections` builds it."""

    source: Endpoint
    destination: Endpoint
    key: tuple[Endpoint, Endpoint]
    back: int
    "the number of the other way"


class Ways:
    """Numbers ways as they are met; `text` makes the two addresses of a packet readable."""

    def __init__(self, text: Callable[[bytes], tuple[str, str]]) -> None:
        self.ways: list[Way] = []
        self._text = text
        self._numbers: dict[bytes, int] = {}
        self._slots: NDArray[np.int32] = np.full(_SLOTS, -1, np.int32)
        self._hosts: NDArray[np.uint64] = np.zeros(64, np.uint64)
        self._ports: NDArray[np.uint32] = np.zeros(64, np.uint32)
        "as they lie in memory, of the ways between IPv4 addresses"

    def forget(self) -> None:
        """Begin again with the numbers: those given stand for nothing any more."""
        self.ways.clear()
        self._numbers.clear()
        self._slots.fill(-1)

    def number(self, space: Space, segments: Segments) -> Index:
        """The number of the way of each segment."""
        six = segments.six
        if not six.any():
            return self._four(space, segments.pair, segments.hosts, segments.ports)
        found = np.empty(len(six), np.int64)
        these = np.flatnonzero(~six)
        found[these] = self._four(space, segments.pair[these], segments.hosts[these], segments.ports[these])
        these = np.flatnonzero(six)
        found[these] = self._each(space.rows(segments.pair[these], _SIX))
        return found

    def between(self, segment: Segment) -> int:
        """The number of the way of a segment."""
        source, destination = (
            ip_address(address).packed + port.to_bytes(2, "big")
            for address, port in (
                (segment.source, segment.source_port),
                (segment.destination, segment.destination_port),
            )
        )
        return self._look_up(source[:-2] + destination[:-2] + source[-2:] + destination[-2:])

    def _four(self, space: Space, at: Index, hosts: NDArray[np.uint64], ports: NDArray[np.uint32]) -> Index:
        mixed = (hosts * _MIX[0]) ^ (ports * _MIX[1])
        slot = (mixed >> _SHIFT).astype(np.int64)
        found: Index = self._slots[slot].astype(np.int64)
        right = (self._hosts[found] == hosts) & (self._ports[found] == ports) & (found >= 0)
        if right.all():
            return found
        these = np.flatnonzero(~right)
        sample = np.full(_SLOTS, -1, np.int64)
        for _ in range(_ROUNDS):
            # One of those that share a slot is looked up, and all that are equal to it are known.
            slots = slot[these]
            sample[slots] = these
            leaders = distinct(sample[slots])
            rows = space.rows(at[leaders], _FOUR)
            numbers = np.array([self._look_up(row.tobytes()) for row in rows], np.int64)
            free = self._slots[slot[leaders]] < 0
            self._slots[slot[leaders[free]]] = numbers[free]
            found[leaders] = numbers
            chosen = sample[slots]
            same = (hosts[these] == hosts[chosen]) & (ports[these] == ports[chosen])
            found[these[same]] = found[chosen[same]]
            these = these[~same]
            if not len(these):
                return found
        found[these] = self._each(space.rows(at[these], _FOUR))
        return found

    def _each(self, rows: NDArray[np.uint8]) -> Index:
        size = rows.shape[1]
        packed = np.ascontiguousarray(rows).view(f"V{size}").reshape(-1)
        # Runs of one way are looked up once.
        change = np.flatnonzero((rows[1:] != rows[:-1]).any(axis=1)) + 1
        starts = np.concatenate([[0], change])
        found = [self._look_up(packed[start].tobytes()) for start in starts.tolist()]
        return np.repeat(np.array(found, np.int64), np.diff(np.append(starts, len(rows))))

    def _look_up(self, pair: bytes) -> int:
        found = self._numbers.get(pair)
        if found is not None:
            return found
        source, destination = self._text(pair[:-4])
        source_port, destination_port = int.from_bytes(pair[-4:-2], "big"), int.from_bytes(pair[-2:], "big")
        return self._add(pair, (source, source_port), (destination, destination_port))

    def _add(self, pair: bytes, source: Endpoint, destination: Endpoint) -> int:
        half = (len(pair) - 4) // 2
        reverse = pair[half : 2 * half] + pair[:half] + pair[-2:] + pair[-4:-2]
        here = len(self.ways)
        there = here if reverse == pair else here + 1
        key = (source, destination) if source <= destination else (destination, source)
        for number, octets, way in (
            (here, pair, Way(source=source, destination=destination, key=key, back=there)),
            (there, reverse, Way(source=destination, destination=source, key=key, back=here)),
        ):
            if number < len(self.ways):
                continue
            self.ways.append(way)
            self._numbers[octets] = number
            if number >= len(self._hosts):
                self._hosts = np.concatenate([self._hosts, np.zeros_like(self._hosts)])
                self._ports = np.concatenate([self._ports, np.zeros_like(self._ports)])
            if len(octets) == _FOUR:
                self._hosts[number] = np.frombuffer(octets, np.uint64, 1)[0]
                self._ports[number] = np.frombuffer(octets, np.uint32, 1, 8)[0]
        return here
