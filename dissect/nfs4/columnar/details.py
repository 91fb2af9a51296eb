"""Values kept of operations that were walked together, as `dissect.nfs4.rows.select` keeps them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from dissect.nfs4.columnar.space import Space
from dissect.nfs4.columnar.walk import TABLE, Seen
from dissect.nfs4.const import Op, Status
from dissect.nfs4.ops import OPS
from dissect.nfs4.rows import HOLDERS
from dissect.nfs4.xdr import Reader

_KEPT = np.zeros((2, TABLE), np.bool_)
"""By direction and operation."""
_KEPT[0, [*HOLDERS, Op.FREE_STATEID, Op.PUTFH, Op.LOOKUP]] = True
_KEPT[1, [Op.OPEN, Op.LOCK, Op.GETATTR, Op.GETFH]] = True


def values(space: Space, seen: Seen, reply: bool) -> dict[int, Any]:
    """The values by position in `seen`; none where attributes say nothing that is kept."""
    kept = _KEPT[int(reply)][seen.op] & ((seen.status <= 0) | ((seen.op == Op.LOCK) & (seen.status == Status.DENIED)))
    positions = np.flatnonzero(kept)
    some = seen.taken(positions)
    data = space.data
    found = {
        position: _value(op, status, bytes(data[body:stop]))
        for position, op, status, body, stop in zip(
            *(column.tolist() for column in (positions, some.op, some.status, some.body, some.stop)), strict=True
        )
    }
    return {position: value for position, value in found.items() if value is not None}


@lru_cache(maxsize=4096)
def _value(op: int, status: int, octets: bytes) -> Any:
    """The same files and owners come again and again."""
    codec, reader = OPS[op], Reader(octets)
    if status < 0:
        return codec.args(reader)
    return codec.failed(reader, status) if status and codec.failed is not None else codec.ok(reader)
