"""How COMPOUNDs lie in their records: from behind the fixed words of the RPC header to the last operation."""

from __future__ import annotations

import numpy as np

from dissect.nfs4.columnar.cursors import Cursors, Mask, Tails, Words
from dissect.nfs4.columnar.space import Index
from dissect.nfs4.columnar.walk import Bodies, Seen, walk
from dissect.nfs4.compound import STATUS_LIMIT
from dissect.nfs4.const import AcceptStat
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.rpc.header import MAX_AUTH

CREDENTIAL_AT = 28
"""Where the length of a call's credential is."""
VERIFIER_AT = 16
"""Where the length of an accepted reply's verifier is."""
_HIGHEST_MINOR = 127


@dataclass(slots=True, kw_only=True)
class Records:
    """RPC messages in the order of their ids: `at` the address of the xid, `octets` how many are there.

    Of those too long to be copied whole, `octets` counts the head alone; their tail, from octet `tail_from` on, lies at
    address `tail` up to `tail_end` (-1 where there is none).
    """

    at: Index
    octets: Index
    tail_from: Index
    tail: Index
    tail_end: Index

    def taken(self, these: Index | Mask) -> Records:
        """Some of them."""
        return Records(
            at=self.at[these],
            octets=self.octets[these],
            tail_from=self.tail_from[these],
            tail=self.tail[these],
            tail_end=self.tail_end[these],
        )


@dataclass(slots=True, kw_only=True)
class Laid:
    """What COMPOUNDs say. `headed`: read up to the number of their operations; `whole`: to the end of the last one.
    `minor` is -1 in replies, `status` in calls."""

    headed: Mask
    whole: Mask
    minor: Index
    count: Index
    status: Index
    seen: Seen


def lay(words: Words, records: Records, reply: bool) -> Laid:
    """Read calls, or accepted replies to such calls, without RPCSEC_GSS."""
    size = len(records.at)
    end = records.at + records.octets
    minor = status = np.full(size, -1, np.int64)
    if reply:
        head = Cursors(words, records.at + VERIFIER_AT, end)
        head.skip_opaque(MAX_AUTH)
        head.one_of(AcceptStat.SUCCESS)
        status = head.one_of(STATUS_LIMIT)
        head.skip_opaque()
    else:
        head = Cursors(words, records.at + CREDENTIAL_AT, end)
        head.skip_opaque(MAX_AUTH)
        head.skip(4)
        head.skip_opaque(MAX_AUTH)
        head.skip_opaque()
        minor = np.minimum(head.u32(), _HIGHEST_MINOR)
    count = head.u32()
    these = np.flatnonzero(head.good)
    tails = Tails(
        begin=records.at[these] + records.tail_from[these], at=records.tail[these], end=records.tail_end[these]
    )
    bodies = Bodies(at=head.at[these], end=end[these], count=count[these], tails=tails)
    good, seen = walk(words, bodies, reply)
    seen.message = these[seen.message]
    whole = np.zeros(size, np.bool_)
    whole[these] = good
    return Laid(headed=head.good, whole=whole, minor=minor, count=count, status=status, seen=seen)
