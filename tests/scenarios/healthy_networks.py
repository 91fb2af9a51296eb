"""Networks in which nothing is wrong, however odd they look: no story here may accuse anybody."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace

from scenarios.cluster import A1, A2, Cluster
from scenarios.hosts import Host, Mount, linux_verifier, renewals
from scenarios.layouts import Layout
from scenarios.owners import freebsd, macos
from scenarios.server import Head
from scenarios.stories import MAC_2, MAC_3, heads, one_server
from wire.dialogue import Session, op

V6 = "fd00::1"
OTHER = "10.0.0.12"


def _booted(hour: int) -> bytes:
    return linux_verifier(booted=f"2026-11-22T0{hour}:00:00", ns=1000 + hour)


def _one(layout: Layout, **how: bool) -> tuple[Cluster, Head]:
    head, _ = heads(layout)
    return Cluster({A1: head}, **how), head


def _second(cluster: Cluster, name: str = "client2", address: str = OTHER) -> Host:
    return Host(cluster=cluster, address=address, name=name, verifier=_booted(2), uniform=True)


# --- what stands between


def balanced(layout: Layout, minor: int) -> Cluster:
    """A load balancer keeps each client at a head of its own."""
    cluster, one = _one(layout, adjacent=False)
    _, other = heads(layout)
    mine = Host(cluster=cluster, uniform=True).mount(A1, minor=minor)
    cluster.at[A1] = other
    theirs = _second(cluster).mount(A1, minor=minor)
    for _ in range(5):
        for mount, head in ((mine, one), (theirs, other)):
            cluster.wait(25)
            cluster.at[A1] = head
            mount.renew()
            mount.write(mount.files[0], verifier=head.booted)
    return cluster


def same_port(layout: Layout, minor: int, *, mac: str = "02:00:00:00:0f:01", ttl: int = 64) -> Cluster:
    """What answers ARP for two servers is neither."""
    head_1, head_2 = heads(layout, ttl=ttl)
    head_1.mac = head_2.mac = mac
    cluster = Cluster({A1: head_1, A2: head_2})
    host = Host(cluster=cluster, uniform=bool(minor))
    mounts = [host.mount(address, minor=minor) for address in (A1, A2)]
    renewals(cluster, *mounts, times=4)
    return cluster


def port_failed(layout: Layout, minor: int) -> Cluster:
    """A server's second port takes over; of two that are bonded each sends in turn."""
    head_1, head_2 = heads(layout)
    cluster = Cluster({A1: head_1, A2: head_2})
    host = Host(cluster=cluster, uniform=True)
    mounts = [host.mount(address, minor=minor, name=address) for address in (A1, A2)]
    renewals(cluster, *mounts)
    cluster.serve(A1, head_1, mac=MAC_3)
    for turn in range(6):
        cluster.wire.host(A2, (MAC_2, "02:00:00:00:01:22")[turn % 2])
        renewals(cluster, *mounts, times=1, every=30)
    return cluster


def both_sides(layout: Layout, minor: int, *, masked: bool = False) -> Cluster:
    """Both sides of a box that translates addresses: every packet twice, the second time to another server address
    (`masked`: from another client address, too)."""
    cluster, _ = _one(layout, adjacent=False)
    renewals(cluster, Host(cluster=cluster, uniform=True).mount(A1, minor=minor), times=4)
    seen = cluster.wire.frames[:]
    new = {bytes([10, 0, 0, 1]): bytes([10, 0, 0, 100])}
    if masked:
        new[bytes([10, 0, 0, 11])] = bytes([10, 0, 0, 99])
    cluster.wire.frames.clear()
    for time, frame in seen:
        ends = (frame[at : at + 4] for at in (26, 30))
        moved = frame[:26] + b"".join(new.get(end, end) for end in ends) + frame[34:]
        cluster.wire.frames += [(time, frame), (time + 150_000, moved)]
    return cluster


# --- many behind one, one behind many


def translated(layout: Layout, minor: int) -> Cluster:
    """Three hosts behind one address, two of them at a second server, too."""
    head_1, head_2 = heads(layout)
    cluster = Cluster({A1: head_1, A2: head_2}, adjacent=False)
    hosts = [
        Host(cluster=cluster, name=f"client{n}", verifier=_booted(n), uniform=True, port=700 + 100 * n)
        for n in range(1, 4)
    ]
    mounts = [host.mount(A1, minor=minor, name=host.name) for host in hosts]
    mounts += [host.mount(A2, minor=minor, name=host.name) for host in hosts[:2]]
    renewals(cluster, *mounts, times=4)
    return cluster


def containers(layout: Layout, minor: int) -> Cluster:
    """Three network namespaces of one host name, each with a uniquifier."""
    cluster, _ = _one(layout)

    def host(n: int) -> Host:
        owner = f"Linux NFSv4.{minor} 0b1c2d3e-000{n}/node1".encode()
        return Host(
            cluster=cluster, name="node1", verifier=_booted(n), owner=lambda *_: owner, uniform=True, port=700 + 100 * n
        )

    renewals(cluster, *(host(n).mount(A1, minor=minor, name=f"f{n}") for n in range(3)), times=4)
    return cluster


def new_addresses(layout: Layout, minor: int) -> Cluster:
    """A client whose temporary address changes (RFC 8981), twice."""
    head, _ = heads(layout)
    cluster = Cluster({V6: head})
    host = Host(cluster=cluster, address="fd00::a1", uniform=True)
    mount = host.mount(V6, minor=minor)
    for address in ("fd00::b1", "fd00::c1"):
        renewals(cluster, mount)
        mount.connection.close()
        host.address = address
        mount.reconnect()
        if minor:
            mount.bind()
        mount.renew()
    renewals(cluster, mount)
    return cluster


def addresses_swapped(layout: Layout, minor: int) -> Cluster:
    """Two clients come back from DHCP with each other's address."""
    cluster, _ = _one(layout)
    hosts = Host(cluster=cluster, uniform=True), _second(cluster)
    mounts = [host.mount(A1, minor=minor, name=host.name) for host in hosts]
    renewals(cluster, *mounts)
    hosts[0].address, hosts[1].address = hosts[1].address, hosts[0].address
    for mount in mounts:
        mount.connection.close()
        mount.reconnect()
        if minor:
            mount.bind()
        else:
            mount.identify()
    renewals(cluster, *mounts, times=4)
    return cluster


def trunked(layout: Layout, minor: int, *, bind: bool = True, connections: int = 3) -> Cluster:
    """Session trunking (RFC 8881 section 2.10.5) over connections to both addresses of one server."""
    p = one_server(layout=layout, minor=max(minor, 1))
    cluster, first = p.cluster, p.first
    lanes = [
        replace(first, server=address, connection=p.host.connect(address, 1)) for address in (A1, A2) * connections
    ]
    for lane in lanes:
        if bind:
            lane.bind()
    for _ in range(4):
        cluster.wait(30)
        for lane in (first, *lanes):
            lane.renew()
        p.second.renew()
    return cluster


def connected_eightfold(layout: Layout, minor: int) -> Cluster:
    """Mount option nconnect: operations of one lease over many connections in turn."""
    cluster, _ = _one(layout)
    host = Host(cluster=cluster, uniform=True)
    mount = host.mount(A1, minor=minor)
    lanes = [mount, *(replace(mount, connection=host.connect(A1, minor)) for _ in range(7))]
    for turn in range(8):
        cluster.wait(40)
        lanes[turn % 8].renew()
        lanes[-turn % 8].write(mount.files[0])
    return cluster


def moved_with_state(layout: Layout, minor: int) -> Cluster:
    """An address goes to another node that holds the same clientids, sessions and state: ONTAP moves a LIF."""
    node, _ = heads(layout)
    other = replace(node, mac=MAC_2, counter=node.counter + 0x5000)
    cluster = Cluster({A1: node, A2: other})
    mine = Host(cluster=cluster, uniform=True).mount(A1, minor=minor)
    theirs = _second(cluster).mount(A2, minor=minor, name="other")
    renewals(cluster, mine, theirs)
    cluster.fail(A1)
    cluster.wait(10)
    mine.renew()
    cluster.wait(10)
    cluster.serve(A1, other)
    mine.connection.reset()
    mine.reconnect()
    if minor:
        mine.bind()
    mine.renew()
    renewals(cluster, mine, theirs, times=4)
    return cluster


# --- clients and servers of their own kind


def _owners(*owners: Callable[[str], bytes], verifiers: bool = False) -> Callable[[Layout, int], Cluster]:
    """An owner for each mount: two mounts at one server, one at another, all from one host."""

    def tell(layout: Layout, minor: int) -> Cluster:
        head_1, head_2 = heads(layout)
        cluster = Cluster({A1: head_1, A2: head_2})
        mounts = []
        for n, (make, server) in enumerate(zip(owners, (A1, A1, A2), strict=True), 1):
            host = Host(
                cluster=cluster,
                owner=lambda server, _, make=make: make(server),  # type: ignore[misc]
                verifier=struct.pack(">II", 1_795_000_000, n if verifiers else 1),
                port=700 + 50 * n,
            )
            mounts.append(host.mount(server, minor=minor, name=f"f{n}", twice=False))
        renewals(cluster, *mounts, times=4)
        return cluster

    return tell


def data_server(layout: Layout, minor: int) -> Cluster:
    """A pNFS data server on the metadata server's head, which gives that role a clientid of its own."""
    head, _ = heads(layout)
    cluster = Cluster({A1: head, A2: head})
    host = Host(cluster=cluster, uniform=True)
    mount = host.mount(A1, minor=1)
    data = host.connect(A2, 1)
    clientid = layout.clientid(head.counter + 1, head.booted, cluster.second)
    session = Session(session=layout.session(clientid, 77))
    data.call("EXCHANGE_ID", owner=host.owner_for(A2, 1), verifier=host.verifier, flags=0x40101).reply(
        clientid=clientid, flags=0x40000, major_id=head.name, scope=head.name
    )
    data.call("CREATE_SESSION", clientid=clientid).reply(session=session.session)
    for _ in range(6):
        cluster.wait(30)
        mount.renew()
        data.compound([op("PUTFH"), op("WRITE", data=b"x")], session=session).reply([{}, {"verifier": 5}])
    return cluster


def slow(layout: Layout, minor: int) -> Cluster:
    """A server that asks the client to come back, for minutes."""
    cluster, _ = _one(layout)
    host = Host(cluster=cluster, uniform=True)
    mount = Mount(host=host, server=A1, minor=minor, connection=host.connect(A1, minor))
    name = "EXCHANGE_ID" if minor else "SETCLIENTID"
    for _ in range(20):
        cluster.wait(5)
        asked = mount.connection.call(name, owner=host.owner_for(A1, minor), verifier=host.verifier)
        asked.reply("NFS4ERR_DELAY")
    mount.identify()
    mount.lease_time()
    if minor:
        mount.complete()
    for turn in range(40):
        cluster.wait(5)
        ask = op("OPEN", clientid=0 if minor else mount.clientid)
        mount.connection.compound([op("PUTFH"), ask], session=mount.session).reply([{}, "NFS4ERR_DELAY"])
        if turn % 8 == 0:
            mount.renew()
    renewals(cluster, mount)
    return cluster


def repeated(layout: Layout, minor: int) -> Cluster:
    """Calls with their old xid on a new connection, after the old one broke (RFC 8881 section 2.10.6.1.3)."""
    cluster, _ = _one(layout)
    mount = Host(cluster=cluster, uniform=True).mount(A1, minor=minor)
    for _ in range(3):
        renewals(cluster, mount)
        connection = mount.connection
        call = (
            connection.compound([], session=mount.session)
            if minor
            else connection.call("RENEW", clientid=mount.clientid)
        )
        cluster.wait(10)
        connection.reset(by="client")
        mount.reconnect()
        if minor:
            mount.bind()
        mount.connection.repeat(call).reply([{}])
    renewals(cluster, mount)
    return cluster


def asleep(layout: Layout, minor: int) -> Cluster:
    """A laptop sleeps for an hour; a courteous server keeps its state."""
    cluster, _ = _one(layout)
    host = _second(cluster)
    awake = host.mount(A1, minor=minor, name="other")
    mount = Host(cluster=cluster, uniform=True).mount(A1, minor=minor)
    renewals(cluster, awake, mount)
    renewals(cluster, awake, times=60)
    renewals(cluster, awake, mount)
    return cluster


Story = Callable[[Layout, int], Cluster]

NETWORKS: dict[str, Story] = {
    "a load balancer that keeps each client at its head": balanced,
    "proxy ARP": lambda layout, minor: same_port(layout, minor, ttl=63),
    "VRRP": lambda layout, minor: same_port(layout, minor, mac="00:00:5e:00:01:07"),
    "HSRP": lambda layout, minor: same_port(layout, minor, mac="00:00:0c:07:ac:05"),
    "a virtual network with one MAC": lambda layout, minor: same_port(layout, minor, mac="12:34:56:78:9a:bc"),
    "a port that fails, and two that take turns": port_failed,
    "both sides of a translator of server addresses": both_sides,
    "both sides of a translator of all addresses": lambda layout, minor: both_sides(layout, minor, masked=True),
    "clients behind one address": translated,
    "containers with uniquifiers": containers,
    "temporary addresses": new_addresses,
    "addresses swapped by DHCP": addresses_swapped,
    "session trunking": trunked,
    "session trunking without binding": lambda layout, minor: trunked(layout, minor, bind=False),
    "nconnect": connected_eightfold,
    "an address that moves with its state": moved_with_state,
    "FreeBSD": _owners(*(lambda _, n=n: freebsd(mount=n) for n in (7, 8, 9)), verifiers=True),  # type: ignore[misc]
    "macOS": _owners(*(lambda server, n=n: macos(server, mount=n) for n in (1, 2, 3))),  # type: ignore[misc]
    "a client that nobody knows": _owners(*(lambda _, n=n: b"ESXi esx01 volume%d" % n for n in (1, 2, 3))),  # type: ignore[misc]
    "a pNFS data server": data_server,
    "a slow server": slow,
    "calls repeated after a break": repeated,
    "a laptop asleep": asleep,
}
