"""Whom a finding is about: clients by number, and the fingerprint that stays while frames change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.engine.message import listed

if TYPE_CHECKING:
    import polars as pl

_NAMES = 3
_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client instance as messages name it."""

    addresses: tuple[str, ...]
    hostnames: tuple[str, ...]

    @property
    def label(self) -> str:
        """`10.0.0.11 (client1)`."""
        names = f" ({listed(self.hostnames, _NAMES)})" if self.hostnames else ""
        return (listed(self.addresses, _NAMES) or "a client") + names


def read_clients(clients: pl.DataFrame) -> dict[int, Client]:
    """Client instances by number."""
    rows = clients.select("client", "addresses", "hostnames").iter_rows()
    return {
        number: Client(addresses=tuple(addresses), hostnames=tuple(hostnames)) for number, addresses, hostnames in rows
    }


def label(clients: Mapping[int, Client], number: int | None) -> str:
    """The client's addresses and names; its number alone where the tables do not hold it."""
    if number is None:
        return "a client"
    return clients[number].label if number in clients else f"client {number}"


def fingerprint(rule: str, client: Client | None, servers: Sequence[str], clientids: Sequence[str]) -> str:
    """A short hash of rule and subject: equal for the same trouble of the same client, whatever the frames."""
    who = sorted(client.addresses) + sorted(client.hostnames) if client else []
    subject = json.dumps([rule, who, sorted(servers), sorted(clientids)], ensure_ascii=True)
    return hashlib.sha256(subject.encode()).hexdigest()[:_DIGITS]
