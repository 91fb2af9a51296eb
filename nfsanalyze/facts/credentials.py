"""Who calls by what right: for each connection and credential, how much it asked and how much of that can be read.

RFC 2203 section 5.3.2.3: under rpc_gss_svc_privacy the operations are sealed; the credential in front of them is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4 import types as t
from dissect.nfs4.batch import Credential, Kind, Marks
from dissect.nfs4.const import Op
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.sets import distinct
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.rows import first_rows, last_rows, numbered
from nfsanalyze.facts.trace import Trace

_LEASE_OPS = (
    Op.RENEW,
    Op.SETCLIENTID_CONFIRM,
    Op.CREATE_SESSION,
    Op.BIND_CONN_TO_SESSION,
    Op.DESTROY_SESSION,
    Op.DESTROY_CLIENTID,
)
_INTRODUCTIONS = (t.SETCLIENTID4args, t.EXCHANGE_ID4args, t.PartialOwner)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """COMPOUND calls of one credential on one connection; rows are those of `Trace.messages`. `sealed`: calls whose
    operations privacy hides; `lease`: calls that make, confirm, renew or end a clientid or session."""

    link: Link
    credential: Credential
    calls: int
    sealed: int
    lease: int
    lease_row: int | None
    first_row: int
    last_row: int


def callers(trace: Trace, links: Mapping[int, Link]) -> Iterator[Caller]:
    """By connection, then in order of the credentials; calls without a readable credential are left out."""
    m = trace.messages
    fresh = (m["kind"] == int(Kind.COMPOUND_CALL)) & (m["marks"] & int(Marks.RETRANSMITTED) == 0)
    rows = np.flatnonzero(fresh & (m["credential"] != 0))
    leads = np.zeros(len(m), np.bool_)
    leads[_lease_calls(trace)] = True
    pairs, numbers = numbered(m["conn"][rows], m["credential"][rows])
    count = len(pairs)
    sealed = numbers[m["marks"][rows] & int(Marks.ENCRYPTED) != 0]
    leading = np.flatnonzero(leads[rows])
    lease_rows = np.full(count, -1, np.intp)
    # of an index that comes again NumPy keeps the last assignment
    lease_rows[numbers[leading[::-1]]] = rows[leading[::-1]]
    columns = (
        pairs,
        *(np.bincount(each, minlength=count) for each in (numbers, sealed, numbers[leading])),
        lease_rows,
        rows[first_rows(numbers, count)],
        rows[last_rows(numbers, count)],
    )
    for pair, calls, hidden, lease, lease_row, first, last in zip(*(c.tolist() for c in columns), strict=True):
        link, credential = links.get(pair >> 32), trace.credentials[pair & 0xFFFFFFFF]
        if link is None or link.callback or credential is None:
            continue
        yield Caller(
            link=link,
            credential=credential,
            calls=calls,
            sealed=hidden,
            lease=lease,
            lease_row=lease_row if lease else None,
            first_row=first,
            last_row=last,
        )


def _lease_calls(trace: Trace) -> NDArray[np.intp]:
    """Rows of the calls with an operation on a clientid or session."""
    named = trace.ops["row"][np.isin(trace.ops["op"], [int(op) for op in _LEASE_OPS])]
    told = [
        trace.row(message_id)
        for message_id, values in trace.details.items()
        if any(isinstance(value, _INTRODUCTIONS) for _, value in values)
    ]
    return distinct(named.astype(np.intp), np.array(told, np.intp))
