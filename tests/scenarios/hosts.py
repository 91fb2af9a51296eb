"""Client hosts that mount, hold state, renew and recover the way Linux does (nfs4_state_manager): a story's other
half."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scenarios.cluster import Cluster
from scenarios.server import Answer, Head, second
from wire.dialogue import Call, Connection, Outcome, Session, op

Owner = Callable[[str, int], bytes]
"""(server address, minor version) -> client owner."""


def linux_verifier(booted: str = "2026-11-22T09:00:00", ns: int = 314159265) -> bytes:
    """The network namespace's start as nanoseconds since 1970 (nfs4_init_boot_verifier)."""
    return struct.pack(">Q", second(booted) * 10**9 + ns)


@dataclass(kw_only=True)
class Host:
    """One client. `uniform` decides for the owner of v4.0 (mount option `migration`) unless `owner` makes it."""

    cluster: Cluster
    address: str = "10.0.0.11"
    name: str = "client1"
    verifier: bytes = field(default_factory=linux_verifier)
    uniform: bool = False
    owner: Owner | None = None
    verifier_for: Callable[[str], bytes] | None = None
    port: int = 700

    def owner_for(self, server: str, minor: int) -> bytes:
        if self.owner is not None:
            return self.owner(server, minor)
        tail = "" if self.uniform or minor else f"/{server}"
        return f"Linux NFSv4.{minor} {self.name}{tail}".encode()

    def boot_verifier(self, server: str) -> bytes:
        return self.verifier_for(server) if self.verifier_for else self.verifier

    def connect(self, server: str, minor: int, *, source: str | None = None, handshake: str = "full") -> Connection:
        self.port += 1
        here = source or self.address
        self.cluster.asked(server, here)
        bracket = "[{}]:{}" if ipaddress.ip_address(server).version == 6 else "{}:{}"
        return self.cluster.wire.connect(
            bracket.format(here, self.port),
            bracket.format(server, 2049),
            minor=minor,
            machinename=self.name.encode(),
            handshake=handshake,
        )

    def mount(
        self, server: str, *, minor: int = 0, name: str | None = "file", source: str | None = None, twice: bool = True
    ) -> Mount:
        """Mounts, and opens and locks a file of that name where one is given."""
        m = Mount(host=self, server=server, minor=minor, connection=self.connect(server, minor, source=source))
        m.identify(twice=twice)
        m.lease_time()
        if minor:
            m.complete()
        if name is not None:
            m.open(name)
        return m


@dataclass(kw_only=True)
class Opened:
    """A file that is held open, and locked where `lock` is set."""

    name: str
    stateid: bytes
    lock: bytes | None = None


@dataclass(kw_only=True)
class Mount:
    """One mount: a client at a server address. `asked`, `confirm`: the last identity request, and what confirmed it."""

    host: Host
    server: str
    minor: int
    connection: Connection
    clientid: bytes = b""
    session: Session | None = None
    files: list[Opened] = field(default_factory=list)
    asked: Call | None = None
    confirmed: Call | None = None
    cb_ident: int = 1
    trouble: list[str] = field(default_factory=list)

    @property
    def head(self) -> Head | None:
        return self.host.cluster.at[self.server]

    @property
    def now(self) -> int:
        return self.host.cluster.now

    def _answer(self, call: Call, outcome: Outcome) -> Call:
        return call.reply([outcome])

    # --- who am I

    def setclientid(self, *, verifier: bytes | None = None, cb: str | None = None) -> bytes | None:
        """SETCLIENTID; the confirm verifier, None where nobody answers."""
        owner, mine = self.host.owner_for(self.server, 0), verifier or self.host.boot_verifier(self.server)
        self.asked = self.connection.call(
            "SETCLIENTID", owner=owner, verifier=mine, cb=cb or self.host.address, ident=self.cb_ident
        )
        if self.head is None:
            return None
        told = self.head.setclientid(owner, mine, self.now)
        assert not isinstance(told, str)
        self._answer(self.asked, told)
        self.clientid = told["clientid"]
        confirm: bytes = told["confirm"]
        return confirm

    def setclientid_confirm(self, confirm: bytes, *, at: Mount | None = None) -> bool:
        """SETCLIENTID_CONFIRM here, or at another mount's address (RFC 7931 section 5.8)."""
        there = at or self
        self.confirmed = there.connection.call("SETCLIENTID_CONFIRM", clientid=self.clientid, confirm=confirm)
        if there.head is None:
            return False
        told = there.head.setclientid_confirm(self.clientid, confirm)
        self._answer(self.confirmed, told)
        return not isinstance(told, str)

    def exchange_id(self, *, verifier: bytes | None = None) -> Answer | None:
        owner, mine = self.host.owner_for(self.server, self.minor), verifier or self.host.boot_verifier(self.server)
        self.asked = self.connection.call("EXCHANGE_ID", owner=owner, verifier=mine)
        if self.head is None:
            return None
        told = self.head.exchange_id(owner, mine, self.server, self.now)
        assert not isinstance(told, str)
        self._answer(self.asked, told)
        self.clientid = told["clientid"]
        return told

    def create_session(self) -> bool:
        self.confirmed = self.connection.call("CREATE_SESSION", clientid=self.clientid, sequence=1)
        if self.head is None:
            return False
        told = self.head.create_session(self.clientid)
        self._answer(self.confirmed, told)
        if isinstance(told, str):
            return False
        self.session = Session(session=told["session"])
        return True

    def identify(self, *, twice: bool = False) -> None:
        """Everything from the owner to a confirmed clientid (and session); Linux does it twice at a mount."""
        for _ in range(2 if twice else 1):
            if self.minor == 0:
                confirm = self.setclientid()
                if confirm is not None:
                    self.setclientid_confirm(confirm)
            else:
                self.exchange_id()
        if self.minor:
            self.create_session()

    def complete(self) -> str | None:
        """RECLAIM_COMPLETE; the error, None if accepted."""
        assert self.session is not None
        call = self.connection.call("RECLAIM_COMPLETE", session=self.session)
        if self.head is None:
            return None
        told = self.head.reclaim_complete(self.session.session)
        self._answer(call, told)
        return told if isinstance(told, str) else None

    # --- files

    def _do(self, operations: list[Any], outcomes: Callable[[Head], list[Outcome]]) -> Call:
        call = self.connection.compound(operations, session=self.session)
        head = self.head
        if head is None:
            return call
        if self.session is not None and self.session.session not in head.sessions:
            return call.reply([], sequence_status="NFS4ERR_BADSESSION")
        return call.reply(outcomes(head))

    def lease_time(self) -> Call:
        return self._do(
            ["PUTROOTFH", op("GETATTR", attributes=["lease_time"])], lambda head: [{}, {"lease_time": head.lease}]
        )

    def open(self, name: str, *, locked: bool = True) -> Opened:
        assert self.head is not None
        held = Opened(name=name, stateid=self.head.grant(self.clientid))
        ask = op(
            "OPEN", clientid=self.clientid if not self.minor else 0, owner=b"open " + self.host.name.encode(), name=name
        )
        self._do(
            [op("PUTFH", handle=b"root"), ask, "GETFH"],
            lambda head: [{}, {"stateid": (1, held.stateid)}, {"handle": name.encode()}],
        )
        if locked:
            held.lock = self.head.grant(self.clientid)
            self._lock(held, reclaim=False, outcome={"stateid": (1, held.lock)})
        self.files.append(held)
        return held

    def _lock(self, held: Opened, *, reclaim: bool, outcome: Outcome) -> Call:
        ask = op(
            "LOCK",
            open_stateid=(1, held.stateid),
            clientid=self.clientid if not self.minor else 0,
            owner=b"lock " + self.host.name.encode(),
            reclaim=reclaim,
        )
        return self._do([op("PUTFH", handle=held.name.encode()), ask], lambda head: [{}, outcome])

    def write(self, held: Opened, *, verifier: int = 9) -> Call:
        ask = op("WRITE", stateid=(1, held.stateid), data=b"data")
        return self._do(
            [op("PUTFH", handle=held.name.encode()), ask],
            lambda head: [{}, {"verifier": verifier} if held.stateid in head.stateids else "NFS4ERR_STALE_STATEID"],
        )

    def close(self, held: Opened) -> Call:
        self.files.remove(held)
        ask = op("CLOSE", stateid=(1, held.stateid))
        return self._do(
            [op("PUTFH", handle=held.name.encode()), ask],
            lambda head: [
                {},
                {"stateid": (2, held.stateid)} if held.stateid in head.stateids else "NFS4ERR_BAD_STATEID",
            ],
        )

    # --- the lease

    def renew(self) -> Call:
        """RENEW, or a SEQUENCE alone; what comes back depends on what the head knows."""
        if self.minor:
            return self._do([], lambda head: [])
        call = self.connection.call("RENEW", clientid=self.clientid)
        if self.head is not None:
            self._answer(call, self.head.renew(self.clientid))
        return call

    def known(self) -> bool:
        """Whether the head that answers now knows this mount's lease."""
        head = self.head
        if head is None:
            return False
        return self.session.session in head.sessions if self.session else head.knows(self.clientid)

    def reconnect(self) -> None:
        self.connection = self.host.connect(self.server, self.minor)

    def bind(self) -> None:
        """BIND_CONN_TO_SESSION: the back channel on this connection."""
        assert self.session is not None
        asked = op("BIND_CONN_TO_SESSION", session=self.session.session)
        self._answer(self.connection.compound([asked]), {"session": self.session.session})

    def recover(self, *, reclaim: bool = True) -> None:
        """What Linux does when its lease is refused: a new clientid on this very connection, then reclaims."""
        if self.minor == 0:
            self.renew()
            self.renew()
            self.identify()
        else:
            assert self.session is not None
            self.renew()
            ended = self.connection.compound([op("DESTROY_SESSION", session=self.session.session)])
            self._answer(ended, "NFS4ERR_BADSESSION")
            if not self.create_session():
                self.exchange_id()
                self.create_session()
        if reclaim:
            self.reclaim()
        if self.minor and (error := self.complete()) is not None:
            self.trouble.append(error)

    def reclaim(self) -> None:
        """OPEN with CLAIM_PREVIOUS and LOCK with reclaim for every file; what is refused is given up."""
        for held in list(self.files):
            head = self.head
            assert head is not None
            granted = head.in_grace(self.now) and head.remembers
            stateid = head.grant(self.clientid) if granted else b""
            claim = op("OPEN", clientid=self.clientid if not self.minor else 0, claim="CLAIM_PREVIOUS")
            outcome: Outcome = {"stateid": (1, stateid)} if granted else "NFS4ERR_NO_GRACE"
            self._do([op("PUTFH", handle=held.name.encode()), claim], lambda head, told=outcome: [{}, told])  # type: ignore[misc]
            if not granted:
                self.trouble.append("NFS4ERR_NO_GRACE")
                self.files.remove(held)
                continue
            held.stateid = stateid
            if held.lock is not None:
                held.lock = head.grant(self.clientid)
                self._lock(held, reclaim=True, outcome={"stateid": (1, held.lock)})


def renewals(cluster: Cluster, *mounts: Mount, times: int = 3, every: float = 60) -> None:
    """All of them renew, some times over."""
    for _ in range(times):
        cluster.wait(every)
        for mount in mounts:
            mount.renew()
