"""Callback operations (RFC 7530 section 17, RFC 8881 section 20, RFC 7862 section 16)."""

from __future__ import annotations

from struct import Struct

from dissect.nfs4.const import CbOp, Status
from dissect.nfs4.ops.shape import (
    FHSIZE,
    Codec,
    array,
    bitmap,
    delegation,
    fattr,
    filehandle,
    octets,
    opaque,
    series,
    stateid,
    void,
)
from dissect.nfs4.ops.v42 import write_response
from dissect.nfs4.types import CB_RECALL4args, CB_SEQUENCE4args, CB_SEQUENCE4resok
from dissect.nfs4.xdr import Reader, XdrInvalid

_CB_SEQUENCE = Struct(">16sIIII")
_LAYOUTRECALL4_FILE, _LAYOUTRECALL4_FSID, _LAYOUTRECALL4_ALL = 1, 2, 3


def _recall(reader: Reader) -> CB_RECALL4args:
    return CB_RECALL4args(stateid=stateid(reader), truncate=reader.boolean(), fh=reader.opaque(FHSIZE))


def _layoutrecall(reader: Reader) -> None:
    reader.skip(12)
    kind = reader.u32()
    if kind == _LAYOUTRECALL4_FILE:
        filehandle(reader)
        reader.skip(32)
    elif kind == _LAYOUTRECALL4_FSID:
        reader.skip(16)
    elif kind != _LAYOUTRECALL4_ALL:
        raise XdrInvalid(reader.pos - 4, _LAYOUTRECALL4_ALL, kind)


def _push_deleg(reader: Reader) -> None:
    filehandle(reader)
    delegation(reader)


_referring_calls = array(series(octets(16), array(octets(8), 8)), 20)


def _sequence(reader: Reader) -> CB_SEQUENCE4args:
    sessionid, sequenceid, slotid, highest, cachethis = reader.unpack(_CB_SEQUENCE)
    if cachethis > 1:
        raise XdrInvalid(reader.pos - 4, 1, cachethis)
    _referring_calls(reader)
    return CB_SEQUENCE4args(
        csa_sessionid=sessionid,
        csa_sequenceid=sequenceid,
        csa_slotid=slotid,
        csa_highest_slotid=highest,
        csa_cachethis=cachethis == 1,
    )


def _sequence_ok(reader: Reader) -> CB_SEQUENCE4resok:
    sessionid, sequenceid, slotid, highest, target = reader.unpack(_CB_SEQUENCE)
    return CB_SEQUENCE4resok(
        csr_sessionid=sessionid,
        csr_sequenceid=sequenceid,
        csr_slotid=slotid,
        csr_highest_slotid=highest,
        csr_target_highest_slotid=target,
    )


def _offload(reader: Reader) -> None:
    filehandle(reader)
    reader.skip(16)
    if reader.u32() == Status.OK:
        write_response(reader)
    else:
        reader.skip(8)


_notifications = array(series(bitmap, opaque), 8)

OPS: dict[int, Codec] = {
    CbOp.CB_GETATTR: Codec(series(filehandle, bitmap), fattr),
    CbOp.CB_RECALL: Codec(_recall, void),
    CbOp.CB_LAYOUTRECALL: Codec(_layoutrecall, void),
    CbOp.CB_NOTIFY: Codec(series(octets(16), filehandle, _notifications), void),
    CbOp.CB_PUSH_DELEG: Codec(_push_deleg, void),
    CbOp.CB_RECALL_ANY: Codec(series(octets(4), bitmap), void),
    CbOp.CB_RECALLABLE_OBJ_AVAIL: Codec(series(octets(4), bitmap), void),
    CbOp.CB_RECALL_SLOT: Codec(octets(4), void),
    CbOp.CB_SEQUENCE: Codec(_sequence, _sequence_ok),
    CbOp.CB_WANTS_CANCELLED: Codec(octets(8), void),
    CbOp.CB_NOTIFY_LOCK: Codec(series(filehandle, octets(8), opaque), void),
    CbOp.CB_NOTIFY_DEVICEID: Codec(_notifications, void),
    CbOp.CB_OFFLOAD: Codec(_offload, void),
    CbOp.CB_ILLEGAL: Codec(void, void),
}
