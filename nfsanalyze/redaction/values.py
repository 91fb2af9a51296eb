"""Decoded arguments and results with their strings replaced; ids, verifiers, stateids and numbers stay.

Every field of bytes is either among `KEPT` or among those replaced: a test holds that against the types.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dissect.nfs4 import types as t
from nfsanalyze.redaction.owner import Owners
from nfsanalyze.redaction.text import Texts

_NETIDS = frozenset((b"", b"tcp", b"tcp6", b"udp", b"udp6", b"rdma", b"rdma6"))

Stand = Callable[[Any], Any]

KEPT = frozenset(
    (
        "verifier",
        "clientid",
        "setclientid_confirm",
        "co_verifier",
        "eir_clientid",
        "dca_clientid",
        "csa_clientid",
        "csa_sessionid",
        "csr_sessionid",
        "bctsa_sessid",
        "bctsr_sessid",
        "dsa_sessionid",
        "sa_sessionid",
        "sr_sessionid",
        "writeverf",
        "other",
    )
)
"""Fields that name state or a boot, and nobody: findings rest on their bytes."""


class Values:
    """The stand-ins of values."""

    def __init__(self, texts: Texts, owners: Owners) -> None:
        host, name, octets = texts.host, texts.name, texts.octets

        def netid(data: bytes) -> bytes:
            return data if data in _NETIDS else host(data)

        def implementation(found: t.nfs_impl_id4 | None) -> t.nfs_impl_id4 | None:
            if found is None:
                return None
            return replace(
                found, nii_domain=owners.domain(found.nii_domain), nii_name=owners.implementation(found.nii_name)
            )

        def callback(found: tuple[t.callback_sec_parms4, ...]) -> tuple[t.callback_sec_parms4, ...]:
            return tuple(map(self.value, found))

        def path(found: tuple[bytes, ...]) -> tuple[bytes, ...]:
            return tuple(map(name, found))

        def place(found: t.fs_locations4 | None) -> t.fs_locations4 | None:
            if found is None:
                return None
            there = tuple(
                replace(each, server=tuple(map(host, each.server)), rootpath=path(each.rootpath))
                for each in found.locations
            )
            return replace(found, fs_root=path(found.fs_root), locations=there)

        self.fields: dict[type, dict[str, Stand]] = {
            t.SETCLIENTID4args: {"id": owners.owner, "na_r_netid": netid, "na_r_addr": host},
            t.SETCLIENTID4inuse: {"na_r_netid": netid, "na_r_addr": host},
            t.EXCHANGE_ID4args: {"co_ownerid": owners.owner, "eia_client_impl_id": implementation},
            t.EXCHANGE_ID4resok: {
                "so_major_id": owners.server,
                "eir_server_scope": owners.server,
                "eir_server_impl_id": implementation,
            },
            t.PartialOwner: {"owner": owners.partial},
            t.callback_sec_parms4: {
                "machinename": host,
                "gcbp_handle_from_server": octets,
                "gcbp_handle_from_client": octets,
            },
            t.CREATE_SESSION4args: {"csa_sec_parms": callback},
            t.BACKCHANNEL_CTL4args: {"bca_sec_parms": callback},
            t.GETATTR4resok: {"fs_locations": place},
            t.GETFH4resok: {"object": octets},
            t.PUTFH4args: {"object": octets},
            t.CB_RECALL4args: {"fh": octets},
            t.LOOKUP4args: {"objname": name},
            t.OPEN4args: {"owner": octets, "file": name},
            t.LOCK4args: {"owner": octets},
            t.LOCK4denied: {"owner": octets},
            t.LOCKT4args: {"owner": octets},
            t.RELEASE_LOCKOWNER4args: {"owner": octets},
        }
        self._owners = owners

    def value(self, value: Any) -> Any:
        """The same value, its strings replaced."""
        fields = self.fields.get(type(value))
        if fields is None:
            return value
        told = {name: stand(old) for name, stand in fields.items() if (old := getattr(value, name)) is not None}
        if isinstance(value, t.PartialOwner) and value.complete:
            told["owner"] = self._owners.owner(value.owner)
        if isinstance(value, t.EXCHANGE_ID4args) and value.eia_client_impl_id is not None:
            told["co_ownerid"] = self._owners.owner(value.co_ownerid, value.eia_client_impl_id.nii_domain)
        return replace(value, **told)
