"""RECLAIM_COMPLETE: whether a v4.1 client said it, and what it was told before.

RFC 8881 section 18.51.3: after a new clientid is confirmed the client sends RECLAIM_COMPLETE (rca_one_fs false) before
its first OPEN that reclaims nothing, even if it has nothing to reclaim; until then such OPENs may be answered with
GRACE for ever.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.const import ExchgidFlag, Status
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.identity import Confirm
from nfsanalyze.facts.opens import Opens
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.rows import grouped, numbered
from nfsanalyze.facts.trace import Trace
from nfsanalyze.state.census import Moment, moment
from nfsanalyze.state.disorder import Slack
from nfsanalyze.state.grants import Grant
from nfsanalyze.state.ids import Ids
from nfsanalyze.state.leases import Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One clientid that was new when it was confirmed. `grace`: the longest time, from first to last answer, in which
    OPENs without reclaim were told GRACE and none was granted, before RECLAIM_COMPLETE."""

    grant: Grant
    lease: Lease
    data_server: bool
    sent: Confirm | None
    first_open: Moment | None
    grace: tuple[Moment, Moment] | None
    grace_answers: int


def completes(
    grants: Sequence[Grant],
    leases: Sequence[Lease],
    confirms: Sequence[Confirm],
    opened: Opens,
    trace: Trace,
    links: Mapping[int, Link],
    ids: Ids,
    client_of: Mapping[int, int],
    slack: Slack,
) -> list[Completion]:
    """All clientids of v4.1 and later that were made in the capture, by frame of the request."""
    sent: dict[tuple[int | None, bytes], list[Confirm]] = defaultdict(list)
    for c in confirms:
        clientid = ids.clientid(c.session_id, c.link.server_address) if c.session_id else None
        if c.op == "RECLAIM_COMPLETE" and not c.flags and clientid is not None:
            sent[client_of.get(c.link.conn), clientid].append(c)
    asked = _by_clientid(opened.picked(~opened.reclaim), trace, links, ids, client_of)
    held: dict[tuple[int, bytes], list[Lease]] = defaultdict(list)
    for lease in leases:
        held[lease.client, lease.clientid].append(lease)
    out, seen, none = [], set(), opened.picked(_NONE)
    for g in grants:
        clientid = g.owner.clientid
        if g.owner.op != "EXCHANGE_ID" or g.already_confirmed or g.confirmed is None or clientid is None:
            continue
        mine = [x for x in held[g.client, clientid] if g.owner.link.server_address in x.addresses]
        key = g.client, clientid
        if not mine or key in seen:
            continue
        seen.add(key)
        since = g.confirmed.time - slack.get((g.client, g.owner.link.server_address), 0)
        told = min((c for c in sent[key] if c.time >= since), key=lambda c: (c.time, c.frame), default=None)
        tries = asked.get(key, none)
        tries = tries.picked(tries.time >= since)
        before = tries.picked(tries.time < told.time) if told is not None else tries
        grace, answers = _grace(trace, before)
        flags = g.owner.eir_flags or 0
        out.append(
            Completion(
                grant=g,
                lease=mine[0],
                data_server=bool(flags & ExchgidFlag.USE_PNFS_DS)
                and not flags & (ExchgidFlag.USE_PNFS_MDS | ExchgidFlag.USE_NON_PNFS),
                sent=told,
                first_open=moment(trace, int(tries.call[0])) if len(tries) else None,
                grace=grace,
                grace_answers=answers,
            )
        )
    return out


_NONE = np.zeros(0, np.intp)


def _by_clientid(
    opened: Opens, trace: Trace, links: Mapping[int, Link], ids: Ids, client_of: Mapping[int, int]
) -> dict[tuple[int | None, bytes], Opens]:
    """By client and clientid: its OPENs, by time."""
    pairs, numbers = numbered(opened.conn, opened.key)
    parts: dict[tuple[int | None, bytes], list[NDArray[np.intp]]] = defaultdict(list)
    for number, rows in grouped(numbers, len(pairs)):
        conn, key = int(pairs[number]) >> 32, trace.keys[int(pairs[number]) & 0xFFFFFFFF]
        link = links.get(conn)
        clientid = ids.clientid(key, link.server_address) if link is not None and len(key) == 16 else None
        if clientid is not None:
            parts[client_of.get(conn), clientid].append(rows)
    return {key: opened.picked(np.sort(np.concatenate(found))) for key, found in parts.items()}


def _grace(trace: Trace, tries: Opens) -> tuple[tuple[Moment, Moment] | None, int]:
    refused = tries.picked(tries.status == int(Status.GRACE))
    if not len(refused):
        return None, 0
    refused = refused.picked(np.lexsort((refused.reply, refused.told)))
    granted = np.sort(tries.told[tries.status == 0])
    between = np.flatnonzero(np.diff(np.searchsorted(granted, refused.told))) + 1
    runs = np.split(np.arange(len(refused)), between)
    longest = max(runs, key=lambda run: int(refused.told[run[-1]] - refused.told[run[0]]))
    first, last = (moment(trace, int(refused.reply[at])) for at in (longest[0], longest[-1]))
    return (first, last), len(longest)
