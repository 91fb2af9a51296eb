"""How leases live, lapse and end."""

from __future__ import annotations

import pytest

from nfsanalyze.analysis import Analysis
from scenarios.cluster import A1, A2, Cluster
from scenarios.hosts import Host, Mount, renewals
from scenarios.judged import fired, found, judged, rows
from scenarios.server import Head
from scenarios.stories import both_restarted, one_server, pair, restarted_in_place, taken_over

every_minor = pytest.mark.parametrize("minor", [0, 1])


def one(minor: int = 0, *, name: str | None = "file", **head: int) -> tuple[Cluster, Mount]:
    cluster = Cluster({A1: Head(**head)})  # type: ignore[arg-type]
    mount = Host(cluster=cluster).mount(A1, minor=minor, name=name)
    renewals(cluster, mount)
    return cluster, mount


def gaps(done: Analysis) -> list[tuple[float, str | None, str]]:
    return [(round(g["gap_s"]), g["excused"], g["after"]) for g in rows(done, "lease_gaps")]


def severities(done: Analysis) -> list[tuple[str, str]]:
    return [(f.severity, f.confidence) for f in found(done, "NFS202")]


class TestSilence:
    @every_minor
    def test_after_which_the_server_carries_on(self, minor: int) -> None:
        cluster, mount = one(minor)
        cluster.wait(200)
        mount.renew()
        done = judged(cluster)
        assert gaps(done) == [(200, None, "continued")]
        assert severities(done) == [("low", "high")]
        assert [lease["end"] for lease in rows(done, "leases")] == ["open"]

    def test_after_which_the_server_says_expired(self) -> None:
        cluster, mount = one()
        cluster.wait(200)
        mount.connection.call("RENEW", clientid=mount.clientid).reply("NFS4ERR_EXPIRED")
        mount.identify()
        done = judged(cluster)
        assert gaps(done) == [(200, None, "expired")]
        assert severities(done) == [("high", "high")]
        assert {"NFS202", "NFS209"} <= fired(done)
        assert rows(done, "leases")[0]["end"] == "expired"

    @every_minor
    def test_after_which_the_server_knows_the_client_no_longer(self, minor: int) -> None:
        cluster, mount = one(minor)
        cluster.wait(200)
        assert mount.head is not None
        mount.head.forget(mount.clientid)
        mount.renew()
        mount.recover(reclaim=False)
        done = judged(cluster)
        assert gaps(done) == [(200, None, "badsession" if minor else "stale")]
        assert severities(done) == [("high", "high")]
        assert not {"NFS302", "NFS303"} & fired(done)

    def test_after_which_state_is_said_to_be_revoked(self) -> None:
        cluster, mount = one(1)
        cluster.wait(200)
        mount.connection.compound([], session=mount.session).reply([], sequence_flags=0x8)
        done = judged(cluster)
        assert gaps(done) == [(200, None, "revoked")]
        assert severities(done) == [("high", "high")]
        assert "NFS209" in fired(done)

    @every_minor
    def test_at_the_end_of_the_capture_is_no_finding(self, minor: int) -> None:
        head = Head()
        cluster = Cluster({A1: head})
        mount = Host(cluster=cluster).mount(A1, minor=minor)
        other = Host(cluster=cluster, address="10.0.0.12", name="other", verifier=bytes(8)).mount(A1, minor=minor)
        renewals(cluster, mount, other)
        renewals(cluster, other, times=4)
        done = judged(cluster)
        assert gaps(done) == [(240, None, "end")]
        assert "NFS202" not in fired(done)
        assert "silent" in {lease["end"] for lease in rows(done, "leases")}

    @every_minor
    def test_shorter_than_the_lease_time_is_none(self, minor: int) -> None:
        cluster, mount = one(minor)
        cluster.wait(88)
        mount.renew()
        done = judged(cluster)
        assert gaps(done) == []

    def test_of_a_v40_client_that_holds_nothing(self) -> None:
        cluster, mount = one(name=None)
        cluster.wait(200)
        assert mount.head is not None
        mount.head.forget(mount.clientid)
        mount.renew()
        mount.recover()
        done = judged(cluster)
        assert [g["held_state"] for g in rows(done, "lease_gaps")] == [False]
        assert "NFS202" not in fired(done)

    def test_of_a_v40_client_that_gave_back_all_it_held(self) -> None:
        cluster, mount = one()
        mount.close(mount.files[0])
        cluster.wait(200)
        mount.renew()
        done = judged(cluster)
        assert [g["held_state"] for g in rows(done, "lease_gaps")] == [False]
        assert "NFS202" not in fired(done)


class TestWhatRenews:
    @every_minor
    @pytest.mark.parametrize("adjacent", [True, False])
    def test_two_addresses_of_one_head_renew_one_lease(self, minor: int, adjacent: bool) -> None:
        p = one_server(minor=minor, uniform=True, adjacent=adjacent)
        for _ in range(3):
            for mount in p.mounts:
                p.cluster.wait(60)
                mount.renew()
        done = judged(p.cluster)
        assert len(rows(done, "leases")) == 1
        assert {run["server_address"] for run in rows(done, "renewal_runs")} == {A1, A2}
        assert gaps(done) == []

    def test_every_operation_with_state_does(self) -> None:
        cluster, mount = one(name=None)
        cluster.wait(60)
        held = mount.open("f")
        cluster.wait(60)
        mount.write(held)
        cluster.wait(60)
        mount.close(held)
        done = judged(cluster)
        assert gaps(done) == []
        assert {run["how"] for run in rows(done, "renewal_runs")} == {"explicit", "state"}

    def test_setclientid_and_lookups_do_not(self) -> None:
        cluster, mount = one()
        for _ in range(4):
            cluster.wait(50)
            mount.lease_time()
            confirm = mount.setclientid()
            assert confirm is not None
            mount.setclientid_confirm(confirm)
        mount.renew()
        done = judged(cluster)
        assert gaps(done) == [(200, None, "continued")]

    def test_special_stateids_do_not(self) -> None:
        cluster, mount = one()
        for _ in range(4):
            cluster.wait(50)
            for special in (bytes(12), b"\xff" * 12):
                mount.connection.compound([("PUTFH", {}), ("READ", {"stateid": (0, special)})]).reply([{}, {}])
        mount.renew()
        assert gaps(judged(cluster)) == [(200, None, "continued")]

    def test_a_refused_operation_does_not(self) -> None:
        cluster, mount = one()
        held = mount.files[0]
        for _ in range(4):
            cluster.wait(50)
            mount.connection.compound([("PUTFH", {}), ("READ", {"stateid": (1, held.stateid)})]).reply(
                [{}, "NFS4ERR_OLD_STATEID"]
            )
        mount.renew()
        assert gaps(judged(cluster)) == [(200, None, "continued")]

    @pytest.mark.parametrize("status", ["NFS4ERR_CB_PATH_DOWN", "NFS4ERR_LEASE_MOVED"])
    def test_a_renew_with_a_warning_does(self, status: str) -> None:
        cluster, mount = one()
        for _ in range(3):
            cluster.wait(60)
            mount.connection.call("RENEW", clientid=mount.clientid).reply(status)
        assert gaps(judged(cluster)) == []

    def test_only_an_answered_one_does(self) -> None:
        cluster, mount = one()
        for _ in range(3):
            cluster.wait(50)
            mount.connection.call("RENEW", clientid=mount.clientid)
        cluster.wait(50)
        mount.renew()
        (gap,) = rows(judged(cluster), "lease_gaps")
        assert gap["excused"] == "unanswered"


class TestExcused:
    @every_minor
    def test_while_the_server_answers_nobody(self, minor: int) -> None:
        cluster, mount = one(minor)
        head = cluster.at[A1]
        cluster.fail(A1)
        cluster.wait(20)
        asked = mount.renew()
        for _ in range(4):
            cluster.wait(40)
            mount.connection.repeat(asked)
        cluster.at[A1] = head
        mount.reconnect()
        mount.renew()
        done = judged(cluster)
        assert [excused for _, excused, _ in gaps(done)] == ["unanswered"]
        assert "NFS202" not in fired(done)

    @every_minor
    def test_not_while_it_answers_others(self, minor: int) -> None:
        cluster, mount = one(minor)
        other = Host(cluster=cluster, address="10.0.0.12", name="other", verifier=bytes(8)).mount(A1, minor=minor)
        asked = mount.connection.call("LOOKUP", session=mount.session, name="x", lost=True)
        for _ in range(5):
            cluster.wait(40)
            mount.connection.repeat(asked)
            other.renew()
        mount.reconnect()
        mount.renew()
        done = judged(cluster)
        assert [excused for _, excused, _ in gaps(done)] == [None]

    @every_minor
    def test_by_a_restart(self, minor: int) -> None:
        p = pair(minor=minor)
        p.cluster.wait(40)
        p.first.renew()
        restarted_in_place(p)
        done = judged(p.cluster)
        assert "NFS202" not in fired(done)
        assert {lease["end"] for lease in rows(done, "leases")} == {"open", "restarted"}

    @every_minor
    def test_by_a_move(self, minor: int) -> None:
        p = pair(minor=minor)
        p.cluster.wait(40)
        p.first.renew()
        taken_over(p, seconds=80)
        done = judged(p.cluster)
        assert "NFS202" not in fired(done)
        assert {lease["end"] for lease in rows(done, "leases")} == {"open", "moved"}

    def test_by_a_restart_of_both_addresses(self) -> None:
        p = one_server(uniform=True)
        both_restarted(p, p.head_1, pause=240)
        assert "NFS202" not in fired(judged(p.cluster))


class TestEnd:
    def test_replaced_by_the_client_is_no_silence(self) -> None:
        cluster, mount = one()
        assert mount.head is not None
        mount.head.forget(mount.clientid)
        mount.identify()
        renewals(cluster, mount, times=5)
        done = judged(cluster)
        assert [lease["end"] for lease in rows(done, "leases")] == ["replaced", "open"]
        assert not {"NFS201", "NFS202"} & fired(done)

    def test_destroyed_at_unmount(self) -> None:
        cluster, mount = one(1)
        assert mount.session is not None
        mount.connection.compound([("DESTROY_SESSION", {"session": mount.session.session})]).reply()
        mount.connection.compound([("DESTROY_CLIENTID", {"clientid": mount.clientid})]).reply()
        done = judged(cluster)
        (lease,) = rows(done, "leases")
        assert lease["end"] == "destroyed"

    def test_no_refusal_within_the_lease_time_counts_as_a_silence(self) -> None:
        """Refused at the second address, renewed at the first for hours: no lease time passed before the refusal."""
        p = one_server(uniform=True)
        p.second.connection.call("RENEW", clientid=p.second.clientid).reply("NFS4ERR_STALE_CLIENTID")
        p.cluster.wait(100)
        p.first.renew()
        for gap in rows(judged(p.cluster), "lease_gaps"):
            assert gap["gap_s"] > gap["lease_time_s"]


class TestLeaseTime:
    @pytest.mark.parametrize("seconds", [10, 90, 600])
    def test_from_getattr(self, seconds: int) -> None:
        cluster, _mount = one(lease=seconds)
        (lease,) = rows(judged(cluster), "leases")
        assert (lease["lease_time_s"], lease["lease_time_source"]) == (seconds, "getattr")
        assert ("NFS202" in fired(judged(cluster))) == (seconds == 10)

    def test_from_the_option(self) -> None:
        cluster, _mount = one()
        done = judged(cluster, lease_time_s=30.0)
        (lease,) = rows(done, "leases")
        assert (lease["lease_time_s"], lease["lease_time_source"]) == (30, "option")
        assert "NFS202" in fired(done)

    def test_assumed_where_nothing_tells(self) -> None:
        cluster = Cluster({A1: Head()})
        mount = Mount(host=Host(cluster=cluster), server=A1, minor=0, connection=Host(cluster=cluster).connect(A1, 0))
        mount.identify()
        mount.open("f")
        cluster.wait(100)
        mount.renew()
        done = judged(cluster)
        (lease,) = rows(done, "leases")
        assert (lease["lease_time_s"], lease["lease_time_source"]) == (90, "assumed")
        assert severities(done) == [("low", "low")]

    def test_of_each_head_its_own(self) -> None:
        head_1, head_2 = Head(lease=30), Head(lease=300, mac="02:00:00:00:01:02", booted=Head().booted + 99)
        p = pair(head_1=head_1, head_2=head_2)
        done = judged(p.cluster)
        assert {lease["server_address"]: lease["lease_time_s"] for lease in rows(done, "leases")} == {A1: 30, A2: 300}
        assert {g["server_address"] for g in rows(done, "lease_gaps")} == {A1}
