"""Tables that lie close to the wire: connections, MACs, blind stretches, notes of frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nfsanalyze.state.infer import Case
from nfsanalyze.state.sequels import sequels
from nfsanalyze.state.tables.said import Said

Row = dict[str, Any]


def connections(case: Case) -> Iterator[Row]:
    """connections."""
    for link in case.links.values():
        yield {
            "conn": link.conn,
            "client_address": link.client_address,
            "client_port": link.client_port,
            "server_address": link.server_address,
            "server_port": link.server_port,
            "callback": link.callback,
            "first_frame": link.first_frame,
            "last_frame": link.last_frame,
            "first": link.first,
            "last": link.last,
            "syn_frame": link.syn_frame,
            "answered": link.answered,
            "end": link.end,
            "end_frame": link.end_frame,
            "calls": link.calls,
            "replies": link.replies,
            "flavor": link.flavor,
            "gss_service": link.gss_service,
            "machinename": link.machinename,
        }


def link_runs(case: Case) -> Iterator[Row]:
    """links."""
    for run in case.trace.links:
        yield {
            "address": run.address,
            "mac": run.mac.hex(":"),
            "adjacent": run.adjacent,
            "gratuitous": run.gratuitous,
            "routed": run.routed,
            "first_frame": run.frame,
            "last_frame": run.last_frame,
            "first": run.time,
            "last": run.last,
        }


def blind_stretches(case: Case) -> Iterator[Row]:
    """blind."""
    for b in case.blind:
        yield {
            "client_address": b.client_address,
            "server_address": b.server_address,
            "conn": b.conn,
            "kind": b.kind,
            "first_frame": b.first.frame,
            "last_frame": b.last.frame,
            "first": b.first.time,
            "last": b.last.time,
            "reason": b.reason,
        }


def events(case: Case) -> Iterator[Row]:
    """events."""
    found = [*case.events, *sequels(case.aftermath, {e.frame for e in case.events})]
    for e, said in zip(found, Said(case).of([e.frame for e in found]), strict=True):
        yield {
            "frame": e.frame,
            "time": e.time,
            "client": e.client,
            "address": e.address,
            "kind": e.kind,
            "note": e.note,
            **said,
        }
