"""What became of clientids: confirmed where, given up why, used until when."""

from __future__ import annotations

import pytest

from scenarios.cluster import A1, A2, Cluster
from scenarios.facts import inferred
from scenarios.hosts import Host, Mount, renewals
from scenarios.identity_scenarios import (
    automounter,
    confirmed_elsewhere,
    forgotten,
    given_twice,
    per_mount,
    rebooted,
    unconfirmed,
)
from scenarios.server import Head
from scenarios.stories import pair, taken_over
from wire.dialogue import Wire


def ends(cluster: Cluster) -> list[str]:
    return [g.previous_end for g in inferred(cluster).aftermath.grants if g.previous_end is not None]


@pytest.mark.parametrize("minor", [0, 1])
def test_why_a_clientid_was_given_up(minor: int) -> None:
    assert ends(forgotten(minor, 2, 60)) == ["refused"] * 2
    assert ends(rebooted(minor)) == ["restarted"]


def test_one_that_was_given_back_or_lay_idle() -> None:
    assert ends(automounter()) == ["destroyed"] * 4
    cluster = Cluster({A1: Head()})
    host = Host(cluster=cluster)
    first = host.mount(A1, name=None)
    cluster.wait(500)
    cluster.at[A1].forget(first.clientid)  # type: ignore[union-attr]
    host.mount(A1, name=None)
    assert ends(cluster) == ["lapsed"]


def test_one_that_was_in_use_until_the_client_asked_anew() -> None:
    cluster = Cluster({A1: Head()})
    mount = Host(cluster=cluster).mount(A1, name=None)
    renewals(cluster, mount)
    cluster.at[A1].forget(mount.clientid)  # type: ignore[union-attr]
    mount.identify()
    (grant,) = [g for g in inferred(cluster).aftermath.grants if g.previous is not None]
    assert (grant.previous_end, grant.previous_at is not None) == ("live", True)


def test_another_instance_at_the_address_is_nobodys_fault() -> None:
    p = pair()
    taken_over(p)
    assert set(ends(p.cluster)) == {"moved"}


def test_a_confirm_counts_wherever_it_went() -> None:
    grants = inferred(confirmed_elsewhere()).aftermath.grants
    last = grants[-1]
    assert last.owner.link.server_address == A2
    assert last.tried is not None
    assert last.tried.link.server_address == A1
    assert last.in_force is not None


def test_an_unconfirmed_one_and_one_asked_for_again() -> None:
    (grant, *_) = inferred(unconfirmed()).aftermath.grants
    assert (grant.tried, grant.superseded, grant.in_force) == (None, None, None)
    cluster = Cluster({A1: Head()})
    host = Host(cluster=cluster)
    mount = Mount(host=host, server=A1, minor=1, connection=host.connect(A1, 1))
    mount.identify(twice=True)
    first, second = inferred(cluster).aftermath.grants
    assert first.superseded is not None
    assert first.superseded.frame == second.owner.frame
    assert second.in_force is not None


@pytest.mark.parametrize("confirms", [1, 2])
def test_a_confirm_verifier_of_zeros_confirms_one_grant(confirms: int) -> None:
    """A confirm captured just before its SETCLIENTID counts, but not one that is that of the grant before."""
    wire = Wire()
    c = wire.connect("10.0.0.11:871", "10.0.0.1:2049")
    zeros = {"clientid": 0x1122334455667788, "confirm": 0}
    c.call("SETCLIENTID", owner=b"Linux NFSv4.0 web01", verifier=1).reply(**zeros)
    for _ in range(confirms):
        c.call("SETCLIENTID_CONFIRM", **zeros).reply()
    c.call("SETCLIENTID", owner=b"Linux NFSv4.0 web01", verifier=1).reply(**zeros)
    first, second = inferred(wire).aftermath.grants
    assert first.confirmed is not None
    assert (second.confirmed is not None) == (confirms == 2)
    assert second.confirmed is not first.confirmed


def test_a_confirm_verifier_that_tells_confirms_its_grant_whenever_it_was_captured() -> None:
    """Of two taps with clocks apart the one missed the SETCLIENTID, the other its confirm."""
    wire = Wire()
    c = wire.connect("10.0.0.11:871", "10.0.0.1:2049")
    c.call("SETCLIENTID_CONFIRM", clientid=0x1122334455667788, confirm=7).reply()
    wire.wait(0.4)
    c.call("SETCLIENTID", owner=b"Linux NFSv4.0 web01", verifier=1).reply(clientid=0x1122334455667788, confirm=7)
    c.call("SETCLIENTID", owner=b"Linux NFSv4.0 web02", verifier=1).reply(clientid=0x1122334455667799, confirm=8)
    first, second = inferred(wire).aftermath.grants
    assert (first.confirmed is not None, second.confirmed is not None) == (True, False)


def test_use_is_counted_only_where_it_must_be_the_owners() -> None:
    first, second = inferred(given_twice()).aftermath.grants
    assert first.used is not None
    assert second.in_force is not None
    assert first.used.time > second.in_force.time
    mounts = [g for g in inferred(per_mount()).aftermath.grants if g.in_force]
    assert all(g.used is not None for g in mounts)
