"""How every operation's arguments and results lie on the wire: one table for COMPOUND, one for CB_COMPOUND.

No operation has a length prefix, so a COMPOUND is readable only as far as every operation in it is walked by its XDR.
To add one: its number in `dissect.nfs4.const.operation`, its codec in the family it belongs to.
"""

from __future__ import annotations

from dissect.nfs4.ops import callback, data, file, identity, layout, session, state, v42, xattr
from dissect.nfs4.ops.shape import Codec, Decoder

OPS: dict[int, Codec] = {
    **identity.OPS,
    **session.OPS,
    **state.OPS,
    **file.OPS,
    **data.OPS,
    **layout.OPS,
    **v42.OPS,
    **xattr.OPS,
}
CB_OPS: dict[int, Codec] = {**callback.OPS}

PARTIAL_ARGS: dict[int, Decoder] = identity.PARTIAL_ARGS
"""What to read of arguments that are cut short, for the few operations where a part is worth having."""

__all__ = ["CB_OPS", "OPS", "PARTIAL_ARGS", "Codec", "Decoder"]
