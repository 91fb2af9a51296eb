"""READ, WRITE and COMMIT. File data is passed over, not copied; a capture often holds only its beginning."""

from __future__ import annotations

from struct import Struct

from dissect.nfs4.const import Op
from dissect.nfs4.ops.shape import Codec, octets
from dissect.nfs4.types import COMMIT4resok, READ4args, Stateid, WRITE4args, WRITE4resok
from dissect.nfs4.xdr import Reader

_READ = Struct(">I12sQI")
_WRITE = Struct(">I12sQI")
_WRITE_RESOK = Struct(">II8s")


def _read(reader: Reader) -> READ4args:
    seqid, other, offset, count = reader.unpack(_READ)
    return READ4args(stateid=Stateid(seqid, other), offset=offset, count=count)


def _read_ok(reader: Reader) -> None:
    reader.boolean()
    reader.skip_payload()


def _write(reader: Reader) -> WRITE4args:
    seqid, other, offset, stable = reader.unpack(_WRITE)
    return WRITE4args(stateid=Stateid(seqid, other), offset=offset, stable=stable, length=reader.skip_payload())


def _write_ok(reader: Reader) -> WRITE4resok:
    count, committed, verifier = reader.unpack(_WRITE_RESOK)
    return WRITE4resok(count=count, committed=committed, writeverf=verifier)


def _commit_ok(reader: Reader) -> COMMIT4resok:
    return COMMIT4resok(writeverf=reader.fixed(8))


OPS: dict[int, Codec] = {
    Op.READ: Codec(_read, _read_ok),
    Op.WRITE: Codec(_write, _write_ok),
    Op.COMMIT: Codec(octets(12), _commit_ok),
}
