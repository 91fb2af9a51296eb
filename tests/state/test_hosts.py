"""Which requests come from one running client: one host between two of its boots."""

from __future__ import annotations

import struct
from functools import partial

import pytest

from nfsanalyze.analysis import Analysis
from scenarios.cluster import A1, A2, Cluster
from scenarios.hosts import Host, Mount, linux_verifier, renewals
from scenarios.judged import fired, found, judged, rows
from scenarios.layouts import FREEBSD
from scenarios.owners import freebsd, macos, solaris
from scenarios.server import Head
from scenarios.stories import MAC_2, heads, take_turns

LATER = linux_verifier("2026-11-22T12:05:00", ns=271828182)
ACCUSING = {"NFS103", "NFS115", "NFS201", "NFS202", "NFS301", "NFS302", "NFS303"}


def server(**how: object) -> Cluster:
    return Cluster({A1: Head(**how)})  # type: ignore[arg-type]


def always(owner: bytes, address: str, minor: int) -> bytes:
    return owner


def mac_owner(mount: int, address: str, minor: int) -> bytes:
    return macos(address, mount=mount)


def clients(done: Analysis) -> list[tuple[int, int, tuple[str, ...]]]:
    """(client, host, source addresses) of every instance."""
    return [(c["client"], c["host"], tuple(c["addresses"])) for c in rows(done, "clients")]


def accusations(done: Analysis) -> set[str]:
    return fired(done) & ACCUSING


class TestReboot:
    @pytest.mark.parametrize("minor", [0, 1])
    def test_same_owner_and_a_new_verifier(self, minor: int) -> None:
        c = server()
        host = Host(cluster=c)
        renewals(c, host.mount(A1, minor=minor), times=2)
        c.wait(50)
        host.verifier = LATER
        renewals(c, host.mount(A1, minor=minor), times=2)
        done = judged(c)
        first, second = rows(done, "clients")
        assert (first["host"], second["host"], second["replaces"]) == (1, 1, 1)
        assert first["boot_verifier"] != second["boot_verifier"]
        assert accusations(done) == {"NFS115"}
        ended = rows(done, "leases", client=1)
        assert [lease["end"] for lease in ended] == ["client-restarted"]

    def test_again_and_again_is_not_two_hosts(self) -> None:
        c = server()
        host = Host(cluster=c)
        for boot in range(4):
            host.verifier = linux_verifier(f"2026-11-22T12:0{boot}:30")
            renewals(c, host.mount(A1, minor=1), times=1)
        done = judged(c)
        assert [client["replaces"] for client in rows(done, "clients")] == [None, 1, 2, 3]
        assert accusations(done) == {"NFS115"}

    def test_of_a_solaris_host_with_a_verifier_for_each_server(self) -> None:
        head_1, head_2 = heads()
        c = Cluster({A1: head_1, A2: head_2})
        verifiers = {A1: b"\x01" * 8, A2: b"\x02" * 8}
        host = Host(
            cluster=c, owner=lambda address, minor: solaris(address), verifier_for=lambda address: verifiers[address]
        )
        renewals(c, host.mount(A1, twice=False), host.mount(A2, twice=False), times=2)
        done = judged(c)
        assert clients(done) == [(1, 1, ("10.0.0.11",))]
        assert not accusations(done)


class TestTwoHosts:
    @pytest.mark.parametrize("minor", [0, 1])
    def test_clones_take_turns(self, minor: int) -> None:
        c = server()
        one = Host(cluster=c, name="clone", uniform=True)
        two = Host(cluster=c, name="clone", uniform=True, address="10.0.0.12", verifier=LATER)
        take_turns(c, one.mount(A1, minor=minor), two.mount(A1, minor=minor))
        done = judged(c)
        assert clients(done) == [(1, 1, ("10.0.0.11",)), (2, 2, ("10.0.0.12",))]
        assert "NFS103" in fired(done)
        assert not accusations(done) - {"NFS103", "NFS202"}
        (told,) = found(done, "NFS103")
        assert (told.severity, told.confidence) == ("critical", "high")

    def test_clones_behind_one_translated_address(self) -> None:
        c = server()
        one = Host(cluster=c, name="localhost", address="192.0.2.1")
        two = Host(cluster=c, name="localhost", address="192.0.2.1", verifier=LATER, port=30000)
        take_turns(c, one.mount(A1, minor=1), two.mount(A1, minor=1))
        done = judged(c)
        assert len(clients(done)) == 2
        (told,) = found(done, "NFS103")
        assert told.confidence == "medium"
        assert "NFS115" not in fired(done)

    def test_two_names_behind_one_translated_address(self) -> None:
        c = server()
        one = Host(cluster=c, name="web01", address="192.0.2.1")
        two = Host(cluster=c, name="web02", address="192.0.2.1", verifier=LATER, port=30000)
        renewals(c, one.mount(A1), two.mount(A1), one.mount(A1, minor=1), two.mount(A1, minor=1))
        done = judged(c)
        assert [host for _, host, _ in clients(done)] == [1, 2]
        assert not accusations(done)
        assert {tuple(client["hostnames"]) for client in rows(done, "clients")} == {("web01",), ("web02",)}

    def test_one_introduction_each_is_no_proof(self) -> None:
        c = server()
        one = Host(cluster=c, name="clone")
        two = Host(cluster=c, name="clone", address="10.0.0.12", verifier=LATER)
        renewals(c, one.mount(A1, minor=1), two.mount(A1, minor=1), times=1)
        done = judged(c)
        assert len(clients(done)) == 2
        assert not accusations(done)


class TestOneHost:
    def test_with_two_source_addresses_and_one_verifier(self) -> None:
        c = server()
        host = Host(cluster=c, uniform=True)
        mounts = host.mount(A1), host.mount(A1, source="10.0.1.11", twice=False)
        renewals(c, *mounts)
        done = judged(c)
        assert clients(done) == [(1, 1, ("10.0.0.11", "10.0.1.11"))]
        assert len(rows(done, "leases")) == 1
        assert not accusations(done)

    def test_with_three_minor_versions(self) -> None:
        c = server()
        host = Host(cluster=c)
        renewals(c, *(host.mount(A1, minor=minor) for minor in (0, 1, 2)))
        done = judged(c)
        assert clients(done) == [(1, 1, ("10.0.0.11",))]
        assert sorted(lease["minor_version"] for lease in rows(done, "leases")) == [0, 1, 2]
        assert not accusations(done)

    def test_that_discards_its_state_with_the_purge_verifier(self) -> None:
        c = server()
        host = Host(cluster=c)
        mount = host.mount(A1, minor=1)
        renewals(c, mount, times=1)
        mount.exchange_id(verifier=b"\xff" * 8)
        mount.create_session()
        mount.exchange_id()
        mount.create_session()
        mount.complete()
        renewals(c, mount)
        done = judged(c)
        (client,) = rows(done, "clients")
        assert client["boot_verifier"] == f"0x{host.verifier.hex()}"
        assert not accusations(done)

    def test_solaris_makes_a_verifier_for_each_server(self) -> None:
        head, _ = heads()
        c = Cluster({A1: head, A2: head})
        host = Host(
            cluster=c, owner=lambda address, minor: solaris(address), verifier_for=lambda address: address.encode()
        )
        renewals(c, host.mount(A1, twice=False), host.mount(A2, twice=False))
        done = judged(c)
        (client,) = rows(done, "clients")
        assert (client["boot_verifier"], client["implementation"]) == (None, "solaris")
        assert accusations(done) == {"NFS201"}  # two leases of one client on one head

    def test_unknown_owners_that_differ_in_the_address_alone(self) -> None:
        head_1, head_2 = heads()
        c = Cluster({A1: head_1, A2: head_2})
        host = Host(
            cluster=c,
            owner=lambda address, minor: b"nfsc/3 edge-7 for " + address.encode(),
            verifier_for=lambda address: address.encode(),
        )
        renewals(c, host.mount(A1, twice=False), host.mount(A2, twice=False))
        done = judged(c)
        (client,) = rows(done, "clients")
        assert client["same_because"] == "owners differ in the server address alone"
        assert not accusations(done)


class TestManyOwnersByDesign:
    def bsd(self, c: Cluster, mount: int, revision: int) -> Host:
        return Host(
            cluster=c,
            name="bsd1",
            owner=lambda address, minor: freebsd(mount=mount),
            verifier=struct.pack(">II", 1795340000, revision),
            port=900 + 10 * mount,
        )

    def test_freebsd_has_one_for_each_mount(self) -> None:
        c = server(layout=FREEBSD)
        mounts = [self.bsd(c, number, number + 1).mount(A1, twice=False) for number in range(3)]
        renewals(c, *mounts)
        done = judged(c)
        (client,) = rows(done, "clients")
        assert (client["per_mount"], client["implementation"]) == (True, "freebsd")
        assert len(rows(done, "leases")) == 3
        assert not accusations(done)

    def test_freebsd_counts_up_its_verifier_without_a_boot(self) -> None:
        c = server(layout=FREEBSD)
        host = self.bsd(c, 1, 1)
        mount = host.mount(A1, twice=False)
        for revision in range(2, 6):
            renewals(c, mount, times=1)
            host.verifier = struct.pack(">II", 1795340000, revision)
            mount.identify()
        done = judged(c)
        assert len(rows(done, "clients")) == 1
        assert not accusations(done)

    def test_macos_has_one_for_each_mount(self) -> None:
        c = server()
        mounts = [
            Host(
                cluster=c,
                name="mac1",
                owner=partial(mac_owner, number),
                verifier=struct.pack(">Q", 1795340000 + number),
                port=900 + 10 * number,
            ).mount(A1, twice=False)
            for number in range(3)
        ]
        renewals(c, *mounts)
        done = judged(c)
        assert [client["per_mount"] for client in rows(done, "clients")] == [True]
        assert not accusations(done)

    def test_test_programs_beside_the_kernel_client(self) -> None:
        c = server()
        kernel = Host(cluster=c).mount(A1)
        programs: list[Mount] = []
        for number, owner in enumerate((b"pynfs4711_TEST", b"client1_pid4711", b"client2_pid4711")):
            stamp = struct.pack(">d", 1.7e9 + (number > 0))
            program = Host(cluster=c, owner=partial(always, owner), verifier=stamp, port=20000 + 10 * number)
            programs.append(program.mount(A1, name=None, twice=False))
        renewals(c, kernel, *programs)
        done = judged(c)
        assert {client["host"] for client in rows(done, "clients")} == {1}
        assert not accusations(done)

    def test_haiku_draws_a_new_verifier_for_every_request(self) -> None:
        c = server()
        host = Host(cluster=c, owner=lambda address, minor: b"HAIKU:kernel:" + bytes(range(1, 13)))
        mount = host.mount(A1, twice=False)
        for number in range(4):
            renewals(c, mount, times=1)
            host.verifier = bytes([number + 7]) * 8
            mount.identify()
        done = judged(c)
        assert len(rows(done, "clients")) == 1
        assert not accusations(done)


class TestConnectionsWithoutIdentity:
    def test_belong_to_the_instance_of_their_address(self) -> None:
        c = server()
        host = Host(cluster=c)
        mount = host.mount(A1, minor=1)
        mount.reconnect()
        renewals(c, mount)
        done = judged(c)
        assert len(rows(done, "clients")) == 1
        assert len(rows(done, "connections")) == 2

    def test_of_an_unseen_client_make_one_of_their_own(self) -> None:
        c = server()
        mount = Host(cluster=c).mount(A1)
        c.wire.frames.clear()
        renewals(c, mount)
        done = judged(c)
        (client,) = rows(done, "clients")
        assert (client["same_because"], client["boot_verifier"], client["uniform"]) == ("source address", None, None)
        assert not accusations(done)

    def test_after_a_reboot_belong_to_the_new_instance(self) -> None:
        c = server()
        host = Host(cluster=c)
        renewals(c, host.mount(A1, minor=1), times=1)
        host.verifier = LATER
        mount = host.mount(A1, minor=1)
        mount.reconnect()
        renewals(c, mount)
        done = judged(c)
        assert accusations(done) == {"NFS115"}
        assert len(rows(done, "leases", client=2)) == 1

    def test_of_another_machine_name_are_another_host(self) -> None:
        c = server()
        renewals(c, Host(cluster=c, name="web01").mount(A1), times=1)
        other = Host(cluster=c, name="web02", verifier=LATER, port=30000)
        connection = other.connect(A1, 0)
        for _ in range(3):
            connection.call("RENEW", clientid=0x1122334455667788).reply()
        done = judged(c)
        assert [host for _, host, _ in clients(done)] == [1, 2]


def test_two_servers_that_give_one_client_the_same_small_numbers() -> None:
    """Counters without a boot time (pynfs) repeat from server to server: equal clientids mean nothing there."""
    c = Cluster({A1: Head(mac="02:00:00:00:01:01"), A2: Head(mac=MAC_2)}, adjacent=False)
    mounts: list[Mount] = []
    host = Host(cluster=c, uniform=True)
    for address in (A1, A2):
        mount = Mount(
            host=host, server=address, minor=0, connection=host.connect(address, 0), clientid=bytes(7) + b"\1"
        )
        mount.connection.call("SETCLIENTID", owner=host.owner_for(address, 0), verifier=host.verifier).reply(
            clientid=1, confirm=5
        )
        mount.connection.call("SETCLIENTID_CONFIRM", clientid=1, confirm=5).reply()
        mounts.append(mount)
    for _ in range(3):
        c.wait(60)
        for mount in mounts:
            mount.connection.call("RENEW", clientid=1).reply()
    mounts[1].connection.call("RENEW", clientid=1).reply("NFS4ERR_STALE_CLIENTID")
    mounts[1].connection.call("SETCLIENTID", owner=host.owner_for(A2, 0), verifier=host.verifier).reply(
        clientid=2, confirm=6
    )
    mounts[1].connection.call("SETCLIENTID_CONFIRM", clientid=2, confirm=6).reply()
    mounts[1].connection.call("RENEW", clientid=2).reply()
    done = judged(c)
    assert not accusations(done)
    assert {stay["head"] for stay in rows(done, "heads", address=A1)} != {
        stay["head"] for stay in rows(done, "heads", address=A2)
    }
