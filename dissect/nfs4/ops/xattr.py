"""Extended attributes (RFC 8276)."""

from __future__ import annotations

from dissect.nfs4.const import Op
from dissect.nfs4.ops.shape import CHANGE_INFO, Codec, array, boolean, octets, opaque, series

OPS: dict[int, Codec] = {
    Op.GETXATTR: Codec(opaque, opaque),
    Op.SETXATTR: Codec(series(octets(4), opaque, opaque), octets(CHANGE_INFO)),
    Op.LISTXATTRS: Codec(octets(12), series(octets(8), array(opaque, 4), boolean)),
    Op.REMOVEXATTR: Codec(opaque, octets(CHANGE_INFO)),
}
