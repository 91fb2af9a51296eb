"""Narrows a document to some clients and servers. Only the report: the analysis saw everything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from nfsanalyze.reports.addresses import addresses_in, canonical
from nfsanalyze.reports.document import Document, complete_summary

_CLIENT_ID = re.compile(r"\bc\d+\b")


def narrow(report: Document, *, clients: Sequence[str] = (), servers: Sequence[str] = ()) -> Document:
    """The same document with what concerns these clients (addresses or ids) and server addresses only.

    Without either it is the document itself. What concerns no client stays where it concerns a server that a chosen
    client uses.
    """
    if not clients and not servers:
        return report
    return _Narrow(report, clients, servers).document()


def strangers(report: Document, *, clients: Sequence[str] = (), servers: Sequence[str] = ()) -> list[str]:
    """Those of the given clients and servers that the document does not know."""
    known_clients = {name for client in report["clients"] for name in (client["id"], *client["addresses"])}
    known_servers = {server["address"] for server in report["servers"]}
    return [c for c in map(canonical, clients) if c not in known_clients] + [
        s for s in map(canonical, servers) if s not in known_servers
    ]


class _Narrow:
    def __init__(self, report: Document, clients: Sequence[str], servers: Sequence[str]) -> None:
        self.report = report
        chosen = set(map(canonical, clients))
        self.picked = {c["id"] for c in report["clients"] if chosen & {c["id"], *c["addresses"]}}
        names = {n for c in report["clients"] if c["id"] in self.picked for n in (c["id"], *c["addresses"])}
        self.clients = names | chosen if clients else None
        used = {lease["server_address"] for lease in report["leases"] if lease["client"] in self.picked}
        used |= {o["server_address"] for c in report["clients"] if c["id"] in self.picked for o in c["owners"]}
        asked = set(map(canonical, servers))
        # servers asked for hold; else those that a chosen client uses, for what concerns no client
        self.servers = asked if servers else None
        self.relevant = asked if servers else used

    def document(self) -> Document:
        report = self.report
        return complete_summary(
            {
                **report,
                "servers": [s for s in report["servers"] if s["address"] in self.relevant],
                "server_behaviour": [e for e in report["server_behaviour"] if self.relevant & set(e["addresses"])],
                "clients": [self._client(c) for c in report["clients"] if self._keeps_client(c)],
                "leases": [
                    e for e in report["leases"] if self._keeps(e, [e["server_address"], *e["renewals_by_address"]])
                ],
                "sessions": [e for e in report["sessions"] if self._keeps(e, e["server_addresses"])],
                "takeovers": [e for e in report["takeovers"] if self.relevant & _moved(e)],
                "recoveries": [e for e in report["recoveries"] if self._keeps(e, [e["address"]])],
                "lost_state": [e for e in report["lost_state"] if self._keeps(e, [e["server_address"]])],
                "timeline": [entry for each in report["timeline"] if (entry := self._timeline(each))["lanes"]],
                "findings": [e for e in report["findings"] if self._keeps(e, e["servers"], e["other_clients"])],
                "not_evaluable": [e for e in report["not_evaluable"] if self._keeps_subject(e["subject"])],
            }
        )

    def _keeps(self, entry: dict[str, Any], addresses: Iterable[str], others: Iterable[str] = ()) -> bool:
        at = set(addresses)
        if self.servers is not None and not self.servers & at:
            return False
        if self.clients is None:
            return True
        client = entry["client"]
        return bool(self.clients & {client, *others}) if client is not None else bool(self.relevant & at)

    def _keeps_client(self, client: dict[str, Any]) -> bool:
        if self.clients is not None and client["id"] not in self.picked:
            return False
        return self.servers is None or any(o["server_address"] in self.servers for o in client["owners"])

    def _client(self, client: dict[str, Any]) -> dict[str, Any]:
        if self.servers is None:
            return client
        return {**client, "owners": [o for o in client["owners"] if o["server_address"] in self.servers]}

    def _timeline(self, entry: dict[str, Any]) -> dict[str, Any]:
        kept = [e for e in entry["lanes"] if self._keeps({"client": entry["client"]}, [e["address"]])]
        return {**entry, "lanes": kept}

    def _keeps_subject(self, subject: str) -> bool:
        named = set(addresses_in(subject)) | set(_CLIENT_ID.findall(subject))
        if not named:
            return True
        if self.clients is not None and not named & (self.clients | self.relevant):
            return False
        return self.servers is None or bool(named & self.servers) or not self._names_server(named)

    def _names_server(self, named: set[str]) -> bool:
        return any(server["address"] in named for server in self.report["servers"])


def _moved(entry: dict[str, Any]) -> set[str | None]:
    """The addresses that a change concerns: its own, and those of the heads between which it moved."""
    return {entry["address"], entry["to_address"], *(signal["other_address"] for signal in entry["signals"])}
