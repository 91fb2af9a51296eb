"""A language for captures that tests read as a dialogue.

    w = Wire(start="2026-11-22T12:00:00")
    c = w.connect("10.0.0.11:871", "10.0.0.1:2049", server_mac="02:00:00:00:00:01")
    asked = c.call("SETCLIENTID", owner=b"Linux NFSv4.0 web01", verifier=1).reply(clientid=0x11, confirm=7)
    w.wait(seconds=6.9)
    stale = c.call("RENEW", clientid=0x11).reply("NFS4ERR_STALE_CLIENTID")
    w.write(path)                                # stale.frame is the call's frame, stale.answer the reply's

Frames are numbered from 1 as in any capture. What was sent but not captured (`lost=True`) has frame 0.
"""

from __future__ import annotations

import ipaddress
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wire import frames, rpc
from wire.numbers import CALLBACK_OPS, OPS, status_number
from wire.operations import ARGUMENTS, FAILURES, RESULTS
from wire.xdr import u32

Endpoint = tuple[str, int]
Operation = str | tuple[str, Mapping[str, Any]]
Outcome = Mapping[str, Any] | str | tuple[str, Mapping[str, Any]]
"""Values of a successful result, the name of a failure, or both for the failures that carry values."""

CLIENT, SERVER = "client", "server"


def endpoint(text: str) -> Endpoint:
    address, _, port = text.rpartition(":")
    return str(ipaddress.ip_address(address.strip("[]"))), int(port)


def op(name: str, /, **values: Any) -> tuple[str, Mapping[str, Any]]:
    return name, values


def _opnum(name: str) -> int:
    return CALLBACK_OPS[name] if name.startswith("CB_") else OPS[name]


def _result(name: str, outcome: Outcome) -> tuple[int, bytes]:
    status: str
    values: Mapping[str, Any]
    if isinstance(outcome, tuple):
        status, values = outcome
    elif isinstance(outcome, str):
        status, values = outcome, {}
    else:
        status, values = "NFS4_OK", outcome
    number = status_number(status)
    encode = RESULTS.get(name) if number == 0 else FAILURES.get((name, number))
    if encode is None and values:
        raise TypeError(f"{name} has no body when it is {status}")
    return number, u32(_opnum(name)) + u32(number) + (encode(**values) if encode else b"")


@dataclass(kw_only=True)
class Session:
    """A session's slots as its client counts them: `connection.call(…, session=s)` sends SEQUENCE first."""

    session: bytes
    sequenceids: dict[int, int] = field(default_factory=dict)

    def next(self, slot: int) -> dict[str, Any]:
        self.sequenceids[slot] = self.sequenceids.get(slot, 0) + 1
        return {"session": self.session, "sequenceid": self.sequenceids[slot], "slot": slot}


@dataclass(kw_only=True)
class Call:
    """A call that was sent; `reply` answers it."""

    connection: Connection
    by: str
    xid: int
    names: tuple[str, ...]
    message: bytes
    frame: int
    at: int
    "where in the sender's stream it begins"
    tag: bytes = b""
    sequence: Mapping[str, Any] | None = None
    answer: int = 0

    @property
    def replier(self) -> str:
        return SERVER if self.by == CLIENT else CLIENT

    def reply(
        self,
        outcome: str | Sequence[Outcome] | None = None,
        /,
        *,
        lost: bool = False,
        sequence_status: str = "NFS4_OK",
        sequence_flags: int = 0,
        **values: Any,
    ) -> Call:
        """Answers: `reply(clientid=…)` for one operation, `reply("NFS4ERR_GRACE")` for a failure of it,
        `reply([{}, {"lease_time": 90}, "NFS4ERR_IO"])` for several. Results end at the first failure."""
        before: list[Outcome] = [{} for _ in self.names[:-1]]
        if outcome is None:
            outcomes = [*before, values] if self.names else []
        elif isinstance(outcome, str):
            outcomes = [*before, (outcome, values)]
        else:
            outcomes = list(outcome)
        results = []
        if self.sequence is not None:
            ok = status_number(sequence_status) == 0
            results.append(_result("SEQUENCE", {**self.sequence, "flags": sequence_flags} if ok else sequence_status))
            outcomes = outcomes if ok else []
        results += [_result(name, each) for name, each in zip(self.names, outcomes, strict=False)]
        body = rpc.compound_results(self.tag, results[-1][0] if results else 0, [encoded for _, encoded in results])
        body = rpc.protected(body, self.connection.service)
        self.answer = self.connection.send(self.replier, rpc.record(rpc.accepted(self.xid, body)), lost=lost)
        return self

    def reply_null(self) -> Call:
        self.answer = self.connection.send(self.replier, rpc.record(rpc.accepted(self.xid, b"")))
        return self

    def reply_version_mismatch(self) -> Call:
        """MINOR_VERS_MISMATCH: no operation was looked at, so there are no results (RFC 8881 section 16.2.3)."""
        body = rpc.compound_results(self.tag, status_number("NFS4ERR_MINOR_VERS_MISMATCH"), [])
        self.answer = self.connection.send(self.replier, rpc.record(rpc.accepted(self.xid, body)))
        return self

    def deny(self, auth_stat: int = 13) -> Call:
        """Answered with AUTH_ERROR (13 is RPCSEC_GSS_CREDPROBLEM)."""
        self.answer = self.connection.send(self.replier, rpc.record(rpc.denied(self.xid, auth_stat)))
        return self


@dataclass(kw_only=True)
class Connection:
    """One TCP connection, as seen by the capture."""

    wire: Wire
    client: Endpoint
    server: Endpoint
    minor: int
    credential: bytes
    xid: int
    mss: int
    next_seq: dict[str, int]
    service: int = 1
    "RPCSEC_GSS service of what is said"

    def protect(self, service: int) -> None:
        """From now on every call is made with RPCSEC_GSS: 1 none, 2 integrity, 3 privacy."""
        self.credential, self.service = rpc.auth_gss(service), service

    def segment(self, by: str, flags: int, payload: bytes = b"", *, seq: int | None = None, lost: bool = False) -> int:
        """Sends one segment and returns its frame."""
        other = SERVER if by == CLIENT else CLIENT
        source, target = (self.client, self.server) if by == CLIENT else (self.server, self.client)
        at = self.next_seq[by] if seq is None else seq
        ack = self.next_seq[other] if flags & frames.ACK else 0
        if seq is None:
            self.next_seq[by] += len(payload) + bool(flags & frames.SYN) + bool(flags & frames.FIN)
        return self.wire.ip(
            source[0], target[0], 6, frames.tcp_segment(source, target, at, ack, flags, payload), lost=lost
        )

    def send(self, by: str, data: bytes, *, lost: bool = False, seq: int | None = None) -> int:
        """Sends stream bytes in segments of at most `mss`; returns the frame of the last."""
        frame, start = 0, self.next_seq[by] if seq is None else seq
        for at in range(0, len(data), self.mss):
            piece = data[at : at + self.mss]
            flags = frames.ACK | (frames.PSH if at + self.mss >= len(data) else 0)
            frame = self.segment(by, flags, piece, seq=start + at, lost=lost)
        if seq is None:
            self.next_seq[by] += len(data)
        return frame

    def handshake(self, how: str = "full") -> None:
        """`full`; `silent`: a SYN that nobody answers; `refused`: answered by RST; `none`: before the capture."""
        if how == "none":
            return
        self.segment(CLIENT, frames.SYN)
        if how == "full":
            self.segment(SERVER, frames.SYN | frames.ACK)
            self.segment(CLIENT, frames.ACK)
        elif how == "refused":
            self.segment(SERVER, frames.RST | frames.ACK)

    def compound(
        self,
        operations: Iterable[Operation],
        *,
        session: Session | None = None,
        slot: int = 0,
        minor: int | None = None,
        tag: bytes = b"",
        lost: bool = False,
        callback: tuple[int, int] | None = None,
        fragment: int | None = None,
    ) -> Call:
        """Sends a COMPOUND. `callback` (program, callback_ident) makes it a CB_COMPOUND: from the side that accepted
        the connection in v4.1 (RFC 8881 section 2.10.3.1), from the one that opened it in v4.0."""
        listed = [(each, {}) if isinstance(each, str) else each for each in operations]
        sequence = session.next(slot) if session else None
        sent = ([("SEQUENCE", sequence)] if sequence else []) + listed
        version = self.minor if minor is None else minor
        encoded = [u32(_opnum(name)) + ARGUMENTS[name](**values) for name, values in sent]
        body = rpc.compound_arguments(tag, version, encoded, callback[1] if callback else None)
        body = rpc.protected(body, self.service)
        by = SERVER if callback and version else CLIENT
        program, protocol = (callback[0], 1) if callback else (rpc.NFS_PROGRAM, 4)
        self.xid += 1
        credential = rpc.AUTH_NONE if callback else self.credential
        message = rpc.record(rpc.call(self.xid, 1, body, credential, program, protocol), fragment)
        call = Call(
            connection=self,
            by=by,
            xid=self.xid,
            names=tuple(name for name, _ in listed),
            message=message,
            frame=0,
            at=self.next_seq[by],
            tag=tag,
            sequence=sequence,
        )
        call.frame = self.send(by, message, lost=lost)
        return call

    def call(
        self,
        name: str,
        /,
        *,
        session: Session | None = None,
        slot: int = 0,
        minor: int | None = None,
        lost: bool = False,
        **values: Any,
    ) -> Call:
        """A COMPOUND of one operation (behind SEQUENCE where a session is given)."""
        return self.compound([(name, values)], session=session, slot=slot, minor=minor, lost=lost)

    def callback(self, operations: Iterable[Operation], *, program: int = 0x40000000, ident: int = 0) -> Call:
        return self.compound(operations, callback=(program, ident))

    def null(self, *, program: int = rpc.NFS_PROGRAM, version: int = 4, by: str = CLIENT) -> Call:
        """The NULL procedure: a ping, or CB_NULL where `program` is a callback program (then version 1)."""
        self.xid += 1
        message = rpc.record(rpc.call(self.xid, 0, b"", rpc.AUTH_NONE, program, version))
        at = self.next_seq[by]
        frame = self.send(by, message)
        return Call(connection=self, by=by, xid=self.xid, names=(), message=message, frame=frame, at=at)

    def repeat(self, call: Call) -> Call:
        """The same call once more: as a TCP retransmission on its own connection, with its old xid on another."""
        again = call.connection is self
        at = call.at if again else self.next_seq[call.by]
        frame = self.send(call.by, call.message, seq=at if again else None)
        return replace(call, connection=self, frame=frame, at=at, answer=0)

    def ack(self, by: str = CLIENT) -> int:
        return self.segment(by, frames.ACK)

    def reset(self, by: str = SERVER) -> int:
        """A RST; the server's answers a segment in mid-stream: sequence = the client's ack, no ACK."""
        return self.segment(by, frames.RST)

    def close(self, by: str = CLIENT) -> int:
        """Both FINs and the last ACK; returns the frame of the first FIN."""
        other = SERVER if by == CLIENT else CLIENT
        first = self.segment(by, frames.FIN | frames.ACK)
        self.segment(other, frames.FIN | frames.ACK)
        self.segment(by, frames.ACK)
        return first


class Wire:
    """A stretch of Ethernet with a capture running on it."""

    def __init__(self, start: str = "2026-11-22T12:00:00", tick: float = 0.001) -> None:
        self.time = int(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp()) * 10**9
        self.tick = round(tick * 10**9)
        self.frames: list[tuple[int, bytes]] = []
        self.macs: dict[str, bytes] = {}
        self.ttls: dict[str, int] = {}
        "with which packets of an address are captured, where it is not the 64 that hosts begin with"
        self.opened = 0

    def mac(self, address: str) -> bytes:
        """The MAC that speaks for an address now; made from the address where nobody said."""
        return self.macs.get(address) or b"\x02\x5e" + ipaddress.ip_address(address).packed[-4:]

    def host(self, address: str, mac: str) -> None:
        self.macs[address] = frames.mac_bytes(mac)

    def wait(self, seconds: float) -> None:
        self.time += round(seconds * 10**9)

    def put(self, frame: bytes, *, lost: bool = False) -> int:
        self.time += self.tick
        if lost:
            return 0
        self.frames.append((self.time, frame))
        return len(self.frames)

    def ip(self, source: str, target: str, protocol: int, payload: bytes, *, lost: bool = False) -> int:
        ident, ttl = len(self.frames) + 1, self.ttls.get(source, 64)
        kind, packet = frames.ip_packet(source, target, protocol, payload, ident, ttl)
        return self.put(frames.ethernet(self.mac(source), self.mac(target), kind, packet), lost=lost)

    def arp(self, address: str, mac: str, *, gratuitous: bool = False, asked_by: str | None = None) -> int:
        """From now on `mac` speaks for `address`, and says so: unasked to all, or in answer to `asked_by`'s request."""
        self.host(address, mac)
        mine = self.macs[address]
        if ipaddress.ip_address(address).version == 6:
            return self.put(frames.neighbour_advertisement(mine, address, solicited=not gratuitous))
        if gratuitous or asked_by is None:
            return self.put(frames.arp(2, (mine, address), (frames.BROADCAST, address)))
        asker = self.mac(asked_by)
        self.put(frames.arp(1, (asker, asked_by), (bytes(6), address)))
        return self.put(frames.arp(2, (mine, address), (asker, asked_by), to=asker))

    def connect(
        self,
        client: str,
        server: str,
        *,
        client_mac: str | None = None,
        server_mac: str | None = None,
        minor: int = 0,
        machinename: bytes | None = b"client1",
        handshake: str = "full",
        mss: int = 1448,
    ) -> Connection:
        here, there = endpoint(client), endpoint(server)
        for address, mac in ((here[0], client_mac), (there[0], server_mac)):
            if mac is not None:
                self.host(address, mac)
        self.opened += 1
        number = zlib.crc32(f"{client} {server} {self.opened}".encode())
        connection = Connection(
            wire=self,
            client=here,
            server=there,
            minor=minor,
            credential=rpc.AUTH_NONE if machinename is None else rpc.auth_sys(machinename),
            xid=number,
            mss=mss,
            next_seq={CLIENT: number, SERVER: number ^ 0x5A5A5A5A},
        )
        connection.handshake(handshake)
        return connection

    def pcap(self, **how: Any) -> bytes:
        """The capture's bytes; `how` as in `frames.pcap_file`."""
        return frames.pcap_file(self.frames, **how)

    def write(self, path: Path | str, **how: Any) -> Path:
        target = Path(path)
        target.write_bytes(self.pcap(**how))
        return target
