"""Recoveries: what a client does at an address after it was told that its clientid or session is gone.

Theory: one small machine for each (client, address).

    idle ──refused──► triggered ──identity──► identified ──confirm──► confirmed
                          └───────────session made──────────────────────┘
    confirmed: reclaims and RECLAIM_COMPLETE belong to it; a refusal of what it just obtained begins the next recovery,
    a new SETCLIENTID or EXCHANGE_ID (a mount, say) is not part of it.

Recovery is not trunking detection: Linux confirms on the connection it recovers on and compares with nothing
(nfs4_reclaim_lease -> nfs40/nfs41_init_clientid), so what it skipped can be told from where the confirm went.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import field
from enum import Enum

from dissect.nfs4.const import Op, Status
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.errors import StateError
from nfsanalyze.facts.files import Reclaim
from nfsanalyze.facts.identity import ClientOwner, Confirm
from nfsanalyze.state.disorder import Slack
from nfsanalyze.state.ids import Ids

FINAL = {int(Status.NO_GRACE), int(Status.RECLAIM_BAD), int(Status.RECLAIM_CONFLICT)}
"""Refusals of a reclaim that are for good; GRACE and DELAY ask to come back."""

PAUSE_NS = 180_000_000_000
"""A step later than this after the one before belongs to no recovery."""

_TRIGGERS = {
    int(Status.STALE_CLIENTID),
    int(Status.STALE_STATEID),
    int(Status.EXPIRED),
    int(Status.BADSESSION),
    int(Status.DEADSESSION),
}
_NO_TRIGGER = {Op.DESTROY_SESSION, Op.DESTROY_CLIENTID, Op.FREE_STATEID, Op.TEST_STATEID}


class Phase(Enum):
    """Where the machine stands."""

    IDLE = "idle"
    TRIGGERED = "triggered"
    IDENTIFIED = "identified"
    CONFIRMED = "confirmed"


class Step(Enum):
    """What can happen to it."""

    REFUSED = "refused"
    REFUSED_AGAIN = "refused what was just obtained"
    IDENTITY = "identity"
    SESSION = "session made"
    CONFIRM = "confirm"
    FOLLOW_UP = "reclaim or RECLAIM_COMPLETE"


TRANSITIONS: dict[tuple[Phase, Step], Phase] = {
    (Phase.IDLE, Step.REFUSED): Phase.TRIGGERED,
    (Phase.TRIGGERED, Step.REFUSED): Phase.TRIGGERED,
    (Phase.TRIGGERED, Step.IDENTITY): Phase.IDENTIFIED,
    (Phase.TRIGGERED, Step.SESSION): Phase.CONFIRMED,
    (Phase.IDENTIFIED, Step.REFUSED): Phase.IDENTIFIED,
    (Phase.IDENTIFIED, Step.REFUSED_AGAIN): Phase.IDENTIFIED,
    (Phase.IDENTIFIED, Step.IDENTITY): Phase.IDENTIFIED,
    (Phase.IDENTIFIED, Step.SESSION): Phase.CONFIRMED,
    (Phase.IDENTIFIED, Step.CONFIRM): Phase.CONFIRMED,
    (Phase.CONFIRMED, Step.REFUSED): Phase.CONFIRMED,
    (Phase.CONFIRMED, Step.IDENTITY): Phase.IDLE,
    (Phase.CONFIRMED, Step.CONFIRM): Phase.CONFIRMED,
    (Phase.CONFIRMED, Step.SESSION): Phase.CONFIRMED,
    (Phase.CONFIRMED, Step.FOLLOW_UP): Phase.CONFIRMED,
    (Phase.CONFIRMED, Step.REFUSED_AGAIN): Phase.TRIGGERED,
}
"""What is not listed changes nothing. CONFIRMED to TRIGGERED closes one recovery and opens the next."""


@dataclass(slots=True, kw_only=True)
class Recovery:
    """One recovery while it is being followed."""

    recovery: int = 0
    client: int
    address: str
    minor: int
    trigger: StateError
    phase: Phase = Phase.TRIGGERED
    last: int
    last_frame: int
    old_clientid: bytes | None
    identity: ClientOwner | None = None
    confirm: Confirm | None = None
    session: Confirm | None = None
    repeated: bool = False
    reclaims: list[Reclaim] = field(default_factory=list)
    complete_already: Confirm | None = None
    frames: list[int] = field(default_factory=list)

    @property
    def new_clientid(self) -> bytes | None:
        """The clientid answered to its SETCLIENTID or EXCHANGE_ID."""
        return self.identity.clientid if self.identity is not None and self.identity.status == 0 else None

    @property
    def failed(self) -> list[Reclaim]:
        """Reclaims refused for good; one that was accepted later does not count."""
        accepted = {(r.op, r.filehandle) for r in self.reclaims if r.status == 0}
        return [r for r in self.reclaims if r.status in FINAL and (r.op, r.filehandle) not in accepted]


Happening = StateError | ClientOwner | Confirm | Reclaim


def recoveries(
    errors: Sequence[StateError],
    owners: Sequence[ClientOwner],
    confirms: Sequence[Confirm],
    reclaims: Sequence[Reclaim],
    ids: Ids,
    client_of: dict[int, int],
    slack: Slack,
) -> list[Recovery]:
    """Run the machines over everything that happened, in order; numbered by the frame of the trigger."""
    happened: dict[tuple[int, str], list[Happening]] = defaultdict(list)
    groups: tuple[Iterable[Happening], ...] = (errors, owners, confirms, reclaims)
    for group in groups:
        for h in group:
            client = client_of.get(h.link.conn)
            if client is not None:
                happened[client, h.link.server_address].append(h)
    out: list[Recovery] = []
    for (client, address), series in happened.items():
        late = slack.get((client, address), 0)
        out.extend(_follow(client, address, sorted(series, key=lambda h: _when(h, late)), ids))
    out.sort(key=lambda r: (r.trigger.frame, r.client, r.address))
    for number, recovery in enumerate(out, 1):
        recovery.recovery = number
    return out


def _when(h: Happening, slack: int) -> tuple[int, int]:
    """Requests count from their call, refusals from their reply: a request follows the refusal that caused it. Where
    the capture mixed up what is this close, in the order in which a recovery goes."""
    match h:
        case StateError():
            rank = 0
        case ClientOwner():
            rank = 1
        case Confirm(op="SETCLIENTID_CONFIRM" | "CREATE_SESSION"):
            rank = 2
        case _:
            rank = 3
    return h.time + rank * slack, h.frame


def _follow(client: int, address: str, series: Iterable[Happening], ids: Ids) -> Iterable[Recovery]:
    current: Recovery | None = None
    for h in series:
        if current is not None and h.time - current.last > PAUSE_NS:
            yield current
            current = None
        step = _step(h, current)
        if step is None:
            continue
        phase = current.phase if current else Phase.IDLE
        after = TRANSITIONS.get((phase, step))
        if after is None:
            continue
        if after is Phase.TRIGGERED and phase in (Phase.IDLE, Phase.CONFIRMED):
            assert isinstance(h, StateError)
            if current is not None:
                current.repeated = True
                yield current
            current = Recovery(
                client=client,
                address=address,
                minor=h.minor,
                trigger=h,
                last=h.time,
                last_frame=h.frame,
                old_clientid=ids.clientid(key, address) if (key := h.key or h.session) else None,
                frames=[h.frame],
            )
            continue
        assert current is not None
        if after is Phase.IDLE:
            yield current
            current = None
            continue
        current.phase = after
        _record(current, h)
    if current is not None:
        yield current


def _step(h: Happening, current: Recovery | None) -> Step | None:
    match h:
        case StateError():
            if h.status not in _TRIGGERS or h.op in _NO_TRIGGER:
                return None
            obtained = current is not None and (
                (current.session is not None and h.session is not None and h.session == current.session.session_id)
                or (current.new_clientid is not None and h.key == current.new_clientid)
            )
            return Step.REFUSED_AGAIN if obtained else Step.REFUSED
        case ClientOwner():
            return Step.IDENTITY
        case Confirm(op="SETCLIENTID_CONFIRM"):
            return Step.CONFIRM
        case Confirm(op="CREATE_SESSION", status=0):
            return Step.SESSION
        case Confirm(op="RECLAIM_COMPLETE") | Reclaim():
            return Step.FOLLOW_UP
    return None


def _record(current: Recovery, h: Happening) -> None:
    reply = getattr(h, "reply_frame", None)
    current.last, current.last_frame = getattr(h, "reply_time", None) or h.time, reply or h.frame
    current.frames += [h.frame] + ([reply] if reply is not None else [])
    match h:
        case ClientOwner():
            current.identity = h
        case Confirm(op="SETCLIENTID_CONFIRM"):
            current.confirm = h
        case Confirm(op="CREATE_SESSION"):
            current.session = h
        case Confirm(op="RECLAIM_COMPLETE") if h.status == int(Status.COMPLETE_ALREADY):
            current.complete_already = h
        case Reclaim():
            current.reclaims.append(h)
        case _:
            pass
