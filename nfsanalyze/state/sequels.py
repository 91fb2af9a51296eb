"""One line for each frame that shows what followed: the evidence of findings about it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from nfsanalyze.facts.printable import printable
from nfsanalyze.state.aftermath import Aftermath
from nfsanalyze.state.census import Moment
from nfsanalyze.state.events import Event


def sequels(found: Aftermath, told: Collection[int]) -> list[Event]:
    """Notes for frames not among those `told`, one a frame, by frame."""
    notes: dict[int, Event] = {}
    for event in _all(found):
        if event.frame not in told:
            notes.setdefault(event.frame, event)
    return [notes[frame] for frame in sorted(notes)]


def _event(at: Moment, client: int | None, address: str, kind: str, note: str) -> Event:
    return Event(frame=at.frame, time=at.time, client=client, address=address, kind=kind, note=note)


def _all(found: Aftermath) -> Iterator[Event]:
    yield from _opens(found)
    for g in found.graces:
        for at, which in ((g.first, "first"), (g.last, "last"), (g.peak_at, "the busiest minute begins")):
            yield _event(at, None, g.address, "GRACE", f"{g.address} answers GRACE ({which}; {g.count} in all)")
    for late in found.late_reclaims:
        address = late.recovery.address
        yield _event(late.sign, None, address, "GRACE", f"last sign of a grace period at {address}")
        yield _event(late.ended, None, address, "OPEN", f"{address} grants a new open: the grace is over")
    for x in found.late_renewals:
        note = f"renewal of clientid 0x{x.lease.clientid.hex()}"
        yield _event(x.last, x.lease.client, x.lease.address, "renewal", note)
        after = f"{note}, {x.seconds:.1f} s after the one before"
        yield _event(x.next, x.lease.client, x.lease.address, "renewal", after)
    for grant in found.grants:
        if grant.used is not None:
            o = grant.owner
            note = f'clientid 0x{(o.clientid or b"").hex()} accepted from "{printable(o.owner)}"'
            yield _event(grant.used, grant.client, o.link.server_address, "renewal", note)
    for c in found.verifier_changes:
        address = c.after.link.server_address
        for use, verifier in ((c.shared, c.after.verifier), (c.alive, c.before.verifier)):
            if use is not None:
                note = f"use of what {address} granted to the boot verifier 0x{verifier.hex()}"
                yield _event(use, None, address, "use", note)


def _opens(found: Aftermath) -> Iterator[Event]:
    for h in found.holdings:
        client, address = h.recovery.client, h.recovery.address
        for held in h.held:
            name = f' of "{printable(held.name)}"' if held.name else ""
            at = Moment(time=held.time, frame=held.frame)
            yield _event(at, client, address, held.kind, f"{held.kind}{name}: granted, and held later")
        if h.opened is not None:
            yield _event(h.opened, client, address, "OPEN", f"OPEN to {address} that reclaims nothing")
    for c in found.completes:
        client, address = c.grant.client, c.grant.owner.link.server_address
        if c.first_open is not None:
            yield _event(c.first_open, client, address, "OPEN", f"OPEN to {address} that reclaims nothing")
        for at in c.grace or ():
            yield _event(at, client, address, "OPEN", f"{address} answers OPEN: NFS4ERR_GRACE")
