"""A case full of names that must not leave the house, and the search for them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from scenarios.owners import macos, sockaddr_in
from wire.dialogue import Wire, op

NAMES = (
    b"zebra-47",
    b"acmecorp",
    b"filer-kilo",
    b"quarterly-figures.ods",
    b"salaries",
    b"Projects",
    b"Payroll-2026",
    b"juliet99",
    b"4711deadbeef4711",
    b"opaque-owner-of-an-open",
    b"buildhost-9",
)
ADDRESSES = (
    "10.63.7.41",
    "10.63.7.42",
    "10.63.9.118",
    "172.29.3.77",
    "fd12:3456:789a::15",
    "203.0.113.85",
    "198.51.100.9",
)
MACS = ("00:50:56:9a:17:c3", "02:42:ac:1d:03:4d", "00:50:56:9a:17:c4")

ONE, TWO, CLIENT, SUN, SIX, THIRD, HOLDER = ADDRESSES


def telling(path: Path) -> Path:
    """Several clients of two servers, an address that moves, and files that are lost by it."""
    w = Wire()
    w.arp(ONE, MACS[0], gratuitous=True)
    w.arp(TWO, MACS[1], gratuitous=True)
    w.host(CLIENT, MACS[2])
    _linux(w)
    _later(w)
    _unlisted(w)
    _solaris(w)
    _macos(w)
    return w.write(path)


def _linux(w: Wire) -> None:
    """Non-uniform at both addresses; TWO moves to the head of ONE and the open is lost."""
    name = b"zebra-47.acmecorp.example"
    c1 = w.connect(f"{CLIENT}:871", f"{ONE}:2049", machinename=name)
    c2 = w.connect(f"{CLIENT}:872", f"{TWO}:2049", machinename=name)
    for conn, address, clientid in ((c1, ONE, 0x6A2B000000000011), (c2, TWO, 0x6A2C000000000099)):
        owner = b"Linux NFSv4.0 " + name + b"/" + address.encode()
        conn.call("SETCLIENTID", owner=owner, verifier=1, cb=CLIENT, cb_port=777).reply(clientid=clientid, confirm=7)
        conn.call("SETCLIENTID_CONFIRM", clientid=clientid, confirm=7).reply()
        conn.compound(["PUTROOTFH", op("LOOKUP", name=b"Projects"), op("LOOKUP", name=b"salaries"), "GETFH"]).reply(
            [{}, {}, {}, {"handle": b"\x01\x00" + b"handle of salaries"}]
        )
        conn.compound(
            [
                op("PUTFH", handle=b"\x01\x00" + b"handle of salaries"),
                op("OPEN", clientid=clientid, owner=b"opaque-owner-of-an-open", name=b"quarterly-figures.ods"),
                "GETFH",
            ]
        ).reply([{}, {"stateid": (1, bytes(range(12)))}, {"handle": b"handle of the figures"}])
    c1.compound(["PUTROOTFH", op("GETATTR", attributes=("lease_time", "fs_locations"))]).reply(
        [{}, {"lease_time": 90, "fs_locations": ("/Projects", [(["filer-kilo.acmecorp.example", THIRD], "/salaries")])}]
    )
    for _ in range(3):
        w.wait(40)
        c1.call("RENEW", clientid=0x6A2B000000000011).reply()
        c2.call("RENEW", clientid=0x6A2C000000000099).reply()
    c2.call("RENEW", clientid=0x6A2C000000000099)
    w.wait(20)
    w.arp(TWO, MACS[0], gratuitous=True)
    c2.reset()
    c3 = w.connect(f"{CLIENT}:873", f"{TWO}:2049", machinename=name)
    c3.call("RENEW", clientid=0x6A2C000000000099).reply("NFS4ERR_STALE_CLIENTID")
    owner = b"Linux NFSv4.0 " + name + b"/" + TWO.encode()
    c3.call("SETCLIENTID", owner=owner, verifier=1, cb=CLIENT, cb_port=777).reply(
        clientid=0x6A2B000000000012, confirm=8
    )
    c3.call("SETCLIENTID_CONFIRM", clientid=0x6A2B000000000012, confirm=8).reply()
    c3.compound(
        [
            op("PUTFH", handle=b"handle of the figures"),
            op("OPEN", clientid=0x6A2B000000000012, owner=b"opaque-owner-of-an-open", claim="CLAIM_PREVIOUS"),
        ]
    ).reply([{}, "NFS4ERR_NO_GRACE"])
    for _ in range(2):
        w.wait(40)
        c1.call("RENEW", clientid=0x6A2B000000000011).reply()
        c3.call("RENEW", clientid=0x6A2B000000000012).reply()


def _later(w: Wire) -> None:
    """Minor version 1 over IPv6, with all that a server says of itself."""
    conn = w.connect(f"[{SIX}]:900", "[fd12:3456:789a::1]:2049", minor=1, machinename=b"juliet99")
    conn.call(
        "EXCHANGE_ID",
        owner=b"Linux NFSv4.1 4711deadbeef4711/juliet99",
        verifier=5,
        impl=("acmecorp.example", "x zebra-47"),
    ).reply(
        clientid=0x55,
        major_id=b"filer-kilo.acmecorp",
        scope=b"filer-kilo.acmecorp",
        impl=("kernel.org", "Linux 6.1 buildhost-9 x86_64"),
    )


def _unlisted(w: Wire) -> None:
    conn = w.connect(f"{SUN}:901", f"{ONE}:2049", machinename=b"juliet99")
    owner = b"\xab\xcd" + ipaddress.ip_address(ONE).packed + b"zebra-47\x00\xfe"
    conn.call("SETCLIENTID", owner=owner, verifier=9, cb=SUN, cb_port=7).reply(
        "NFS4ERR_CLID_INUSE", cb=HOLDER, cb_port=700
    )


def _solaris(w: Wire) -> None:
    conn = w.connect(f"{SUN}:902", f"{TWO}:2049", machinename=b"juliet99")
    owner = b"Solaris: juliet99, NFSv4 kernel client +referrals\0" + sockaddr_in(TWO) + b"Payroll-2026"
    conn.call("SETCLIENTID", owner=owner, verifier=10, cb=SUN, cb_port=7).reply(clientid=0x6A2B0000000000AA, confirm=3)
    conn.call("SETCLIENTID_CONFIRM", clientid=0x6A2B0000000000AA, confirm=3).reply()


def _macos(w: Wire) -> None:
    conn = w.connect(f"{SUN}:903", f"{ONE}:2049", machinename=b"juliet99")
    owner = macos(ONE, source=b"filer-kilo:/salaries", at=b"/Volumes/Payroll-2026")
    conn.call("SETCLIENTID", owner=owner, verifier=11, cb=SUN, cb_port=7).reply(clientid=0x6A2B0000000000AB, confirm=3)


def left(text: str, originals: Iterable[bytes], addresses: Iterable[str], macs: Iterable[str] = ()) -> list[str]:
    """Originals that can be read out of a text in any form that somebody may think of."""
    lower = text.lower()
    found = [shown for original in originals for shown in _forms(original) if shown.lower() in lower]
    for address in addresses:
        if re.search(r"(?<![0-9a-f.:])" + re.escape(address) + r"(?![0-9a-f:]|\.?\d)", lower):
            found.append(address)
        packed = ipaddress.ip_address(address).packed
        found += [shown for shown in (packed.hex(), packed[::-1].hex(), *_escaped(address.encode())) if shown in lower]
    for mac in macs:
        found += [shown for shown in (mac, mac.replace(":", ""), mac.replace(":", "-")) if shown in lower]
    return found


def _forms(original: bytes) -> Iterator[str]:
    yield original.decode("latin-1")
    yield original.decode("latin-1")[::-1]
    yield original.hex()
    yield original[::-1].hex()
    yield from _escaped(original)


def _escaped(original: bytes) -> Iterator[str]:
    yield "".join(f"\\u{octet:04x}" for octet in original)
    yield "".join(f"\\x{octet:02x}" for octet in original)
    yield "".join(f"%{octet:02x}" for octet in original)
    yield "".join(f"&#{octet};" for octet in original)
