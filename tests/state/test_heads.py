"""Which addresses are one running server: what proves it, what only claims it, and what proves nothing."""

from __future__ import annotations

import itertools

import pytest

from nfsanalyze.analysis import Analysis
from scenarios.cluster import A1, A2, A3, Cluster
from scenarios.hosts import Host, Mount, renewals
from scenarios.judged import fired, judged, rows
from scenarios.layouts import FREEBSD, GANESHA, ILLUMOS, LINUX, NFS4J, RANDOM, Layout
from scenarios.server import Head
from scenarios.stories import (
    MAC_1,
    balanced,
    given_back,
    heads,
    one_server,
    pair,
    restarted_in_place,
    restarted_while_away,
    taken_over,
)
from wire.dialogue import Session


def stays(done: Analysis) -> list[tuple[str, int]]:
    return [(stay["address"], stay["head"]) for stay in rows(done, "heads")]


def proofs(done: Analysis, *, proven: bool = True) -> set[str]:
    return {row["proof"] for row in rows(done, "same_head", proven=proven)}


class TestProof:
    @pytest.mark.parametrize("layout", [LINUX, FREEBSD, GANESHA, ILLUMOS])
    def test_an_equal_instance_half(self, layout: Layout) -> None:
        done = judged(one_server(layout=layout, adjacent=False).cluster)
        assert stays(done) == [(A1, 1), (A2, 1)]
        assert proofs(done) == {"instance"}
        assert "NFS201" in fired(done)

    def test_an_equal_mac_where_arp_ties_it_to_both(self) -> None:
        done = judged(one_server(layout=RANDOM).cluster)
        assert stays(done) == [(A1, 1), (A2, 1)]
        assert proofs(done) == {"mac"}
        assert "NFS201" in fired(done)

    def test_an_equal_mac_without_arp_is_a_routers(self) -> None:
        done = judged(one_server(layout=RANDOM, adjacent=False).cluster)
        assert stays(done) == [(A1, 1), (A2, 2)]
        assert proofs(done) == set()
        assert "NFS201" not in fired(done)

    @pytest.mark.parametrize("layout", [RANDOM, NFS4J])
    @pytest.mark.parametrize("minor", [0, 1])
    def test_an_equal_mac_with_a_ttl_that_no_host_begins_with_is_a_routers(self, layout: Layout, minor: int) -> None:
        """Proxy ARP: one MAC says of itself that it is both addresses, and no id tells that two answer through it."""
        head_1, head_2 = heads(layout, ttl=63)
        head_2.mac = head_1.mac
        done = judged(pair(head_1=head_1, head_2=head_2, minor=minor).cluster)
        assert stays(done) == [(A1, 1), (A2, 2)]
        assert (proofs(done), proofs(done, proven=False)) == (set(), set())
        assert "NFS201" not in fired(done)

    def test_an_equal_mac_that_answers_for_two_heads_is_a_routers(self) -> None:
        """Proxy ARP: one MAC says of itself that it is both addresses, and two instances answer through it."""
        head_1, head_2 = heads()
        head_2.mac = head_1.mac
        done = judged(pair(head_1=head_1, head_2=head_2).cluster)
        assert stays(done) == [(A1, 1), (A2, 2)]
        assert "NFS201" not in fired(done)

    def test_an_equal_mac_behind_which_one_address_restarts_alone_is_a_routers(self) -> None:
        head_1, head_2 = heads(RANDOM)
        head_2.mac = head_1.mac
        p = pair(head_1=head_1, head_2=head_2)
        restarted_in_place(p)
        done = judged(p.cluster)
        assert stays(done) == [(A1, 1), (A2, 2), (A2, 3)]
        assert proofs(done) == set()
        assert "NFS201" not in fired(done)

    def test_an_equal_mac_proves_nothing_while_its_contradiction_may_be_missing(self) -> None:
        p = one_server(layout=RANDOM)
        p.first.connection.call("RENEW", clientid=p.first.clientid, lost=True).reply(lost=True)
        renewals(p.cluster, *p.mounts)
        done = judged(p.cluster)
        assert stays(done) == [(A1, 1), (A2, 2)]
        assert (proofs(done), proofs(done, proven=False)) == (set(), {"mac"})
        assert "NFS201" not in fired(done)
        assert "NFS201" in {each.rule for each in done.not_evaluable if "loss" in each.kinds}

    @pytest.mark.parametrize("mac", ["00:00:5e:00:01:07", "00:00:5e:00:02:07"])
    def test_an_equal_virtual_mac_is_nobodys(self, mac: str) -> None:
        head = Head(layout=RANDOM, mac=mac)
        done = judged(pair(head_1=head, head_2=head).cluster)
        assert stays(done) == [(A1, 1), (A2, 2)]

    def test_a_mac_of_many_addresses_is_a_routers(self) -> None:
        cluster = Cluster({f"10.0.0.{n}": Head(layout=RANDOM, mac=MAC_1, counter=n << 16) for n in range(1, 11)})
        host = Host(cluster=cluster)
        renewals(cluster, *(host.mount(address, name=None, twice=False) for address in cluster.at))
        done = judged(cluster)
        assert len({head for _, head in stays(done)}) == 10
        assert "NFS201" not in fired(done)

    @pytest.mark.parametrize("same", [True, False])
    def test_an_equal_write_verifier(self, same: bool) -> None:
        p = one_server(layout=RANDOM, adjacent=False)
        for number, mount in enumerate(p.mounts):
            mount.write(mount.files[0], verifier=0x1122334455667788 + (0 if same else number))
        done = judged(p.cluster)
        assert stays(done) == [(A1, 1), (A2, 1 if same else 2)]
        assert ("NFS201" in fired(done)) == same

    def test_a_write_verifier_of_zeros_is_none(self) -> None:
        p = one_server(layout=RANDOM, adjacent=False)
        for mount in p.mounts:
            mount.write(mount.files[0], verifier=0)
        assert stays(judged(p.cluster)) == [(A1, 1), (A2, 2)]

    def test_equal_server_owner_and_scope_are_a_claim(self) -> None:
        head_1, head_2 = heads(RANDOM)
        head_2.name = head_1.name
        done = judged(pair(head_1=head_1, head_2=head_2, minor=1).cluster)
        assert proofs(done, proven=False) == {"identity"}
        assert stays(done) == [(A1, 1), (A2, 2)]
        assert not fired(done)

    def test_one_of_three_addresses_is_another_server(self) -> None:
        head_1, head_2 = heads()
        cluster = Cluster({A1: head_1, A2: head_2, A3: head_1})
        host = Host(cluster=cluster)
        renewals(cluster, *(host.mount(address) for address in (A1, A2, A3)))
        done = judged(cluster)
        assert stays(done) == [(A1, 1), (A2, 2), (A3, 1)]
        (duplicate,) = [f for f in done.findings if f.rule == "NFS201"]
        assert set(duplicate.servers) == {A1, A3}


class TestStays:
    @pytest.mark.parametrize("minor", [0, 1])
    def test_a_move_and_its_return(self, minor: int) -> None:
        p = pair(minor=minor)
        taken_over(p)
        given_back(p, restarted_while_away(p))
        done = judged(p.cluster)
        assert [head for address, head in stays(done) if address == A1] == [1]
        assert [head for address, head in stays(done) if address == A2] == [2, 1, 3]
        spans = [(stay["first"], stay["last"]) for stay in rows(done, "heads", address=A2)]
        assert all(before[1] == after[0] for before, after in itertools.pairwise(spans))

    def test_a_lease_belongs_to_the_head_that_gave_it(self) -> None:
        p = pair()
        taken_over(p)
        done = judged(p.cluster)
        held = {(lease["server_address"], lease["head"], lease["end"]) for lease in rows(done, "leases")}
        assert held == {(A1, 1, "open"), (A2, 2, "moved"), (A2, 1, "open")}
        after = {lease["after_takeover"] for lease in rows(done, "leases", server_address=A2, head=1)}
        assert after == {True}

    @pytest.mark.parametrize("layout", [LINUX, RANDOM], ids=["linux", "random"])
    @pytest.mark.parametrize("minor", [0, 1])
    def test_leases_behind_a_load_balancer_have_none(self, layout: Layout, minor: int) -> None:
        done = judged(balanced(layout, minor=minor))
        assert {lease["head"] for lease in rows(done, "leases")} == {None}
        assert "NFS201" not in fired(done)


class TestDuplicates:
    def test_two_mounts_with_owners_for_each_address(self) -> None:
        done = judged(one_server().cluster)
        (duplicate,) = [f for f in done.findings if f.rule == "NFS201"]
        assert (duplicate.severity, duplicate.confidence) == ("high", "high")
        assert "moved" not in duplicate.message
        assert {f.severity for f in done.findings if f.rule == "NFS101"} == {"high"}

    def test_a_pnfs_data_server_is_none(self) -> None:
        head, _ = heads()
        cluster = Cluster({A1: head, A2: head})
        host = Host(cluster=cluster)
        metadata = host.mount(A1, minor=1)
        data = Mount(host=host, server=A2, minor=1, connection=host.connect(A2, 1))
        data.clientid = LINUX.clientid(0x5A019999, head.booted, 0)
        data.session = Session(session=b"a data session!!")
        head.sessions[data.session.session] = data.clientid
        data.connection.call("EXCHANGE_ID", owner=host.owner_for(A2, 1), verifier=host.verifier).reply(
            clientid=data.clientid, flags=0x40000
        )
        data.connection.call("CREATE_SESSION", clientid=data.clientid).reply(session=data.session.session)
        renewals(cluster, metadata, data)
        assert "NFS201" not in fired(judged(cluster))

    def test_a_lease_that_ended_before_the_other_began_is_none(self) -> None:
        head, _ = heads()
        cluster = Cluster({A1: head, A2: head})
        host = Host(cluster=cluster)
        first = host.mount(A1)
        renewals(cluster, first)
        second = host.mount(A2)
        renewals(cluster, second)
        assert "NFS201" not in fired(judged(cluster))
