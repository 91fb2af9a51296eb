"""Judging episodes: did the address move to another head, come back, or did its head restart?

The model of reference part G: signals with weights; a move needs a sum of 6 and one signal that ties the address to
another head or away from its own. What stays ambiguous is called undetermined, and nothing is built on it.
"""

from __future__ import annotations

from collections.abc import Sequence

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.identity import ClientOwner
from nfsanalyze.state.census import Census, Moment
from nfsanalyze.state.declared import NOTHING, Declared
from nfsanalyze.state.episodes import WINDOW_NS, Episode
from nfsanalyze.state.macs import Macs
from nfsanalyze.state.scene import Earlier, Scene, scene_of
from nfsanalyze.state.sightings import Seen
from nfsanalyze.state.signals import Signal, signals

THRESHOLD = 6
STRONG = {"S2", "S9", "S10", "S11", "S12"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of the instance behind an address. `kind`: takeover, failback, restart, undetermined.
    `before` and `after` are the instance halves, where known; `to_address` another address of the instance after."""

    address: str
    kind: str
    episode: Episode
    outage_from: Moment | None
    outage_until: Moment | None
    before: bytes | None
    after: bytes | None
    to_address: str | None
    mac_before: bytes | None
    mac_after: bytes | None
    signals: tuple[Signal, ...]

    @property
    def score(self) -> int:
        """Sum of the weights."""
        return sum(s.weight for s in self.signals)

    @property
    def outage_s(self) -> float | None:
        """Seconds from the last good answer before to the first answer after."""
        if self.outage_from is None or self.outage_until is None:
            return None
        return max(0.0, (self.outage_until.time - self.outage_from.time) / 1e9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A port took over an address, and nothing shows whether the instance behind it is another one."""

    address: str
    first: Moment
    last: Moment
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of all episodes: those that are changes, and those of which nothing can be said."""

    changes: tuple[Change, ...]
    doubts: tuple[Doubt, ...]


def judge(
    seen: Seen,
    found: Sequence[Episode],
    macs: Macs,
    census: Census,
    owners: Sequence[ClientOwner],
    declared: Declared = NOTHING,
) -> Judged:
    """Judge all episodes, in order of time: a failback is told by the takeover before it."""
    out: list[Change] = []
    doubts: list[Doubt] = []
    for number, episode in enumerate(found):
        following = [e.time for e in found[number + 1 :] if e.address == episode.address]
        earlier = [
            Earlier(kind=c.kind, instance=c.before, mac=c.mac_before)
            for c in out
            if c.address == episode.address and c.kind in ("takeover", "failback")
        ]
        until = min(following, default=episode.until)
        scene = scene_of(episode, seen, macs, census, owners, earlier, until, declared)
        told = signals(scene)
        kind = None if _carried_on(scene) else _kind(scene, told)
        if kind is None:
            continue
        if kind == "doubtful":
            doubts.append(_doubt(scene, told))
            continue
        out.append(_change(scene, told, kind))
        if (restart := _restarted_meanwhile(scene, kind)) is not None:
            out.append(restart)
    return Judged(changes=tuple(out), doubts=tuple(doubts))


def _carried_on(scene: Scene) -> bool:
    """An id from before the change is accepted after all its signs, though it was neither refused nor given out anew:
    the instance is still the same, whatever was refused to others and whichever port it speaks through."""
    there = scene.seen.by_address.get(scene.address, ())
    held = {s.clientid for s in there if s.how != "refused" and s.time <= scene.since}
    held -= {s.clientid for s in there if s.how != "accepted" and s.time > scene.since}
    last_sign = scene.episode.until - WINDOW_NS
    return any(s.how == "accepted" and s.clientid in held and s.time > last_sign for s in there)


def _kind(scene: Scene, told: Sequence[Signal]) -> str | None:
    names = {s.signal for s in told}
    score = sum(s.weight for s in told)
    if scene.unchanged:
        return None  # the same instance answered before and after: an expired lease, a second client, another port
    strong = names & STRONG or {"S1", "S3"} <= names
    if not _lost_state(scene):  # a port that fails over looks the same, unless it is the one of another head
        apart = [
            s for s in told if s.signal == "S2" and s.other_address and not scene.same_head_before(s.other_address)
        ]
        if apart:
            return "failback" if scene.came_back() else "takeover"
        return "doubtful" if score >= THRESHOLD and ("S2" in names or "S3" in names) else None
    if strong and score >= THRESHOLD and ("S20" not in names or _elsewhere(scene, told)):
        return "failback" if scene.came_back() else "takeover"
    if scene.episode.instance is not None:
        if "S20" in names or scene.booted_meanwhile():
            return "undetermined" if _merged(scene) else "restart"
        return "undetermined"
    broken = names & {"S1", "S4", "S5", "S15"}
    if scene.episode.refusals and broken and scene.before is None:
        return "undetermined"
    return None


def _doubt(scene: Scene, told: Sequence[Signal]) -> Doubt:
    """All state from before was given up in the outage, or never used again: a bond that fails over looks like this,
    and so does a move to a head whose clients had unmounted."""
    sign = next(s for s in told if s.signal == "S1")
    return Doubt(
        address=scene.address,
        first=scene.last_good or Moment(time=sign.time, frame=sign.frame),
        last=Moment(time=sign.time, frame=sign.frame),
        note=f"{sign.note}: another head or only another port, for no state from before was used again",
    )


def _elsewhere(scene: Scene, told: Sequence[Signal]) -> bool:
    """The head that answers now was up all the time, at an address that refused nothing: then the addresses that refuse
    together did not restart, they moved together."""
    named = {s.other_address for s in told if s.signal in STRONG and s.other_address is not None}
    return any(
        not scene.census.refusals(other, scene.since, scene.until)
        and scene.census.last_good(other, scene.since + 1) is not None
        for other in named
    )


def _lost_state(scene: Scene) -> bool:
    """More than a MAC changed: something that the instance knew or was is other than before."""
    e = scene.episode
    return bool(e.instance or e.foreign or e.identity or e.refusals)


def _merged(scene: Scene) -> bool:
    """Two heads before, one new one now, and nothing tells which of the two addresses moved to it."""
    change, same = scene.episode.instance, scene.seen.layouts.same_instance
    if change is None:
        return False
    for other in scene.others:
        there = [
            s for s in scene.seen.by_address.get(other, ()) if s.how != "refused" and scene.seen.instance(s) is not None
        ]
        earlier, later = [s for s in there if s.time <= scene.since], [s for s in there if s.time > scene.since]
        joins = [s for s in later if same(scene.address, change.after.clientid, other, s.clientid)]
        if not earlier or not joins or same(scene.address, change.before.clientid, other, earlier[-1].clientid):
            continue
        macs = scene.macs.at(other, scene.since), scene.macs.at(other, joins[0].time)
        stayed = scene.mac_before == scene.mac_after and macs[0] != macs[1]
        named = scene.identity is not None and scene.identities.get(other) not in (None, scene.identity)
        if not stayed and not named:
            return True
    return False


def _change(scene: Scene, told: Sequence[Signal], kind: str) -> Change:
    answer = scene.census.first_answer(scene.address, scene.since, scene.until)
    return Change(
        address=scene.address,
        kind=kind,
        episode=scene.episode,
        outage_from=scene.last_good,
        outage_until=answer,
        before=scene.before,
        after=scene.after,
        to_address=next((s.other_address for s in told if s.other_address and s.signal in STRONG), None)
        if kind in ("takeover", "failback")
        else None,
        mac_before=scene.mac_before,
        mac_after=scene.mac_after,
        signals=tuple(sorted(told, key=lambda s: (-abs(s.weight), s.frame, s.signal))),
    )


def _restarted_meanwhile(scene: Scene, kind: str) -> Change | None:
    """An address that comes back to its first head's own port, with an instance that is new: that head was
    restarted."""
    home = scene.home()
    if kind != "failback" or home is None or scene.after is None or scene.episode.instance is None:
        return None
    instance, mac = home
    if (
        mac is None
        or mac != scene.mac_after
        or not scene.macs.adjacent(scene.address, mac)
        or instance in (None, scene.after)
    ):
        return None
    after = scene.episode.instance.after
    return Change(
        address=scene.address,
        kind="restart",
        episode=scene.episode,
        outage_from=None,
        outage_until=None,
        before=instance,
        after=scene.after,
        to_address=None,
        mac_before=mac,
        mac_after=mac,
        signals=(
            Signal(
                signal="S9",
                weight=3,
                frame=after.frame,
                time=after.time,
                other_address=None,
                note=f"the head that answers for {scene.address} again has a new instance: it was restarted while away",
            ),
        ),
    )
