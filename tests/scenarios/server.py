"""A server instance that keeps its clients as RFC 7530 (16.33, 16.34) and RFC 8881 (18.35, 18.36) say: what it
answers follows
from what it was asked, so that a story's ids are those a real head would give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from scenarios.layouts import LINUX, Layout

Answer = Mapping[str, Any] | str
CONFIRMED_R = 0x80000000


def second(text: str) -> int:
    """Seconds since 1970 of a time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@dataclass(kw_only=True)
class Record:
    """What a head knows of one owner: unconfirmed until a SETCLIENTID_CONFIRM or CREATE_SESSION came."""

    verifier: bytes
    clientid: bytes
    confirm: bytes = b""
    reclaimed: bool = False


Key = tuple[bytes, str]


@dataclass(kw_only=True)
class Head:
    """One running instance. `grace_until` in ns; `remembers`: reclaims are granted in grace (it has the list of
    clients);
    `per_address`: one client record for each of its own addresses in v4.1, as Ganesha has it; `ttl`: what is left of it
    where the capture is."""

    name: bytes = b"hn1"
    scope: bytes | None = None
    mac: str = "02:00:00:00:01:01"
    ttl: int = 64
    booted: int = second("2026-11-20T08:00:07")
    layout: Layout = LINUX
    counter: int = 0x5A010000
    lease: int = 90
    grace_until: int = 0
    remembers: bool = True
    per_address: bool = False
    records: dict[Key, Record] = field(default_factory=dict)
    unconfirmed: dict[Key, Record] = field(default_factory=dict)
    sessions: dict[bytes, bytes] = field(default_factory=dict)
    stateids: dict[bytes, bytes] = field(default_factory=dict)
    issued: int = 0

    def restarted(self, booted: int, **changed: Any) -> Head:
        """The same machine, started anew: it knows nobody."""
        fresh: dict[str, Any] = {"records": {}, "unconfirmed": {}, "sessions": {}, "stateids": {}}
        return replace(self, booted=booted, counter=self.counter + 0x00300000, **{**fresh, **changed})

    def forget(self, clientid: bytes) -> None:
        """A lease that is over: the clientid, its sessions and its state are unknown from now on."""
        self.records = {k: r for k, r in self.records.items() if r.clientid != clientid}
        self.sessions = {s: c for s, c in self.sessions.items() if c != clientid}
        self.stateids = {s: c for s, c in self.stateids.items() if c != clientid}

    def knows(self, clientid: bytes) -> bool:
        return any(r.clientid == clientid for r in self.records.values())

    def _confirmed(self, key: Key, record: Record) -> None:
        """From now on the owner is this one; what it held under another clientid is gone."""
        self.unconfirmed.pop(key, None)
        before = self.records.get(key)
        if before is not None and before.clientid != record.clientid:
            self.forget(before.clientid)
        self.records[key] = record

    def in_grace(self, now: int) -> bool:
        return now < self.grace_until

    def _new(self, now: int) -> bytes:
        self.counter += 1
        return self.layout.clientid(self.counter, self.booted, now // 10**9)

    def _confirm(self, now: int) -> bytes:
        self.issued += 1
        return self.layout.confirm(self.issued, self.booted, now // 10**9)

    def setclientid(self, owner: bytes, verifier: bytes, now: int) -> Answer:
        key = owner, ""
        known = self.records.get(key)
        clientid = known.clientid if known is not None and known.verifier == verifier else self._new(now)
        asked = Record(verifier=verifier, clientid=clientid, confirm=self._confirm(now))
        self.unconfirmed[key] = asked
        return {"clientid": clientid, "confirm": asked.confirm}

    def setclientid_confirm(self, clientid: bytes, confirm: bytes) -> Answer:
        for key, record in [*self.unconfirmed.items(), *self.records.items()]:
            if (record.clientid, record.confirm) == (clientid, confirm):
                self._confirmed(key, record)
                return {}
        return "NFS4ERR_STALE_CLIENTID"

    def renew(self, clientid: bytes) -> Answer:
        return {} if self.knows(clientid) else "NFS4ERR_STALE_CLIENTID"

    def exchange_id(self, owner: bytes, verifier: bytes, address: str, now: int) -> Answer:
        key = owner, (address if self.per_address else "")
        known = self.records.get(key)
        confirmed = known is not None and known.verifier == verifier
        if known is None or not confirmed:
            known = self.unconfirmed[key] = Record(verifier=verifier, clientid=self._new(now))
        return {
            "clientid": known.clientid,
            "flags": 0x20000 | (CONFIRMED_R if confirmed else 0),
            "sequenceid": 2 if confirmed else 1,
            "major_id": self.name,
            "scope": self.name if self.scope is None else self.scope,
        }

    def create_session(self, clientid: bytes) -> Answer:
        for key, record in [*self.unconfirmed.items(), *self.records.items()]:
            if record.clientid == clientid:
                self._confirmed(key, record)
                self.issued += 1
                session = self.layout.session(clientid, self.issued)
                self.sessions[session] = clientid
                return {"session": session}
        return "NFS4ERR_STALE_CLIENTID"

    def reclaim_complete(self, session: bytes) -> Answer:
        record = next(r for r in self.records.values() if r.clientid == self.sessions[session])
        done, record.reclaimed = record.reclaimed, True
        return "NFS4ERR_COMPLETE_ALREADY" if done else {}

    def grant(self, clientid: bytes) -> bytes:
        """A new stateid.other; nfsd and nfs4j put the clientid in front, the others nothing that tells."""
        self.issued += 1
        other = clientid + self.issued.to_bytes(4, "big")
        self.stateids[other] = clientid
        return other
