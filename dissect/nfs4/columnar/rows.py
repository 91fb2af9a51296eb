"""Rows of `Batch.ops` from operations that were walked together: what `dissect.nfs4.rows.select` says of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import NO_STATUS, OP
from dissect.nfs4.columnar.space import Index, Space
from dissect.nfs4.columnar.walk import Seen
from dissect.nfs4.const import Op

_SESSION, _CLIENTID, _OTHER, _VERIFIER = 16, 8, 12, 8

_Place = tuple[int, int]
"""Where a key lies in arguments or result, and how long it is."""

_CALL_KEYS: dict[int, _Place] = {
    Op.SEQUENCE: (0, _SESSION),
    Op.RENEW: (0, _CLIENTID),
    Op.RELEASE_LOCKOWNER: (0, _CLIENTID),
    Op.LOCKT: (20, _CLIENTID),
    Op.READ: (4, _OTHER),
    Op.WRITE: (4, _OTHER),
    Op.SETATTR: (4, _OTHER),
    Op.LOCKU: (12, _OTHER),
    Op.OPEN_CONFIRM: (4, _OTHER),
    Op.OPEN_DOWNGRADE: (4, _OTHER),
}
_REPLY_KEYS: dict[int, _Place] = {
    Op.SEQUENCE: (0, _SESSION),
    Op.WRITE: (8, _VERIFIER),
    Op.COMMIT: (0, _VERIFIER),
    Op.LOCKU: (4, _OTHER),
    Op.OPEN_CONFIRM: (4, _OTHER),
    Op.OPEN_DOWNGRADE: (4, _OTHER),
}
_MINOR_0_ONLY = frozenset({Op.READ, Op.WRITE, Op.SETATTR, Op.LOCKT})
_SLOT_AT, _FLAGS_AT = 20, 32


def call_rows(space: Space, seen: Seen, id: Index, minor: Index, keys: dict[bytes, int]) -> list[NDArray[np.void]]:
    """Rows of calls; `id` and `minor` of each item of `seen`. New keys are added to `keys`."""
    made = []
    for op in np.unique(seen.op).tolist():
        these = np.flatnonzero(seen.op == op)
        if op in _MINOR_0_ONLY:
            these = these[minor[these] == 0]
        at, octets = _CALL_KEYS[op]
        words = space.rows(seen.body[these] + at, octets)
        if octets == _OTHER:
            special = (words == 0).all(axis=1) | (words == 255).all(axis=1)
            these, words = these[~special], words[~special]
        if not len(these):
            continue
        rows = _blank(seen, these, id)
        rows["status"] = NO_STATUS
        rows["key"] = intern(words, keys)
        if op == Op.SEQUENCE:
            rows["slot"] = space.u32(seen.body[these] + _SLOT_AT)
        made.append(rows)
    return made


def reply_rows(space: Space, seen: Seen, id: Index, keys: dict[bytes, int]) -> list[NDArray[np.void]]:
    """Rows of replies: of what failed, and of what renews, grants or shows a verifier."""
    made = []
    failed = np.flatnonzero(seen.status > 0)
    if len(failed):
        rows = _blank(seen, failed, id)
        rows["status"] = seen.status[failed]
        made.append(rows)
    for op in np.unique(seen.op[seen.status == 0]).tolist():
        these = np.flatnonzero((seen.op == op) & (seen.status == 0))
        at, octets = _REPLY_KEYS[op]
        rows = _blank(seen, these, id)
        rows["key"] = intern(space.rows(seen.body[these] + at, octets), keys)
        if op == Op.SEQUENCE:
            rows["slot"] = space.u32(seen.body[these] + _SLOT_AT)
            rows["flags"] = space.u32(seen.body[these] + _FLAGS_AT)
        made.append(rows)
    return made


def _blank(seen: Seen, these: Index, id: Index) -> NDArray[np.void]:
    rows = np.zeros(len(these), OP)
    rows["id"], rows["index"], rows["op"] = id[these], seen.index[these], seen.op[these]
    return rows


_FEW = 4


def intern(words: NDArray[np.uint8], keys: dict[bytes, int]) -> Index:
    """The number in `keys` of each row of bytes (a multiple of 4 of them); new ones are added."""
    size = words.shape[1]
    found = np.empty(len(words), np.int64)
    wide = np.ascontiguousarray(words).view(np.uint64 if size % 8 == 0 else np.uint32)
    left = np.arange(len(words))
    for _ in range(_FEW):
        if not len(left):
            return found
        sample = wide[left[0]]
        same = wide[left, 0] == sample[0]
        for column in range(1, wide.shape[1]):
            same &= wide[left, column] == sample[column]
        found[left[same]] = keys.setdefault(sample.tobytes(), len(keys))
        left = left[~same]
    if len(left):
        # Many different ones: as strings they sort as a whole.
        packed = np.ascontiguousarray(words[left]).view(f"V{size}").reshape(-1)
        distinct, inverse = np.unique(packed, return_inverse=True)
        numbers = [keys.setdefault(each.tobytes(), len(keys)) for each in distinct]
        found[left] = np.array(numbers, np.int64)[inverse]
    return found
