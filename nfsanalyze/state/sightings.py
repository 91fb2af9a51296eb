"""Sightings: at this time, this address spoke for the server instance that gave out this clientid.

Everything that follows about heads and takeovers rests on these, so each has the frame that shows it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from dissect.nfs4.const import Op, Status
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.sets import among
from nfsanalyze.facts.identity import ClientOwner, Confirm
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.trace import Trace
from nfsanalyze.facts.uses import Uses
from nfsanalyze.state.ids import Ids
from nfsanalyze.state.instance import Grant, Layouts, layouts

REFUSALS = {
    Status.STALE_CLIENTID,
    Status.STALE_STATEID,
    Status.BADSESSION,
    Status.DEADSESSION,
}
"""What a server instance answers to ids it never gave out (or no longer knows)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """`how`: granted (in a reply), accepted (a use of it succeeded), refused (a use of it was answered by a refusal:
    the
    *earlier* instance of that address gave it out)."""

    time: int
    frame: int
    address: str
    client: int | None
    clientid: bytes
    how: str
    session: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All sightings by address in order of time, and the layouts adopted from them."""

    by_address: dict[str, list[Sighting]]
    layouts: Layouts
    addresses: dict[bytes, frozenset[str]]
    "by instance half: the addresses it was seen at"
    instances: dict[tuple[str, bytes], bytes | None]
    "the instance half of each clientid at each address: asked for again and again"

    def instance(self, s: Sighting) -> bytes | None:
        """The instance half that a sighting shows."""
        return self.instances[s.address, s.clientid]


def seen(
    trace: Trace,
    links: dict[int, Link],
    owners: Sequence[ClientOwner],
    confirms: Sequence[Confirm],
    used: Uses,
    ids: Ids,
    client_of: dict[int, int],
) -> Seen:
    """Collect sightings from grants, confirmations and uses; runs of uses on one connection count as first and last."""
    found: list[Sighting] = []
    grants: list[Grant] = []
    for o in owners:
        if o.status == 0 and o.clientid is not None and o.reply_frame is not None and o.reply_time is not None:
            address = o.link.server_address
            found.append(
                Sighting(
                    time=o.reply_time,
                    frame=o.reply_frame,
                    address=address,
                    client=client_of.get(o.link.conn),
                    clientid=o.clientid,
                    how="granted",
                )
            )
            grants.append(Grant(address=address, clientid=o.clientid, time=o.reply_time, confirm=o.confirm_verifier))
    for c in confirms:
        if c.op == "CREATE_SESSION" and c.status == 0 and c.session_id and c.clientid and c.reply_time is not None:
            grants.append(
                Grant(address=c.link.server_address, clientid=c.clientid, time=c.reply_time, session=c.session_id)
            )
        found.extend(_confirmed(c, client_of))
    found.extend(_used(trace, links, used, ids, client_of))
    known = {(g.address, g.clientid) for g in grants}
    for s in found:
        if s.how == "accepted" and (s.address, s.clientid) not in known:
            grants.append(Grant(address=s.address, clientid=s.clientid, time=s.time, session=s.session, fresh=False))
            known.add((s.address, s.clientid))
    by_address: dict[str, list[Sighting]] = defaultdict(list)
    for s in sorted(found, key=lambda s: (s.time, s.frame, s.clientid)):
        by_address[s.address].append(s)
    adopted = layouts(grants)
    instances = {
        (address, clientid): adopted.instance(address, clientid)
        for address, clientid in dict.fromkeys((s.address, s.clientid) for s in found)
    }
    addresses: dict[bytes, set[str]] = defaultdict(set)
    for (address, _), instance in instances.items():
        if instance is not None:
            addresses[instance].add(address)
    return Seen(
        by_address=dict(sorted(by_address.items())),
        layouts=adopted,
        addresses={i: frozenset(a) for i, a in addresses.items()},
        instances=instances,
    )


def _confirmed(c: Confirm, client_of: dict[int, int]) -> Iterable[Sighting]:
    if (
        c.op not in ("SETCLIENTID_CONFIRM", "CREATE_SESSION")
        or c.clientid is None
        or c.status is None
        or c.reply_frame is None
    ):
        return
    if c.status == 0 or c.status in REFUSALS:
        yield Sighting(
            time=c.reply_time or c.time,
            frame=c.reply_frame,
            address=c.link.server_address,
            client=client_of.get(c.link.conn),
            clientid=c.clientid,
            how="accepted" if c.status == 0 else "refused",
        )


def _used(trace: Trace, links: dict[int, Link], used: Uses, ids: Ids, client_of: dict[int, int]) -> Iterable[Sighting]:
    refusal = among(used.status, [int(s) for s in REFUSALS])
    for mask, how in ((used.status == 0, "accepted"), (refusal, "refused")):
        answered = used.picked(mask & (used.reply >= 0))
        picked = answered.picked(answered.ends())
        columns = (picked.reply, picked.conn, picked.key, picked.op)
        for reply, conn, key_number, op in zip(*(c.tolist() for c in columns), strict=True):
            link = links.get(conn)
            key = trace.keys[key_number]
            if link is None:
                continue
            clientid = ids.clientid(key, link.server_address)
            if clientid is not None and not (how == "refused" and op == Op.SETATTR):
                yield Sighting(
                    time=trace.time(reply),
                    frame=trace.frame(reply),
                    address=link.server_address,
                    client=client_of.get(link.conn),
                    clientid=clientid,
                    how=how,
                    session=key if len(key) == 16 else None,
                )
