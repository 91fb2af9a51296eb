"""Values kept of operations that were walked together, as `dissect.nfs4.rows.select` keeps them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from dissect.nfs4.columnar.space import Index, Space
from dissect.nfs4.columnar.walk import TABLE, Seen
from dissect.nfs4.const import Op, Status
from dissect.nfs4.ops import OPS
from dissect.nfs4.rows import HOLDERS
from dissect.nfs4.xdr import Reader

_KEPT = np.zeros((2, TABLE), np.bool_)
"""By direction and operation."""
_KEPT[0, [*HOLDERS, Op.FREE_STATEID, Op.PUTFH, Op.LOOKUP, Op.SETCLIENTID_CONFIRM]] = True
_KEPT[1, [Op.OPEN, Op.LOCK, Op.GETATTR, Op.GETFH, Op.SETCLIENTID]] = True


def values(space: Space, seen: Seen, reply: bool) -> tuple[Index, list[Any]]:
    """Positions in `seen`, and the values there."""
    kept = _KEPT[int(reply)][seen.op] & ((seen.status <= 0) | ((seen.op == Op.LOCK) & (seen.status == Status.DENIED)))
    positions = np.flatnonzero(kept)
    some, data = seen.taken(positions), memoryview(space.data)
    columns = (column.tolist() for column in (some.op, some.status, some.body, some.stop))
    found = [_value(op, status, bytes(data[body:stop])) for op, status, body, stop in zip(*columns, strict=True)]
    said = np.array([value is not None for value in found], np.bool_)
    if not said.all():
        # Attributes that contradict their bitmap.
        positions, found = positions[said], [value for value in found if value is not None]
    return positions, found


@lru_cache(maxsize=4096)
def _value(op: int, status: int, octets: bytes) -> Any:
    """The same files and owners come again and again."""
    codec, reader = OPS[op], Reader(octets)
    if status < 0:
        return codec.args(reader)
    return codec.failed(reader, status) if status and codec.failed is not None else codec.ok(reader)
