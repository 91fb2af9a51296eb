"""pNFS layouts and devices (RFC 8881 sections 18.40 to 18.44, RFC 7862 sections 15.6 and 15.7)."""

from __future__ import annotations

from dissect.nfs4.const import Op, Status
from dissect.nfs4.ops.shape import Codec, array, bitmap, boolean, octets, on, opaque, optional, series, void
from dissect.nfs4.xdr import Reader

_LAYOUTRETURN4_FILE = 1


def _layoutreturn(reader: Reader) -> None:
    reader.skip(12)
    if reader.u32() == _LAYOUTRETURN4_FILE:
        reader.skip(32)
        reader.skip_opaque()


OPS: dict[int, Codec] = {
    Op.GETDEVICEINFO: Codec(
        series(octets(24), bitmap), series(octets(4), opaque, bitmap), on(Status.TOOSMALL, octets(4))
    ),
    Op.GETDEVICELIST: Codec(octets(24), series(octets(16), array(octets(16), 16), boolean)),
    Op.LAYOUTCOMMIT: Codec(
        series(octets(36), optional(octets(8)), optional(octets(12)), octets(4), opaque), optional(octets(8))
    ),
    Op.LAYOUTGET: Codec(
        octets(56),
        series(boolean, octets(16), array(series(octets(24), opaque), 28)),
        on(Status.LAYOUTTRYLATER, boolean),
    ),
    Op.LAYOUTRETURN: Codec(_layoutreturn, optional(octets(16))),
    Op.LAYOUTERROR: Codec(series(octets(32), array(octets(24), 24)), void),
    Op.LAYOUTSTATS: Codec(series(octets(84), opaque), void),
}
