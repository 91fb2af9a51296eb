"""A call flow as plain values: a column an actor, a row a frame, and how long nothing happened between rows.

An actor is a client instance or a head, never an address: where an address moves, what is sent to it goes to another
column. `laid` puts sightings into this form; the renderings know nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from enum import Enum

from dissect.nfs4.dataclass import dataclass

NS = 10**9
PAUSE_NS = NS
"""A silence from this length on is shown."""


class Manner(Enum):
    """How a row is drawn."""

    CALL = "call"
    REPLY = "reply"
    ERROR = "error"
    "a reply that refuses"
    LOST = "lost"
    "a call that the capture shows no reply to"
    AGAIN = "again"
    "a call sent again"
    TURN = "turn"
    "SYN, SYN-ACK or FIN"
    RESET = "reset"
    MOVE = "move"
    "an address goes to another head"
    FOLD = "fold"
    "many messages drawn as one"
    MARK = "mark"
    "something that went between no two actors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What a frame shows, or a run of frames from `time` to `until`. `what` and `sender` as in the table `events`;
    `label` is a word or two, `note` a line. `elapsed`: ns from a call to this reply."""

    time: int
    capture: str
    frame: int | None
    client: str | None = None
    server: str | None = None
    "address"
    what: str | None = None
    sender: str | None = None
    label: str = ""
    note: str = ""
    manner: Manner | None = None
    "where `what` does not tell it"
    until: int | None = None
    answer_frame: int | None = None
    elapsed: int | None = None
    rules: tuple[str, ...] = ()
    "rules whose findings cite the frame"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A head behind an address for a while."""

    address: str
    head: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An address that went to another head, or whose head started anew: the frame that shows it first."""

    address: str
    kind: str
    from_head: int | None
    to_head: int | None
    capture: str
    frame: int
    time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is known of the actors: clients by id with their title and addresses, and which head was where when."""

    clients: Mapping[str, tuple[str, tuple[str, ...]]]
    stays: Sequence[Stay]
    changes: Sequence[Change]
    start: int
    "time zero: the first packet"
    captures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A column."""

    title: str
    lines: tuple[str, ...]
    "addresses, the time from which a head has them where it had not always"
    is_client: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A row: from one column to another, or a mark at one where they are equal."""

    source: int
    target: int
    manner: Manner
    sight: Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Nothing that is shown happened for so many ns."""

    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The whole flow. `several`: frames are of more than one capture, so each says of which."""

    title: str
    start: int
    actors: tuple[Actor, ...]
    rows: tuple[Arrow | Pause, ...]
    several: bool = False
    captures: tuple[str, ...] = field(default=())

    @property
    def arrows(self) -> tuple[Arrow, ...]:
        """The rows that are no pauses."""
        return tuple(row for row in self.rows if isinstance(row, Arrow))


_Key = tuple[str, str]
"""Of a column: ("client", id), ("head", number), ("server", address), ("?", "") for a client that is not known."""

_ORDER = ("client", "?", "head", "server")
_TURNS = frozenset(("SYN", "SYN-ACK", "FIN"))
_UNKNOWN: _Key = ("?", "")


def laid(title: str, sights: Iterable[Sight], scene: Scene) -> Ladder:
    """The flow of some sightings, in order of time."""
    seen = sorted(sights, key=lambda s: (s.time, s.capture, s.frame or 0, s.until or 0))
    heads = _Heads(scene)
    only = {s.client for s in seen if s.client is not None}
    alone = only.pop() if len(only) == 1 else None
    placed = [(s, *_ends(s, heads, alone)) for s in seen]
    keys = {key for _, source, target, _ in placed for key in (source, target)}
    columns = {key: at for at, key in enumerate(sorted(keys, key=_rank))}
    rows: list[Arrow | Pause] = []
    reached: int | None = None
    for sight, source, target, manner in placed:
        if reached is not None and sight.time - reached >= PAUSE_NS:
            rows.append(Pause(length=sight.time - reached))
        reached = max(reached or 0, sight.until or sight.time)
        rows.append(Arrow(source=columns[source], target=columns[target], manner=manner, sight=sight))
    return Ladder(
        title=title,
        start=scene.start,
        actors=tuple(_actor(key, scene) for key in columns),
        rows=tuple(rows),
        several=len(scene.captures) > 1,
        captures=scene.captures,
    )


class _Heads:
    """Which column stands for an address at a time."""

    def __init__(self, scene: Scene) -> None:
        self._stays: dict[str, list[Stay]] = {}
        for stay in sorted(scene.stays, key=lambda s: s.first):
            self._stays.setdefault(stay.address, []).append(stay)
        self.changes = {(c.capture, c.frame, c.address): c for c in scene.changes}

    def at(self, address: str | None, time: int) -> _Key:
        """The head behind an address, the address itself where no head is known."""
        stays = self._stays.get(address or "", ())
        begun = [stay for stay in stays if stay.first <= time] or list(stays[:1])
        return ("head", str(begun[-1].head)) if begun else ("server", address or "a server")


def _ends(sight: Sight, heads: _Heads, alone: str | None) -> tuple[_Key, _Key, Manner]:
    """Where an arrow begins and ends."""
    server = heads.at(sight.server, sight.time)
    change = heads.changes.get((sight.capture, sight.frame or 0, sight.server or ""))
    if change is not None and sight.what is None:
        there = server if change.to_head is None else ("head", str(change.to_head))
        here = there if change.from_head is None else ("head", str(change.from_head))
        return here, there, Manner.MOVE if here != there else Manner.MARK
    client = sight.client or (alone if sight.what else None)
    if sight.what is None and sight.manner is None:
        return server, server, Manner.MARK
    ours: _Key = _UNKNOWN if client is None else ("client", client)
    source, target = (server, ours) if sight.sender == "server" else (ours, server)
    return source, target, sight.manner or _manner(sight)


def _manner(sight: Sight) -> Manner:
    if sight.what in _TURNS:
        return Manner.TURN
    if sight.what == "RST":
        return Manner.RESET
    return Manner.CALL if sight.what == "call" else Manner.REPLY


def _rank(key: _Key) -> tuple[int, int, str]:
    kind, name = key
    digits = name.lstrip("c")
    return _ORDER.index(kind), int(digits) if digits.isdigit() else 0, name


def _actor(key: _Key, scene: Scene) -> Actor:
    kind, name = key
    if kind == "client":
        title, addresses = scene.clients.get(name, (f"client {name}", ()))
        return Actor(title=title, lines=addresses, is_client=True)
    if kind == "head":
        stays = [stay for stay in scene.stays if str(stay.head) == name]
        return Actor(title=f"head {name}", lines=tuple(_stayed(s, scene) for s in stays), is_client=False)
    return Actor(title=name or "a client", lines=(), is_client=kind == "?")


def _stayed(stay: Stay, scene: Scene) -> str:
    """`10.0.0.2 from +31.616s` where another head had the address before, `until` where one has it later."""
    others = [each for each in scene.stays if each.address == stay.address and each is not stay]
    words = [stay.address]
    if any(each.first < stay.first for each in others):
        words.append(f"from {since(stay.first, scene.start)}")
    if any(each.first > stay.first for each in others):
        words.append(f"until {since(stay.last, scene.start)}")
    return " ".join(words)


def since(time: int, start: int) -> str:
    """`+31.783s`."""
    return f"{(time - start) / NS:+.3f}s"


def lasting(ns: int) -> str:
    """`0.4 ms`, `31.8 s`, `4 min`."""
    seconds = ns / NS
    if seconds < 1:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds:.1f} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def remark(arrow: Arrow) -> str:
    """What stands beside an arrow: not again what stands on it, and how long the answer took."""
    sight = arrow.sight
    words = sight.note.removeprefix(f"{sight.label} ") if sight.label else sight.note
    if words == sight.label:
        words = ""
    if arrow.manner is Manner.LOST:
        words = f"{words}; no reply in the capture" if words else "no reply in the capture"
    if sight.elapsed is not None:
        words = f"{words} ({lasting(sight.elapsed)})" if words else lasting(sight.elapsed)
    return words
