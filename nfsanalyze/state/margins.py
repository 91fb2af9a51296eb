"""Renewals that come just in time: silences that use up nearly the whole lease time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.state.census import Census, Moment
from nfsanalyze.state.gaps import LeaseTime
from nfsanalyze.state.leases import Lease

LATE = 0.9
"""A renewal after this part of the lease time is late: clients renew at a half to two thirds of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LateRenewal:
    """One silence between two accepted renewals of a lease, longer than `LATE` of its lease time and no longer than
    all of it."""

    lease: Lease
    last: Moment
    next: Moment
    lease_time: LeaseTime

    @property
    def seconds(self) -> float:
        """Length of the silence."""
        return (self.next.time - self.last.time) / 1e9


def late_renewals(leases: Sequence[Lease], times: Mapping[int, LeaseTime], census: Census) -> Iterator[LateRenewal]:
    """All of them, where the lease time is known; not those for which the server let the client wait."""
    for lease in leases:
        known = times[lease.lease]
        if known.source == "assumed" or len(lease.times) < 2:
            continue
        limit = known.seconds * 1e9
        gaps = lease.times[1:] - lease.times[:-1]
        for at in np.flatnonzero((gaps > LATE * limit) & (gaps <= limit)).tolist():
            last, following = int(lease.times[at]), int(lease.times[at + 1])
            waited = min(census.unanswered(address, last, following) for address in lease.addresses)
            if following - last - waited > LATE * limit:
                yield LateRenewal(
                    lease=lease,
                    last=Moment(time=last, frame=int(lease.frames[at])),
                    next=Moment(time=following, frame=int(lease.frames[at + 1])),
                    lease_time=known,
                )
