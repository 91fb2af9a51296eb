"""Addresses of servers on a wire, and which head answers at each of them when."""

from __future__ import annotations

from collections.abc import Mapping

from scenarios.server import Head
from wire.dialogue import Connection, Wire

A1, A2, A3 = "10.0.0.1", "10.0.0.2", "10.0.0.3"
ROUTER = "02:00:00:00:0f:ff"


class Cluster:
    """`at`: the head that answers at an address, None while nothing does. Without `adjacent` every address is behind
    one router: no ARP, one MAC for all, and one off the TTL."""

    def __init__(self, heads: Mapping[str, Head], *, start: str = "2026-11-22T12:00:00", adjacent: bool = True) -> None:
        self.wire = Wire(start=start)
        self.adjacent = adjacent
        self.at: dict[str, Head | None] = dict(heads)
        self.connections: dict[str, list[Connection]] = {}
        for address, head in heads.items():
            self.wire.host(address, head.mac if adjacent else ROUTER)
            self.wire.ttls[address] = head.ttl if adjacent else 63

    @property
    def now(self) -> int:
        return self.wire.time

    @property
    def second(self) -> int:
        return self.wire.time // 10**9

    def wait(self, seconds: float) -> None:
        self.wire.wait(seconds)

    def asked(self, address: str, by: str) -> None:
        """A client's ARP for an address before it first speaks to it."""
        head = self.at[address]
        if self.adjacent and head is not None:
            self.wire.arp(address, head.mac, asked_by=by)

    def fail(self, *addresses: str) -> None:
        """From now on nobody answers there."""
        for address in addresses:
            self.at[address] = None

    def serve(self, address: str, head: Head, *, announce: bool = True, mac: str | None = None) -> int:
        """The head answers at the address from now on; frame of its announcement."""
        self.at[address] = head
        if not self.adjacent:
            return 0
        if announce:
            return self.wire.arp(address, mac or head.mac, gratuitous=True)
        self.wire.host(address, mac or head.mac)
        return 0
