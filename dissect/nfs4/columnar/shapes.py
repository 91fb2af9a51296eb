"""How the frequent operations lie on the wire, as columns to look up: a fixed part, then at most two of variable size.

What is not here is decoded message by message: operations that are rare, and those whose values are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.const import Op
from dissect.nfs4.ops import OPS
from dissect.nfs4.ops.shape import CHANGE_INFO, FHSIZE, OPAQUE_LIMIT

TABLE = 76
"""Operation numbers below it are looked up."""
UNLIMITED = 1 << 40


class Part(IntEnum):
    """What follows the fixed part."""

    NONE = 0
    OPAQUE = 1
    BITMAP = 2
    PAYLOAD = 3
    DIRECTORY = 4


_O, _B, _P = Part.OPAQUE, Part.BITMAP, Part.PAYLOAD
_CHANGE = CHANGE_INFO

_Shape = tuple[int, tuple[Part, ...], int]


def _shape(fixed: int = 0, *parts: Part, limit: int = UNLIMITED) -> _Shape:
    return fixed, parts, limit


_ARGUMENTS: dict[int, _Shape] = {
    Op.ACCESS: _shape(4),
    Op.COMMIT: _shape(12),
    Op.GETATTR: _shape(0, _B),
    Op.GETFH: _shape(),
    Op.LINK: _shape(0, _O),
    Op.LOCKT: _shape(28, _O, limit=OPAQUE_LIMIT),
    Op.LOCKU: _shape(40),
    Op.LOOKUP: _shape(0, _O),
    Op.LOOKUPP: _shape(),
    Op.NVERIFY: _shape(0, _B, _O),
    Op.OPENATTR: _shape(4),
    Op.OPEN_CONFIRM: _shape(20),
    Op.OPEN_DOWNGRADE: _shape(28),
    Op.PUTFH: _shape(0, _O, limit=FHSIZE),
    Op.PUTPUBFH: _shape(),
    Op.PUTROOTFH: _shape(),
    Op.READ: _shape(28),
    Op.READDIR: _shape(24, _B),
    Op.READLINK: _shape(),
    Op.REMOVE: _shape(0, _O),
    Op.RENAME: _shape(0, _O, _O),
    Op.RENEW: _shape(8),
    Op.RESTOREFH: _shape(),
    Op.SAVEFH: _shape(),
    Op.SECINFO: _shape(0, _O),
    Op.SETATTR: _shape(16, _B, _O),
    Op.VERIFY: _shape(0, _B, _O),
    Op.WRITE: _shape(28, _P),
    Op.RELEASE_LOCKOWNER: _shape(8, _O, limit=OPAQUE_LIMIT),
    Op.SECINFO_NO_NAME: _shape(4),
    Op.SEQUENCE: _shape(32),
    Op.ALLOCATE: _shape(32),
    Op.DEALLOCATE: _shape(32),
    Op.OFFLOAD_STATUS: _shape(16),
    Op.READ_PLUS: _shape(28),
    Op.SEEK: _shape(28),
    Op.CLONE: _shape(56),
}

_RESULTS: dict[int, _Shape] = {
    Op.ACCESS: _shape(8),
    Op.CLOSE: _shape(16),
    Op.COMMIT: _shape(8),
    Op.CREATE: _shape(_CHANGE, _B),
    Op.DELEGRETURN: _shape(),
    Op.GETATTR: _shape(0, _B, _O),
    Op.GETFH: _shape(0, _O, limit=FHSIZE),
    Op.LINK: _shape(_CHANGE),
    Op.LOCKT: _shape(),
    Op.LOCKU: _shape(16),
    Op.LOOKUP: _shape(),
    Op.LOOKUPP: _shape(),
    Op.NVERIFY: _shape(),
    Op.OPENATTR: _shape(),
    Op.OPEN_CONFIRM: _shape(16),
    Op.OPEN_DOWNGRADE: _shape(16),
    Op.PUTFH: _shape(),
    Op.PUTPUBFH: _shape(),
    Op.PUTROOTFH: _shape(),
    Op.READ: _shape(4, _P),
    Op.READDIR: _shape(8, Part.DIRECTORY),
    Op.READLINK: _shape(0, _O),
    Op.REMOVE: _shape(_CHANGE),
    Op.RENAME: _shape(2 * _CHANGE),
    Op.RENEW: _shape(),
    Op.RESTOREFH: _shape(),
    Op.SAVEFH: _shape(),
    Op.SETATTR: _shape(0, _B),
    Op.VERIFY: _shape(),
    Op.WRITE: _shape(16),
    Op.RELEASE_LOCKOWNER: _shape(),
    Op.SEQUENCE: _shape(36),
    Op.ALLOCATE: _shape(),
    Op.DEALLOCATE: _shape(),
    Op.SEEK: _shape(12),
    Op.CLONE: _shape(),
}


@dataclass(frozen=True, slots=True)
class Shapes:
    """By operation number, TABLE standing for all others: `fixed` octets (-1 where the shape is not here), the parts
    that follow and the longest opaque allowed; `bare`: a failed result has no body; `held`: rows are made of it."""

    fixed: NDArray[np.int64]
    first: NDArray[np.int8]
    second: NDArray[np.int8]
    limit: NDArray[np.int64]
    bare: NDArray[np.bool_]
    held: NDArray[np.bool_]


def _columns(shapes: dict[int, _Shape], held: frozenset[int]) -> Shapes:
    fixed = np.full(TABLE + 1, -1, np.int64)
    parts = np.zeros((2, TABLE + 1), np.int8)
    limit = np.full(TABLE + 1, UNLIMITED, np.int64)
    bare = np.zeros(TABLE + 1, np.bool_)
    for op, (octets, follow, most) in shapes.items():
        fixed[op], limit[op] = octets, most
        parts[: len(follow), op] = follow
    bare[[op for op, codec in OPS.items() if op < TABLE and codec.failed is None]] = True
    kept = np.zeros(TABLE + 1, np.bool_)
    kept[sorted(held)] = True
    return Shapes(fixed, parts[0], parts[1], limit, bare, kept)


ARGUMENTS = _columns(
    _ARGUMENTS,
    frozenset(
        {
            Op.SEQUENCE,
            Op.RENEW,
            Op.READ,
            Op.WRITE,
            Op.SETATTR,
            Op.RELEASE_LOCKOWNER,
            Op.LOCKT,
            Op.LOCKU,
            Op.OPEN_CONFIRM,
            Op.OPEN_DOWNGRADE,
        }
    ),
)
RESULTS = _columns(
    _RESULTS,
    frozenset({Op.SEQUENCE, Op.WRITE, Op.COMMIT, Op.LOCKU, Op.OPEN_CONFIRM, Op.OPEN_DOWNGRADE}),
)
