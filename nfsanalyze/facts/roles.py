"""Who is client and who is server on each connection: told by what the messages are, not by port or by who opened
it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection

import numpy as np

from dissect.nfs4.batch import Connection, Credential, HalfSummary, Kind, Marks, TcpEvent, TcpFlag
from dissect.nfs4.bounds import NFS_PORTS
from dissect.nfs4.const import AuthFlavor
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.printable import printable
from nfsanalyze.facts.rows import numbered
from nfsanalyze.facts.trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A connection seen as NFS: `client_is_initiator` tells which half is which. `callback`: the NFS server opened it
    to
    call its client back (v4.0); client_* is the NFS client there too. `messages` counts all RPC messages by kind."""

    conn: int
    client_address: str
    client_port: int
    server_address: str
    server_port: int
    client_is_initiator: bool
    callback: bool
    first_frame: int
    last_frame: int
    first: int
    last: int
    syn_frame: int | None
    answered: bool
    end: str
    end_frame: int | None
    calls: int
    replies: int
    flavor: int | None
    gss_service: int | None
    machinename: str | None
    client_segments: int
    client_retransmissions: int
    server_segments: int
    last_answer_frame: int | None
    last_answer: int | None

    @property
    def client_direction(self) -> int:
        """The `direction` of messages and events that come from the client."""
        return 0 if self.client_is_initiator else 1


def links(trace: Trace, ports: Collection[int] = ()) -> dict[int, Link]:
    """Every connection with NFS on it, and every one that tries an address and port known for NFS."""
    tallies = _tallies(trace)
    callers = {conn: caller for conn, tally in tallies.items() if (caller := _caller(tally)) is not None}
    known = NFS_PORTS | frozenset(ports)
    credentials = _credentials(trace)
    halves: dict[int, dict[int, HalfSummary]] = {}
    for half in trace.halves:
        halves.setdefault(half.conn, {})[half.direction] = half
    tcp: dict[int, list[TcpEvent]] = {}
    for event in trace.tcp:
        tcp.setdefault(event.conn, []).append(event)
    servers = set()
    for conn, (direction, callback) in callers.items():
        c = trace.connections[conn]
        if not callback:
            servers.add(
                (c.responder_address, c.responder_port) if direction == 0 else (c.initiator_address, c.initiator_port)
            )
    found = {}
    for conn, c in trace.connections.items():
        if conn in callers:
            direction, callback = callers[conn]
            client_is_initiator = (direction == 0) != callback
        elif (c.responder_address, c.responder_port) in servers or c.responder_port in known:
            client_is_initiator, callback = True, False
        elif (c.initiator_address, c.initiator_port) in servers:
            client_is_initiator, callback = False, False
        else:
            continue
        found[conn] = _link(
            c,
            client_is_initiator,
            callback,
            tallies.get(conn, Counter()),
            halves.get(conn, {}),
            tcp.get(conn, []),
            credentials.get(conn, []),
        )
    return found


def _tallies(trace: Trace) -> dict[int, Counter[tuple[int, int]]]:
    """Per connection: how many messages of each (kind, direction)."""
    m = trace.messages
    fresh = m["marks"] & int(Marks.RETRANSMITTED) == 0
    says, numbers = numbered(m["conn"][fresh], (m["kind"] << 1 | m["direction"])[fresh])
    counts = np.bincount(numbers, minlength=len(says))
    out: dict[int, Counter[tuple[int, int]]] = defaultdict(Counter)
    for code, count in zip(says.tolist(), counts.tolist(), strict=True):
        out[code >> 32][code >> 1 & 0x7F, code & 1] += count
    return out


_SAYS: dict[
    int, tuple[bool, bool, int]
] = {  # kind -> (does its sender call?, is the caller the NFS server calling back?, weight)
    Kind.COMPOUND_CALL: (True, False, 100),
    Kind.COMPOUND_REPLY: (False, False, 100),
    Kind.NULL_CALL: (True, False, 10),
    Kind.NULL_REPLY: (False, False, 10),
    Kind.CB_COMPOUND_CALL: (True, True, 1),
    Kind.CB_COMPOUND_REPLY: (False, True, 1),
    Kind.CB_NULL_CALL: (True, True, 1),
    Kind.CB_NULL_REPLY: (False, True, 1),
}


def _caller(tally: Counter[tuple[int, int]]) -> tuple[int, bool] | None:
    """(direction that calls, is it a callback connection), or None where there is no NFS.

    A v4.1 connection carries callbacks backwards beside the forward calls: the forward ones decide (RFC 8881 section
    2.10.3.1).
    """
    votes: Counter[tuple[int, bool]] = Counter()
    for (kind, direction), count in tally.items():
        if kind in _SAYS:
            calls, callback, weight = _SAYS[kind]
            votes[(direction if calls else 1 - direction, callback)] += weight * min(count, 1000)
    forward = {key: n for key, n in votes.items() if not key[1]}
    if not votes:
        return None
    return max((forward or votes).items(), key=lambda item: (item[1], -item[0][0]))[0]


def _link(
    c: Connection,
    client_is_initiator: bool,
    callback: bool,
    tally: Counter[tuple[int, int]],
    halves: dict[int, HalfSummary],
    tcp: list[TcpEvent],
    credentials: list[Credential],
) -> Link:
    initiator, responder = (c.initiator_address, c.initiator_port), (c.responder_address, c.responder_port)
    client, server = (initiator, responder) if client_is_initiator else (responder, initiator)
    client_direction = 0 if client_is_initiator else 1
    mine, theirs = halves.get(client_direction), halves.get(1 - client_direction)
    spans = [h for h in (mine, theirs) if h]
    resets = sum(1 for e in tcp if e.kind == TcpFlag.RST and e.direction != client_direction)
    server_segments = theirs.segments - resets if theirs else 0
    flavor, service, machinename = _credential(credentials)
    end, end_frame = _end(client_direction, mine, theirs, tcp)
    return Link(
        conn=c.conn,
        client_address=client[0],
        client_port=client[1],
        server_address=server[0],
        server_port=server[1],
        client_is_initiator=client_is_initiator,
        callback=callback,
        first_frame=c.first_frame,
        last_frame=max([h.last_frame for h in spans], default=c.first_frame),
        first=min([h.first for h in spans] + [c.first]),
        last=max([h.last for h in spans], default=c.first),
        syn_frame=c.syn_frame,
        answered=server_segments > 0,
        end=end,
        end_frame=end_frame,
        calls=tally[Kind.COMPOUND_CALL, 0] + tally[Kind.COMPOUND_CALL, 1],
        replies=tally[Kind.COMPOUND_REPLY, 0] + tally[Kind.COMPOUND_REPLY, 1],
        flavor=flavor,
        gss_service=service,
        machinename=machinename,
        client_segments=mine.segments if mine else 0,
        client_retransmissions=mine.retransmissions if mine else 0,
        server_segments=max(server_segments, 0),
        last_answer_frame=theirs.last_frame if theirs and server_segments > 0 else None,
        last_answer=theirs.last if theirs and server_segments > 0 else None,
    )


def _end(
    client_direction: int, mine: HalfSummary | None, theirs: HalfSummary | None, tcp: list[TcpEvent]
) -> tuple[str, int | None]:
    closing = [e for e in tcp if e.kind in (TcpFlag.RST, TcpFlag.FIN)]
    if closing:
        first = closing[0]
        if first.kind == TcpFlag.FIN:
            return "fin", first.frame
        return ("rst_client" if first.direction == client_direction else "rst_server"), first.frame
    if mine and mine.retransmissions and (theirs is None or theirs.last < mine.last):
        return "silent", theirs.last_frame if theirs else None
    return "open", None


def _credentials(trace: Trace) -> dict[int, list[Credential]]:
    """Per connection: the distinct credentials used on it."""
    m = trace.messages
    used, _ = numbered(m["conn"], m["credential"])
    out: dict[int, list[Credential]] = {}
    for code in used.tolist():
        credential = trace.credentials[code & 0xFFFFFFFF]
        if credential is not None:
            out.setdefault(code >> 32, []).append(credential)
    return out


def _credential(found: list[Credential]) -> tuple[int | None, int | None, str | None]:
    flavors = [c.flavor for c in found if c.flavor != AuthFlavor.AUTH_NONE]
    names = sorted({c.machinename for c in found if c.machinename})
    services = [c.gss_service for c in found if c.gss_service]
    named = max(dict.fromkeys(flavors), key=flavors.count) if flavors else None
    flavor = found[0].flavor if named is None and found else named
    return flavor, max(services, default=None), printable(names[0]) if names else None
