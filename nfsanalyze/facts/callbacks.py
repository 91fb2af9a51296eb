"""Calls of servers to their clients (RFC 7530 section 17, RFC 8881 section 20), and where clients asked for them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from dissect.nfs4 import types as t
from dissect.nfs4.batch import NO_STATUS, Kind, Marks
from dissect.nfs4.const import CbOp
from dissect.nfs4.const.rpc import RpcRefusal
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.identity import ClientOwner
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.trace import Trace

_ANY, _LOOPBACK = {"0.0.0.0", "::"}, ("127.", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One callback. `status`: nfsstat4 of the answer; `refused`: name of an RpcRefusal; both None without one."""

    frame: int
    reply_frame: int | None
    time: int
    link: Link
    minor: int | None
    op: str
    stateid: bytes | None
    status: int | None
    refused: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a client asked to be called back, and every SETCLIENTID that said so."""

    client: int
    client_address: str
    server_address: str
    address: str | None
    port: int | None
    program: int
    ident: int | None
    owners: tuple[ClientOwner, ...]

    @property
    def unroutable(self) -> str | None:
        """Why no server can reach it."""
        if self.address is None:
            return "no address"
        if self.address in _ANY:
            return "any address"
        if self.address.startswith(_LOOPBACK[0]) or self.address == _LOOPBACK[1]:
            return "loopback"
        if not self.port:
            return "port 0"
        return None if self.program else "program 0"


def callbacks(trace: Trace, links: dict[int, Link]) -> list[Callback]:
    """All callbacks, by frame; a repetition on its connection is the same callback."""
    m = trace.messages
    calls = np.isin(m["kind"], (int(Kind.CB_NULL_CALL), int(Kind.CB_COMPOUND_CALL)))
    calls &= m["marks"] & int(Marks.RETRANSMITTED) == 0
    out = []
    for row in np.flatnonzero(calls).tolist():
        link = links.get(int(m["conn"][row]))
        if link is None:
            continue
        reply = trace.answer(row)
        status = int(m["status"][reply]) if reply >= 0 else NO_STATUS
        null = int(m["kind"][row]) == Kind.CB_NULL_CALL
        recalled = None if null else _recalled(trace, int(m["id"][row]))
        out.append(
            Callback(
                frame=trace.frame(row),
                reply_frame=trace.frame(reply) if reply >= 0 else None,
                time=trace.time(row),
                link=link,
                minor=None if null or int(m["minor"][row]) < 0 else int(m["minor"][row]),
                op="CB_NULL" if null else "CB_COMPOUND" if recalled is None else CbOp.CB_RECALL.name,
                stateid=recalled,
                status=status if status >= 0 else None,
                refused=RpcRefusal(status).name if status < NO_STATUS else None,
            )
        )
    return sorted(out, key=lambda c: (c.frame, c.link.conn))


def _recalled(trace: Trace, call: int) -> bytes | None:
    for _, value in trace.details.get(call, ()):
        if isinstance(value, t.CB_RECALL4args):
            return value.stateid.other
    return None


def locations(owners: Iterable[ClientOwner], client_of: dict[int, int]) -> list[Location]:
    """Every callback location that an accepted SETCLIENTID registered, by its first frame."""
    found: dict[tuple[object, ...], list[ClientOwner]] = {}
    for o in owners:
        client = client_of.get(o.link.conn)
        if o.op == "SETCLIENTID" and o.status == 0 and o.cb_program is not None and client is not None:
            key = (client, o.link.client_address, o.link.server_address, o.cb, o.cb_program, o.cb_ident)
            found.setdefault(key, []).append(o)
    return [
        Location(
            client=client_of[there[0].link.conn],
            client_address=there[0].link.client_address,
            server_address=there[0].link.server_address,
            address=there[0].cb[0] if there[0].cb else None,
            port=there[0].cb[1] if there[0].cb else None,
            program=there[0].cb_program or 0,
            ident=there[0].cb_ident,
            owners=tuple(there),
        )
        for there in sorted(found.values(), key=lambda o: o[0].frame)
    ]
