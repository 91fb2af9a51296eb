"""Walk the operations of a COMPOUND or CB_COMPOUND (RFC 8881 sections 16.2 and 20, RFC 7530 section 15.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dissect.nfs4.batch import Marks
from dissect.nfs4.ops import PARTIAL_ARGS, Codec
from dissect.nfs4.xdr import Reader, XdrInvalid, XdrShort

MAX_OPERATIONS = 0xFFFF
"""More than any implementation takes, and what the columns `OP.index` and `MESSAGE.ops` hold."""

STATUS_LIMIT = 0x7FFFFFFF
"""An XDR enum is signed and no nfsstat4 is negative."""


class Operation(NamedTuple):
    """One operation. `status` is None in a call; `value` is None for what is only walked."""

    op: int
    status: int | None
    value: object


class Walk(NamedTuple):
    """The operations that could be read, and why there are no more, as Marks: 0 if all announced ones are there."""

    operations: tuple[Operation, ...]
    marks: int


def nfsstat4(reader: Reader) -> int:
    """Raises XdrInvalid for a negative one; a number that no RFC defines is kept."""
    status = reader.u32()
    if status > STATUS_LIMIT:
        raise XdrInvalid(reader.pos - 4, STATUS_LIMIT, status)
    return status


def walk_arguments(reader: Reader, count: int, table: Mapping[int, Codec], missing: int) -> Walk:
    """Read `count` nfs_argop4. `missing`: why bytes after `reader.end` are not there, 0 if the record ends there."""
    operations: list[Operation] = []
    op, start = 0, reader.pos
    try:
        for _ in range(min(count, MAX_OPERATIONS)):
            op = reader.u32()
            start = reader.pos
            codec = table.get(op)
            if codec is None:
                return Walk(tuple(operations), Marks.UNKNOWN_OP)
            value = codec.args(reader)
            if reader.pos > reader.end and not missing:
                break
            operations.append(Operation(op, None, value))
            start = reader.pos
    except XdrShort:
        if missing and op in PARTIAL_ARGS and start < reader.end:
            part = PARTIAL_ARGS[op](Reader(reader.data, start, reader.end))
            if part is not None:
                operations.append(Operation(op, None, part))
        return Walk(tuple(operations), missing or Marks.MALFORMED)
    except XdrInvalid:
        return Walk(tuple(operations), Marks.MALFORMED)
    return Walk(tuple(operations), _ending(reader, count, len(operations), missing))


def walk_results(reader: Reader, count: int, table: Mapping[int, Codec], missing: int) -> Walk:
    """Read `count` nfs_resop4; `missing` as in `walk_arguments`."""
    operations: list[Operation] = []
    try:
        for _ in range(min(count, MAX_OPERATIONS)):
            op = reader.u32()
            codec = table.get(op)
            if codec is None:
                return Walk(tuple(operations), Marks.UNKNOWN_OP)
            status = reader.u32()
            if status > STATUS_LIMIT:
                raise XdrInvalid(reader.pos - 4, STATUS_LIMIT, status)
            value: object = None
            if status == 0:
                value = codec.ok(reader)
            elif codec.failed is not None:
                value = codec.failed(reader, status)
            if reader.pos > reader.end and not missing:
                break
            operations.append(Operation(op, status, value))
    except XdrShort:
        return Walk(tuple(operations), missing or Marks.MALFORMED)
    except XdrInvalid:
        return Walk(tuple(operations), Marks.MALFORMED)
    return Walk(tuple(operations), _ending(reader, count, len(operations), missing))


def _ending(reader: Reader, announced: int, read: int, missing: int) -> int:
    """Marks of a walk that met no error: file data may still pass the end, or the count be absurd."""
    if reader.pos > reader.end:
        return missing or Marks.MALFORMED
    return 0 if read == announced else Marks.MALFORMED
