"""Recoveries that stopped half-way: the client was told that its lease is gone, began to recover, and fell silent.

A client that is dead or disconnected falls silent too, so silence counts only while a connection of it to that address
is seen alive: by segments without data (keep-alives), or because it goes on later as if nothing had been.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import Kind
from dissect.nfs4.const import Status
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.trace import Trace
from nfsanalyze.facts.uses import Uses
from nfsanalyze.state.census import Moment
from nfsanalyze.state.recoveries import Phase, Recovery

LEASES = 2
"""Silence for longer than so many lease times: nothing that a client waits for takes that long."""

_WAITING = {int(Status.GRACE), int(Status.DELAY)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """One recovery that stopped; `last`: the client's last NFS message there, `alive`: its last sign of life."""

    recovery: Recovery
    step: str
    last: Moment
    alive: Moment
    lease_time_s: float

    @property
    def silence_s(self) -> float:
        """Seconds of silence that are known."""
        return (self.alive.time - self.last.time) / 1e9


def stalls(
    trace: Trace,
    links: dict[int, Link],
    recoveries: Sequence[Recovery],
    renewals: Uses,
    lease_times: dict[tuple[int | None, str], float],
    client_of: dict[int, int],
    default_s: float,
) -> list[Stall]:
    """All stalls, by the frame of the trigger; of one silence the first recovery that fell into it."""
    stopped = [(r, step) for r in recoveries if (step := _unfinished(r)) is not None]
    said = _calls(trace) if stopped else np.zeros(0, np.intp)
    beats = _signs_of_life(trace, links)
    out: dict[tuple[int, str, int], Stall] = {}
    for r, step in stopped:
        mine = [x for x in links.values() if not x.callback and client_of.get(x.conn) == r.client]
        here = [x for x in mine if x.server_address == r.address]
        rows = said[np.isin(trace.messages["conn"][said], np.array([x.conn for x in here], np.uint32))]
        at = int(trace.messages["time"][rows].searchsorted(r.last, "right")) - 1
        if at < 0 or _carried_on(r, mine, trace, renewals):
            continue
        last = _moment(trace, int(rows[at]))
        lease = lease_times.get((r.client, r.address), default_s)
        alive = _alive(trace, last, rows[at + 1 :], here, beats)
        if alive is not None and alive.time - last.time > LEASES * lease * 1e9:
            stall = Stall(recovery=r, step=step, last=last, alive=alive, lease_time_s=lease)
            out.setdefault((r.client, r.address, last.time), stall)
    return list(out.values())


def _calls(trace: Trace) -> NDArray[np.intp]:
    """Calls of clients and their answers to callbacks, repetitions too: rows of messages, by time."""
    m = trace.messages
    kinds = (int(Kind.COMPOUND_CALL), int(Kind.NULL_CALL), int(Kind.CB_COMPOUND_REPLY), int(Kind.CB_NULL_REPLY))
    rows = np.flatnonzero(np.isin(m["kind"], kinds))
    ordered: NDArray[np.intp] = rows[np.argsort(m["time"][rows], kind="stable")]
    return ordered


def _moment(trace: Trace, row: int) -> Moment:
    return Moment(time=trace.time(row), frame=trace.frame(row))


def _signs_of_life(trace: Trace, links: dict[int, Link]) -> dict[int, Moment]:
    """By connection that nobody closed: the last segment of the client."""
    out = {}
    for half in trace.halves:
        link = links.get(half.conn)
        if link is not None and link.end in ("open", "silent") and half.direction == link.client_direction:
            out[half.conn] = Moment(time=half.last, frame=half.last_frame)
    return out


def _unfinished(r: Recovery) -> str | None:
    """How far a recovery came that did not come to its end; None for one that did."""
    if r.phase is Phase.TRIGGERED:
        return "refused"
    if r.phase is Phase.IDENTIFIED:
        return "identified"
    if r.reclaims and r.reclaims[-1].status in _WAITING:
        return "confirmed"
    return None


def _carried_on(r: Recovery, mine: Iterable[Link], trace: Trace, renewals: Uses) -> bool:
    """What was refused, or what the client held before, is accepted afterwards at some address: nothing was lost."""
    keys = {key for key in (r.trigger.session, r.trigger.key, r.old_clientid) if key}
    numbers = np.array([n for n, key in enumerate(trace.keys) if key in keys], np.uint32)
    conns = np.array([x.conn for x in mine], np.uint32)
    later = np.isin(renewals.key, numbers) & np.isin(renewals.conn, conns)
    return bool((trace.messages["time"][renewals.row[later]] > r.trigger.time).any())


def _alive(
    trace: Trace, last: Moment, following: NDArray[np.intp], here: Iterable[Link], beats: dict[int, Moment]
) -> Moment | None:
    """Until when the client is known to live and to say nothing: its next message on a connection it had all the time,
    else its last segment on one."""
    had = {x.conn for x in here if x.first <= last.time}
    again = _moment(trace, int(following[0])) if len(following) else None
    if again is not None and int(trace.messages["conn"][following[0]]) in had:
        return again
    kept = [
        beats[conn]
        for conn in had
        if conn in beats and last.time < beats[conn].time and (again is None or beats[conn].time < again.time)
    ]
    return max(kept, key=lambda m: (m.time, m.frame), default=None)
