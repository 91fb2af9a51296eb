"""What looks like a move of an address and is none."""

from __future__ import annotations

from typing import Any

import pytest

from nfsanalyze.analysis import Analysis
from scenarios.cluster import A2
from scenarios.judged import fired, judged, moves, rows
from scenarios.layouts import FREEBSD, GANESHA, ILLUMOS, LINUX, NFS4J, RANDOM, Layout
from scenarios.stories import MAC_3, balanced, heads, one_server, pair

ALL = {
    "linux": LINUX,
    "freebsd": FREEBSD,
    "ganesha": GANESHA,
    "illumos": ILLUMOS,
    "nfs4j": NFS4J,
    "random": RANDOM,
}
CLIENTS: dict[str, dict[str, Any]] = {
    "v4.0 with an owner for each address": {"minor": 0},
    "v4.0 with one owner": {"minor": 0, "uniform": True},
    "v4.1": {"minor": 1},
}
MOVES = {"NFS301", "NFS302", "NFS303"}

every_client = pytest.mark.parametrize("client", CLIENTS)
every_layout = pytest.mark.parametrize("layout", ALL.values(), ids=ALL)
on_the_link = pytest.mark.parametrize("adjacent", [True, False], ids=["on the link", "behind a router"])


def accusations(done: Analysis) -> set[str]:
    return fired(done) - {"NFS101"}


@every_client
@every_layout
def test_a_port_that_fails_over_to_another(client: str, layout: Layout) -> None:
    p = pair(layout=layout, **CLIENTS[client])
    p.cluster.serve(A2, p.head_2, mac=MAC_3)
    for _ in range(4):
        p.cluster.wait(60)
        p.first.renew()
        p.second.renew()
    done = judged(p.cluster)
    assert moves(done) == []
    assert not accusations(done)


@every_layout
def test_both_addresses_of_a_server_meet_on_one_port(layout: Layout) -> None:
    p = one_server(layout=layout)
    for mac in (MAC_3, p.head_1.mac):
        p.cluster.serve(A2, p.head_1, mac=mac)
        for _ in range(2):
            p.cluster.wait(60)
            p.first.renew()
            p.second.renew()
    done = judged(p.cluster)
    assert moves(done) == []
    assert not MOVES & fired(done)


@every_client
@on_the_link
def test_a_firewall_that_resets_connections(client: str, adjacent: bool) -> None:
    p = pair(adjacent=adjacent, **CLIENTS[client])
    for _ in range(3):
        for mount in p.mounts:
            mount.connection.reset(by="server")
            mount.reconnect()
            mount.renew()
        p.cluster.wait(60)
    done = judged(p.cluster)
    assert moves(done) == []
    assert accusations(done) <= {"NFS404"}, "these clients do not bind their back channel anew"


@every_client
@every_layout
@on_the_link
def test_a_lease_that_expired(client: str, layout: Layout, adjacent: bool) -> None:
    p = pair(layout=layout, adjacent=adjacent, **CLIENTS[client])
    for _ in range(4):
        p.cluster.wait(60)
        p.first.renew()
    p.head_2.forget(p.second.clientid)
    p.second.renew()
    p.second.recover()
    p.second.renew()
    done = judged(p.cluster)
    assert not MOVES & fired(done)
    assert "NFS202" in fired(done)


@pytest.mark.parametrize("minor", [0, 1])
@every_layout
@on_the_link
def test_a_load_balancer_before_two_heads(layout: Layout, minor: int, adjacent: bool) -> None:
    done = judged(balanced(layout, minor=minor, adjacent=adjacent))
    assert moves(done) == []
    assert not accusations(done) & (MOVES | {"NFS201"})


@every_client
@every_layout
@on_the_link
def test_grace_on_both_addresses_while_state_lives_on(client: str, layout: Layout, adjacent: bool) -> None:
    p = pair(layout=layout, adjacent=adjacent, **CLIENTS[client])
    for _ in range(3):
        for mount in p.mounts:
            mount.connection.call("OPEN", session=mount.session, name="new").reply("NFS4ERR_GRACE")
            p.cluster.wait(2)
    for _ in range(3):
        p.cluster.wait(60)
        p.first.renew()
        p.second.renew()
    done = judged(p.cluster)
    assert moves(done) == []
    assert not accusations(done)


@pytest.mark.parametrize("layout", [FREEBSD, GANESHA, ILLUMOS], ids=["freebsd", "ganesha", "illumos"])
def test_two_servers_that_booted_in_one_second_and_name_themselves(layout: Layout) -> None:
    """Their ids look like one server's; their owners (so_major_id) are two."""
    head_1, head_2 = heads(layout)
    head_2.booted = head_1.booted
    done = judged(pair(head_1=head_1, head_2=head_2, minor=1, uniform=True).cluster)
    assert len({row["head"] for row in rows(done, "heads")}) == 2
    assert accusations(done) == set()
