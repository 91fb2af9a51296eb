"""RPC messages with their strings replaced where they stand, and nothing left that was not read.

A message is walked by the decoder's own codecs with a cursor that remembers what they read: numbers and ids are copied,
strings that a value holds are replaced by those of its stand-in, and every other byte becomes zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from struct import Struct
from typing import Any

from dissect.nfs4.batch import Kind
from dissect.nfs4.const import Attribute, AuthFlavor, GssService, MsgType, Op, ReplyStat
from dissect.nfs4.message import Context, Message, decode_message
from dissect.nfs4.ops import CB_OPS, OPS, PARTIAL_ARGS, Codec
from dissect.nfs4.ops.attribute import SIZES, attributes, read_fs_locations
from dissect.nfs4.rpc.header import STARTTLS
from dissect.nfs4.types import PartialOwner
from dissect.nfs4.xdr import Reader, XdrError
from nfsanalyze.redaction.redactor import Redactor

_CALL_HEADER = Struct(">4I")
_GSS_CREDENTIAL = Struct(">4I")
_HIGHEST = 0xFFFF
_COMPOUNDS = frozenset((Kind.COMPOUND_CALL, Kind.COMPOUND_REPLY, Kind.CB_COMPOUND_CALL, Kind.CB_COMPOUND_REPLY))


class _Misread(XdrError):
    """What is read is not what was written there."""


class Tracing(Reader):
    """A cursor that remembers what of the bytes was read as a number or an id, and where opaques lie."""

    __slots__ = ("kept", "opaques")

    def __init__(self, data: bytes, pos: int = 0, end: int | None = None) -> None:
        super().__init__(data, pos, end)
        self.kept: list[tuple[int, int]] = []
        self.opaques: list[tuple[int, int]] = []

    def part(self, end: int) -> Tracing:
        """A cursor over what follows up to `end`, with the same memory."""
        inner = Tracing(self.data, self.pos, min(end, self.end))
        inner.kept, inner.opaques = self.kept, self.opaques
        return inner

    def u32(self) -> int:
        value = super().u32()
        self.kept.append((self.pos - 4, self.pos))
        return value

    def unpack(self, layout: Struct) -> tuple[Any, ...]:
        values = super().unpack(layout)
        self.kept.append((self.pos - layout.size, self.pos))
        return values

    def fixed(self, size: int) -> bytes:
        value = super().fixed(size)
        self.kept.append((self.pos - size, self.pos))
        return value

    def opaque(self, limit: int | None = None) -> bytes:
        start = self.pos + 4
        value = super().opaque(limit)
        self.opaques.append((start, len(value)))
        return value


class Messages:
    """Stand-ins of whole messages."""

    def __init__(self, redactor: Redactor) -> None:
        self._value = redactor.values.value
        self._host = redactor.texts.host

    def message(self, data: bytes, context: Context) -> bytes:
        """The stand-in of a record, read as the decoder read it. Of what would not read the same afterwards only the
        header is left."""
        try:
            told = decode_message(data, context)
        except XdrError:
            return data[:8] + bytes(len(data) - 8) if len(data) >= 8 else bytes(len(data))
        header = _Mask(data, self)
        header.header()
        services = (told.gss_service, GssService.INTEGRITY) if told.kind in _COMPOUNDS else ()
        for service in services:
            mask = _Mask(data, self)
            mask.header()
            if mask.body(told, service) and self._same(told, mask.bytes(), context):
                return mask.bytes()
        return header.bytes()

    def _same(self, told: Message, data: bytes, context: Context) -> bool:
        """Whether the stand-in says the same of stand-ins."""
        try:
            again = decode_message(data, context)
        except XdrError:
            return False
        expected = tuple(op._replace(value=self._value(op.value)) for op in told.operations)
        return (again.kind, again.status, again.marks, again.minor, again.numops, again.operations) == (
            told.kind,
            told.status,
            told.marks,
            told.minor,
            told.numops,
            expected,
        )


class _Mask:
    """One message being rewritten."""

    def __init__(self, data: bytes, stand_ins: Messages) -> None:
        self._data = data
        self._stand_ins = stand_ins
        self._reader = Tracing(data)
        self._put: list[tuple[int, bytes]] = []

    def bytes(self) -> bytes:
        """What was read, in place; the rest zero."""
        out = bytearray(len(self._data))
        for start, end in self._reader.kept:
            out[start:end] = self._data[start:end]
        for start, words in self._put:
            out[start : start + len(words)] = words
        return bytes(out)

    def header(self) -> bool:
        """Read the header; False where it breaks off."""
        reader = self._reader
        try:
            reader.u32()
            if reader.u32() == MsgType.CALL:
                reader.unpack(_CALL_HEADER)
                self._credential()
                self._verifier()
            elif reader.u32() == ReplyStat.MSG_ACCEPTED:
                self._verifier()
                if reader.u32():
                    reader.fixed(8)  # the versions there are
            else:
                reader.fixed(8)  # why it was denied
                reader.fixed(4)
        except XdrError:
            return False
        return True

    def _credential(self) -> None:
        reader = self._reader
        flavor, length = reader.u32(), reader.u32()
        inner = reader.part(reader.pos + length)
        reader.skip(length + 3 & ~3)
        try:
            if flavor == AuthFlavor.AUTH_SYS:
                inner.skip(4)  # stamp
                name = inner.opaque()
                self._put.append((inner.opaques[-1][0], self._stand_ins._host(name)))
                for _ in range(2):
                    inner.u32()
                inner.fixed(4 * inner.count(4))
            elif flavor == AuthFlavor.RPCSEC_GSS:
                inner.unpack(_GSS_CREDENTIAL)
                inner.skip_opaque()
        except XdrError:
            return

    def _verifier(self) -> None:
        self._reader.u32()
        verifier = self._reader.opaque()
        if verifier == STARTTLS:
            self._put.append((self._reader.opaques[-1][0], verifier))

    def body(self, told: Message, service: int | None) -> bool:
        """Read a COMPOUND or what stands for one, as far as it goes. False where more follows its last operation: a
        COMPOUND fills its record, and one that does not was damaged and may be misread."""
        reader = self._reader
        try:
            if service == GssService.PRIVACY:
                reader.u32()
                return True
            if service == GssService.INTEGRITY:
                end = reader.u32() + reader.pos
                inner = reader.part(end)
                inner.u32()  # seq_num
                self._compound(inner, told)
                if end <= reader.end:
                    reader.pos = end
                    reader.skip_opaque()
            else:
                self._compound(reader, told)
        except _Misread:
            return False
        except XdrError:
            return True
        return reader.pos == reader.end

    def _compound(self, reader: Tracing, told: Message) -> None:
        call = told.kind in (Kind.COMPOUND_CALL, Kind.CB_COMPOUND_CALL)
        back = told.kind in (Kind.CB_COMPOUND_CALL, Kind.CB_COMPOUND_REPLY)
        if not call:
            reader.u32()
        reader.skip_opaque()  # tag
        for _ in range(1 + back if call else 0):
            reader.u32()  # minorversion, callback_ident
        table = _CB_OPS if back else _OPS
        for _ in range(reader.u32()):
            self._operation(reader, table, call)

    def _operation(self, reader: Tracing, table: Mapping[int, Codec], call: bool) -> None:
        op = _number(reader)
        codec = table.get(op)
        if codec is None:
            raise XdrError(reader.pos, 0, 0)
        status = 0 if call else _number(reader)
        start, seen = reader.pos, len(reader.opaques)
        decode: Callable[[Reader], Any] = codec.args if call else codec.ok
        try:
            value = decode(reader) if not status else codec.failed and codec.failed(reader, status)
        except XdrError:
            if call and op in PARTIAL_ARGS:
                self._partial(reader, PARTIAL_ARGS[op](Reader(reader.data, start, reader.end)), start)
            raise
        self._replace(reader, value, seen)

    def _partial(self, reader: Tracing, part: object, start: int) -> None:
        if isinstance(part, PartialOwner):
            reader.kept.append((start, start + 12))
            self._put.append((start + 12, self._stand_ins._value(part).owner))

    def _replace(self, reader: Tracing, value: Any, seen: int) -> None:
        """Strings of the value in the order in which they stand, and those of its stand-in in their places."""
        pairs = [*zip(_strings(value), _strings(self._stand_ins._value(value)), strict=True)]
        for start, size in reader.opaques[seen:]:
            words = reader.data[start : start + size]
            at = next((number for number, (old, _) in enumerate(pairs) if old == words), None)
            if at is not None:
                self._put.append((start, pairs[at][1]))
                del pairs[: at + 1]


def _number(reader: Tracing) -> int:
    """The number of an operation or of a status. Raises _Misread where it is none in any version of NFS."""
    number = reader.u32()
    if number > _HIGHEST:
        raise _Misread(reader.pos, 0, 0)
    return number


def _strings(value: Any) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _strings(each)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _strings(getattr(value, field.name))


def _readdir(reader: Reader) -> None:
    """READDIR4resok entry by entry: the decoder passes over them without its cursor."""
    reader.skip(8)
    while reader.boolean():
        reader.skip(8)
        reader.skip_opaque()
        reader.skip_bitmap()
        reader.skip_opaque()
    reader.boolean()


def _attributes(reader: Reader) -> object:
    """fattr4, of which lease_time and fs_locations stay."""
    assert isinstance(reader, Tracing)
    start = reader.pos
    mask, length = reader.bitmap(), reader.u32()
    found = attributes(Reader(reader.data, start, reader.end))
    values = reader.part(reader.pos + length)
    reader.skip(length + 3 & ~3)
    if found is None:
        return found
    try:
        for number, size in enumerate(SIZES):
            if not mask >> number & 1:
                continue
            if number == Attribute.LEASE_TIME:
                values.u32()
            else:
                size(values)
        if mask >> Attribute.FS_LOCATIONS & 1:
            read_fs_locations(values)
    except XdrError:
        pass
    return found


_OPS: dict[int, Codec] = {
    **OPS,
    Op.READDIR: Codec(OPS[Op.READDIR].args, _readdir),
    Op.GETATTR: Codec(OPS[Op.GETATTR].args, _attributes),
}
_CB_OPS = CB_OPS
