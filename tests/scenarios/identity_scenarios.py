"""Scenarios for the rules on identity (NFS1xx)."""

from __future__ import annotations

from scenarios.cluster import A1, A2, Cluster
from scenarios.hosts import Host, Mount, linux_verifier, renewals
from scenarios.layouts import RANDOM
from scenarios.owners import freebsd
from scenarios.scenario import Scenario, scenario
from scenarios.server import Head
from scenarios.stories import heads, take_turns
from wire.dialogue import Wire, op

OTHER_BOOT = linux_verifier("2026-11-22T11:00:00", ns=271828182)


def alone() -> Cluster:
    return Cluster({A1: Head()})


def later(cluster: Cluster, seconds: float = 200) -> Cluster:
    """Somebody else uses the server, so that the capture goes on."""
    cluster.wait(seconds)
    Host(cluster=cluster, address="10.0.0.77", name="bystander", verifier=linux_verifier(ns=77)).mount(A1, minor=1)
    return cluster


def forgotten(minor: int, times: int, every: float) -> Cluster:
    """A server that forgets its client again and again."""
    cluster = alone()
    mount = Host(cluster=cluster, uniform=True).mount(A1, minor=minor)
    for _ in range(times):
        cluster.wait(every)
        cluster.at[A1].forget(mount.clientid)  # type: ignore[union-attr]
        mount.renew()
        mount.recover(reclaim=False)
    mount.renew()
    return cluster


def sessions_dropped() -> Cluster:
    """A server that drops sessions and keeps the clientid."""
    cluster = alone()
    mount = Host(cluster=cluster, uniform=True).mount(A1, minor=1)
    for _ in range(4):
        cluster.wait(40)
        cluster.at[A1].sessions.clear()  # type: ignore[union-attr]
        mount.renew()
        mount.recover(reclaim=False)
    mount.renew()
    return cluster


def automounter() -> Cluster:
    """Mounted, used and unmounted, each time with a new clientid that is given back."""
    cluster = alone()
    host = Host(cluster=cluster, uniform=True)
    for _ in range(5):
        mount = host.mount(A1, minor=1, name=None)
        cluster.wait(20)
        mount.renew()
        assert mount.session is not None
        mount.connection.compound([op("DESTROY_SESSION", session=mount.session.session)]).reply()
        mount.connection.compound([op("DESTROY_CLIENTID", clientid=mount.clientid)]).reply()
        cluster.at[A1].forget(mount.clientid)  # type: ignore[union-attr]
        mount.connection.close()
        cluster.wait(60)
    return cluster


def in_use(status: str = "NFS4ERR_CLID_INUSE") -> Wire:
    """SETCLIENTID is refused, and its answer names the holder."""
    wire = Wire()
    c = wire.connect("10.0.0.11:871", "10.0.0.1:2049")
    for _ in range(3):
        asked = c.call("SETCLIENTID", owner=b"Linux NFSv4.0 web01", verifier=linux_verifier())
        asked.reply(status, cb="10.0.0.99", cb_port=700) if status.endswith("INUSE") else asked.reply(status)
        wire.wait(seconds=10)
    return wire


def on_one_connection(owner: bytes = b"Linux NFSv4.1 web01") -> Wire:
    """The boot verifier changes on a connection that goes on."""
    wire = Wire()
    c = wire.connect("10.0.0.11:871", "10.0.0.1:2049", minor=1)
    for number, verifier in enumerate((linux_verifier(), OTHER_BOOT)):
        c.call("EXCHANGE_ID", owner=owner, verifier=verifier).reply(clientid=0x71 + number)
        c.call("CREATE_SESSION", clientid=0x71 + number).reply(session=b"session %08d" % number)
        wire.wait(seconds=30)
    return wire


def rebooted(minor: int = 0) -> Cluster:
    """A host restarts: new verifier, new connection."""
    cluster = alone()
    host = Host(cluster=cluster, uniform=True)
    mount = host.mount(A1, minor=minor)
    renewals(cluster, mount)
    host.verifier = OTHER_BOOT
    cluster.wait(60)
    renewals(cluster, host.mount(A1, minor=minor))
    return cluster


def unconfirmed(seconds: float = 200, cut: bool = False) -> Cluster:
    """A SETCLIENTID is answered and never confirmed."""
    cluster = alone()
    host = Host(cluster=cluster, uniform=True)
    mount = Mount(host=host, server=A1, minor=0, connection=host.connect(A1, 0))
    mount.setclientid()
    if cut:
        lost = host.connect(A1, 0)
        lost.segment("client", 0x18, b"x" * 40, lost=True)
        lost.call("RENEW", clientid=mount.clientid)
    return later(cluster, seconds)


def two_addresses() -> tuple[Cluster, Mount, Mount]:
    """One uniform client, mounted at A1, that has just been answered at A2."""
    head, _ = heads()
    cluster = Cluster({A1: head, A2: head})
    host = Host(cluster=cluster, uniform=True)
    first = host.mount(A1, name=None)
    cluster.wait(20)
    return cluster, first, Mount(host=host, server=A2, minor=0, connection=host.connect(A2, 0))


def confirmed_elsewhere() -> Cluster:
    """Trunking detection: what A2 granted is confirmed at A1, and that is all A2 ever hears."""
    cluster, first, second = two_addresses()
    confirm = second.setclientid()
    assert confirm is not None
    second.setclientid_confirm(confirm, at=first)
    renewals(cluster, first, times=4)
    return cluster


def probed() -> Cluster:
    """Trunking detection finds two servers: the confirm of the one is unknown to the other."""
    head_1, head_2 = heads()
    cluster = Cluster({A1: head_1, A2: head_2})
    host = Host(cluster=cluster, uniform=True)
    first = host.mount(A1, name=None)
    second = Mount(host=host, server=A2, minor=0, connection=host.connect(A2, 0))
    confirm = second.setclientid()
    assert confirm is not None
    second.setclientid_confirm(confirm, at=first)
    second.setclientid_confirm(confirm)
    renewals(cluster, first, second)
    return cluster


def confirm_refused() -> Cluster:
    """The server drops an unconfirmed record within a second."""
    cluster = alone()
    host = Host(cluster=cluster, uniform=True)
    mount = Mount(host=host, server=A1, minor=0, connection=host.connect(A1, 0))
    confirm = mount.setclientid()
    assert confirm is not None
    cluster.at[A1].unconfirmed.clear()  # type: ignore[union-attr]
    mount.setclientid_confirm(confirm)
    mount.identify()
    renewals(cluster, mount)
    return cluster


def named(name: str, minor: int = 1) -> Cluster:
    cluster = alone()
    renewals(cluster, Host(cluster=cluster, name=name, uniform=True).mount(A1, minor=minor))
    return cluster


def containers(*, turns: int, alive: bool = True, address: str = "10.0.0.11") -> Cluster:
    """Two network namespaces of one host (or two hosts), with one owner."""
    cluster = alone()
    one = Host(cluster=cluster, name="app").mount(A1, minor=1)
    renewals(cluster, one)
    two = Host(cluster=cluster, name="app", address=address, port=800, verifier=OTHER_BOOT).mount(A1, minor=1)
    if turns:
        take_turns(cluster, one, two, turns=turns)
    elif alive:
        cluster.wait(10)
        one.renew()
    renewals(cluster, two)
    return cluster


def given_twice(second_server: str = A1) -> Wire:
    """Two hosts get one clientid and use it."""
    wire = Wire()
    clients = [wire.connect("10.0.0.11:871", f"{A1}:2049"), wire.connect("10.0.0.12:871", f"{second_server}:2049")]
    for number, c in enumerate(clients):
        owner = b"Linux NFSv4.0 web%02d" % number
        c.call("SETCLIENTID", owner=owner, verifier=(linux_verifier(), OTHER_BOOT)[number], cb=c.client[0]).reply(
            clientid=0x5A01000007, confirm=7 + number
        )
        c.call("SETCLIENTID_CONFIRM", clientid=0x5A01000007, confirm=7 + number).reply()
    for _ in range(3):
        wire.wait(seconds=40)
        for c in clients:
            c.call("RENEW", clientid=0x5A01000007).reply()
    return wire


def renamed() -> Cluster:
    """The host name changes between two mounts."""
    cluster = alone()
    host = Host(cluster=cluster, name="installer")
    mount = host.mount(A1, minor=1)
    renewals(cluster, mount)
    mount.connection.close()
    cluster.wait(300)
    host.name = "web01"
    renewals(cluster, host.mount(A1, minor=1))
    return cluster


def per_mount() -> Cluster:
    """FreeBSD: an owner and a verifier for each mount."""
    cluster = Cluster({A1: Head(layout=RANDOM)})
    for number in range(5):
        host = Host(cluster=cluster, port=700 + 10 * number, verifier=linux_verifier(ns=number))
        host.owner = lambda server, minor, number=number: freebsd(mount=number)  # type: ignore[misc]
        renewals(cluster, host.mount(A1, minor=1, name=None), times=1, every=30)
    return cluster


def purged(verifier: bytes = b"\xff" * 8) -> Cluster:
    cluster = alone()
    mount = Host(cluster=cluster, uniform=True).mount(A1, minor=1)
    cluster.wait(30)
    mount.exchange_id(verifier=verifier)
    mount.create_session()
    renewals(cluster, mount)
    return cluster


def with_addresses(here: str = "10.0.0.11") -> Cluster:
    """Linux 3.7 to 4.17: both addresses in the owner."""
    cluster = alone()
    host = Host(cluster=cluster, owner=lambda server, minor: f"Linux NFSv4.0 {here}/{server} tcp".encode())
    renewals(cluster, host.mount(A1))
    return cluster


def two_ways(*, both: bool = True) -> Cluster:
    """One mount with -o migration, the other (of another server) without it, or with it, too."""
    one, other = heads()
    cluster = Cluster({A1: one, A2: other})
    uniform = b"Linux NFSv4.0 web01"
    host = Host(
        cluster=cluster, owner=lambda server, _: uniform if server == A1 or not both else uniform + b"/10.0.0.2"
    )
    renewals(cluster, host.mount(A1), host.mount(A2))
    return cluster


IDENTITY: dict[str, Scenario] = {
    "an owner with both addresses": scenario(with_addresses, "101 102", tempts="109"),
    "an owner made behind a translator": scenario(lambda: with_addresses("192.168.7.5"), "101 102"),
    "uniform here and not there": scenario(two_ways, "101 109", tempts="102 104"),
    "uniform here and there": scenario(lambda: two_ways(both=False), tempts="101 102 109"),
    "a server that forgets its client": scenario(lambda: forgotten(0, 4, 60), "104", tempts="103 106 111 115"),
    "the same in v4.1": scenario(lambda: forgotten(1, 4, 60), "104", tempts="103 106 111 115"),
    "sessions dropped again and again": scenario(sessions_dropped, "104", tempts="103 406"),
    "forgotten twice in an hour": scenario(lambda: forgotten(0, 3, 1500), tempts="104"),
    "an automounter": scenario(automounter, tempts="104 107 115"),
    "an owner in use": scenario(in_use, "105", tempts="104 107"),
    "asked to come back": scenario(lambda: in_use("NFS4ERR_DELAY"), tempts="105 107"),
    "a verifier that changes without a restart": scenario(on_one_connection, "106", tempts="103 104 111 115"),
    "a restart": scenario(rebooted, "115", tempts="103 104 106 111"),
    "a restart in v4.1": scenario(lambda: rebooted(1), "115", tempts="103 104 106 111"),
    "never confirmed": scenario(unconfirmed, "107", tempts="108"),
    "never confirmed, near the end": scenario(lambda: unconfirmed(20), tempts="107"),
    "never confirmed, where packets are missing": scenario(lambda: unconfirmed(cut=True), tempts="107", unjudged="107"),
    "confirmed at the other address": scenario(confirmed_elsewhere, tempts="104 107 108 112"),
    "a probe for trunking": scenario(probed, tempts="107 108 104"),
    "a confirm that is stale": scenario(confirm_refused, "108", tempts="104 107"),
    "a host called localhost": scenario(lambda: named("localhost.localdomain"), "110", tempts="103 111"),
    "a host called (none), v4.0": scenario(lambda: named("(none)", 0), "110"),
    "a host with a full name": scenario(lambda: named("ubuntu.example.com"), tempts="110"),
    "containers that take turns": scenario(lambda: containers(turns=3), "103 104 111", tempts="106 115"),
    "a container beside its host": scenario(lambda: containers(turns=0), "111", tempts="103 106 115"),
    "an old instance that is silent": scenario(lambda: containers(turns=0, alive=False), "115", tempts="111 106"),
    "clones with addresses of their own": scenario(
        lambda: containers(turns=3, address="10.0.0.12"), "103 104", tempts="111 106"
    ),
    "one clientid for two": scenario(given_twice, "112", tempts="103"),
    "one clientid at two servers": scenario(lambda: given_twice(A2), tempts="112 103"),
    "a host that was renamed": scenario(renamed, "113", tempts="104 106 111"),
    "an owner for each mount": scenario(per_mount, tempts="103 104 106 111 113 115"),
    "a purge": scenario(purged, "114", tempts="103 106 111 115"),
    "almost a purge": scenario(lambda: purged(b"\xff" * 6 + bytes(2)), "106", tempts="114"),
}
