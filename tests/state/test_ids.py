"""Which clientid a session or stateid belongs to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfsanalyze.state.ids import Ids
from scenarios.cluster import A1, A2, Cluster
from scenarios.facts import inferred
from scenarios.hosts import Host, renewals
from scenarios.layouts import FREEBSD, GANESHA, ILLUMOS, LINUX, NFS4J, RANDOM, Layout
from scenarios.server import Head

CLIENTID = LINUX.clientid(0x5A010001, Head().booted, 0)


@pytest.mark.parametrize("layout", [LINUX, FREEBSD, GANESHA, ILLUMOS, NFS4J, RANDOM])
def test_a_session_that_was_made_in_the_capture(layout: Layout) -> None:
    cluster = Cluster({A1: Head(layout=layout)})
    mount = Host(cluster=cluster).mount(A1, minor=1, name=None)
    assert mount.session is not None
    assert inferred(cluster).ids.clientid(mount.session.session, A1) == mount.clientid


@pytest.mark.parametrize("layout", [LINUX, FREEBSD, GANESHA, NFS4J])
def test_a_session_read_out_of_its_bytes(layout: Layout) -> None:
    """Where the capture shows the clientid elsewhere, but not the CREATE_SESSION."""
    cluster = Cluster({A1: Head(layout=layout)})
    mount = Host(cluster=cluster).mount(A1, minor=1, name=None)
    cluster.wire.frames.clear()
    renewals(cluster, mount)
    mount.exchange_id()
    assert mount.session is not None
    assert inferred(cluster).ids.clientid(mount.session.session, A1) == mount.clientid


def test_a_linux_session_from_before_the_capture_shows_its_clientid() -> None:
    cluster = Cluster({A1: Head()})
    mount = Host(cluster=cluster).mount(A1, minor=1, name=None)
    cluster.wire.frames.clear()
    renewals(cluster, mount)
    case = inferred(cluster)
    assert [lease.clientid for lease in case.leases] == [mount.clientid]


@pytest.mark.parametrize("layout", [ILLUMOS, RANDOM])
def test_a_session_that_tells_nothing(layout: Layout) -> None:
    cluster = Cluster({A1: Head(layout=layout)})
    mount = Host(cluster=cluster).mount(A1, minor=1, name=None)
    cluster.wire.frames.clear()
    renewals(cluster, mount)
    assert inferred(cluster).leases == ()


def test_a_stateid_belongs_to_the_clientid_of_its_open() -> None:
    cluster = Cluster({A1: Head(layout=RANDOM)})
    mount = Host(cluster=cluster).mount(A1)
    held = mount.files[0]
    found = inferred(cluster).ids
    assert held.lock is not None
    for other in (held.stateid, held.lock):
        assert found.clientid(other, A1) == mount.clientid
        assert found.clientid(other, A2) == mount.clientid  # a stateid that goes with its address


def test_a_clientid_is_its_own() -> None:
    assert Ids().clientid(b"12345678", A1) == b"12345678"


def test_bytes_of_zeros_are_no_clientid() -> None:
    known = Ids()
    known.clientids = {bytes(8)}
    assert known.clientid(bytes(16), A1) is None
    assert known.clientid(bytes(12), A1) is None


@given(st.binary(min_size=12, max_size=12) | st.binary(min_size=16, max_size=16), st.binary(min_size=8, max_size=8))
def test_any_bytes(key: bytes, clientid: bytes) -> None:
    known = Ids()
    known.clientids = {clientid}
    said = known.clientid(key, A1)
    assert said is None or len(said) == 8
    if said == clientid:
        assert clientid in (key[:8], key[:8][::-1], key[8:16])
