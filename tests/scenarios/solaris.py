"""Clients that put the server's socket address into their owner as bytes, not as text."""

from __future__ import annotations

import ipaddress
import struct

from scenarios.takeover import Persona, started

MOUNTED = {
    "10.0.0.1": (started("2026-11-22T12:00:00"), 3114159),
    "10.0.0.2": (started("2026-11-22T12:00:04"), 27182818),
}


def sockaddr_in(address: str, family: bytes = b"\x02\x00") -> bytes:
    """struct sockaddr_in: family in the host's byte order, port 2049 and address in network order, eight zeros."""
    return family + struct.pack(">H", 2049) + ipaddress.IPv4Address(address).packed + bytes(8)


def solaris_owner(address: str) -> bytes:
    return b"Solaris: web01, NFSv4 kernel client +referrals\0" + sockaddr_in(address)


def solaris_verifier(address: str) -> bytes:
    """When the client first met this server, in native order: another for each server, without any restart."""
    return struct.pack("<II", *MOUNTED[address])


SOLARIS = Persona(machinename=b"web01", owner=solaris_owner, verifier=solaris_verifier)

SPARC = Persona(
    machinename=b"web01",
    owner=lambda address: b"Solaris: web01, NFSv4 kernel client +referrals\0" + sockaddr_in(address, b"\x00\x02"),
    verifier=lambda address: struct.pack(">II", *MOUNTED[address]),
)

UNLISTED = Persona(
    machinename=b"edge-7",
    owner=lambda address: b"\x01\x00nfsc/3 edge-7\x00\xfe\x10" + sockaddr_in(address) + b"\x07\x00\x00\x00",
    verifier=lambda address: struct.pack(">II", MOUNTED["10.0.0.1"][0], 3114159),
)
"""A format that no list of owners knows."""
