"""Stories told in several tests: two heads with one address each, a client on both, and what happens to the
addresses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from scenarios.cluster import A1, A2, Cluster
from scenarios.hosts import Host, Mount, renewals
from scenarios.layouts import LINUX, Layout
from scenarios.server import Head, second

MAC_1, MAC_2, MAC_3 = "02:00:00:00:01:01", "02:00:00:00:01:02", "02:00:00:00:01:03"
BOOTED_1, BOOTED_2 = second("2026-11-20T08:00:07"), second("2026-11-21T21:13:42")


@dataclass(kw_only=True)
class Pair:
    """Head 1 at A1, head 2 at A2; `first` and `second` are the client's mounts there."""

    cluster: Cluster
    head_1: Head
    head_2: Head
    host: Host
    first: Mount
    second: Mount
    more: list[Mount] = field(default_factory=list)

    @property
    def mounts(self) -> list[Mount]:
        return [self.first, self.second, *self.more]


def heads(layout: Layout = LINUX, **changed: Any) -> tuple[Head, Head]:
    """Two heads that never were one: other machines, other boots."""
    return (
        Head(name=b"hn1", mac=MAC_1, booted=BOOTED_1, layout=layout, counter=0x5A010000, **changed),
        Head(name=b"hn2", mac=MAC_2, booted=BOOTED_2, layout=layout, counter=0x11770000, **changed),
    )


def pair(
    *,
    layout: Layout = LINUX,
    minor: int = 0,
    uniform: bool = False,
    adjacent: bool = True,
    head_1: Head | None = None,
    head_2: Head | None = None,
    **host: Any,
) -> Pair:
    """Both mounts made and renewed for three minutes: the quiet before every story."""
    made_1, made_2 = heads(layout)
    head_1, head_2 = head_1 or made_1, head_2 or made_2
    cluster = Cluster({A1: head_1, A2: head_2}, adjacent=adjacent)
    client = Host(cluster=cluster, uniform=uniform, **host)
    first = client.mount(A1, minor=minor, name="f1")
    cluster.wait(4)
    other = client.mount(A2, minor=minor, name="b1")
    renewals(cluster, first, other)
    return Pair(cluster=cluster, head_1=head_1, head_2=head_2, host=client, first=first, second=other)


def outage(p: Pair, *mounts: Mount, seconds: float = 30) -> None:
    """Nobody answers at the addresses of these mounts; their clients ask, and ask again."""
    cluster = p.cluster
    cluster.fail(*(m.server for m in mounts))
    cluster.wait(seconds / 2)
    asked = [m.renew() for m in mounts]
    unhurt = [m for m in p.mounts if m not in mounts]
    for m in unhurt:
        m.renew()
    cluster.wait(seconds / 2)
    for m in unhurt:
        m.renew()
    for m, call in zip(mounts, asked, strict=True):
        m.connection.repeat(call)


def returned(p: Pair, *mounts: Mount, reset: bool = True, reclaim: bool = True) -> None:
    """The addresses answer again: connections are reset and made anew, and clients recover what is refused."""
    for m in mounts:
        if reset:
            m.connection.reset(by="server")
        m.reconnect()
        m.renew()
        if not m.known():
            m.recover(reclaim=reclaim)


def taken_over(p: Pair, *, seconds: float = 30, announce: bool = True) -> int:
    """Head 2 dies and head 1 takes A2; frame of its announcement."""
    outage(p, p.second, seconds=seconds)
    announced = p.cluster.serve(A2, p.head_1, announce=announce)
    returned(p, p.second)
    renewals(p.cluster, *p.mounts, times=4)
    return announced


def started_anew(head: Head, cluster: Cluster, *, ago: float = 5, grace: float = 90) -> Head:
    """The same machine after a boot that ended a moment ago; in grace from now."""
    return head.restarted(cluster.second - round(ago), grace_until=cluster.now + round(grace * 10**9))


def restarted_in_place(p: Pair, *, announce: bool = True) -> None:
    """Head 2 crashes, comes back at A2, and grants all reclaims."""
    outage(p, p.second)
    p.cluster.serve(A2, started_anew(p.head_2, p.cluster), announce=announce)
    returned(p, p.second)
    renewals(p.cluster, *p.mounts)


def given_back(p: Pair, head: Head) -> None:
    """After a takeover: A2 goes back to a head, in grace."""
    head.grace_until = p.cluster.now + 90 * 10**9
    p.cluster.fail(A2)
    p.cluster.wait(5)
    p.cluster.serve(A2, head)
    returned(p, p.second)
    renewals(p.cluster, *p.mounts)


def restarted_while_away(p: Pair) -> Head:
    """Head 2 as it comes back minutes after it crashed."""
    return started_anew(p.head_2, p.cluster, ago=200)


def emptied(head: Head) -> Head:
    """The same instance, that gave its clients away in an orderly move and holds nothing of them any more."""
    head.records, head.unconfirmed, head.sessions, head.stateids = {}, {}, {}, {}
    return head


def one_server(**how: Any) -> Pair:
    """A1 and A2 are two addresses of one head."""
    (head, _) = heads(how.pop("layout", LINUX))
    return pair(head_1=head, head_2=head, **how)


def both_restarted(p: Pair, head: Head, *, pause: float = 0, others: float = 0) -> None:
    """Both addresses fall silent and come back on one new instance; the second is used again `pause` seconds later."""
    outage(p, p.first, p.second)
    new = started_anew(head, p.cluster)
    p.cluster.serve(A1, new)
    p.cluster.serve(A2, new)
    returned(p, p.first)
    while pause > 0:
        p.cluster.wait(min(pause, 40))
        pause -= 40
        p.first.renew()
    returned(p, p.second)
    renewals(p.cluster, *p.mounts)


def one_address(layout: Layout = LINUX, *, minor: int = 0, adjacent: bool = True, **host: Any) -> tuple[Cluster, Mount]:
    """Only A2 is in the capture, served by head 2, with one mount on it."""
    _, head = heads(layout)
    cluster = Cluster({A2: head}, adjacent=adjacent)
    mount = Host(cluster=cluster, **host).mount(A2, minor=minor)
    renewals(cluster, mount)
    return cluster, mount


def moved_alone(cluster: Cluster, mount: Mount, head: Head) -> None:
    """The only address in the capture goes to a head that was running all the time."""
    cluster.fail(A2)
    cluster.wait(15)
    asked = mount.renew()
    cluster.wait(20)
    cluster.serve(A2, head)
    mount.connection.repeat(asked)
    mount.connection.reset(by="server")
    mount.reconnect()
    mount.renew()
    mount.recover()
    renewals(cluster, mount)


def balanced(layout: Layout = LINUX, *, minor: int = 0, adjacent: bool = False, turns: int = 6) -> Cluster:
    """One address in front of two heads, on the balancer's own port; each new connection meets the other one."""
    head_1, head_2 = heads(layout)
    head_1.mac = head_2.mac = MAC_3
    cluster = Cluster({A1: head_1}, adjacent=adjacent)
    mount = Host(cluster=cluster).mount(A1, minor=minor, name=None)
    for turn in range(turns):
        cluster.wait(40)
        cluster.at[A1] = (head_2, head_1)[turn % 2]
        mount.connection.close()
        mount.reconnect()
        mount.renew()
        if not mount.known():
            mount.recover(reclaim=False)
        mount.renew()
    return cluster


def take_turns(cluster: Cluster, *mounts: Mount, turns: int = 4) -> None:
    """Hosts with one owner use the server in turn; each recovers from what the other's identity did to it."""
    for _ in range(turns):
        for mount in mounts:
            cluster.wait(10)
            mount.renew()
            if not mount.known():
                mount.recover(reclaim=False)
