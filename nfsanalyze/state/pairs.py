"""Leases of one client at one server instance that were held at a time, two by two."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator

from nfsanalyze.state.leases import Lease

BESIDE = 32
"""Of the leases that are held when another begins, so many are paired with it: those that began last. A client may hold
thousands at once, and all pairs of these are millions."""


def since(lease: Lease) -> int:
    """When it began, as far as the capture shows it."""
    return (lease.confirmed or lease.first).time


def held_together(leases: Iterable[Lease]) -> Iterator[tuple[Lease, Lease]]:
    """Two leases of one client, head and minor version, both renewed after the later of them (the second) began."""
    kin: dict[tuple[int, int, int], list[tuple[int, int, int, Lease]]] = defaultdict(list)
    for lease in leases:
        last, begun = lease.last_renewal, since(lease)
        if lease.head is not None and last is not None and last.time > begun:
            kin[lease.client, lease.head, lease.minor].append((begun, lease.lease, last.time, lease))
    for those in kin.values():
        held: deque[tuple[int, Lease]] = deque(maxlen=BESIDE)
        for begun, _, until, lease in sorted(those, key=lambda entry: entry[:2]):
            held = deque((each for each in held if each[0] > begun), maxlen=BESIDE)
            for _, other in held:
                yield other, lease
            held.append((until, lease))
