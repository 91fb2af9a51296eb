"""Stories for the rules about takeover, trunking and migration (NFS3xx): which of them each must set off."""

from __future__ import annotations

from typing import Any

from scenarios.cluster import A1, A2
from scenarios.hosts import Mount, renewals
from scenarios.layouts import LINUX
from scenarios.scenario import Scenario, scenario
from scenarios.server import Head
from scenarios.stories import (
    BOOTED_1,
    BOOTED_2,
    MAC_1,
    MAC_2,
    Pair,
    balanced,
    given_back,
    heads,
    one_server,
    outage,
    pair,
    restarted_in_place,
    restarted_while_away,
    returned,
    taken_over,
)
from wire.dialogue import Connection, Session, op

PURGE = b"\xff" * 8


def _twins(**changed: Any) -> tuple[Head, Head]:
    """Two heads that call themselves the same."""
    return (
        Head(name=b"nas", mac=MAC_1, booted=BOOTED_1, counter=0x5A010000, **changed),
        Head(name=b"nas", mac=MAC_2, booted=BOOTED_2, counter=0x11770000, **changed),
    )


# --- takeovers and what they bring


def _moved(**how: Any) -> Pair:
    p = pair(**how)
    taken_over(p)
    return p


def _quiet(**how: Any) -> Pair:
    return pair(**how)


def _restarted(**how: Any) -> Pair:
    p = pair(**how)
    restarted_in_place(p)
    return p


def _one_callback() -> Pair:
    """Both mounts register the same callback: a client with one service for all of them."""
    return _moved(uniform=True)


def _other_ident() -> Pair:
    """Linux: every mount has a callback_ident of its own."""
    p = pair(uniform=True)
    p.second.cb_ident = 2
    taken_over(p)
    return p


def _granted_in_grace() -> Pair:
    """The head that takes over gives the address a grace period and knows the other head's clients."""
    p = pair(uniform=True)
    p.head_1.grace_until = p.cluster.now + 3600 * 10**9
    taken_over(p)
    return p


def _shared_scope() -> Pair:
    """The heads share the scope, and each is a server owner of its own."""
    head_1, head_2 = heads(LINUX, scope=b"cluster")
    return _moved(minor=1, head_1=head_1, head_2=head_2)


# --- identities


def _twin_heads(minor: int = 1) -> Pair:
    head_1, head_2 = _twins()
    return pair(minor=minor, head_1=head_1, head_2=head_2)


def _twin_restarted() -> Pair:
    """One server with two addresses starts anew; the second address is used again minutes later."""
    p = one_server(minor=1)
    p.cluster.fail(A1, A2)
    p.cluster.wait(30)
    new = p.head_1.restarted(p.cluster.second - 5, grace_until=p.cluster.now + 90 * 10**9)
    p.cluster.serve(A1, new)
    p.cluster.serve(A2, new)
    returned(p, p.first)
    renewals(p.cluster, p.first, times=4, every=40)
    returned(p, p.second)
    renewals(p.cluster, *p.mounts)
    return p


# --- lease times


def _shorter(told: bool) -> Pair:
    head_1, head_2 = heads(LINUX, lease=90)
    head_1.lease = 30
    p = pair(head_1=head_1, head_2=head_2, minor=1)
    taken_over(p)
    if told:
        p.second.lease_time()
    return p


def _strangers() -> Pair:
    """Two servers with a lease time each, and nothing to do with each other."""
    head_1, head_2 = heads(LINUX)
    head_1.lease = 120
    return pair(head_1=head_1, head_2=head_2, minor=1)


def _claimed() -> Pair:
    head_1, head_2 = _twins()
    head_1.lease = 120
    return pair(head_1=head_1, head_2=head_2, minor=1)


# --- purges


def _purged(*, moved: bool = True) -> Pair:
    """In its recovery at A2 the client throws its state away, and loses what it has at A1."""
    p = pair(minor=1)
    m, cluster = p.second, p.cluster
    if moved:
        outage(p, m)
        cluster.serve(A2, p.head_1)
        m.connection.reset(by="server")
        m.reconnect()
        m.renew()
        m.exchange_id()
        m.connection.call("CREATE_SESSION", clientid=m.clientid, sequence=1).reply("NFS4ERR_SEQ_MISORDERED")
    m.exchange_id(verifier=PURGE)
    m.create_session()
    m.exchange_id()
    m.create_session()
    m.renew()
    p.first.renew()
    cluster.wait(5)
    return p


# --- failback


def _failed_back(*, uniform: bool = False) -> Pair:
    """The address goes over, gets a file opened, and goes home to a head that was started anew."""
    p = pair(uniform=uniform)
    taken_over(p)
    p.second.open("b2")
    given_back(p, restarted_while_away(p))
    return p


# --- CLIENTID_BUSY


def _busy(p: Pair, times: int = 3) -> Pair:
    """The second mount is unmounted: its session ends, and its clientid cannot."""
    m = p.second
    assert m.session is not None
    m.connection.compound([op("DESTROY_SESSION", session=m.session.session)]).reply([{}])
    for _ in range(times):
        m.connection.compound([op("DESTROY_CLIENTID", clientid=m.clientid)]).reply(["NFS4ERR_CLIENTID_BUSY"])
        p.cluster.wait(1)
    p.first.renew()
    return p


def _unmounted(p: Pair) -> Pair:
    m = p.second
    assert m.session is not None
    m.connection.compound([op("DESTROY_SESSION", session=m.session.session)]).reply([{}])
    m.connection.compound([op("DESTROY_CLIENTID", clientid=m.clientid)]).reply([{}])
    return p


# --- sessions away from home


def _away(
    *, claimed: bool = True, outcome: str = "NFS4ERR_BADSESSION", bind: str | None = None, moved: bool = False
) -> Pair:
    """The session made at A1 is used at A2; `bind`: how BIND_CONN_TO_SESSION is answered before."""
    if claimed:
        head_1, head_2 = _twins()
        p = pair(minor=1, head_1=head_1, head_2=head_2)
    else:
        p = pair(minor=1)
    if moved:
        taken_over(p)
    session = p.first.session
    assert session is not None
    c = p.host.connect(A2, 1)
    if bind is not None:
        asked = c.compound([op("BIND_CONN_TO_SESSION", session=session.session)])
        asked.reply([{"session": session.session}] if bind == "NFS4_OK" else [bind])
    c.compound([], session=Session(session=session.session), slot=3).reply([], sequence_status=outcome)
    renewals(p.cluster, *p.mounts)
    return p


def _away_too_late() -> Pair:
    """The session is destroyed at home before it is tried elsewhere."""
    p = pair(minor=1)
    session = p.first.session
    assert session is not None
    p.first.connection.compound([op("DESTROY_SESSION", session=session.session)]).reply([{}])
    c = p.host.connect(A2, 1)
    c.compound([], session=session).reply([], sequence_status="NFS4ERR_BADSESSION")
    return p


# --- filesystems that move


ROOT = "/export"
Places = list[tuple[list[str], str]]


def _asked(c: Connection, places: Places, session: Session | None = None) -> None:
    """The client is told where to go."""
    c.compound(["PUTROOTFH", op("GETATTR", attributes=["fs_locations"])], session=session).reply(
        [{}, {"fs_locations": (ROOT, places)}]
    )


def _met(m: Mount, status: str = "NFS4ERR_MOVED", *, looking: bool = False) -> None:
    """An operation on the filesystem that is there no more."""
    if looking:
        m.connection.compound(["PUTROOTFH", op("LOOKUP", name="gone"), "GETFH"], session=m.session).reply(
            [{}, {}, status]
        )
        return
    m.connection.compound([op("PUTFH", handle=b"f1"), "GETATTR"], session=m.session).reply([{}, status])


def _migrated(
    *,
    minor: int = 0,
    places: Places | None = None,
    go: str | None = None,
    looking: bool = False,
    again: bool = True,
    uniform: bool = False,
    use: str | None = None,
) -> Pair:
    """The filesystem at A1 moves. `places`: what the client is told, None if it does not ask; `go`: where it goes then;
    `use`: what the other server answers to the state it brings along."""
    p = pair(minor=minor, uniform=uniform)
    m, cluster = p.first, p.cluster
    _met(m, looking=looking)
    if places is not None:
        _asked(m.connection, places, m.session)
    if go is not None:
        c = p.host.connect(go, minor)
        there = p.second if go == A2 else None
        if use is not None:
            asked = c.compound(
                [op("PUTFH", handle=b"f1"), op("LOCKU", stateid=(1, m.files[0].lock or b""))],
                session=there.session if there else None,
            )
            asked.reply([{}, {} if use == "NFS4_OK" else use])
    for _ in range(3):
        cluster.wait(50)
        if again:
            _met(m, looking=looking)
        for mount in p.mounts:
            mount.renew()
    return p


def _lease_moved(*, minor: int = 0, times: int = 5, places: Places | None = None) -> Pair:
    p = pair(minor=minor)
    m = p.first
    for turn in range(times):
        p.cluster.wait(50)
        if minor:
            m.connection.compound([], session=m.session).reply([], sequence_flags=0x80)
        else:
            m.connection.call("RENEW", clientid=m.clientid).reply("NFS4ERR_LEASE_MOVED")
        if turn == 1 and places is not None:
            _met(m)
            _asked(m.connection, places, m.session)
            p.host.connect(A2, minor)
        p.second.renew()
    renewals(p.cluster, *p.mounts, times=2, every=50)
    return p


def _listed(*handshakes: str, address: str = "10.0.0.9", speaks: bool = False) -> Pair:
    """A server lists another address at the mount, and the client tries it."""
    p = pair(minor=1)
    _asked(p.first.connection, [([A1, address], ROOT)], p.first.session)
    for number, handshake in enumerate(handshakes):
        c = p.cluster.wire.connect(f"10.0.0.11:{990 + number}", f"{address}:2049", minor=1, handshake=handshake)
        if speaks:
            c.call("EXCHANGE_ID", owner=b"Linux NFSv4.1 client1", verifier=p.host.verifier)
        p.cluster.wait(10)
    renewals(p.cluster, *p.mounts)
    return p


TO_A2: Places = [([A2], ROOT)]

TRUNKING: dict[str, Scenario] = {
    "two heads at rest, v4.0": scenario(lambda: _quiet().cluster, tempts="302 306 307"),
    "two heads at rest, v4.1": scenario(lambda: _quiet(minor=1).cluster, tempts="302 304 305 306"),
    "one server at two addresses, v4.1": scenario(lambda: one_server(minor=1).cluster, "310", tempts="306 301 307"),
    "a restart in place, v4.1": scenario(lambda: _restarted(minor=1).cluster, "303", tempts="302 304 305 306 312"),
    "a takeover, an owner for each address": scenario(lambda: _moved().cluster, "302", tempts="301 312 313 317"),
    "a takeover, one owner and one callback": scenario(
        lambda: _one_callback().cluster, "301 302 312", tempts="303 313"
    ),
    "a takeover, one owner and a callback_ident for each mount": scenario(
        lambda: _other_ident().cluster, "301 302 312 313"
    ),
    "a takeover, reclaims granted": scenario(lambda: _granted_in_grace().cluster, "301 302", tempts="312"),
    "a takeover, v4.1": scenario(lambda: _moved(minor=1).cluster, "301 302 304 305 312", tempts="306 307 314 317"),
    "a takeover, v4.1, one scope": scenario(lambda: _shared_scope().cluster, "301 302 305 312", tempts="304"),
    "a load balancer": scenario(lambda: balanced(minor=1), "304 305", tempts="302 303"),
    "two heads under one identity, v4.1": scenario(lambda: _twin_heads().cluster, "306", tempts="310 311"),
    "one server restarts, its second address used late": scenario(
        lambda: _twin_restarted().cluster, "303 310", tempts="306 302"
    ),
    "a takeover by a head with a shorter lease, told at once": scenario(
        lambda: _shorter(told=True).cluster, "301 302 304 305 307 312"
    ),
    "a takeover by a head with a shorter lease, told elsewhere": scenario(
        lambda: _shorter(told=False).cluster, "301 302 304 305 307 312"
    ),
    "two servers with a lease time each": scenario(lambda: _strangers().cluster, tempts="307"),
    "two addresses of one identity with a lease time each": scenario(lambda: _claimed().cluster, "306 307"),
    "a purge after a takeover": scenario(lambda: _purged().cluster, "302 304 305 314", tempts="301"),
    "a purge at rest": scenario(lambda: _purged(moved=False).cluster, tempts="314"),
    "a failback with a lease left behind": scenario(lambda: _failed_back().cluster, "302 303 317", tempts="301"),
    "a failback, one owner": scenario(lambda: _failed_back(uniform=True).cluster, "301 302 303 312", tempts="317"),
    "a clientid in use through another mount": scenario(
        lambda: _busy(_moved(minor=1)).cluster, "301 302 304 305 312 318"
    ),
    "a clientid in use for its own state": scenario(lambda: _busy(_quiet(minor=1)).cluster, "318", tempts="301"),
    "a clean unmount": scenario(lambda: _unmounted(_quiet(minor=1)).cluster, tempts="318"),
    "a session refused at the other address of one identity": scenario(lambda: _away().cluster, "306 311"),
    "a session refused at another server": scenario(lambda: _away(claimed=False).cluster, "311"),
    "a session that cannot be bound at the other address": scenario(
        lambda: _away(bind="NFS4ERR_BADSESSION").cluster, "306 311"
    ),
    "a session that is accepted at the other address": scenario(
        lambda: _away(outcome="NFS4_OK", bind="NFS4_OK").cluster, tempts="306 311"
    ),
    "a session that was destroyed at home": scenario(lambda: _away_too_late().cluster, tempts="311"),
    "a filesystem moved, nobody asks": scenario(lambda: _migrated().cluster, "309", tempts="308"),
    "a filesystem moved, v4.1, nobody asks": scenario(lambda: _migrated(minor=1).cluster, "309"),
    "a filesystem moved, nowhere named": scenario(lambda: _migrated(places=[]).cluster, "309"),
    "a filesystem moved, told and not followed": scenario(
        lambda: _migrated(places=[(["10.0.0.9"], ROOT)]).cluster, "309", tempts="316"
    ),
    "a filesystem moved and followed": scenario(
        lambda: _migrated(places=TO_A2, go=A2, again=False).cluster, tempts="309 315 316"
    ),
    "a filesystem moved and followed to a name": scenario(
        lambda: _migrated(places=[(["nas2.example"], ROOT)], go=A2, again=False).cluster, tempts="309 316"
    ),
    "a referral that nobody enters": scenario(
        lambda: _migrated(places=[(["10.0.0.9"], ROOT)], looking=True, again=False).cluster, tempts="309"
    ),
    "state carried along and refused": scenario(
        lambda: _migrated(places=TO_A2, go=A2, again=False, use="NFS4ERR_STALE_STATEID").cluster, "315", tempts="309"
    ),
    "state carried along and refused, v4.1": scenario(
        lambda: _migrated(minor=1, places=TO_A2, go=A2, again=False, use="NFS4ERR_BAD_STATEID").cluster, "315"
    ),
    "state carried along and taken": scenario(
        lambda: _migrated(places=TO_A2, go=A2, again=False, use="NFS4_OK").cluster, tempts="315"
    ),
    "a lease moved, ignored, v4.0": scenario(lambda: _lease_moved().cluster, "308", tempts="309"),
    "a lease moved, ignored, v4.1": scenario(lambda: _lease_moved(minor=1).cluster, "308", tempts="309"),
    "a lease moved and looked for": scenario(lambda: _lease_moved(places=TO_A2).cluster, tempts="308 309"),
    "a lease moved for a moment": scenario(lambda: _lease_moved(times=2).cluster, tempts="308"),
    "a listed address that nobody answers at": scenario(lambda: _listed("silent", "silent").cluster, "316"),
    "a listed address that refuses": scenario(lambda: _listed("refused").cluster, "316"),
    "a listed address that answers at the second try": scenario(
        lambda: _listed("silent", "full").cluster, tempts="316"
    ),
    "a listed address that nobody tries": scenario(lambda: _listed().cluster, tempts="316"),
    "a listed address whose answers are not captured": scenario(
        lambda: _listed("silent", speaks=True).cluster, tempts="316"
    ),
}
