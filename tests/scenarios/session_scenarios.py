"""Stories for the rules about sessions and callbacks (NFS4xx): which of them each must set off."""

from __future__ import annotations

from collections.abc import Callable

from scenarios.cluster import A1, Cluster
from scenarios.hosts import Host, linux_verifier
from scenarios.scenario import Scenario, scenario
from scenarios.server import Head
from scenarios.stories import pair, restarted_in_place
from wire.dialogue import CLIENT, Connection, Session, Wire, op
from wire.frames import SYN

HERE, THERE = "10.0.0.11", "10.0.0.12"
CLIENTID, FIRST, SECOND = 0x1100000000000001, b"session one 0001", b"session two 0002"
CB_PORT, PROGRAM = 41389, 0x40000000
DELEGATION = (1, b"delegation 1")
LEASE = 90


def v40(
    *, cb: str = HERE, cb_port: int = CB_PORT, program: int = PROGRAM, address: str = HERE
) -> tuple[Wire, Connection]:
    """A mount of NFSv4.0 that says where to call it back."""
    w = Wire()
    c = w.connect(f"{address}:700", f"{A1}:2049")
    asked = {"cb": cb, "cb_port": cb_port, "program": program}
    c.call("SETCLIENTID", owner=b"Linux NFSv4.0 client1", verifier=linux_verifier(), **asked).reply(
        clientid=CLIENTID, confirm=7
    )
    c.call("SETCLIENTID_CONFIRM", clientid=CLIENTID, confirm=7).reply()
    c.compound(["PUTROOTFH", op("GETATTR", attributes=["lease_time"])]).reply([{}, {"lease_time": LEASE}])
    return w, c


def renewed(w: Wire, c: Connection, times: int = 4, outcome: str = "NFS4_OK") -> None:
    for _ in range(times):
        w.wait(60)
        c.call("RENEW", clientid=CLIENTID).reply(outcome)


def delegated(c: Connection, session: Session | None = None) -> None:
    held = {"stateid": (1, b"open stateid"), "delegation": "READ", "delegated": DELEGATION}
    ask = op("OPEN", clientid=CLIENTID if session is None else 0, name="f1")
    c.compound(["PUTROOTFH", ask, "GETFH"], session=session).reply([{}, held, {"handle": b"f1"}])


def called_back(w: Wire, *, port: int = 900, handshake: str = "full", to: str = HERE) -> Connection:
    """The server opens a connection to its NFSv4.0 client."""
    return w.connect(f"{A1}:{port}", f"{to}:{CB_PORT}", machinename=None, handshake=handshake)


def v41(*, asked: int = 3, granted: int = 3, address: str = HERE, server: str = A1) -> tuple[Wire, Connection, Session]:
    """A mount of NFSv4.1; `asked` and `granted` are the flags of CREATE_SESSION."""
    w = Wire()
    c = w.connect(f"{address}:700", f"{server}:2049", minor=1)
    c.call("EXCHANGE_ID", owner=b"Linux NFSv4.1 client1", verifier=linux_verifier()).reply(clientid=CLIENTID)
    s = made(c, FIRST, asked=asked, granted=granted)
    c.compound(["PUTROOTFH", op("GETATTR", attributes=["lease_time"])], session=s).reply([{}, {"lease_time": LEASE}])
    c.call("RECLAIM_COMPLETE", session=s).reply()
    return w, c, s


def made(c: Connection, session: bytes, *, asked: int = 3, granted: int = 3) -> Session:
    c.call("CREATE_SESSION", clientid=CLIENTID, sequence=1, flags=asked).reply(session=session, flags=granted)
    return Session(session=session)


def beats(w: Wire, c: Connection, s: Session, times: int = 4, *, flags: int = 0, every: float = 60) -> None:
    for _ in range(times):
        w.wait(every)
        c.compound([], session=s).reply([], sequence_flags=flags)


# --- where callbacks go


def _located(**where: int | str) -> Wire:
    w, c = v40(**where)  # type: ignore[arg-type]
    renewed(w, c)
    return w


def _second_interface() -> Wire:
    """The client names its other interface, from which it mounts too."""
    w, c = v40(cb="10.1.0.11")
    d = w.connect("10.1.0.11:701", f"{A1}:2049")
    d.call(
        "SETCLIENTID", owner=b"Linux NFSv4.0 client1", verifier=linux_verifier(), cb="10.1.0.11", cb_port=CB_PORT
    ).reply(clientid=CLIENTID, confirm=8)
    renewed(w, c)
    return w


def _reached_elsewhere() -> Wire:
    w, c = v40(cb="10.1.0.11")
    called_back(w, to="10.1.0.11").null(program=PROGRAM, version=1).reply_null()
    renewed(w, c)
    return w


def _unanswered(*, silent: int = 3, answered: int = 0) -> Wire:
    w, c = v40()
    for n in range(silent):
        called_back(w, port=900 + n, handshake="refused" if n % 2 else "silent")
        w.wait(20)
    for n in range(answered):
        called_back(w, port=950 + n).null(program=PROGRAM, version=1).reply_null()
    renewed(w, c)
    return w


def _knocking_once(*, again: bool) -> Wire:
    """A packet filter before the client: the server's one connection repeats its SYN as TCP does."""
    w, c = v40()
    back = called_back(w, handshake="silent")
    for pause in (1, 2, 4, 8) if again else (0.0001,):
        w.wait(pause)
        back.segment(CLIENT, SYN, seq=back.next_seq[CLIENT] - 1)
    renewed(w, c)
    return w


def _unanswered_null() -> Wire:
    w, c = v40()
    for n in range(2):
        called_back(w, port=900 + n).null(program=PROGRAM, version=1)
        w.wait(20)
    renewed(w, c)
    return w


def _path_down(outcome: str = "NFS4ERR_CB_PATH_DOWN") -> Wire:
    w, c = v40()
    delegated(c)
    renewed(w, c, outcome=outcome)
    return w


def _flagged(flags: int, times: int = 4, every: float = 60) -> Wire:
    w, c, s = v41()
    beats(w, c, s, times, flags=flags, every=every)
    beats(w, c, s, 3)
    return w


# --- back channels


def _not_granted(asked: int = 3) -> Wire:
    w, c, s = v41(asked=asked, granted=1)
    beats(w, c, s)
    return w


def _reconnected(*, bind: bool, flags: int = 0) -> Wire:
    """The connection with the back channel ends; the client goes on over another one."""
    w, c, s = v41()
    beats(w, c, s, 2)
    c.close()
    d = w.connect(f"{HERE}:701", f"{A1}:2049", minor=1)
    d.compound([], session=s).reply([], sequence_flags=flags)
    if bind:
        d.compound([op("BIND_CONN_TO_SESSION", session=FIRST)]).reply([{"session": FIRST, "direction": 3}])
    beats(w, d, s, flags=0 if bind else flags)
    return w


def _spare_connection_ends() -> Wire:
    w, c, s = v41()
    d = w.connect(f"{HERE}:701", f"{A1}:2049", minor=1)
    d.compound([], session=s, slot=1).reply([])
    d.close()
    beats(w, c, s)
    return w


# --- recalls


def _recalled(then: Callable[[Wire, Connection, Connection], None], *, wait: float = 200) -> Wire:
    """A delegation is granted and recalled; `then` says what the client does (NFS connection, callback connection)."""
    w, c = v40()
    back = called_back(w)
    back.null(program=PROGRAM, version=1).reply_null()
    delegated(c)
    w.wait(5)
    then(w, c, back)
    left = wait
    while left > 0:
        w.wait(min(left, 50))
        left -= 50
        c.call("RENEW", clientid=CLIENTID).reply()
    return w


def _recall(back: Connection, outcome: str | None = "NFS4_OK") -> None:
    call = back.callback([op("CB_RECALL", stateid=DELEGATION)], program=PROGRAM, ident=1)
    if outcome is not None:
        call.reply(outcome)


def _return(c: Connection, outcome: str = "NFS4_OK") -> None:
    c.compound([op("PUTFH", handle=b"f1"), op("DELEGRETURN", stateid=DELEGATION)]).reply([{}, outcome])


def _returned_at_once(w: Wire, c: Connection, back: Connection) -> None:
    _recall(back)
    _return(c)


def _returned_late(w: Wire, c: Connection, back: Connection) -> None:
    _recall(back)
    for _ in range(2):
        w.wait(50)
        c.call("RENEW", clientid=CLIENTID).reply()
    _return(c)


def _revoked(w: Wire, c: Connection, back: Connection) -> None:
    _recall(back)
    for _ in range(2):
        w.wait(50)
        c.call("RENEW", clientid=CLIENTID).reply()
    asked = c.compound([op("PUTFH", handle=b"f1"), op("READ", stateid=DELEGATION)])
    asked.reply([{}, "NFS4ERR_DELEG_REVOKED"])


def _crossed(w: Wire, c: Connection, back: Connection) -> None:
    _return(c)
    _recall(back, "NFS4ERR_BAD_STATEID")


def _v41_recall(*, returned: bool) -> Wire:
    w, c, s = v41()
    delegated(c, s)
    sequence = op("CB_SEQUENCE", session=FIRST)
    c.callback([sequence, op("CB_RECALL", stateid=DELEGATION)], program=PROGRAM).reply([{"session": FIRST}, {}])
    if returned:
        c.compound([op("PUTFH", handle=b"f1"), op("DELEGRETURN", stateid=DELEGATION)], session=s).reply([{}, {}])
    beats(w, c, s)
    return w


def _rejected(by: str) -> Wire:
    w, c = v40()
    back = called_back(w)
    if by == "rpc":
        back.null(program=PROGRAM, version=1).deny()
        back.callback([op("CB_RECALL_ANY")], program=PROGRAM, ident=1).deny()
    else:
        back.null(program=PROGRAM, version=1).reply_null()
        back.callback([op("CB_RECALL_ANY")], program=PROGRAM, ident=1).reply("NFS4ERR_OP_ILLEGAL")
    renewed(w, c)
    return w


# --- slots and connections


def _slot(status: str, times: int = 3, *, recovers: bool = False, shared: bool = False) -> Wire:
    w, c, s = v41()
    beats(w, c, s, 2)
    if shared:
        d = w.connect(f"{THERE}:700", f"{A1}:2049", minor=1, machinename=b"client2")
        beats(w, d, Session(session=FIRST, sequenceids=dict(s.sequenceids)), 2, every=5)
    for _ in range(times):
        w.wait(5)
        c.compound(["PUTROOTFH"], session=s).reply([], sequence_status=status)
    if recovers:
        beats(w, c, s, 2)
    return w


def _repeated_call() -> Wire:
    """A reply is lost on the wire, and the same request comes again over a new connection: answered from the cache."""
    w, c, s = v41()
    beats(w, c, s, 2)
    asked = c.compound(["PUTROOTFH"], session=s)
    w.wait(30)
    c.reset(by=CLIENT)
    d = w.connect(f"{HERE}:701", f"{A1}:2049", minor=1)
    d.repeat(asked).reply([{}])
    d.compound([op("BIND_CONN_TO_SESSION", session=FIRST)]).reply([{"session": FIRST, "direction": 3}])
    beats(w, d, s)
    return w


def _refused_session(status: str, sequence: int = 1) -> Wire:
    w, c, s = v41()
    beats(w, c, s, 2)
    c.call("EXCHANGE_ID", owner=b"Linux NFSv4.1 client1", verifier=linux_verifier()).reply(
        clientid=CLIENTID, flags=0x80020000, sequenceid=0
    )
    c.call("CREATE_SESSION", clientid=CLIENTID, sequence=sequence).reply(status)
    beats(w, c, s, 2)
    return w


def _older_version(refused: int = 2, then: int = 0) -> Wire:
    w = Wire()
    for minor in range(refused, then, -1):
        c = w.connect(f"{HERE}:{700 + minor}", f"{A1}:2049", minor=minor)
        c.call(
            "EXCHANGE_ID", owner=b"Linux NFSv4.%d client1" % minor, verifier=linux_verifier()
        ).reply_version_mismatch()
        c.close()
    c = w.connect(f"{HERE}:700", f"{A1}:2049", minor=then)
    c.call("SETCLIENTID", owner=b"Linux NFSv4.0 client1", verifier=linux_verifier()).reply(clientid=CLIENTID, confirm=7)
    c.call("SETCLIENTID_CONFIRM", clientid=CLIENTID, confirm=7).reply()
    renewed(w, c)
    return w


def _two_versions() -> Wire:
    p = pair(minor=1)
    p.host.mount(A1, minor=0, name="f3")
    return p.cluster.wire


def _knocking(*, times: int = 6, every: float = 5, called: bool = True, ends: str = "reset") -> Wire:
    """Connections that come to nothing; `called`: the host has a mount there, which goes on."""
    w, c = v40(address=HERE if called else THERE, cb=HERE if called else THERE)
    c.close()
    w.wait(30)
    for n in range(times):
        d = w.connect(f"{HERE}:{710 + n}", f"{A1}:2049")
        if ends == "reset":
            d.call("RENEW", clientid=CLIENTID)
            d.reset(by="server")
        elif ends == "probe":
            d.close()
        elif ends == "success":
            d.call("RENEW", clientid=CLIENTID).reply()
            d.close()
        w.wait(every)
    return w


def _waiting(*, served: bool) -> Wire:
    """The service is down for a minute, and refuses every SYN."""
    w, c = v40()
    c.close()
    for n in range(12):
        w.connect(f"{HERE}:{710 + n}", f"{A1}:2049", handshake="refused")
        w.wait(5)
    if served:
        w.connect(f"{HERE}:720", f"{A1}:2049").call("RENEW", clientid=CLIENTID).reply()
    return w


def _leftover(*, destroy: bool = False, side_by_side: bool = False) -> Wire:
    w, c, s = v41()
    beats(w, c, s, 2)
    if destroy:
        c.compound([op("DESTROY_SESSION", session=FIRST)]).reply([{}])
    d = w.connect(f"{HERE}:701", f"{A1}:2049", minor=1)
    new = made(d, SECOND)
    for _ in range(5):
        beats(w, d, new, 1)
        if side_by_side:
            c.compound([], session=s).reply([])
    return w


# --- recoveries that stop


def _stalled(*, minor: int = 0, alive: bool = True, closed: bool = False, resumed: bool = False, step: int = 0) -> Wire:
    """The lease is refused; then the client says nothing any more. `step`: how many steps of recovery it takes."""
    if minor:
        w, c, s = v41()
        beats(w, c, s, 2)
        c.compound([], session=s).reply([], sequence_status="NFS4ERR_BADSESSION")
        if step:
            c.call("EXCHANGE_ID", owner=b"Linux NFSv4.1 client1", verifier=linux_verifier()).reply(
                clientid=CLIENTID + 1
            )
    else:
        w, c = v40()
        renewed(w, c, 2)
        w.wait(60)
        c.call("RENEW", clientid=CLIENTID).reply("NFS4ERR_STALE_CLIENTID")
        if step:
            c.call("SETCLIENTID", owner=b"Linux NFSv4.0 client1", verifier=linux_verifier()).reply(
                clientid=CLIENTID + 1, confirm=9
            )
    if resumed:
        w.wait(20)
        if not step:
            c.call("SETCLIENTID", owner=b"Linux NFSv4.0 client1", verifier=linux_verifier()).reply(
                clientid=CLIENTID + 1, confirm=9
            )
        c.call("SETCLIENTID_CONFIRM", clientid=CLIENTID + 1, confirm=9).reply()
    if closed:
        c.close()
    for _ in range(5):
        w.wait(60)
        if alive and not closed:
            c.ack(CLIENT)
            c.ack("server")
    # somebody else goes on, so that the capture does
    d = w.connect("10.0.0.13:700", f"{A1}:2049", machinename=b"client3")
    for _ in range(2):
        w.wait(30)
        d.compound(["PUTROOTFH"]).reply([{}])
    if minor and step:
        c.compound(["PUTROOTFH"]).reply([{}])  # it wakes up at last
    return w


def _clones() -> Wire:
    """Two hosts with one owner, that end each other's sessions."""
    cluster = Cluster({A1: Head()})
    one = Host(cluster=cluster, name="client1").mount(A1, minor=1, name=None)
    two = Host(cluster=cluster, address=THERE, name="client1", verifier=linux_verifier(ns=5)).mount(
        A1, minor=1, name=None
    )
    for _ in range(6):
        for mount in (one, two):
            cluster.wait(4)
            mount.renew()
            if not mount.known():
                mount.recover(reclaim=False)
    return cluster.wire


def _restarted() -> Wire:
    p = pair(minor=1)
    restarted_in_place(p)
    return p.cluster.wire


SESSIONS: dict[str, Scenario] = {
    "a mount of v4.0 at rest": scenario(lambda: _located(), tempts="401 402 403"),
    "a mount of v4.1 at rest": scenario(lambda: _flagged(0), tempts="403 404 409"),
    "callbacks to any address": scenario(lambda: _located(cb="0.0.0.0", cb_port=0), "401", tempts="402 403"),
    "callbacks to the loopback": scenario(lambda: _located(cb="127.0.0.1"), "401", tempts="402"),
    "callbacks to port 0": scenario(lambda: _located(cb_port=0), "401"),
    "callbacks to program 0": scenario(lambda: _located(program=0), "401"),
    "callbacks to a stranger": scenario(lambda: _located(cb="192.168.1.7"), "402", tempts="401"),
    "callbacks to another interface of the client": scenario(_second_interface, tempts="402"),
    "callbacks to an address that answers": scenario(_reached_elsewhere, tempts="402"),
    "callbacks that nobody answers": scenario(_unanswered, "403", tempts="402"),
    "CB_NULL that nobody answers": scenario(_unanswered_null, "403"),
    "one callback connection lost, one answered": scenario(lambda: _unanswered(answered=1), tempts="403"),
    "a callback connection that sends its SYN again and again": scenario(lambda: _knocking_once(again=True), "403"),
    "a SYN seen at two taps": scenario(lambda: _knocking_once(again=False), tempts="403"),
    "one callback connection lost": scenario(lambda: _unanswered(silent=1), tempts="403"),
    "RENEW says that the path is down": scenario(_path_down, "403"),
    "RENEW is fine with delegations out": scenario(lambda: _path_down("NFS4_OK"), tempts="403 405"),
    "SEQUENCE says that the path is down": scenario(lambda: _flagged(0x1), "403"),
    "SEQUENCE says that the session's path is down": scenario(lambda: _flagged(0x200), "403"),
    "a flag that is cleared at once": scenario(lambda: _flagged(0x1, 3, 0.2), tempts="403"),
    "a flag in one reply": scenario(lambda: _flagged(0x201, 1), tempts="403"),
    "a back channel that is not granted": scenario(_not_granted, "404"),
    "a back channel that is not asked for": scenario(lambda: _not_granted(asked=1), tempts="404"),
    "a reconnect without binding": scenario(lambda: _reconnected(bind=False), "404"),
    "a reconnect without binding, and flags": scenario(lambda: _reconnected(bind=False, flags=0x200), "403 404"),
    "a reconnect with binding": scenario(lambda: _reconnected(bind=True, flags=0x200), tempts="403 404"),
    "a spare connection ends": scenario(_spare_connection_ends, tempts="404"),
    "a recall that is not answered": scenario(lambda: _recalled(lambda w, c, back: _recall(back, None)), "405"),
    "a recall that is answered and no more": scenario(lambda: _recalled(lambda w, c, back: _recall(back)), "405"),
    "a delegation returned late": scenario(lambda: _recalled(_returned_late), "405"),
    "a delegation revoked": scenario(lambda: _recalled(_revoked), "405"),
    "a delegation returned": scenario(lambda: _recalled(_returned_at_once), tempts="405"),
    "a return that crosses the recall": scenario(lambda: _recalled(_crossed), tempts="405 414"),
    "a recall of what the client does not hold": scenario(
        lambda: _recalled(lambda w, c, back: _recall(back, "NFS4ERR_BADHANDLE")), tempts="405 414"
    ),
    "a recall just before the end": scenario(
        lambda: _recalled(lambda w, c, back: _recall(back), wait=50), tempts="405 403"
    ),
    "a recall over the session, not returned": scenario(lambda: _v41_recall(returned=False), "405"),
    "a recall over the session, returned": scenario(lambda: _v41_recall(returned=True), tempts="405"),
    "callbacks rejected by RPC": scenario(lambda: _rejected("rpc"), "414"),
    "CB_RECALL_ANY answered OP_ILLEGAL": scenario(lambda: _rejected("operation"), tempts="414"),
    "two hosts with one owner": scenario(_clones, "406", tempts="407 408"),
    "a restart": scenario(_restarted, tempts="406 408 413 415"),
    "a slot out of step": scenario(lambda: _slot("NFS4ERR_SEQ_MISORDERED"), "407"),
    "a slot out of step once": scenario(lambda: _slot("NFS4ERR_SEQ_MISORDERED", 1, recovers=True), "407"),
    "a false retry, two hosts": scenario(lambda: _slot("NFS4ERR_SEQ_FALSE_RETRY", 1, shared=True), "407"),
    "a request repeated after a lost reply": scenario(_repeated_call, tempts="407 408 404"),
    "a connection not bound": scenario(lambda: _slot("NFS4ERR_CONN_NOT_BOUND_TO_SESSION"), "408", tempts="407"),
    "a delayed SEQUENCE": scenario(lambda: _slot("NFS4ERR_DELAY", recovers=True), tempts="407 408"),
    "a fault of the back channel": scenario(lambda: _flagged(0x400), "409", tempts="403"),
    "CREATE_SESSION out of step": scenario(lambda: _refused_session("NFS4ERR_SEQ_MISORDERED"), "410"),
    "CREATE_SESSION delayed": scenario(lambda: _refused_session("NFS4ERR_DELAY"), tempts="410"),
    "older and older versions": scenario(_older_version, "411"),
    "mounts of two versions": scenario(_two_versions, tempts="411"),
    "connections reset again and again": scenario(_knocking, "412"),
    "connections reset with patience": scenario(lambda: _knocking(every=25), tempts="412"),
    "a monitor that probes the port": scenario(lambda: _knocking(called=False, ends="probe"), tempts="412"),
    "short connections that get things done": scenario(lambda: _knocking(ends="success"), tempts="412"),
    "a server that refuses connections to the end": scenario(lambda: _waiting(served=False), "412"),
    "a server that refuses connections for a minute": scenario(lambda: _waiting(served=True), tempts="412"),
    "connections that stay open and idle": scenario(lambda: _knocking(ends="open", every=0.1), tempts="412"),
    "a session left behind": scenario(_leftover, "413"),
    "a session destroyed before the next": scenario(lambda: _leftover(destroy=True), tempts="413"),
    "two sessions side by side": scenario(lambda: _leftover(side_by_side=True), tempts="413"),
    "a recovery that stops at once, v4.0": scenario(_stalled, "415"),
    "a recovery that stops before it is confirmed, v4.0": scenario(lambda: _stalled(step=1), "415"),
    "a recovery that stops at once, v4.1": scenario(lambda: _stalled(minor=1), "415"),
    "a recovery that stops before it has a session": scenario(lambda: _stalled(minor=1, step=1), "415"),
    "a client that dies in its recovery": scenario(lambda: _stalled(alive=False), tempts="415"),
    "a client that unmounts instead of recovering": scenario(lambda: _stalled(closed=True), tempts="415"),
    "a recovery that goes on": scenario(lambda: _stalled(resumed=True), tempts="415"),
}
