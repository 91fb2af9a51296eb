"""Whether servers can reach their clients: what became of every callback location, and the signs that a path is down.

NFSv4.0 servers open a connection of their own to the address and port of SETCLIENTID (RFC 7530 section 3.3.3); later
versions call back over the client's connections and say so in SEQUENCE when they cannot (RFC 8881 section 18.46.3).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from dissect.nfs4.batch import Connection, Kind, TcpFlag
from dissect.nfs4.const import Op, Seq4Status, Status
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.callbacks import Callback, Location
from nfsanalyze.facts.files import Held
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.sequences import FlagRun
from nfsanalyze.facts.trace import Trace
from nfsanalyze.state.census import Moment

SETTLED_NS = 5_000_000_000
"""A session may show CB_PATH_DOWN until the server has tried its new back channel: a run this short says nothing."""

RETRY_NS = 500_000_000
"""A SYN this much later is another try: TCP waits a second at first (RFC 6298 section 2), a second tap repeats a packet
at once."""

_DOWN = Seq4Status.CB_PATH_DOWN | Seq4Status.CB_PATH_DOWN_SESSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A location with the connections and callbacks that went there; `failed`: SYNs and callbacks that nobody
    answered."""

    location: Location
    tries: int
    connected: int
    callbacks: tuple[Callback, ...]
    failed: tuple[Moment, ...]
    answered: Moment | None

    @property
    def answered_callbacks(self) -> int:
        """Callbacks answered in any way."""
        return sum(c.reply_frame is not None for c in self.callbacks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Down:
    """One sign that a server cannot call a client back; `how` as in the table. `since`: from when nothing was answered;
    None where the server itself says so."""

    client: int | None
    server_address: str
    minor: int
    how: str
    count: int
    moments: tuple[Moment, ...]
    since: int | None = None


def paths(
    trace: Trace, links: dict[int, Link], located: Sequence[Location], called: Sequence[Callback], ends: int
) -> list[Path]:
    """Each location with what the server tried on it, by its first registration.

    Where a client registers one place under several numbers at one server, each try counts for the latest of them.
    What is tried just before the capture ends may be answered after it.
    """
    opened: dict[tuple[str, str, int], list[Connection]] = defaultdict(list)
    for c in trace.connections.values():
        opened[c.initiator_address, c.responder_address, c.responder_port].append(c)
    answers = {e.conn: Moment(time=e.time, frame=e.frame) for e in trace.tcp if e.kind == TcpFlag.SYN_ACK}
    knocks = _knocks(trace)
    by_conn: dict[int, list[Callback]] = defaultdict(list)
    for each in called:
        by_conn[each.link.conn].append(each)
    twins: dict[tuple[str, str, int], list[Location]] = defaultdict(list)
    for place in located:
        if place.address is not None and place.port is not None:
            twins[place.server_address, place.address, place.port].append(place)
    out = []
    for place in located:
        key = (place.server_address, place.address or "", place.port or 0)
        mine = [c for c in opened.get(key, ()) if _latest(twins[key], c.first) is place]
        sent = tuple(each for c in mine for each in by_conn.get(c.conn, ()))
        spoke = [each for each in sent if each.reply_frame is not None]
        connected = [c for c in mine if c.conn in answers or c.conn in links]
        good = [answers[c.conn] for c in mine if c.conn in answers]
        good += [Moment(time=each.time, frame=each.reply_frame or each.frame) for each in spoke]
        failed = [at for c in mine if c not in connected for at in knocks.get(c.conn, ())]
        failed += [Moment(time=each.time, frame=each.frame) for each in sent if each.reply_frame is None]
        out.append(
            Path(
                location=place,
                tries=len(mine),
                connected=len(connected),
                callbacks=sent,
                failed=tuple(sorted((at for at in failed if at.time + SETTLED_NS <= ends), key=_when)),
                answered=min(good, key=_when, default=None),
            )
        )
    return out


def _knocks(trace: Trace) -> dict[int, list[Moment]]:
    """By connection the first packet of the side that opens it, and the last one where that is a try of its own: where
    nobody answers, one connection sends its SYN again and again."""
    out: dict[int, list[Moment]] = {}
    for half in trace.halves:
        if half.direction == 0:
            out[half.conn] = [Moment(time=half.first, frame=half.first_frame)]
            if half.last - half.first >= RETRY_NS:
                out[half.conn].append(Moment(time=half.last, frame=half.last_frame))
    return out


def _latest(there: Iterable[Location], time: int) -> Location | None:
    begun = [p for p in there if p.owners[0].time <= time]
    return max(begun, key=lambda p: max(o.time for o in p.owners if o.time <= time), default=None)


def _when(moment: Moment) -> tuple[int, int]:
    return moment.time, moment.frame


def downs(
    trace: Trace,
    links: dict[int, Link],
    flags: Sequence[FlagRun],
    found: Sequence[Path],
    client_of: dict[int, int],
) -> list[Down]:
    """All signs, each kind told once a client and server address, by first frame."""
    told: dict[tuple[int | None, str, int, str], list[tuple[Moment, int]]] = defaultdict(list)
    for row in _path_down_renewals(trace):
        link = links.get(int(trace.messages["conn"][row]))
        if link is not None:
            at = Moment(time=trace.time(row), frame=trace.frame(row))
            told[client_of.get(link.conn), link.server_address, 0, "renew"].append((at, 1))
    for run in flags:
        conn = int(trace.messages["conn"][run.first])
        link = links.get(conn)
        first, last = (Moment(time=trace.time(row), frame=trace.frame(row)) for row in (run.first, run.last))
        if link is None or not run.flag & _DOWN or run.count < 2 or last.time - first.time < SETTLED_NS:
            continue
        minor = int(trace.messages["minor"][run.first])
        signs = told[client_of.get(conn), link.server_address, max(minor, 1), "sequence"]
        signs += [(first, run.count), (last, 0)]
    out = [
        Down(
            client=client,
            server_address=address,
            minor=minor,
            how=how,
            count=sum(n for _, n in signs),
            moments=tuple(sorted((at for at, _ in signs), key=_when)),
        )
        for (client, address, minor, how), signs in told.items()
    ]
    out += [
        Down(
            client=path.location.client,
            server_address=path.location.server_address,
            minor=0,
            how="unanswered",
            count=len(path.failed),
            moments=path.failed,
            since=path.location.owners[0].time,
        )
        for path in found
        if _never_answered(path)
    ]
    return sorted(out, key=lambda d: (d.moments[0].frame, d.client or 0, d.how))


def _never_answered(path: Path) -> bool:
    """Nobody answered connections, or callbacks on those that were taken; one such is an accident."""
    tried = path.callbacks or not path.connected
    return bool(tried) and not path.answered_callbacks and len(path.failed) >= 2 and path.location.unroutable is None


def _path_down_renewals(trace: Trace) -> Collection[int]:
    """Rows of messages: replies in which RENEW says CB_PATH_DOWN (RFC 7530 section 16.28)."""
    o = trace.ops
    rows = o["row"][(o["op"] == int(Op.RENEW)) & (o["status"] == int(Status.CB_PATH_DOWN))]
    kept: list[int] = rows[trace.messages["kind"][rows] == int(Kind.COMPOUND_REPLY)].tolist()
    return kept


def delegations(held: Iterable[Held], client_of: dict[int, int]) -> dict[tuple[int | None, str], int]:
    """How many delegations each client was granted at each server address."""
    count: dict[tuple[int | None, str], int] = defaultdict(int)
    for h in held:
        if h.kind == "delegation":
            count[client_of.get(h.link.conn), h.link.server_address] += 1
    return count
