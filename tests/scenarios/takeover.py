"""Two active heads, each serving one address and share; head 2 fails and head 1 takes its address over.

The dialogue is that of a non-uniform v4.0 client: what differs between clients (owner, verifier, machinename) is
given. Clientids are laid out as illumos lays them out: a counter, then the second the server started, big-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from wire.dialogue import Call, Connection, Wire, op

CLIENT = "10.0.0.11"
ADDRESS_1, ADDRESS_2 = "10.0.0.1", "10.0.0.2"
MAC_1, MAC_2 = "02:00:00:00:01:01", "02:00:00:00:01:02"
LEASE = 90


def started(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


HEAD_1, HEAD_2 = started("2026-11-20T08:00:07"), started("2026-11-21T21:13:42")


def clientid(counter: int, start: int) -> bytes:
    return struct.pack(">II", counter, start)


HELD_1, HELD_2, TAKEN = clientid(0x21, HEAD_1), clientid(0x14, HEAD_2), clientid(0x22, HEAD_1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """What one kind of client says of itself to the server at an address."""

    machinename: bytes
    owner: Callable[[str], bytes]
    verifier: Callable[[str], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeover:
    """The capture, and the calls that tests point at."""

    wire: Wire
    first: Call
    second: Call
    refused: Call
    third: Call
    reclaim: Call
    announced: int


def _identify(c: Connection, persona: Persona, address: str, granted: bytes, confirm: bytes) -> Call:
    asked = c.compound(
        [
            "PUTROOTFH",
            op("GETATTR", attributes=["lease_time"]),
            op("SETCLIENTID", owner=persona.owner(address), verifier=persona.verifier(address), cb=CLIENT, ident=1),
        ]
    ).reply([{}, {"lease_time": LEASE}, {"clientid": granted, "confirm": confirm}])
    c.call("SETCLIENTID_CONFIRM", clientid=granted, confirm=confirm).reply()
    return asked


def _open(c: Connection, held: bytes, name: str, other: bytes) -> None:
    c.compound(
        [op("PUTFH", handle=b"share"), op("OPEN", clientid=held, owner=b"open owner", seqid=1, name=name), "GETFH"]
    ).reply([{}, {"stateid": (1, other)}, {"handle": name.encode()}])


def _renew(wire: Wire, times: int, *leases: tuple[Connection, bytes]) -> None:
    for _ in range(times):
        wire.wait(seconds=LEASE * 2 / 3)
        for connection, held in leases:
            connection.call("RENEW", clientid=held).reply()


def takeover(persona: Persona) -> Takeover:
    w = Wire(start="2026-11-22T12:00:00")
    w.host(CLIENT, "02:00:00:00:02:0b")
    w.arp(ADDRESS_1, MAC_1, asked_by=CLIENT)
    c1 = w.connect(f"{CLIENT}:1021", f"{ADDRESS_1}:2049", machinename=persona.machinename)
    first = _identify(c1, persona, ADDRESS_1, HELD_1, clientid(0x21, 1))
    _open(c1, HELD_1, "f1", b"head1-open1")
    w.wait(seconds=4)
    w.arp(ADDRESS_2, MAC_2, asked_by=CLIENT)
    c2 = w.connect(f"{CLIENT}:1022", f"{ADDRESS_2}:2049", machinename=persona.machinename)
    second = _identify(c2, persona, ADDRESS_2, HELD_2, clientid(0x14, 1))
    _open(c2, HELD_2, "b1", b"head2-open1")
    _renew(w, 3, (c1, HELD_1), (c2, HELD_2))

    # Head 2 is gone: what the client sends is not answered, until head 1 says that the address is its own now.
    w.wait(seconds=31)
    unanswered = c2.call("RENEW", clientid=HELD_2)
    w.wait(seconds=0.4)
    c2.repeat(unanswered)
    w.wait(seconds=21)
    announced = w.arp(ADDRESS_2, MAC_1, gratuitous=True)
    c2.repeat(unanswered)
    c2.reset(by="server")
    c1.call("RENEW", clientid=HELD_1).reply()
    c3 = w.connect(f"{CLIENT}:1023", f"{ADDRESS_2}:2049", machinename=persona.machinename)
    refused = c3.call("RENEW", clientid=HELD_2).reply("NFS4ERR_STALE_CLIENTID")
    third = _identify(c3, persona, ADDRESS_2, TAKEN, clientid(0x22, 1))
    reclaim = c3.compound(
        [
            op("PUTFH", handle=b"b1"),
            op("OPEN", clientid=TAKEN, owner=b"open owner", seqid=1, claim="CLAIM_PREVIOUS"),
        ]
    ).reply([{}, "NFS4ERR_NO_GRACE"])
    _renew(w, 4, (c1, HELD_1), (c3, TAKEN))
    return Takeover(
        wire=w, first=first, second=second, refused=refused, third=third, reclaim=reclaim, announced=announced
    )
