"""What is kept of a record whose end has not come: all of it but file data, which nobody will read.

With a thousand clients writing at a time a capture is in the middle of a thousand records; file data make up nearly all
of their octets.
"""

from __future__ import annotations

from collections.abc import Callable

from dissect.nfs4.const import NFS_PROGRAM, NFS_V4, PROC_COMPOUND, AuthFlavor, MsgType, Op, ReplyStat
from dissect.nfs4.rpc.header import MAX_AUTH, RPC_VERSION
from dissect.nfs4.rpc.resync import MARK_OCTETS, read_mark
from dissect.nfs4.xdr import Reader, XdrError

HEAD_OCTETS = 1024
"""Octets of a record in which the operations before its file data must fit."""

LONG_OCTETS = MARK_OCTETS + HEAD_OCTETS
"""Octets of a record with its mark from which on it is looked for file data."""

_LEAST = 4 << 10
"""Octets of file data below which they are kept."""

_TAG = 1 << 10
_HANDLE = 128

_ARGUMENTS: dict[int, int] = {Op.SEQUENCE: 32, Op.PUTROOTFH: 0, Op.SAVEFH: 0, Op.RESTOREFH: 0}
_RESULTS: dict[int, int] = {**_ARGUMENTS, Op.SEQUENCE: 36, Op.PUTFH: 0}
"""Octets of arguments, or of results behind the status."""


class Held:
    """The octets of a stream from a record's mark on, as far as they came; those given up read as zeros."""

    __slots__ = ("_all", "_data", "_gone", "_head", "_known", "_tail", "_until")

    def __init__(self, octets: bytes | bytearray = b"", *, everything: bool = False) -> None:
        """Begin with what is there; a bytearray is taken over. `everything`: file data are kept too."""
        self._all = everything
        self._head = octets if isinstance(octets, bytearray) else bytearray(octets)
        self._data = 0
        "octets of file data that came"
        self._gone = 0
        self._tail = bytearray()
        self._until = 0
        "where the octets to be given up end"
        self._known = False
        "whether it was looked for them"

    def __len__(self) -> int:
        return len(self._head) + self._gone + len(self._tail)

    @property
    def thin(self) -> bool:
        """Whether octets were given up."""
        return self._gone > 0

    @property
    def short(self) -> bool:
        """Whether file data of which octets were given up did not come whole: no more than `start` can be decoded."""
        return self.thin and len(self) < self._until

    @property
    def weight(self) -> int:
        """Octets without those of file data."""
        return len(self) - self._data

    def octets(self) -> bytearray:
        """All of them."""
        if not self.thin:
            return self._head
        whole = bytearray(len(self))
        whole[: len(self._head)] = self._head
        if self._tail:
            whole[-len(self._tail) :] = self._tail
        return whole

    def start(self) -> bytearray:
        """Those before the ones given up."""
        return self._head

    def part(self, start: int, stop: int) -> bytes:
        """Octets `start` to `stop`."""
        gone = len(self._head)
        back = gone + self._gone
        zeros = min(stop, back) - max(start, gone)
        return (
            bytes(self._head[start:stop])
            + (bytes(zeros) if zeros > 0 else b"")
            + (bytes(self._tail[max(start - back, 0) : stop - back]) if stop > back else b"")
        )

    def add(self, count: int, octets: Callable[[int, int], bytes]) -> None:
        """So many more came; `octets` gives those of them between two places."""
        taken = 0
        if not self._known and len(self) + count >= LONG_OCTETS:
            taken = max(LONG_OCTETS - len(self), 0)
            self._head += octets(0, taken)
            self._look()
        if self._until > len(self):
            passed = min(self._until - len(self), count - taken)
            self._data += passed
            if not self._all:
                self._gone += passed
                taken += passed
        rest = octets(taken, count) if count > taken else b""
        if self._gone:
            self._tail += rest
        else:
            self._head += rest

    def _look(self) -> None:
        """Look for file data, once, and give up what there is of them."""
        self._known = True
        found = file_data(self._head[MARK_OCTETS : MARK_OCTETS + HEAD_OCTETS])
        length, _ = read_mark(self._head, 0)
        if found is None or found[1] - found[0] < _LEAST or found[1] > length:
            return
        start, stop = found[0] + MARK_OCTETS, found[1] + MARK_OCTETS
        have = len(self._head)
        self._until = stop
        self._data = max(min(have, stop) - start, 0)
        if self._data and not self._all:
            self._gone = self._data
            self._tail = self._head[start + self._gone :]
            del self._head[start:]


def file_data(head: bytes | bytearray) -> tuple[int, int] | None:
    """Where in a record the octets lie that a call of WRITE or a reply to READ carries (RFC 8881 sections 18.32 and
    18.22), from the record's first octets; None where those do not show it."""
    reader = Reader(bytes(head))
    try:
        reader.skip(4)
        return _of_call(reader) if reader.u32() == MsgType.CALL else _of_reply(reader)
    except XdrError:
        return None


def _of_call(reader: Reader) -> tuple[int, int] | None:
    if [reader.u32() for _ in range(4)] != [RPC_VERSION, NFS_PROGRAM, NFS_V4, PROC_COMPOUND]:
        return None
    if reader.u32() > AuthFlavor.AUTH_SYS:
        return None
    reader.skip_opaque(MAX_AUTH)
    reader.skip(4)
    reader.skip_opaque(MAX_AUTH)
    reader.skip_opaque(_TAG)
    reader.skip(4)
    for _ in range(reader.u32()):
        op = reader.u32()
        if op == Op.WRITE:
            # stateid, offset, stable_how4
            reader.skip(16 + 8 + 4)
            return _opaque(reader)
        if op == Op.PUTFH:
            reader.skip_opaque(_HANDLE)
        elif op in _ARGUMENTS:
            reader.skip(_ARGUMENTS[op])
        else:
            return None
    return None


def _of_reply(reader: Reader) -> tuple[int, int] | None:
    if reader.u32() != ReplyStat.MSG_ACCEPTED or reader.u32() > AuthFlavor.AUTH_SYS:
        return None
    reader.skip_opaque(MAX_AUTH)
    # accept_stat, and the status of the COMPOUND
    reader.skip(4 + 4)
    reader.skip_opaque(_TAG)
    for _ in range(reader.u32()):
        op, status = reader.u32(), reader.u32()
        if status:
            return None
        if op == Op.READ:
            reader.skip(4)
            return _opaque(reader)
        if op not in _RESULTS:
            return None
        reader.skip(_RESULTS[op])
    return None


def _opaque(reader: Reader) -> tuple[int, int]:
    octets = reader.u32()
    return reader.pos, reader.pos + octets
