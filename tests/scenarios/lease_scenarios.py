"""Scenarios for the rules on leases and recovery (NFS2xx) beyond duplicate leases and gaps."""

from __future__ import annotations

from collections.abc import Callable

from scenarios.cluster import A1, Cluster
from scenarios.hosts import Host, Mount, linux_verifier, renewals
from scenarios.scenario import Scenario, scenario
from scenarios.server import Head
from scenarios.stories import outage, pair, restarted_in_place, returned, started_anew, taken_over
from wire.dialogue import op

OTHER = linux_verifier("2026-11-22T10:00:00", ns=161803398)


def mounted(minor: int = 0, name: str | None = "file", **head: int) -> tuple[Cluster, Mount]:
    cluster = Cluster({A1: Head(**head)})
    return cluster, Host(cluster=cluster, uniform=True).mount(A1, minor=minor, name=name)


def forget(cluster: Cluster, mount: Mount) -> None:
    cluster.at[A1].forget(mount.clientid)  # type: ignore[union-attr]


def paced(every: float, *, minor: int = 0, name: str | None = "file", times: int = 5) -> Cluster:
    """Renewals at one pace."""
    cluster, mount = mounted(minor, name)
    renewals(cluster, mount, times=times, every=every)
    return cluster


def untold(every: float) -> Cluster:
    """Late for the usual lease time, but nobody says what it is."""
    cluster = Cluster({A1: Head()})
    host = Host(cluster=cluster, uniform=True)
    mount = Mount(host=host, server=A1, minor=1, connection=host.connect(A1, 1))
    mount.identify()
    mount.complete()
    mount.open("file")
    renewals(cluster, mount, times=5, every=every)
    return cluster


def stale(times: int, every: float, *, recover: bool = False, after: float = 0) -> Cluster:
    """RENEW, told STALE_CLIENTID, and again."""
    cluster, mount = mounted()
    renewals(cluster, mount)
    forget(cluster, mount)
    for _ in range(times):
        cluster.wait(every)
        mount.renew()
    if recover:
        mount.identify()
        renewals(cluster, mount)
    if after:
        cluster.wait(after)
        bystander(cluster)
    return cluster


def known_again() -> Cluster:
    """The address was away for a while; its server knows the clientid as before."""
    cluster, mount = mounted()
    renewals(cluster, mount)
    head = cluster.at[A1]
    assert head is not None
    kept = dict(head.records)
    forget(cluster, mount)
    mount.renew()
    cluster.wait(60)
    mount.renew()
    head.records = kept
    cluster.wait(30)
    renewals(cluster, mount, times=4)
    return cluster


def bystander(cluster: Cluster, minor: int = 1) -> Mount:
    host = Host(cluster=cluster, address="10.0.0.77", name="bystander", verifier=OTHER, uniform=True)
    return host.mount(A1, minor=minor)


def told_grace(mount: Mount, times: int, every: float) -> None:
    """New opens that are told GRACE."""
    for _ in range(times):
        mount.host.cluster.wait(every)
        ask = op("OPEN", clientid=0 if mount.minor else mount.clientid, owner=b"o", name="new")
        mount._do([op("PUTFH", handle=b"root"), ask], lambda head: [{}, "NFS4ERR_GRACE"])


def graced(times: int, every: float, *, minor: int = 0) -> Cluster:
    cluster, mount = mounted(minor)
    for _ in range(times // 4):
        told_grace(mount, 4, every)
        mount.renew()
    cluster.wait(5)
    mount.open("new")
    renewals(cluster, mount)
    return cluster


def restarted(*, minor: int, reclaim: bool, then: Callable[[Mount], object] | None = None) -> Cluster:
    """Head 2 restarts in place, and grants reclaims to who asks."""
    p = pair(minor=minor, uniform=True)
    outage(p, p.second)
    p.cluster.serve("10.0.0.2", started_anew(p.head_2, p.cluster))
    returned(p, p.second, reclaim=reclaim)
    if then is not None:
        then(p.second)
    renewals(p.cluster, *p.mounts)
    return p.cluster


def reopened(mount: Mount) -> None:
    mount.open("file")


def lapsed(minor: int) -> Cluster:
    """A lease that ran out, without a restart: there is nothing to reclaim."""
    cluster, mount = mounted(minor)
    renewals(cluster, mount)
    cluster.wait(300)
    forget(cluster, mount)
    mount.renew()
    mount.recover(reclaim=False)
    mount.open("file")
    renewals(cluster, mount)
    return cluster


def moved(*, minor: int) -> Cluster:
    p = pair(minor=minor, uniform=True)
    taken_over(p)
    return p.cluster


def incomplete(*, opened: bool, seconds: float = 200, complete: bool = False) -> Cluster:
    """A v4.1 client that confirms its clientid, and says RECLAIM_COMPLETE or not."""
    cluster = Cluster({A1: Head()})
    host = Host(cluster=cluster, uniform=True)
    mount = Mount(host=host, server=A1, minor=1, connection=host.connect(A1, 1))
    mount.identify(twice=True)
    mount.lease_time()
    if complete:
        mount.complete()
    if opened:
        mount.open("file")
    renewals(cluster, mount, times=round(seconds / 40), every=40)
    return cluster


def deadlocked(seconds: float, *, complete: bool = False) -> Cluster:
    """GRACE for one client, that never says RECLAIM_COMPLETE."""
    cluster = Cluster({A1: Head()})
    other = bystander(cluster)
    host = Host(cluster=cluster, uniform=True)
    mount = Mount(host=host, server=A1, minor=1, connection=host.connect(A1, 1))
    mount.identify(twice=True)
    mount.lease_time()
    if complete:
        mount.complete()
    for _ in range(round(seconds / 30)):
        told_grace(mount, 2, 15)
        other.renew()
    if not complete and seconds < 180:
        mount.complete()
        mount.open("new")
    return cluster


def too_late(seconds: float = 100) -> Cluster:
    """A server restarts; the one client reclaims in its grace, the other comes when that is over."""
    p = pair(uniform=True)
    late = Host(cluster=p.cluster, address="10.0.0.12", name="late", verifier=OTHER, uniform=True).mount("10.0.0.2")
    renewals(p.cluster, *p.mounts, late)
    outage(p, p.second)
    p.cluster.serve("10.0.0.2", started_anew(p.head_2, p.cluster, grace=60))
    returned(p, p.second)
    p.cluster.wait(seconds / 2)
    p.first.renew()
    p.second.renew()
    p.cluster.wait(seconds / 2)
    p.second.open("new")
    p.first.renew()
    late.connection.reset(by="server")
    late.reconnect()
    late.renew()
    late.recover()
    late.open("file")
    renewals(p.cluster, *p.mounts, late)
    return p.cluster


def flooded(every: float, times: int = 30) -> Cluster:
    cluster, mount = mounted()
    renewals(cluster, mount, times=times, every=every)
    return cluster


def in_place() -> Cluster:
    p = pair(uniform=True)
    restarted_in_place(p)
    return p.cluster


LEASES: dict[str, Scenario] = {
    "late five times": scenario(lambda: paced(84), "203", tempts="202"),
    "late five times, v4.1": scenario(lambda: paced(84, minor=1), "203", tempts="202"),
    "renewed at two thirds": scenario(lambda: paced(60), tempts="203 202 213"),
    "late twice": scenario(lambda: paced(84, times=2), tempts="203"),
    "late without any state": scenario(lambda: paced(84, name=None), tempts="203"),
    "late for a lease time nobody told": scenario(lambda: untold(84), tempts="203"),
    "stale, and nothing done": scenario(lambda: stale(4, 60), "204", tempts="205"),
    "stale, and recovered at last": scenario(lambda: stale(4, 60, recover=True), "204", tempts="205"),
    "stale every five seconds": scenario(lambda: stale(12, 5), "205", tempts="204"),
    "stale twice, and recovered": scenario(lambda: stale(2, 0.1, recover=True), tempts="204 205"),
    "stale, and silent from then on": scenario(lambda: stale(2, 0.1, after=400), tempts="204 205"),
    "known again": scenario(known_again, tempts="204 205"),
    "a storm of GRACE": scenario(lambda: graced(32, 1.5), "206", tempts="211"),
    "GRACE for five minutes": scenario(lambda: graced(20, 15), "206", tempts="211"),
    "GRACE every five seconds for a minute": scenario(lambda: graced(12, 5), tempts="206 211"),
    "a restart and nothing reclaimed, v4.1": scenario(lambda: restarted(minor=1, reclaim=False), "207", tempts="208"),
    "a restart and files opened anew, v4.0": scenario(
        lambda: restarted(minor=0, reclaim=False, then=reopened), "207", tempts="208"
    ),
    "a restart and all reclaimed": scenario(in_place, tempts="207 208 212 201 202"),
    "a restart and all reclaimed, v4.1": scenario(lambda: restarted(minor=1, reclaim=True), tempts="207 210 211"),
    "a lease that ran out": scenario(lambda: lapsed(0), "202", tempts="207 204"),
    "a lease that ran out, v4.1": scenario(lambda: lapsed(1), "202", tempts="207 210"),
    "a takeover without a grace": scenario(lambda: moved(minor=0), "208", tempts="212 207"),
    "no RECLAIM_COMPLETE, files opened": scenario(lambda: incomplete(opened=True), "210", tempts="211"),
    "no RECLAIM_COMPLETE, nothing opened": scenario(lambda: incomplete(opened=False), "210", tempts="211"),
    "no RECLAIM_COMPLETE, near the end": scenario(lambda: incomplete(opened=True, seconds=40), tempts="210"),
    "RECLAIM_COMPLETE": scenario(lambda: incomplete(opened=True, complete=True), tempts="210 211"),
    "GRACE for ever": scenario(lambda: deadlocked(300), "206 210 211"),
    "GRACE for a grace period": scenario(lambda: deadlocked(90), tempts="206 210 211"),
    "GRACE for long after RECLAIM_COMPLETE": scenario(lambda: deadlocked(300, complete=True), "206", tempts="210 211"),
    "a client that comes after the grace": scenario(too_late, "208 212", tempts="207"),
    "RENEW every second": scenario(lambda: flooded(1), "213", tempts="203"),
    "RENEW every ten seconds": scenario(lambda: flooded(10), tempts="213"),
}
