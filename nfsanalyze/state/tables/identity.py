"""Tables of long and short forms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from nfsanalyze.facts.identity import ClientOwner
from nfsanalyze.facts.printable import printable
from nfsanalyze.state.infer import Case

Row = dict[str, Any]


def hexed(value: bytes | None) -> str | None:
    """Eight bytes as Wireshark shows them."""
    return f"0x{value.hex()}" if value is not None else None


def clients(case: Case) -> Iterator[Row]:
    """clients."""
    for c in case.clients.clients:
        yield {
            "client": c.client,
            "host": c.host,
            "addresses": list(c.addresses),
            "hostnames": list(c.hostnames),
            "boot_verifier": hexed(c.verifier),
            "implementation": c.implementation,
            "uniform": c.uniform,
            "per_mount": c.per_mount,
            "same_because": c.same_because,
            "replaces": c.replaces,
            "replaces_frame": c.replaces_frame,
            "first_frame": c.first_frame,
            "last_frame": c.last_frame,
        }


def client_owners(case: Case) -> Iterator[Row]:
    """client_owners."""
    owners: dict[tuple[Any, ...], set[bytes]] = defaultdict(set)
    for o in case.owners:
        owners[_calling(case, o)].add(o.owner)
    for o in case.owners:
        answered = o.reply_time or o.time

        yield {
            "frame": o.frame,
            "reply_frame": o.reply_frame,
            "time": o.time,
            "conn": o.link.conn,
            "client": case.clients.of_owner[o.frame],
            "client_address": o.link.client_address,
            "server_address": o.link.server_address,
            "server_port": o.link.server_port,
            "head": case.heads.at(o.link.server_address, answered) if o.reply_frame is not None else None,
            "minor_version": max(o.minor, 0),
            "op": o.op,
            "owner": o.owner,
            "owner_text": printable(o.owner),
            "owner_complete": o.complete,
            "owner_line": printable(o.identity),
            "form": o.says.form,
            "uniform": o.uniform,
            "verifier": hexed(o.verifier),
            "two_owners": len(owners[_calling(case, o)]) > 1,
            "principal": o.principal,
            "embedded_server_address": o.server_hit.address if o.server_hit else None,
            "embedded_as": o.server_hit.how if o.server_hit else None,
            "embedded_offset": o.server_hit.offset if o.server_hit else None,
            "embedded_client_address": o.client_hit.address if o.client_hit else None,
            "embedded_other_address": o.other_hit.address if o.other_hit else None,
            "embedded_hostname": printable(o.says.hostname) if o.says.hostname else None,
            "cb_address": o.cb[0] if o.cb else None,
            "cb_port": o.cb[1] if o.cb else None,
            "cb_program": o.cb_program,
            "cb_ident": o.cb_ident,
            "eia_flags": o.eia_flags,
            "status": o.status,
            "clientid": hexed(o.clientid),
            "confirm_verifier": hexed(o.confirm_verifier),
            "holder_address": o.holder[0] if o.holder else None,
            "holder_port": o.holder[1] if o.holder else None,
            "eir_flags": o.eir_flags,
            "eir_sequenceid": o.eir_sequenceid,
            "so_major_id": o.so_major_id,
            "so_minor_id": o.so_minor_id,
            "eir_server_scope": o.eir_server_scope,
            "impl_domain": printable(o.impl_domain) if o.impl_domain is not None else None,
            "impl_name": printable(o.impl_name) if o.impl_name is not None else None,
        }


def _calling(case: Case, o: ClientOwner) -> tuple[Any, ...]:
    """Which instance of which client calls from where to where: a running one has one owner for that, or several."""
    link = o.link
    return case.clients.of_owner[o.frame], link.client_address, link.server_address, max(o.minor, 0), o.verifier


def confirms(case: Case) -> Iterator[Row]:
    """confirms."""
    for c in case.confirms:
        clientid = c.clientid
        if clientid is None and c.session_id is not None:
            clientid = case.ids.clientid(c.session_id, c.link.server_address)
        yield {
            "frame": c.frame,
            "reply_frame": c.reply_frame,
            "time": c.time,
            "conn": c.link.conn,
            "client": case.clients.of_conn.get(c.link.conn),
            "client_address": c.link.client_address,
            "server_address": c.link.server_address,
            "op": c.op,
            "clientid": hexed(clientid),
            "confirm_verifier": hexed(c.confirm_verifier),
            "session_id": c.session_id,
            "sequenceid": c.sequenceid,
            "flags": c.flags,
            "status": c.status,
        }
