"""Tables of the right by which clients call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nfsanalyze.facts.credentials import callers
from nfsanalyze.facts.identity import principal
from nfsanalyze.state.infer import Case

Row = dict[str, Any]


def credentials(case: Case) -> Iterator[Row]:
    """credentials."""
    trace = case.trace
    for c in callers(trace, case.links):
        yield {
            "conn": c.link.conn,
            "client": case.clients.of_conn.get(c.link.conn),
            "client_address": c.link.client_address,
            "server_address": c.link.server_address,
            "flavor": c.credential.flavor,
            "principal": principal(c.credential),
            "gss_service": c.credential.gss_service,
            "calls": c.calls,
            "sealed": c.sealed,
            "lease_calls": c.lease,
            "lease_frame": trace.frame(c.lease_row) if c.lease_row is not None else None,
            "first_frame": trace.frame(c.first_row),
            "last_frame": trace.frame(c.last_row),
            "first": trace.time(c.first_row),
            "last": trace.time(c.last_row),
        }
