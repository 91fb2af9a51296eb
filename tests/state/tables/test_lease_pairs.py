"""The table of leases held at a time: what tells the two apart, and from when they are known to be at one instance."""

from __future__ import annotations

from scenarios.cluster import A1, Cluster
from scenarios.healthy_networks import data_server
from scenarios.hosts import Host, Mount, renewals
from scenarios.judged import Row, fired, judged, rows
from scenarios.layouts import LINUX
from scenarios.server import Head
from scenarios.stories import pair, taken_over


def pairs(cluster: Cluster) -> list[Row]:
    return rows(judged(cluster), "lease_pairs")


def mounted(*owners: bytes, kerberos: bool = False) -> Cluster:
    """A mount with each owner, from one host at one address; the last of them by Kerberos if so."""
    cluster = Cluster({A1: Head()})
    mounts = []
    for n, owner in enumerate(owners):
        host = Host(cluster=cluster, owner=lambda server, minor, owner=owner: owner, port=700 + 50 * n)  # type: ignore[misc]
        mount = Mount(host=host, server=A1, minor=0, connection=host.connect(A1, 0))
        if kerberos and owner == owners[-1]:
            mount.connection.protect(1)
        mount.identify()
        mounts.append(mount)
    renewals(cluster, *mounts, times=4)
    return cluster


def test_two_leases_at_one_address() -> None:
    cluster = mounted(b"Linux NFSv4.0 client1", b"Linux NFSv4.0 client1/10.0.0.1")
    done = judged(cluster)
    (one, other) = sorted(rows(done, "leases"), key=lambda row: row["confirmed"])
    (row,) = rows(done, "lease_pairs")
    assert (row["lease"], row["other_lease"]) == (one["lease"], other["lease"])
    assert (row["client"], row["head"], row["minor_version"]) == (one["client"], one["head"], 0)
    assert row["first"] == other["confirmed"]
    assert row["last"] == min(one["last_renewal"], other["last_renewal"])
    assert (row["origin_seen"], row["data_server"], row["same_flavor"], row["owners_apart"]) == (
        True,
        False,
        True,
        False,
    )


def test_owners_that_nobody_knows() -> None:
    apart = pairs(mounted(*(b"ESXi esx01 volume%d" % n for n in (1, 2))))
    assert [row["owners_apart"] for row in apart] == [True]


def test_an_owner_for_each_flavor() -> None:
    unix, gss = b"10.0.0.11/10.0.0.1 tcp UNIX 0", b"10.0.0.11/10.0.0.1 tcp gss/krb5 1"
    assert [row["same_flavor"] for row in pairs(mounted(unix, gss))] == [True]
    assert [row["same_flavor"] for row in pairs(mounted(unix, gss, kerberos=True))] == [False]


def test_an_address_counts_from_when_it_is_known_to_be_there() -> None:
    p = pair()
    taken_over(p)
    done = judged(p.cluster)
    (row,) = rows(done, "lease_pairs")
    (one, other) = (rows(done, "leases", lease=row[name])[0] for name in ("lease", "other_lease"))
    assert one["server_address"] != other["server_address"]
    assert row["first"] == max(other["confirmed"], one["head_since"], other["head_since"])
    assert "NFS201" in fired(done)
    assert pairs(pair().cluster) == []


def test_a_data_server() -> None:
    assert [row["data_server"] for row in pairs(data_server(LINUX, 1))] == [True]
