"""MACs and addresses: which head's port spoke for an address, and when a MAC is only a router's.

A MAC proves something about a head only where ARP or a neighbour advertisement ties it to the address (adjacency);
behind a router every head has the router's MAC. A router may answer ARP for the hosts behind it (proxy ARP, RFC 1027):
it is told by the TTL of what it forwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from dissect.nfs4.batch import LinkEvent
from dissect.nfs4.dataclass import dataclass

ROUTER_ADDRESSES = 8
"""A MAC that speaks for more addresses than this is a router's."""


VIRTUAL = tuple(
    map(
        bytes.fromhex,
        (
            "00005e00",  # VRRP (RFC 9568 section 7.3) and CARP
            "00000c07ac",  # HSRP
            "00000c9f",  # HSRP version 2
            "000573a0",  # HSRP over IPv6
            "0007b400",  # GLBP
            "123456789abc",  # Azure answers ARP for a whole network with it
            "eeeeeeeeeeee",  # Calico
            "feffffffffff",  # Xen
        ),
    )
)
"""Such a MAC goes with the address from machine to machine, or stands for every machine of a virtual network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MacChange:
    """An address spoke with `before`, then with `after`, from this frame on."""

    time: int
    frame: int
    before: bytes
    after: bytes
    last_before: int
    "time `before` was last seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Macs:
    """All runs by address, in order of time."""

    runs: dict[str, tuple[LinkEvent, ...]]
    routers: frozenset[bytes]
    addresses: dict[bytes, frozenset[str]]
    "by MAC, routers left out: the addresses it spoke for"

    def changes(self, address: str) -> list[MacChange]:
        """Lasting changes of an address's MAC: two MACs that take turns (two taps, two paths) are none."""
        out: list[MacChange] = []
        current: LinkEvent | None = None
        last_seen = 0
        for run in self.runs.get(address, ()):
            if current is not None and run.mac != current.mac:
                out.append(
                    MacChange(time=run.time, frame=run.frame, before=current.mac, after=run.mac, last_before=last_seen)
                )
            if current is None or run.mac != current.mac:
                current, last_seen = run, run.last
            else:
                last_seen = max(last_seen, run.last)
        turns = [c.after for c in out]
        if len(turns) > 2 and len(set(turns)) <= len(turns) // 2:
            return []
        return out

    def at(self, address: str, time: int) -> bytes | None:
        """The MAC an address spoke with last at or before a time."""
        before = [r for r in self.runs.get(address, ()) if r.time <= time]
        return max(before, key=lambda r: min(r.last, time)).mac if before else None

    def adjacent(self, address: str, mac: bytes) -> LinkEvent | None:
        """The frame in which ARP or NA ties this MAC to the address; None behind a router."""
        if mac in self.routers:
            return None
        return next((r for r in self.runs.get(address, ()) if r.adjacent and r.mac == mac), None)

    def announced(self, address: str, mac: bytes, since: int, until: int) -> LinkEvent | None:
        """A gratuitous announcement of the address by that MAC inside a window."""
        return next(
            (r for r in self.runs.get(address, ()) if r.gratuitous and r.mac == mac and since <= r.time <= until),
            None,
        )


def macs(events: Iterable[LinkEvent]) -> Macs:
    """Runs by address, and the MACs that show by themselves that they are routers'."""
    runs: dict[str, list[LinkEvent]] = defaultdict(list)
    serves: dict[bytes, set[str]] = defaultdict(set)
    for event in events:
        runs[event.address].append(event)
        serves[event.mac].add(event.address)
    routers = {mac for mac, addresses in serves.items() if len(addresses) > ROUTER_ADDRESSES}
    routers |= {mac for mac in serves if mac.startswith(VIRTUAL)}
    routers |= {run.mac for there in runs.values() for run in there if run.routed}
    found = Macs(
        runs={a: tuple(sorted(r, key=lambda e: (e.time, e.frame))) for a, r in sorted(runs.items())},
        routers=frozenset(),
        addresses={mac: frozenset(addresses) for mac, addresses in serves.items()},
    )
    return without(found, routers)


def without(found: Macs, more: Iterable[bytes]) -> Macs:
    """The same with more MACs known as routers, which are shown otherwise to stand for several heads."""
    routers = found.routers.union(more)
    return Macs(
        runs=found.runs,
        routers=routers,
        addresses={mac: addresses for mac, addresses in found.addresses.items() if mac not in routers},
    )


def routers(found: Macs, shown: Iterable[tuple[str, int, bytes]]) -> set[bytes]:
    """MACs that stood for two server instances at the same time: a router (or proxy ARP) answers for both heads.

    `shown`: (address, time, instance half) of every sighting that has one.
    """
    spans: dict[tuple[bytes, bytes], list[int]] = {}
    for address, time, instance in shown:
        mac = found.at(address, time)
        if mac is not None:
            span = spans.setdefault((mac, instance), [time, time])
            span[0], span[1] = min(span[0], time), max(span[1], time)
    out = set()
    for (mac, instance), (first, last) in spans.items():
        for (other_mac, other), (other_first, other_last) in spans.items():
            if mac == other_mac and instance != other and first < other_last and other_first < last:
                out.add(mac)
    return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A client record that an address was seen to hold from `first` to `last`: a clientid of one owner (with its minor
    version)."""

    owner: tuple[int, bytes]
    address: str
    clientid: bytes
    first: int
    last: int


def fronts(found: Macs, records: Iterable[Record]) -> set[bytes]:
    """MACs that stood for two instances at once, told by their records: an instance keeps one confirmed record of an
    owner (RFC 7530 section 16.33.5, RFC 8881 section 18.35.4), so two that live at two addresses are of two instances.
    """
    out = set()
    by_owner: dict[tuple[int, bytes], list[Record]] = defaultdict(list)
    for record in records:
        by_owner[record.owner].append(record)
    for held in by_owner.values():
        latest: dict[str, Record] = {}
        for record in sorted(held, key=lambda r: (r.first, r.address, r.clientid)):
            for address, other in latest.items():
                if address != record.address and other.clientid != record.clientid and other.last > record.first:
                    mac = found.at(address, record.first)
                    if mac is not None and mac == found.at(record.address, record.first):
                        out.add(mac)
            known = latest.get(record.address)
            if known is None or known.last < record.last:
                latest[record.address] = record
    return out
