"""Recognises a server's implementation by what it says of itself and by the shape of its identity."""

from __future__ import annotations

import re

_BY_DOMAIN = {
    "kernel.org": "Linux nfsd",
    "nfsv41.ietf.org": "illumos",
    "dcache.org": "dCache nfs4j",
    "citi.umich.edu": "pynfs",
    "freebsd.org": "FreeBSD nfsd",
}
_HOST = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.-]{0,252}")
_HOST_AND_SERIAL = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.-]{0,252} (0x)?[0-9a-fA-F]{4,16}")
_UADDR = re.compile(rb"(\d{1,3}\.){5}\d{1,3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(\.\d{1,3}){2}")
_UUID = re.compile(rb"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def server_implementation(
    *,
    so_major_id: bytes | None,
    scope: bytes | None,
    impl_domain: str | None,
    instance: str | None,
    instance_time: int | None,
) -> str | None:
    """Name of the implementation by its strongest sign, or None. `instance`: hex in wire order, `instance_time`: ns."""
    if impl_domain is not None:
        # a server that names itself and is none of these is not one of the shapes below either
        return _BY_DOMAIN.get(impl_domain.lower())
    if scope is not None and scope.endswith(b"_NFS-Ganesha\0"):
        return "NFS-Ganesha"
    if so_major_id is None:
        return None
    if so_major_id == scope and _HOST_AND_SERIAL.fullmatch(so_major_id):
        return "illumos"
    if _UADDR.fullmatch(so_major_id) and not scope:
        return "dCache nfs4j"
    if so_major_id == scope and _UUID.fullmatch(so_major_id):
        return "FreeBSD nfsd"
    if so_major_id == scope and _HOST.fullmatch(so_major_id) and _boot_second(instance, instance_time):
        return "Linux nfsd"
    return None


def _boot_second(instance: str | None, time: int | None) -> bool:
    """The instance half of the clientids is the boot second as it lies in a little-endian memory."""
    if instance is None or time is None:
        return False
    raw = bytes.fromhex(instance.removeprefix("0x"))
    return len(raw) == 4 and int.from_bytes(raw, "little") == time // 10**9


def clientid_layout(instance: str | None, time: int | None) -> str | None:
    """How the instance half stands in the clientids of a head (`instance`: hex in wire order, `time`: ns), in words."""
    if instance is None:
        return None
    raw = bytes.fromhex(instance.removeprefix("0x"))
    if time is None or len(raw) != 4:
        return f"{instance}, no boot time"
    second = time // 10**9
    if int.from_bytes(raw, "little") == second:
        return f"{instance}, its start in seconds as it lies in little-endian memory"
    if int.from_bytes(raw, "big") == second:
        return f"{instance}, its start in seconds in network order"
    return f"{instance}, no boot time"
