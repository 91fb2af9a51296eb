"""Every OPEN with its answer, as arrays: what a client may open shows whether a server is in grace.

RFC 7530 section 9.6.2, RFC 8881 section 8.4.2: in the grace period an OPEN that reclaims nothing is answered with
GRACE.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.const import Op
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.trace import Trace
from nfsanalyze.facts.uses import fresh_calls, statuses


@dataclass(frozen=True, slots=True, kw_only=True)
class Opens:
    """One row an OPEN of a call that was captured, by time of the call."""

    call: NDArray[np.int32]
    "row of the call in `Trace.messages`"
    reply: NDArray[np.int32]
    "row of the reply, -1 where none was seen"
    time: NDArray[np.int64]
    "of the call, ns"
    told: NDArray[np.int64]
    "of the reply, 0 where none was seen"
    conn: NDArray[np.uint32]
    key: NDArray[np.uint32]
    "in `Trace.keys`: the clientid in v4.0, the session from v4.1 on"
    reclaim: NDArray[np.bool_]
    status: NDArray[np.int32]
    "NO_STATUS where no answer was seen, or the OPEN was not reached"

    def __len__(self) -> int:
        return len(self.call)

    def picked(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Opens:
        """Some of them."""
        return Opens(**{name: getattr(self, name)[which] for name in self.__slots__})


def opens(trace: Trace) -> Opens:
    """All of them."""
    m, o = trace.messages, trace.ops
    at = np.flatnonzero(o["op"] == int(Op.OPEN))
    at = at[fresh_calls(trace, o["row"][at])]
    rows = o["row"][at]
    # SEQUENCE leads its COMPOUND (RFC 8881 section 2.10.2.1)
    lead = o["row"].searchsorted(rows)
    key = np.where(o["op"][lead] == int(Op.SEQUENCE), o["key"][lead], o["key"][at]) if len(at) else o["key"][at]
    reply = m["answer"][rows]
    found = Opens(
        call=rows.astype(np.int32),
        reply=reply,
        time=m["time"][rows],
        told=np.where(reply >= 0, m["time"][reply], np.int64(0)),
        conn=m["conn"][rows],
        key=key,
        reclaim=o["slot"][at] != 0,
        status=statuses(trace, reply, o["index"][at]),
    )
    return found.picked(np.lexsort((found.call, found.time)))
