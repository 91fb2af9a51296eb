"""Tables of what became of identities."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from nfsanalyze.facts.printable import printable
from nfsanalyze.state.infer import Case
from nfsanalyze.state.instance import coined
from nfsanalyze.state.tables.identity import hexed

Row = dict[str, Any]


def grants(case: Case) -> Iterator[Row]:
    """grants."""
    owners: dict[tuple[Any, ...], set[bytes]] = defaultdict(set)
    for g in case.aftermath.grants:
        owners[g.owner.clientid, g.owner.op, g.head].add(g.owner.owner)
    for g in case.aftermath.grants:
        o, tried, previous, force = g.owner, g.tried, g.previous_at, g.in_force
        yield {
            "frame": o.frame,
            "reply_frame": o.reply_frame,
            "time": o.time,
            "client": g.client,
            "client_address": o.link.client_address,
            "server_address": o.link.server_address,
            "head": g.head,
            "minor_version": max(o.minor, 0),
            "op": o.op,
            "owner": o.owner,
            "owner_text": printable(o.owner),
            "owner_complete": o.complete,
            "verifier": hexed(o.verifier),
            "clientid": hexed(o.clientid),
            "coined": o.clientid is not None and coined(o.clientid, o.reply_time or o.time),
            "two_owners": len(owners[o.clientid, o.op, g.head]) > 1,
            "already_confirmed": g.already_confirmed,
            "tried_frame": tried.frame if tried else None,
            "tried_at": tried.link.server_address if tried else None,
            "tried_time": tried.time if tried else None,
            "tried_status": tried.status if tried else None,
            "confirmed_frame": force.frame if force else None,
            "confirmed": force.time if force else None,
            "superseded_frame": g.superseded.frame if g.superseded else None,
            "previous_clientid": hexed(g.previous),
            "previous_end": g.previous_end,
            "previous_frame": previous.frame if previous else None,
            "used_frame": g.used.frame if g.used else None,
            "used": g.used.time if g.used else None,
        }


def verifier_changes(case: Case) -> Iterator[Row]:
    """verifier_changes."""
    for c in case.aftermath.verifier_changes:
        yield {
            "frame": c.after.frame,
            "before_frame": c.before.frame,
            "time": c.after.time,
            "client": case.clients.of_owner[c.after.frame],
            "before_client": case.clients.of_owner[c.before.frame],
            "client_address": c.after.link.client_address,
            "before_address": c.before.link.client_address,
            "server_address": c.after.link.server_address,
            "minor_version": max(c.after.minor, 0),
            "owner_text": printable(c.after.owner),
            "verifier": hexed(c.after.verifier),
            "before_verifier": hexed(c.before.verifier),
            "returns": c.returns,
            "shared_frame": c.shared.frame if c.shared else None,
            "alive_frame": c.alive.frame if c.alive else None,
            "alive": c.alive.time if c.alive else None,
        }
