"""The signals of a takeover (reference part G.1), each computed from one scene, each with its frame and weight."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dissect.nfs4.batch import TcpFlag
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.printable import printable
from nfsanalyze.state.census import Moment
from nfsanalyze.state.episodes import WINDOW_NS
from nfsanalyze.state.instance import CLOCK_TOLERANCE_S, telling
from nfsanalyze.state.scene import Scene
from nfsanalyze.state.sightings import Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One signal; positive weight speaks for a move to another head."""

    signal: str
    weight: int
    frame: int
    time: int
    other_address: str | None
    note: str
    other_frame: int | None = None
    "where the other address shows it"


COLD_PARTNER_NS = 60_000_000_000
"""A head that began this long before the outage was not started by it."""


def signals(scene: Scene) -> list[Signal]:
    """Every signal that the scene shows."""
    return [s for compute in _SIGNALS for s in compute(scene) if not _contradicted(scene, s)]


def _contradicted(scene: Scene, s: Signal) -> bool:
    """A sign that names another address, though that address answers for another instance than this one does now."""
    if s.signal not in ("S2", "S12") or s.other_address is None or scene.episode.instance is None:
        return False
    mine = scene.episode.instance.after.clientid
    there = [
        t
        for t in scene.seen.by_address.get(s.other_address, ())
        if t.how != "refused" and t.time > scene.since and scene.seen.instance(t) is not None
    ]
    same = scene.seen.layouts.same_instance
    return bool(there) and not any(same(scene.address, mine, s.other_address, t.clientid) for t in there)


def _signal(
    name: str, weight: int, at: Moment | Sighting, note: str, other: str | None = None, other_frame: int | None = None
) -> Signal:
    return Signal(
        signal=name,
        weight=weight,
        frame=at.frame,
        time=at.time,
        other_address=other,
        note=note,
        other_frame=other_frame,
    )


def mac_text(mac: bytes) -> str:
    """A MAC in colon form."""
    return mac.hex(":")


def _mac(scene: Scene) -> Iterator[Signal]:
    """S1 a new MAC; S2 that MAC is the one of another address; S3 announced without being asked."""
    changed = [
        c
        for c in scene.macs.changes(scene.address)
        if scene.since - WINDOW_NS <= c.time <= scene.until and c.last_before <= scene.until
    ]
    if not changed:
        return
    change = changed[-1]
    at = Moment(time=change.time, frame=change.frame)
    yield _signal(
        "S1",
        4,
        at,
        f"{scene.address} now speaks with MAC {mac_text(change.after)}, before with {mac_text(change.before)}",
    )
    announced = scene.macs.announced(scene.address, change.after, scene.since, scene.until)
    if announced is not None:
        where = Moment(time=announced.time, frame=announced.frame)
        yield _signal("S3", 4, where, f"{scene.address} announced at MAC {mac_text(change.after)} without being asked")
    if scene.macs.adjacent(scene.address, change.after) is None:
        return
    for other in scene.others:
        there = {scene.macs.at(other, scene.since), scene.macs.at(other, change.time)}
        if scene.macs.adjacent(other, change.after) is not None and there == {change.after}:
            yield _signal("S2", 6, at, f"MAC {mac_text(change.after)} is the one that serves {other}", other)


def _connections(scene: Scene) -> Iterator[Signal]:
    """S4 all connections to the address end while others go on; S5 a reset in mid-stream."""
    alive = [
        link
        for link in scene.census.links.get(scene.address, ())
        if not link.callback and link.first < scene.since and link.last >= scene.since and link.answered
    ]
    ended = [
        link
        for link in alive
        if link.last_answer is not None and link.last_answer <= max(scene.since, scene.episode.time)
    ]
    others_go_on = [
        other
        for other in scene.others
        for link in scene.census.links[other]
        if not link.callback
        and link.first < scene.since
        and link.last_answer is not None
        and link.last_answer > scene.episode.time
    ]
    if alive and len(ended) == len(alive) and others_go_on:
        last = max(ended, key=lambda link: link.last)
        at = Moment(time=last.last, frame=last.last_frame)
        many = "the connection" if len(ended) == 1 else f"all {len(ended)} connections"
        yield _signal("S4", 2, at, f"{many} to {scene.address} ended while {others_go_on[0]} went on", others_go_on[0])
    for link in alive:
        for event in scene.census.tcp.get(link.conn, ()):
            from_server = event.direction != link.client_direction
            if event.kind == TcpFlag.RST and from_server and scene.since <= event.time <= scene.until:
                at = Moment(time=event.time, frame=event.frame)
                yield _signal(
                    "S5", 2, at, f"{scene.address} answers an established connection with a reset: it does not know it"
                )
                return


def _instance(scene: Scene) -> Iterator[Signal]:
    """S9 (S10 where a session id shows it): the instance half is another head's, or leaves a head that goes on."""
    change = scene.episode.instance
    if change is None:
        return
    name, what = ("S10", "session id") if change.after.session is not None else ("S9", "clientid")
    layouts = scene.seen.layouts
    for other in scene.others:
        there = [
            s for s in scene.seen.by_address.get(other, ()) if s.how != "refused" and scene.seen.instance(s) is not None
        ]
        same = [s for s in there if layouts.same_instance(scene.address, change.after.clientid, other, s.clientid)]
        if same and (same[0].time < change.after.time) and (_stayed(scene, same) or _apart_before(scene, there)):
            known = same[0]
            yield _signal(
                name,
                6 if name == "S9" else 5,
                change.after,
                f"{what} {_hex(change.after.clientid)} carries the instance {_hex(scene.after)} of {other}",
                other,
                known.frame,
            )
            return
        shared = [s for s in there if layouts.same_instance(scene.address, change.before.clientid, other, s.clientid)]
        after = [s for s in shared if s.time > change.after.time]
        if shared and after:
            yield _signal(
                name,
                6,
                change.after,
                f"instance {_hex(scene.before)} goes on at {other}, but {scene.address} now answers with"
                f" {_hex(scene.after)}",
                None,
                after[0].frame,
            )
            return
    booted = scene.booted()
    if booted is None:
        return
    began = f"{what} {_hex(change.after.clientid)} carries a new instance, {_hex(scene.after)}, that began"
    renamed = scene.episode.identity is not None  # its clock may be wrong, but a head that restarts keeps its name
    cold = scene.address in layouts.clock_skew_s and booted < scene.since - COLD_PARTNER_NS
    cold = cold or (renamed and booted < scene.since - CLOCK_TOLERANCE_S * 1_000_000_000)
    if cold and _interrupted(scene, change.after.time):
        yield _signal(name, 6, change.after, f"{began} before the outage: another head, already running, answers now")
    elif scene.booted_meanwhile():
        yield _signal(
            name, -3, change.after, f"{began} during the outage: the head of {scene.address} was started anew"
        )


def _interrupted(scene: Scene, until: int) -> bool:
    """Something broke off before the other instance answered. Where clients leave in order and are answered at once, a
    load balancer chose another head for the new connection."""
    if scene.mac_before != scene.mac_after or scene.census.unanswered(scene.address, scene.since, until):
        return True
    return any(
        link.end in ("rst_server", "silent") and link.first < scene.since <= link.last
        for link in scene.census.links.get(scene.address, ())
        if not link.callback
    )


def _stayed(scene: Scene, same: list[Sighting]) -> bool:
    """The other address had this instance already before the address lost its own."""
    return scene.shown and same[0].time <= scene.since


def _apart_before(scene: Scene, there: list[Sighting]) -> bool:
    """Both addresses changed, but they were two heads before and are one now: the one with a new port or name moved."""
    earlier = [s for s in there if s.time < scene.episode.time]
    moved = scene.mac_before != scene.mac_after or scene.episode.identity is not None
    return bool(earlier) and scene.seen.instance(earlier[0]) != scene.before and moved


def _foreign(scene: Scene) -> Iterator[Signal]:
    """S11: answered with a clientid that the client already holds at another address."""
    for foreign in scene.episode.foreign:
        o = foreign.owner
        there = [
            s
            for s in scene.seen.by_address.get(foreign.other_address, ())
            if s.clientid == o.clientid and s.client == foreign.client and s.how != "refused"
        ]
        # held there only since this address fell silent, it may be the answer of one head that started anew
        if not telling(o.clientid or b"") or not _stayed(scene, there):
            continue
        at = Moment(time=o.reply_time or o.time, frame=o.reply_frame or o.frame)
        note = f"{o.op} at {scene.address} is answered with {_hex(o.clientid)}, live at {foreign.other_address}"
        yield _signal("S11", 5, at, note, foreign.other_address, foreign.live.frame)
        return


def _identity(scene: Scene) -> Iterator[Signal]:
    """S12: server owner and scope change to those of another address."""
    change = scene.episode.identity
    if change is None:
        return
    now = (change.after.so_major_id, change.after.eir_server_scope)
    at = Moment(time=change.after.reply_time or change.after.time, frame=change.after.reply_frame or change.after.frame)
    for other, identity in scene.identities.items():
        if identity == now:
            names = printable(change.before.so_major_id or b""), printable(change.after.so_major_id or b"")
            yield _signal(
                "S12",
                5,
                at,
                f"server owner of {scene.address} changes from {names[0]} to {names[1]}, the one of {other}",
                other,
            )
            return


def _refusals(scene: Scene) -> Iterator[Signal]:
    """S14: state refused at this address alone; S20: at others of its head too, at the same time."""
    here = scene.census.refusals(scene.address, scene.since, scene.until)
    if not here:
        return
    struck = {client for _, client in here}
    elsewhere = [
        (other, moment)
        for other in scene.others
        for moment, client in scene.census.refusals(other, scene.since, scene.until)
    ]
    shared = [(other, moment) for other, moment in elsewhere if scene.same_head_before(other)]
    if shared:
        other, moment = shared[0]
        yield _signal(
            "S20",
            -6,
            moment,
            f"{other}, the same head before, refuses its state at the same time: the head restarted",
            other,
        )
        return
    clean = [
        other
        for other in scene.others
        if any(link.client_address in struck for link in scene.census.links[other])
        and other not in {o for o, _ in elsewhere}
        and scene.census.first_good(other, here[0][0].time) is not None
    ]
    if clean:
        yield _signal(
            "S14",
            3,
            here[0][0],
            f"{scene.address} refuses state it gave out; {clean[0]} goes on for the same client",
            clean[0],
        )
    else:
        yield _signal("S14", 0, here[0][0], f"{scene.address} refuses state it gave out")


def _grace(scene: Scene) -> Iterator[Signal]:
    """S15 grace here; S16 grace at another address that refused nothing."""
    here = scene.census.in_grace(scene.address, scene.since, scene.until)
    if here is not None:
        yield _signal("S15", 1, here, f"{scene.address} is in grace")
    for other in scene.others:
        there = scene.census.in_grace(other, scene.since, scene.until)
        if there is not None and not scene.census.refusals(other, scene.since, scene.until):
            yield _signal(
                "S16", 3, there, f"{other} is in grace too, though it refused no state: it took something over", other
            )


def _hex(value: bytes | None) -> str:
    return "0x" + value.hex() if value else "unknown"


_SIGNALS: tuple[Callable[[Scene], Iterator[Signal]], ...] = (
    _mac,
    _connections,
    _instance,
    _foreign,
    _identity,
    _refusals,
    _grace,
)
