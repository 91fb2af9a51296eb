"""Rows of `Batch.ops` from operations that were walked together: what `dissect.nfs4.rows.select` says of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import OP
from dissect.nfs4.columnar.cursors import Mask
from dissect.nfs4.columnar.space import Index, Space
from dissect.nfs4.columnar.walk import TABLE, Seen
from dissect.nfs4.const import Op
from dissect.nfs4.rows import CALL_ROWS

_SESSION, _OTHER = 16, 12
_CLIENTID = _VERIFIER = 8

_Place = tuple[int, int]
"""Where a key lies in arguments or result, and how long it is."""

_CALL_KEYS: dict[int, _Place] = {
    Op.SEQUENCE: (0, _SESSION),
    Op.RENEW: (0, _CLIENTID),
    Op.SETCLIENTID_CONFIRM: (0, _CLIENTID),
    Op.RELEASE_LOCKOWNER: (0, _CLIENTID),
    Op.DELEGPURGE: (0, _CLIENTID),
    Op.LOCKT: (20, _CLIENTID),
    Op.READ: (4, _OTHER),
    Op.WRITE: (4, _OTHER),
    Op.SETATTR: (4, _OTHER),
    Op.CLOSE: (8, _OTHER),
    Op.LOCKU: (12, _OTHER),
    Op.OPEN_CONFIRM: (4, _OTHER),
    Op.OPEN_DOWNGRADE: (4, _OTHER),
    Op.DELEGRETURN: (4, _OTHER),
    Op.FREE_STATEID: (4, _OTHER),
}
_REPLY_KEYS: dict[int, _Place] = {
    Op.SEQUENCE: (0, _SESSION),
    Op.WRITE: (8, _VERIFIER),
    Op.COMMIT: (0, _VERIFIER),
    Op.OPEN: (4, _OTHER),
    Op.LOCK: (4, _OTHER),
    Op.LOCKU: (4, _OTHER),
    Op.OPEN_CONFIRM: (4, _OTHER),
    Op.OPEN_DOWNGRADE: (4, _OTHER),
}
_SLOT_AT, _FLAGS_AT = 20, 32


def _places(keys: dict[int, _Place]) -> NDArray[np.int64]:
    places = np.zeros((2, TABLE), np.int64)
    for op, place in keys.items():
        places[:, op] = place
    return places


_PLACES = _places(_CALL_KEYS), _places(_REPLY_KEYS)
_MINOR_0_ONLY = np.zeros(TABLE, np.bool_)
_MINOR_0_ONLY[[Op.READ, Op.WRITE, Op.SETATTR, Op.LOCKT, Op.DELEGPURGE]] = True
_BY_VALUE = np.zeros(TABLE, np.bool_)
_BY_VALUE[[Op.OPEN, Op.LOCK]] = True
"""What the arguments name depends on what else they say."""


Ops = tuple[Index, ...]
"""Columns of `OP`, with the position of each row's message in the place of its id."""


def ops_of(
    space: Space,
    seen: Seen,
    minor: Index,
    valued: Index,
    values: Sequence[Any],
    keys: dict[bytes, int],
    reply: bool,
) -> Ops:
    """What calls, or replies, make rows of, in the order of `seen`. `minor` of each of its items; `values` of those at
    the positions `valued`. New keys are added to `keys`."""
    place, octets = _PLACES[int(reply)]
    size = np.where(seen.status > 0, 0, octets[seen.op])
    if not reply:
        size[_MINOR_0_ONLY[seen.op] & (minor != 0)] = 0
    kept = (size > 0) | (seen.status > 0)
    key, slot, flags = np.zeros((3, len(seen.op)), np.int64)
    at = seen.body + place[seen.op]
    for length in (_CLIENTID, _OTHER, _SESSION):
        these = np.flatnonzero(size == length)
        words = space.rows(at[these], length)
        if length == _OTHER and not reply:
            special = _special(words)
            kept[these[special]] = False
            these, words = these[~special], words[~special]
        key[these] = intern(words, keys)
    sequence = np.flatnonzero((seen.op == Op.SEQUENCE) & (seen.status <= 0))
    slot[sequence] = space.u32(seen.body[sequence] + _SLOT_AT)
    if reply:
        flags[sequence] = space.u32(seen.body[sequence] + _FLAGS_AT)
    else:
        for position, value in zip(valued.tolist(), values, strict=True):
            if _BY_VALUE[op := int(seen.op[position])]:
                named, slot[position], flags[position] = CALL_ROWS[op](value, int(minor[position])) or _UNNAMED
                key[position], kept[position] = keys.setdefault(named, len(keys)), True
    columns = (seen.message, seen.index, seen.op, seen.status, key, slot, flags)
    if kept.all():
        return columns
    these = np.flatnonzero(kept)
    return tuple(column[these] for column in columns)


_NAMES = OP.names or ()


def op_rows(parts: Sequence[Ops], id: Index) -> NDArray[np.void]:
    """All of them in the order of messages; `id` of each message."""
    message, *columns = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(message, kind="stable")
    rows = np.empty(len(order), OP)
    rows["id"] = id[message[order]]
    for name, column in zip(_NAMES[1:], columns, strict=True):
        rows[name] = column[order]
    return rows


_UNNAMED = b"", 0, 0


def _special(words: NDArray[np.uint8]) -> Mask:
    """All zeros or all ones name no state."""
    wide = np.ascontiguousarray(words).view(np.int32)
    first = wide[:, 0]
    special: Mask = ((first == 0) | (first == -1)) & (wide[:, 1] == first) & (wide[:, 2] == first)
    return special


_FEW = 4


def intern(words: NDArray[np.uint8], keys: dict[bytes, int]) -> Index:
    """The number in `keys` of each row of bytes (a multiple of 4 of them); new ones are added."""
    size = words.shape[1]
    found = np.empty(len(words), np.int64)
    wide: NDArray[np.unsignedinteger] = np.ascontiguousarray(words).view(np.uint64 if size % 8 == 0 else np.uint32)
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
        found[left] = _sorted(wide[left], keys)
    return found


_FACTORS = np.multiply.accumulate(np.full(128, 0x9E3779B97F4A7C15, np.uint64))
"""As many as the longest credential has words, and more."""


def _sorted(wide: NDArray[np.unsignedinteger], keys: dict[bytes, int]) -> Index:
    """The same of many different ones: equal rows come together, and if two that differ mix, they only come twice."""
    order = np.argsort((wide * _FACTORS[: wide.shape[1]]).sum(axis=1, dtype=np.uint64), kind="stable")
    ranked = wide[order]
    other = np.concatenate([[True], (ranked[1:] != ranked[:-1]).any(axis=1)])
    numbers = [keys.setdefault(each.tobytes(), len(keys)) for each in ranked[other]]
    found = np.empty(len(wide), np.int64)
    found[order] = np.repeat(np.array(numbers, np.int64), np.diff(np.append(np.flatnonzero(other), len(wide))))
    return found
