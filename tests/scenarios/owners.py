"""Client owners of every known implementation, made by the formats of their sources."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

SERVER, CLIENT, SERVER6 = "10.0.0.1", "10.0.0.11", "fd00::1"


def sockaddr_in(address: str, *, family: bytes = b"\x02\x00", port: int = 2049) -> bytes:
    """struct sockaddr_in: family as the host writes it, port and address in network order, eight zeros."""
    return family + struct.pack(">H", port) + ipaddress.IPv4Address(address).packed + bytes(8)


def sockaddr_in6(address: str, *, family: bytes, tail: int = 8, port: int = 2049) -> bytes:
    """struct sockaddr_in6 with flow label 0, and the scope (and source id on Solaris) behind the address."""
    return family + struct.pack(">HI", port, 0) + ipaddress.IPv6Address(address).packed + bytes(tail)


def solaris(address: str, *, big_endian: bool = False, referrals: bool = True, garbage: bytes = b"") -> bytes:
    """new_nfs4_server: text with its NUL, then the netbuf of maxlen bytes of which only `len` are set."""
    text = b"Solaris: web01, NFSv4 kernel client" + (b" +referrals" if referrals else b"") + b"\0"
    if ipaddress.ip_address(address).version == 6:
        return text + sockaddr_in6(address, family=b"\x00\x1a" if big_endian else b"\x1a\x00") + garbage
    return text + sockaddr_in(address, family=b"\x00\x02" if big_endian else b"\x02\x00") + garbage


def macos(address: str, *, mount: int = 7, source: bytes = b"filer:/export", at: bytes = b"/Volumes/export") -> bytes:
    """nfs4_init_clientid: counter, MAC of en0, the server's sockaddr with its length, mounted from and on."""
    head = struct.pack("<I", mount) + bytes.fromhex("a860b6123456")
    if ipaddress.ip_address(address).version == 6:
        peer = sockaddr_in6(address, family=b"\x1c\x1e", tail=4)
    else:
        peer = sockaddr_in(address, family=b"\x10\x02")
    return head + peer + source + b"\0" + at + b"\0"


def freebsd(*, mount: int = 0x1A2B, uuid: bytes = b"6d9f1b0e-0aa1-11ec-9a03-0242ac130003") -> bytes:
    """nfscl_fillclid: the mount's id, then the host's UUID as text (or 16 random bytes)."""
    return struct.pack("<Q", mount) + uuid


def haiku(address: str, client: str, *, port: int = 2049) -> bytes:
    """SetClientID: everything raw, the port in network order, the protocol as the host writes it."""
    there, here = ipaddress.IPv4Address(address).packed, ipaddress.IPv4Address(client).packed
    return b"HAIKU:kernel:" + there + struct.pack(">H", port) + struct.pack("<H", 6) + here


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An owner, and what it says. `server`, `client`: how the address stands in it, None where it does not."""

    owner: bytes
    form: str
    uniform: bool | None
    server: str | None = None
    client: str | None = None
    hostname: bytes | None = None
    per_mount: bool = False
    address: str = SERVER
    impl_domain: bytes | None = None


EXAMPLES: dict[str, Example] = {
    "linux 2.6.18": Example(
        owner=b"10.0.0.11/10.0.0.1 UNIX 0", form="linux 2.6.0-2.6.24 v4.0", uniform=False, server="text", client="text"
    ),
    "linux 2.6.32": Example(
        owner=b"10.0.0.11/10.0.0.1 tcp UNIX 0",
        form="linux 2.6.25-3.5 v4.0",
        uniform=False,
        server="text",
        client="text",
    ),
    "linux 2.6.32 with krb5": Example(
        owner=b"10.0.0.11/10.0.0.1 tcp gss/krb5i 1",
        form="linux 2.6.25-3.5 v4.0",
        uniform=False,
        server="text",
        client="text",
    ),
    "linux 2.6.32 over IPv6": Example(
        owner=b"fd00::11/fd00::1 tcp6 UNIX 0",
        form="linux 2.6.25-3.5 v4.0",
        uniform=False,
        server="text",
        client="text",
        address=SERVER6,
    ),
    "linux 3.6": Example(
        owner=b"10.0.0.11/10.0.0.1 tcp", form="linux 3.6 v4.0", uniform=False, server="text", client="text"
    ),
    "linux 3.10": Example(
        owner=b"Linux NFSv4.0 10.0.0.11/10.0.0.1 tcp",
        form="linux 3.7-4.17 v4.0",
        uniform=False,
        server="text",
        client="text",
    ),
    "linux 6.1": Example(
        owner=b"Linux NFSv4.0 web01/10.0.0.1", form="linux v4.0", uniform=False, server="text", hostname=b"web01"
    ),
    "linux 6.1 over IPv6": Example(
        owner=b"Linux NFSv4.0 web01/fd00::1",
        form="linux v4.0",
        uniform=False,
        server="text",
        hostname=b"web01",
        address=SERVER6,
    ),
    "linux 6.1 over a link-local address": Example(
        owner=b"Linux NFSv4.0 web01/fe80::1%eth0",
        form="linux v4.0",
        uniform=False,
        server="text",
        hostname=b"web01",
        address="fe80::1",
    ),
    "linux 6.1 with uniquifier": Example(
        owner=b"Linux NFSv4.0 web01/0f1e2d3c-uniq/10.0.0.1",
        form="linux v4.0 with uniquifier",
        uniform=False,
        server="text",
        hostname=b"web01",
    ),
    "linux with migration": Example(
        owner=b"Linux NFSv4.0 web01", form="linux uniform", uniform=True, hostname=b"web01"
    ),
    "linux v4.1": Example(
        owner=b"Linux NFSv4.1 web01.example.com", form="linux uniform", uniform=True, hostname=b"web01.example.com"
    ),
    "linux v4.2 with uniquifier": Example(
        owner=b"Linux NFSv4.2 0f1e2d3c4b5a/web01",
        form="linux uniform with uniquifier",
        uniform=True,
        hostname=b"web01",
    ),
    "linux whose host is named like an address": Example(
        owner=b"Linux NFSv4.1 ip-10-0-0-1", form="linux uniform", uniform=True, hostname=b"ip-10-0-0-1"
    ),
    "linux 2.6.32 v4.1": Example(
        owner=b"10.0.0.11/10.0.0.1 0", form="linux 2.6.31-2.6.33 v4.1", uniform=False, server="text", client="text"
    ),
    "linux 3.2 v4.1": Example(
        owner=b"10.0.0.11/web01.example/1",
        form="linux 2.6.34-3.6 v4.1",
        uniform=None,
        client="text",
        hostname=b"web01",
    ),
    "linux nconnect patch": Example(
        owner=b"Linux NFSv4.0 nconnect=4 web01/10.0.0.1",
        form="linux nconnect patch",
        uniform=False,
        server="text",
        hostname=b"web01",
    ),
    "solaris on x86": Example(owner=solaris(SERVER), form="solaris", uniform=False, server="packed", hostname=b"web01"),
    "solaris on x86, garbage behind the address": Example(
        owner=solaris(SERVER, garbage=b"\xde\xad\xbe\xef" * 3),
        form="solaris",
        uniform=False,
        server="packed",
        hostname=b"web01",
    ),
    "solaris on SPARC": Example(
        owner=solaris(SERVER, big_endian=True), form="solaris", uniform=False, server="packed", hostname=b"web01"
    ),
    "solaris over IPv6": Example(
        owner=solaris(SERVER6), form="solaris", uniform=False, server="packed", hostname=b"web01", address=SERVER6
    ),
    "solaris on SPARC over IPv6": Example(
        owner=solaris(SERVER6, big_endian=True),
        form="solaris",
        uniform=False,
        server="packed",
        hostname=b"web01",
        address=SERVER6,
    ),
    "solaris without referrals": Example(
        owner=solaris(SERVER, referrals=False), form="solaris", uniform=False, server="packed", hostname=b"web01"
    ),
    "macos": Example(owner=macos(SERVER), form="macos", uniform=False, server="packed", per_mount=True),
    "macos over IPv6": Example(
        owner=macos(SERVER6), form="macos", uniform=False, server="packed", per_mount=True, address=SERVER6
    ),
    "freebsd": Example(owner=freebsd(), form="freebsd", uniform=None, per_mount=True),
    "freebsd without hostuuid": Example(
        owner=freebsd(uuid=bytes(range(128, 144))), form="freebsd without hostuuid", uniform=None, per_mount=True
    ),
    "libnfs": Example(owner=b"Libnfs pid:4711 1795348800", form="libnfs", uniform=None, per_mount=True),
    "ganesha proxy": Example(
        owner=b"10.0.0.11(812, 77) - GANESHA NFSv4 Proxy",
        form="ganesha-proxy",
        uniform=None,
        per_mount=True,
        client="text",
    ),
    "older ganesha proxy": Example(
        owner=b"10.0.0.11(812) - GANESHA NFSv4 Proxy",
        form="ganesha-proxy",
        uniform=None,
        per_mount=True,
        client="text",
    ),
    "dcache basic client": Example(
        owner=b"org.dcache.nfs.v4.client.Main: root-123@web01",
        form="dcache-basic-client",
        uniform=True,
        hostname=b"web01",
    ),
    "pynfs 4.0": Example(owner=b"client1_pid4711", form="pynfs", uniform=True, per_mount=True),
    "pynfs delegations": Example(owner=b"pynfs4711_DELEG1", form="pynfs", uniform=True, per_mount=True),
    "haiku": Example(owner=haiku(SERVER, CLIENT), form="haiku", uniform=False, server="packed", client="packed"),
    "nfs-rs": Example(owner=b"nfs-rs-1f2e3d4c", form="nfs-rs", uniform=None, per_mount=True),
    "ms-nfs41-client": Example(
        owner=bytes.fromhex("9e107d9d372bb6826bd81d3542a419d6"),
        form="ms-nfs41-client",
        uniform=None,
        per_mount=True,
        impl_domain=b"msnfs41client.org",
    ),
}
