"""One client that recovers at one address, each step of it one thing to say."""

from __future__ import annotations

from collections.abc import Callable

from nfsanalyze.state.recoveries import Step
from scenarios.cluster import A1, Cluster
from scenarios.hosts import Host, linux_verifier
from scenarios.server import Head
from wire.dialogue import Session, op

OLD, NEW = b"old session 0001", b"new session 0002"


class Dialogue:
    """One client at one address; each step of the machine is one thing to say."""

    def __init__(self, minor: int) -> None:
        self.cluster = Cluster({A1: Head()})
        self.minor = minor
        host = Host(cluster=self.cluster)
        self.connection = host.connect(A1, minor)
        self.count = 0
        self.session = OLD
        self.clientid = 0x1100000000000001
        if minor:
            self.identity()
            self.made(OLD)
        else:
            self.identity()
            self.confirm()
        self.cluster.wait(200)  # longer than any recovery

    def sequence(self, session: bytes, status: str = "NFS4_OK") -> None:
        self.connection.compound([], session=Session(session=session)).reply([], sequence_status=status)

    def refused(self) -> None:
        if self.minor:
            self.sequence(OLD, "NFS4ERR_BADSESSION")
        else:
            self.connection.call("RENEW", clientid=0x1100000000000001).reply("NFS4ERR_STALE_CLIENTID")

    def refused_again(self) -> None:
        if self.minor and self.session != OLD:
            self.sequence(self.session, "NFS4ERR_BADSESSION")
        elif self.minor:
            self.connection.call("CREATE_SESSION", clientid=self.clientid).reply("NFS4ERR_STALE_CLIENTID")
        else:
            self.connection.call("RENEW", clientid=self.clientid).reply("NFS4ERR_STALE_CLIENTID")

    def identity(self) -> None:
        self.count += 1
        self.clientid = 0x1100000000000000 + self.count
        name = "EXCHANGE_ID" if self.minor else "SETCLIENTID"
        owner = b"Linux NFSv4.1 web01" if self.minor else b"Linux NFSv4.0 web01"
        self.connection.call(name, owner=owner, verifier=linux_verifier()).reply(clientid=self.clientid)

    def made(self, session: bytes = NEW) -> None:
        self.session = session
        self.connection.call("CREATE_SESSION", clientid=self.clientid).reply(session=session)

    def confirm(self) -> None:
        self.connection.call("SETCLIENTID_CONFIRM", clientid=self.clientid).reply()

    def follow_up(self) -> None:
        if self.minor:
            self.connection.call("RECLAIM_COMPLETE", session=Session(session=self.session)).reply()
        else:
            claim = op("OPEN", clientid=self.clientid, claim="CLAIM_PREVIOUS")
            self.connection.compound([op("PUTFH"), claim]).reply([{}, {}])


SAY: dict[Step, Callable[[Dialogue], None]] = {
    Step.REFUSED: Dialogue.refused,
    Step.REFUSED_AGAIN: Dialogue.refused_again,
    Step.IDENTITY: Dialogue.identity,
    Step.SESSION: Dialogue.made,
    Step.CONFIRM: Dialogue.confirm,
    Step.FOLLOW_UP: Dialogue.follow_up,
}
