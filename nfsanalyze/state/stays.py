"""Stays: an address's time on one running server instance, from one change to the next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.identity import ClientOwner
from nfsanalyze.state.census import Moment
from nfsanalyze.state.episodes import flapping
from nfsanalyze.state.sightings import Seen, Sighting
from nfsanalyze.state.takeovers import Change


@dataclass(slots=True, kw_only=True)
class Draft:
    """One stay, before it is known which others share its head."""

    address: str
    first: int
    first_frame: int
    last: int
    last_frame: int
    answered: int
    "its last good answer at the latest: from then to `last` nobody answered, and nothing can be proven"
    mixed: bool
    sightings: list[Sighting]
    instance: bytes | None = None
    home: bool = True
    "on the head it belongs to, as far as the capture shows: it was not taken over"
    majors: frozenset[bytes] = frozenset()
    "the server owners (so_major_id) that it told"


def drafts(
    seen: Seen, found: Sequence[Change], spans: dict[str, tuple[Moment, Moment]], owners: Sequence[ClientOwner]
) -> list[Draft]:
    """Every address's span (first and last moment seen), cut at its changes."""
    out = []
    cuts: dict[str, list[Change]] = defaultdict(list)
    for change in found:
        cuts[change.address].append(change)
    granted: dict[str, list[ClientOwner]] = defaultdict(list)
    for o in owners:
        if o.clientid and o.status == 0:
            granted[o.link.server_address].append(o)
    for address, (first, last) in sorted(spans.items()):
        taking_turns = flapping(seen, address)
        borders = sorted({begins(c): c for c in cuts[address]}.items(), key=lambda b: (b[0].time, b[0].frame))
        starts = [first] + [b for b, _ in borders]
        home = True
        for n, start in enumerate(starts):
            end = starts[n + 1] if n + 1 < len(starts) else None
            ended = borders[n][1].outage_from if n < len(borders) else None
            home = n == 0 or borders[n - 1][1].kind == "failback" or (home and borders[n - 1][1].kind == "restart")
            inside = [
                s
                for s in seen.by_address.get(address, ())
                if s.how != "refused" and (n == 0 or s.time >= start.time) and (end is None or s.time < end.time)
            ]
            instances = [i for s in inside if (i := seen.instance(s)) is not None]
            until = end.time if end else last.time
            given = [o for o in granted[address] if start.time <= (o.reply_time or o.time) <= until]
            out.append(
                Draft(
                    address=address,
                    first=start.time,
                    first_frame=start.frame,
                    last=until,
                    last_frame=end.frame if end else last.frame,
                    answered=min(ended.time if ended else last.time, end.time - 1 if end else last.time),
                    mixed=taking_turns or _turns(given),
                    sightings=inside,
                    instance=instances[0] if instances else None,
                    home=home,
                    majors=frozenset(
                        o.so_major_id
                        for o in given
                        if o.so_major_id and (end is None or (o.reply_time or o.time) < end.time)
                    ),
                )
            )
    return out


def begins(change: Change) -> Moment:
    """When the new instance first answered: the first answer after the outage, at the latest its first sign."""
    sign = Moment(time=change.episode.time, frame=change.episode.frame)
    if change.outage_until is not None and change.outage_until.time <= sign.time:
        return change.outage_until
    return sign


def _turns(owners: Iterable[ClientOwner]) -> bool:
    """One owner with one verifier is answered c1, c2 and c1 again: an instance that lost c1 does not give it out anew
    (RFC 7530 section 16.33, RFC 8881 section 18.35), so several take turns."""
    latest: dict[tuple[object, ...], bytes] = {}
    before: set[tuple[object, ...]] = set()
    for o in owners:
        asked = o.minor, o.owner, o.verifier
        if not o.clientid or o.clientid == latest.get(asked):
            continue
        if (*asked, o.clientid) in before:
            return True
        if asked in latest:
            before.add((*asked, latest[asked]))
        latest[asked] = o.clientid
    return False
