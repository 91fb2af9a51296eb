"""Minor version 2 apart from layouts (RFC 7862 section 15)."""

from __future__ import annotations

from dissect.nfs4.const import Op, Status
from dissect.nfs4.ops.shape import Codec, array, bitmap, boolean, octets, on, opaque, series, void
from dissect.nfs4.xdr import Reader, XdrInvalid

_NL4_NAME, _NL4_URL, _NL4_NETADDR = 1, 2, 3
_CONTENT_DATA, _CONTENT_HOLE = 0, 1


def _netloc(reader: Reader) -> None:
    kind = reader.u32()
    if kind not in (_NL4_NAME, _NL4_URL, _NL4_NETADDR):
        raise XdrInvalid(reader.pos - 4, _NL4_NETADDR, kind)
    reader.skip_opaque()
    if kind == _NL4_NETADDR:
        reader.skip_opaque()


def _read_plus_content(reader: Reader) -> None:
    content = reader.u32()
    if content == _CONTENT_DATA:
        reader.skip(8)
        reader.skip_payload()
    elif content == _CONTENT_HOLE:
        reader.skip(16)


write_response = series(array(octets(16), 16, limit=1), octets(20))
"""write_response4: wr_callback_id<1>, wr_count, wr_committed, wr_writeverf."""

_netlocs = array(_netloc, 8)
_requirements = octets(8)

OPS: dict[int, Codec] = {
    Op.ALLOCATE: Codec(octets(32), void),
    Op.DEALLOCATE: Codec(octets(32), void),
    Op.COPY: Codec(
        series(octets(64), _netlocs),
        series(write_response, _requirements),
        on(Status.OFFLOAD_NO_REQS, _requirements),
    ),
    Op.COPY_NOTIFY: Codec(series(octets(16), _netloc), series(octets(28), _netlocs)),
    Op.IO_ADVISE: Codec(series(octets(32), bitmap), bitmap),
    Op.OFFLOAD_CANCEL: Codec(octets(16), void),
    Op.OFFLOAD_STATUS: Codec(octets(16), series(octets(8), array(octets(4), 4, limit=1))),
    Op.READ_PLUS: Codec(octets(28), series(boolean, array(_read_plus_content, 4))),
    Op.SEEK: Codec(octets(28), series(boolean, octets(8))),
    Op.WRITE_SAME: Codec(series(octets(64), opaque), write_response),
    Op.CLONE: Codec(octets(56), void),
}
