"""Takeovers and restarts as several clients see them at once."""

from __future__ import annotations

import random
from typing import Any

import pytest

from scenarios.cluster import A1, A2, A3, Cluster
from scenarios.hosts import Host, Mount, linux_verifier, renewals
from scenarios.judged import fired, found, judged, moves, rows
from scenarios.layouts import GANESHA, LINUX, NFS4J, RANDOM, Layout
from scenarios.server import Head
from scenarios.stories import MAC_3, Pair, balanced, both_restarted, heads, one_server, pair, returned, started_anew

MOVES = {"NFS301", "NFS302", "NFS303"}
every_layout = pytest.mark.parametrize(
    "layout", [LINUX, GANESHA, NFS4J, RANDOM], ids=["linux", "ganesha", "nfs4j", "random"]
)
on_the_link = pytest.mark.parametrize("adjacent", [True, False], ids=["on the link", "behind a router"])


def guest(cluster: Cluster, number: int, **how: object) -> Host:
    return Host(
        cluster=cluster,
        address=f"10.0.0.{20 + number}",
        name=f"guest{number}",
        verifier=linux_verifier(ns=number + 1),
        **how,  # type: ignore[arg-type]
    )


def crowd(*, minor: int, layout: Layout = LINUX, adjacent: bool = True) -> tuple[Pair, list[Mount]]:
    """The client on both addresses, two that use the second only, and one that uses the first only."""
    p = pair(minor=minor, layout=layout, adjacent=adjacent)
    others = [guest(p.cluster, n).mount(address, minor=minor, name=f"g{n}") for n, address in enumerate((A2, A2, A1))]
    renewals(p.cluster, *p.mounts, *others)
    return p, others


@pytest.mark.parametrize("minor", [0, 1])
@on_the_link
def test_one_move_however_many_clients_notice(minor: int, adjacent: bool) -> None:
    p, others = crowd(minor=minor, adjacent=adjacent)
    p.cluster.fail(A2)
    p.cluster.wait(30)
    p.cluster.serve(A2, p.head_1)
    for mount in (others[1], p.second, others[0]):  # a stranger comes first
        returned(p, mount)
        p.cluster.wait(7)
    renewals(p.cluster, *p.mounts, *others)
    done = judged(p.cluster)
    assert moves(done) == [(A2, "takeover")]
    assert "NFS303" not in fired(done)
    accused = {f.client for f in done.findings if f.rule in ("NFS201", "NFS301")}
    assert len(accused) == 1  # only the one that was at both


@every_layout
@on_the_link
@pytest.mark.parametrize("minor", [0, 1])
def test_one_expired_lease_among_many_is_no_move(minor: int, layout: Layout, adjacent: bool) -> None:
    p, others = crowd(minor=minor, layout=layout, adjacent=adjacent)
    for _ in range(4):
        renewals(p.cluster, *p.mounts, others[0], others[2], times=1)
    p.head_2.forget(others[1].clientid)
    others[1].renew()
    others[1].recover(reclaim=False)
    renewals(p.cluster, *p.mounts, *others)
    done = judged(p.cluster)
    assert moves(done) == []
    assert not MOVES & fired(done)


@on_the_link
@pytest.mark.parametrize("minor", [0, 1])
def test_a_load_balancer_that_keeps_each_client_where_it_is(minor: int, adjacent: bool) -> None:
    """Each client has a head of its own behind one address: two instances answer there side by side."""
    head_1, head_2 = heads()
    head_1.mac = head_2.mac = MAC_3
    cluster = Cluster({A1: head_1}, adjacent=adjacent)
    mounts = []
    for number, head in enumerate((head_1, head_2, head_1, head_2)):
        cluster.at[A1] = head
        mounts.append(guest(cluster, number).mount(A1, minor=minor))
    for _ in range(3):
        cluster.wait(60)
        for mount, head in zip(mounts, (head_1, head_2, head_1, head_2), strict=True):
            cluster.at[A1] = head
            mount.renew()
    done = judged(cluster)
    assert moves(done) == []
    assert not fired(done) - {"NFS101", "NFS304", "NFS305"}


@pytest.mark.parametrize("minor", [0, 1])
@on_the_link
def test_a_third_head_takes_the_address(minor: int, adjacent: bool) -> None:
    p = pair(minor=minor, adjacent=adjacent)
    third = Head(name=b"hn3", mac=MAC_3, booted=p.head_1.booted - 86400, counter=0x33330000)
    p.cluster.fail(A2)
    p.cluster.wait(30)
    p.cluster.serve(A2, third)
    returned(p, p.second)
    renewals(p.cluster, *p.mounts)
    done = judged(p.cluster)
    assert moves(done) == [(A2, "takeover")]
    (move,) = rows(done, "takeovers")
    assert (move["from_head"], move["to_head"], move["to_address"]) == (2, 3, None)
    assert not {"NFS201", "NFS301", "NFS303"} & fired(done)


@pytest.mark.parametrize("minor", [0, 1])
def test_two_addresses_move_together(minor: int) -> None:
    head_1, head_2 = heads()
    cluster = Cluster({A1: head_1, A2: head_2, A3: head_2})
    host = Host(cluster=cluster)
    first, second, third = (host.mount(address, minor=minor) for address in (A1, A2, A3))
    renewals(cluster, first, second, third)
    p = Pair(cluster=cluster, head_1=head_1, head_2=head_2, host=host, first=first, second=second, more=[third])
    cluster.fail(A2, A3)
    cluster.wait(30)
    for address in (A2, A3):
        cluster.serve(address, head_1)
    returned(p, second, third)
    renewals(cluster, first, second, third)
    done = judged(cluster)
    assert sorted(moves(done)) == [(A2, "takeover"), (A3, "takeover")]
    assert "NFS303" not in fired(done)
    assert {row["to_address"] for row in rows(done, "takeovers")} == {A1}


@on_the_link
def test_a_cluster_that_was_restarted_whole(adjacent: bool) -> None:
    p = pair(adjacent=adjacent)
    p.cluster.fail(A1, A2)
    p.cluster.wait(40)
    p.cluster.serve(A1, started_anew(p.head_1, p.cluster, ago=9))
    p.cluster.serve(A2, started_anew(p.head_2, p.cluster, ago=5))
    returned(p, *p.mounts)
    renewals(p.cluster, *p.mounts)
    done = judged(p.cluster)
    assert sorted(moves(done)) == [(A1, "restart"), (A2, "restart")]
    assert {tuple(f.servers) for f in found(done, "NFS303")} == {(A1,), (A2,)}
    assert not {"NFS201", "NFS301", "NFS302"} & fired(done)


@pytest.mark.parametrize("seed", range(30))
def test_a_damaged_capture_makes_up_no_move(seed: int) -> None:
    """Packets dropped, a hole, a late start, an early end: what did not move stays where it is."""
    draw = random.Random(seed)
    layout = draw.choice([LINUX, GANESHA, NFS4J, RANDOM])
    how: dict[str, Any] = {
        "minor": draw.choice([0, 1]),
        "uniform": draw.choice([True, False]),
        "adjacent": draw.choice([True, False]),
    }
    if seed % 3 == 0:
        p = one_server(layout=layout, **how)
        both_restarted(p, p.head_1, pause=draw.choice([0, 40]))
        cluster = p.cluster
    elif seed % 3 == 1:
        p = pair(layout=layout, **how)
        p.cluster.serve(A2, p.head_2, mac=MAC_3)
        renewals(p.cluster, *p.mounts)
        cluster = p.cluster
    else:
        cluster = balanced(layout, minor=draw.choice([0, 1]), adjacent=draw.choice([True, False]))
    frames = cluster.wire.frames
    match draw.randrange(4):
        case 0:
            frames[:] = [frame for frame in frames if draw.random() > 0.1]
        case 1:
            at = draw.randrange(len(frames))
            del frames[at : at + draw.randrange(1, 40)]
        case 2:
            del frames[: draw.randrange(len(frames) - 20)]
        case _:
            del frames[draw.randrange(20, len(frames)) :]
    done = judged(cluster)
    assert not {"NFS301", "NFS302"} & fired(done)
