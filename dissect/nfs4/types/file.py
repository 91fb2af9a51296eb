"""Filehandles, names, the two attributes that concern leases, and file data (whose bytes are not kept)."""

from __future__ import annotations

from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.types.common import Stateid


@dataclass(frozen=True, slots=True, kw_only=True)
class PUTFH4args:
    """RFC 8881 section 18.19."""

    object: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class GETFH4resok:
    """RFC 8881 section 18.8."""

    object: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LOOKUP4args:
    """RFC 8881 section 18.13."""

    objname: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class fs_location4:
    """RFC 8881 section 11.16: one set of servers, and the path of the file system there."""

    server: tuple[bytes, ...]
    rootpath: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class fs_locations4:
    """RFC 8881 section 11.16."""

    fs_root: tuple[bytes, ...]
    locations: tuple[fs_location4, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GETATTR4resok:
    """RFC 8881 section 18.7: the attributes that concern leases, None where they were not among those returned."""

    lease_time: int | None = None
    fs_locations: fs_locations4 | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SETATTR4args:
    """RFC 8881 section 18.30."""

    stateid: Stateid


@dataclass(frozen=True, slots=True, kw_only=True)
class READ4args:
    """RFC 8881 section 18.22."""

    stateid: Stateid
    offset: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WRITE4args:
    """RFC 8881 section 18.32; `length` octets of data on the wire."""

    stateid: Stateid
    offset: int
    stable: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WRITE4resok:
    """RFC 8881 section 18.32."""

    count: int
    committed: int
    writeverf: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class COMMIT4resok:
    """RFC 8881 section 18.3."""

    writeverf: bytes
