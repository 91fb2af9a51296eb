"""Values that several operations share."""

from __future__ import annotations

from typing import NamedTuple

from dissect.nfs4.dataclass import dataclass

_SPECIAL = frozenset({b"\x00" * 12, b"\xff" * 12})


class Stateid(NamedTuple):
    """stateid4. A tuple rather than a dataclass: half of all operations carry one."""

    seqid: int
    other: bytes

    @property
    def is_special(self) -> bool:
        """All zeros or all ones in `other` name no state (RFC 8881 section 8.2.3, RFC 7530 section 9.1.4.3)."""
        return self.other in _SPECIAL


@dataclass(frozen=True, slots=True, kw_only=True)
class nfstime4:
    """Seconds since 1970 (may be negative) and nanoseconds."""

    seconds: int
    nseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class nfs_impl_id4:
    """RFC 8881 section 3.3."""

    nii_domain: bytes
    nii_name: bytes
    nii_date: nfstime4


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialOwner:
    """What a cut SETCLIENTID or EXCHANGE_ID still shows of nfs_client_id4 or client_owner4, and nothing after it."""

    verifier: bytes
    owner: bytes
    length: int
    "octets of the owner on the wire"

    @property
    def complete(self) -> bool:
        """Whether the whole owner is there."""
        return len(self.owner) == self.length
