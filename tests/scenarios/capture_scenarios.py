"""Scenarios for the rules on what a capture allows (NFS0xx): encryption, weak credentials, what was not decoded."""

from __future__ import annotations

from scenarios.cluster import A1, Cluster
from scenarios.hosts import Host, Mount, renewals
from scenarios.identity_scenarios import forgotten
from scenarios.scenario import Scenario, scenario
from scenarios.server import Head
from wire import rpc
from wire.dialogue import CLIENT, SERVER, Wire
from wire.xdr import opaque, u32

UNKNOWN_OP = 9999
READY = u32(1) + u32(0) + u32(0) + opaque(b"STARTTLS") + u32(0)


def mount(minor: int = 1, service: int | None = None) -> tuple[Cluster, Mount]:
    """A mount; with a service its lease is Kerberos's, too."""
    cluster = Cluster({A1: Head()})
    host = Host(cluster=cluster, uniform=True)
    made = Mount(host=host, server=A1, minor=minor, connection=host.connect(A1, minor))
    if service is not None:
        made.connection.protect(service)
    made.identify(twice=True)
    made.lease_time()
    if minor:
        made.complete()
    return cluster, made


def kerberos(service: int, *, lease: int | None = None, minor: int = 1, sealed: int = 0) -> Cluster:
    """Data under a service; `sealed` of the calls at the end are under privacy."""
    cluster, made = mount(minor, lease)
    made.connection.protect(service)
    held = made.open("file")
    for _ in range(12):
        cluster.wait(10)
        made.write(held)
    if sealed:
        made.connection.protect(3)
        for _ in range(sealed):
            made.write(held)
    return cluster


def plain() -> Cluster:
    cluster, made = mount(0)
    made.open("file")
    renewals(cluster, made)
    return cluster


def tls() -> Wire:
    """RPC with TLS (RFC 9289): STARTTLS is offered and taken."""
    wire = Wire()
    c = wire.connect("10.0.0.11:871", f"{A1}:2049", minor=1)
    c.call("EXCHANGE_ID", owner=b"Linux NFSv4.1 web01", verifier=1).reply(clientid=7)
    other = wire.connect("10.0.0.11:872", f"{A1}:2049", minor=1)
    other.send(CLIENT, rpc.record(rpc.call(1, 0, b"", u32(7) + u32(0))))
    other.send(SERVER, rpc.record(u32(1) + READY))
    other.send(CLIENT, b"\x16\x03\x01\x02\x00" + bytes(200))
    other.send(SERVER, b"\x16\x03\x03\x00\x7a" + bytes(200))
    return wire


def unknown_operation() -> Wire:
    """An operation of a minor version that nobody has written yet."""
    wire = Wire()
    c = wire.connect("10.0.0.11:871", f"{A1}:2049", minor=1)
    c.call("EXCHANGE_ID", owner=b"Linux NFSv4.1 web01", verifier=1).reply(clientid=7)
    body = rpc.compound_arguments(b"", 1, [u32(UNKNOWN_OP) + opaque(b"?")])
    c.send(CLIENT, rpc.record(rpc.call(c.xid + 1, 1, body, rpc.auth_sys(b"web01"))))
    return wire


def beside_roce() -> Wire:
    wire = tls_free()
    for _ in range(3):
        wire.put(bytes(6) + b"\x02" + bytes(5) + b"\x89\x15" + bytes(60))
    return wire


def tls_free() -> Wire:
    wire = Wire()
    c = wire.connect("10.0.0.11:871", f"{A1}:2049", minor=1)
    c.call("EXCHANGE_ID", owner=b"Linux NFSv4.1 web01", verifier=1).reply(clientid=7)
    return wire


CAPTURES: dict[str, Scenario] = {
    "krb5p for all": scenario(lambda: kerberos(3, lease=3), "005", tempts="006 007", unjudged="006 104 201 202"),
    "krb5p for the data, krb5i for the lease": scenario(
        lambda: kerberos(3, lease=2), "005", tempts="006 007", unjudged="202"
    ),
    "krb5i for all": scenario(lambda: kerberos(2, lease=2), tempts="005 006 007"),
    "krb5 for all": scenario(lambda: kerberos(1, lease=1), tempts="005 006 007"),
    "krb5i for the data, AUTH_SYS for the lease": scenario(lambda: kerberos(2), "006", tempts="005 007"),
    "the same in v4.0": scenario(lambda: kerberos(2, minor=0), "006", tempts="005 007"),
    "krb5p for the data, AUTH_SYS for the lease": scenario(lambda: kerberos(3), "005 006", tempts="007"),
    "a few sealed calls": scenario(lambda: kerberos(2, lease=2, sealed=4), tempts="005 006", unjudged="202"),
    "AUTH_SYS for all": scenario(plain, tempts="005 006 007"),
    "TLS": scenario(tls, "005", tempts="006 007", unjudged="104 201"),
    "an operation of an unknown number": scenario(unknown_operation, "007", tempts="005", unjudged="104"),
    "RDMA that nobody opened": scenario(beside_roce, "007", tempts="005", decoder="fast"),
    "RDMA in which tshark finds no NFS": scenario(beside_roce, tempts="005 007"),
    "nothing hidden": scenario(tls_free, tempts="005 006 007"),
    "errors, all of them decoded": scenario(lambda: forgotten(1, 2, 60), tempts="005 006 007"),
}
