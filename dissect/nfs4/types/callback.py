"""Callback operations whose content is read (RFC 8881 sections 20.2 and 20.9)."""

from __future__ import annotations

from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.types.common import Stateid


@dataclass(frozen=True, slots=True, kw_only=True)
class CB_RECALL4args:
    """RFC 8881 section 20.2."""

    stateid: Stateid
    truncate: bool
    fh: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CB_SEQUENCE4args:
    """RFC 8881 section 20.9, without the referring call lists."""

    csa_sessionid: bytes
    csa_sequenceid: int
    csa_slotid: int
    csa_highest_slotid: int
    csa_cachethis: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CB_SEQUENCE4resok:
    """RFC 8881 section 20.9."""

    csr_sessionid: bytes
    csr_sequenceid: int
    csr_slotid: int
    csr_highest_slotid: int
    csr_target_highest_slotid: int
