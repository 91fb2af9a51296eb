"""What the capture cannot show is said, and nothing is accused for it."""

from __future__ import annotations

import pytest

from nfsanalyze.analysis import Analysis
from scenarios.cluster import A1, A2, Cluster
from scenarios.hosts import Host, Mount, renewals
from scenarios.judged import fired, judged, rows
from scenarios.server import Head
from scenarios.stories import pair, taken_over
from wire import frames, rpc
from wire.dialogue import Wire, op

CLIENT = "10.0.0.11"


def one(minor: int = 0) -> tuple[Cluster, Mount]:
    cluster = Cluster({A1: Head()})
    mount = Host(cluster=cluster).mount(A1, minor=minor)
    renewals(cluster, mount)
    return cluster, mount


def kinds(done: Analysis) -> list[str]:
    return sorted({row["kind"] for row in rows(done, "blind")})


def sent_by(address: str, wire: Wire) -> None:
    """Keeps the frames of one sender (of an IPv4 address) and what is no IP."""
    packed = bytes(int(part) for part in address.split("."))
    wire.frames = [(t, f) for t, f in wire.frames if f[12:14] != b"\x08\x00" or f[26:30] == packed]


class TestOrigin:
    @pytest.mark.parametrize("minor", [0, 1])
    def test_a_whole_conversation_is_seen_whole(self, minor: int) -> None:
        cluster, _ = one(minor)
        done = judged(cluster)
        assert kinds(done) == []
        assert done.not_evaluable == ()

    @pytest.mark.parametrize("minor", [0, 1])
    def test_a_connection_older_than_the_capture(self, minor: int) -> None:
        cluster, mount = one(minor)
        cluster.wire.frames.clear()
        renewals(cluster, mount)
        done = judged(cluster)
        (row,) = rows(done, "blind")
        assert (row["kind"], row["client_address"], row["server_address"]) == ("origin", CLIENT, A1)
        assert fired(done) == {"NFS001"}
        assert {entry.rule for entry in done.not_evaluable} >= {"NFS101", "NFS201"}
        assert [lease["origin_seen"] for lease in rows(done, "leases")] == [False]

    def test_a_lease_older_than_its_connection(self) -> None:
        cluster, mount = one()
        cluster.wire.frames.clear()
        mount.reconnect()
        renewals(cluster, mount)
        (row,) = rows(judged(cluster), "blind")
        assert row["kind"] == "origin"
        assert mount.clientid.hex() in row["reason"]

    @pytest.mark.parametrize("minor", [0, 1])
    def test_a_takeover_of_which_the_beginning_is_missing(self, minor: int) -> None:
        """Still inferred where both addresses were used before the outage."""
        p = pair(minor=minor)
        p.cluster.wire.frames.clear()
        renewals(p.cluster, *p.mounts)
        taken_over(p)
        done = judged(p.cluster)
        assert [row["kind"] for row in rows(done, "takeovers")] == ["takeover"]
        assert "NFS001" in fired(done)


class TestOneSided:
    @pytest.mark.parametrize("minor", [0, 1])
    def test_only_what_the_client_sent(self, minor: int) -> None:
        cluster, _ = one(minor)
        sent_by(CLIENT, cluster.wire)
        done = judged(cluster)
        assert "replies" in kinds(done)
        assert fired(done) <= {"NFS001", "NFS002", "NFS101"}
        assert "NFS002" in fired(done)

    @pytest.mark.parametrize("minor", [0, 1])
    def test_only_what_the_server_sent(self, minor: int) -> None:
        cluster, _ = one(minor)
        sent_by(A1, cluster.wire)
        done = judged(cluster)
        assert "calls" in kinds(done)
        assert fired(done) <= {"NFS001", "NFS002"}
        assert "NFS002" in fired(done)

    def test_one_side_of_one_of_two_pairs(self) -> None:
        p = pair()
        packed = bytes((10, 0, 0, 2))
        p.cluster.wire.frames = [(t, f) for t, f in p.cluster.wire.frames if f[26:30] != packed]
        done = judged(p.cluster)
        assert {(row["kind"], row["server_address"]) for row in rows(done, "blind")} == {("replies", A2)}
        assert [lease["server_address"] for lease in rows(done, "leases")] == [A1]

    def test_a_pause_that_only_another_connection_shows_by_its_successor(self) -> None:
        """Both lose the same minutes; one goes on with a connection that was not seen to open, the other with one that
        was."""
        p = pair()
        start = p.cluster.now
        renewals(p.cluster, *p.mounts)
        p.first.connection.close()
        p.second.connection.close()
        p.first.reconnect()
        end = p.cluster.now
        p.second.reconnect()
        renewals(p.cluster, *p.mounts)
        p.cluster.wire.frames = [(t, f) for t, f in p.cluster.wire.frames if not start < t <= end]
        lost = {row["server_address"] for row in rows(judged(p.cluster), "blind", kind="loss")}
        assert lost == {A1, A2}

    @pytest.mark.parametrize(("gone", "kind"), [(A1, "replies"), (CLIENT, "calls")])
    def test_one_side_of_one_of_two_connections(self, gone: str, kind: str) -> None:
        """What one of the two sent on the second took another way."""
        cluster, mount = one(minor=1)
        mount.connection.close()
        begun = len(cluster.wire.frames)
        mount.reconnect()
        renewals(cluster, mount)
        packed = bytes(int(part) for part in gone.split("."))
        later = [(t, f) for t, f in cluster.wire.frames[begun:] if f[12:14] != b"\x08\x00" or f[26:30] != packed]
        cluster.wire.frames = [*cluster.wire.frames[:begun], *later]
        found = rows(judged(cluster), "blind", kind=kind)
        assert [(row["client_address"], row["server_address"]) for row in found] == [(CLIENT, A1)]
        assert found[0]["first_frame"] > begun

    def test_a_server_that_died_is_not_one_sided(self) -> None:
        cluster, mount = one()
        cluster.fail(A1)
        asked = mount.renew()
        for _ in range(8):
            cluster.wait(20)
            mount.connection.repeat(asked)
        done = judged(cluster)
        assert kinds(done) == []
        assert "NFS002" not in fired(done)

    def test_nor_is_one_that_was_dead_all_the_time(self) -> None:
        cluster, mount = one()
        cluster.wire.frames.clear()
        cluster.fail(A1)
        asked = [mount.renew(), mount.lease_time(), mount.renew()]
        for _ in range(8):
            cluster.wait(20)
            for call in asked:
                mount.connection.repeat(call)
        Host(cluster=cluster, port=900).connect(A1, 0, handshake="silent")
        done = judged(cluster)
        assert "replies" not in kinds(done)
        assert "NFS002" not in fired(done)

    def test_nor_one_that_refuses_connections(self) -> None:
        cluster, _ = one()
        for _ in range(5):
            Host(cluster=cluster, port=900).connect(A1, 0, handshake="refused")
        assert kinds(judged(cluster)) == []


class TestLoss:
    def lossy(self, *, reply: bool) -> tuple[Cluster, Mount]:
        cluster, mount = one(1)
        call = mount.connection.call("LOOKUP", session=mount.session, name="f", lost=not reply)
        call.reply("NFS4ERR_NOENT", lost=reply)
        renewals(cluster, mount)
        return cluster, mount

    @pytest.mark.parametrize("reply", [True, False], ids=["a reply", "a call"])
    def test_a_hole_in_a_stream(self, reply: bool) -> None:
        cluster, _ = self.lossy(reply=reply)
        done = judged(cluster)
        assert "loss" in kinds(done)
        assert "NFS004" in fired(done)
        assert not fired(done) - {"NFS004"}

    def test_a_silence_around_a_hole_accuses_nobody(self) -> None:
        cluster, mount = one(1)
        for _ in range(4):
            cluster.wait(60)
            mount.connection.compound([], session=mount.session, lost=True).reply([], lost=True)
        mount.renew()
        done = judged(cluster)
        assert len(rows(done, "lease_gaps")) == 1
        assert "NFS202" not in fired(done)
        assert any(entry.rule == "NFS202" for entry in done.not_evaluable)

    def test_a_pause_of_the_whole_capture_accuses_nobody(self) -> None:
        """One connection shows a hole; the other was made and ended inside it, so its silence shows none."""
        cluster = Cluster({A1: Head()})
        busy = Host(cluster=cluster, address="10.0.0.12", name="busy", verifier=bytes(8)).mount(A1, minor=1)
        idle = Host(cluster=cluster).mount(A1, minor=1)
        renewals(cluster, busy, idle)
        paused = len(cluster.wire.frames)
        renewals(cluster, busy, idle)
        del cluster.wire.frames[paused:]
        renewals(cluster, busy)
        idle.reconnect()
        idle.renew()
        done = judged(cluster)
        assert {(row["client_address"], row["kind"]) for row in rows(done, "blind")} >= {
            ("10.0.0.12", "loss"),
            (CLIENT, "loss"),
        }
        assert "NFS202" not in fired(done)

    def test_an_idle_time_without_a_hole_is_no_pause(self) -> None:
        cluster, mount = one(1)
        cluster.wait(200)
        mount.renew()
        done = judged(cluster)
        assert kinds(done) == []
        assert "NFS202" in fired(done)


class TestSnaplen:
    @pytest.mark.parametrize("snaplen", [96, 128, 160, 200])
    @pytest.mark.parametrize("minor", [0, 1])
    def test_cut_messages_are_said_and_accuse_nobody(self, snaplen: int, minor: int) -> None:
        p = pair(minor=minor)
        done = judged(p.cluster, snaplen=snaplen)
        assert "snaplen" in kinds(done)
        assert fired(done) <= {"NFS001", "NFS003", "NFS101"}
        assert "NFS003" in fired(done)
        assert {entry.rule for entry in done.not_evaluable} >= {"NFS201", "NFS301"}

    def test_one_that_cuts_nothing_is_none(self) -> None:
        cluster, _ = one()
        assert kinds(judged(cluster, snaplen=1500)) == []


class TestEncrypted:
    def gss(self, service: int) -> bytes:
        body = b"".join(n.to_bytes(4, "big") for n in (1, 0, 7, service)) + b"\0\0\0\4ctxt"
        return b"\0\0\0\6" + len(body).to_bytes(4, "big") + body

    def test_privacy_hides_renewals_and_accuses_nobody(self) -> None:
        cluster, mount = one(1)
        mount.connection.credential = self.gss(3)
        sealed = (40).to_bytes(4, "big") + bytes(40)
        for _ in range(5):
            cluster.wait(40)
            mount.connection.xid += 1
            call = rpc.call(mount.connection.xid, 1, sealed, mount.connection.credential)
            mount.connection.send("client", rpc.record(call))
            mount.connection.send("server", rpc.record(rpc.accepted(mount.connection.xid, sealed)))
        mount.connection.credential = rpc.auth_sys(b"client1")
        mount.renew()
        done = judged(cluster)
        assert "encrypted" in kinds(done)
        assert "NFS202" not in fired(done)
        assert any(entry.rule == "NFS202" for entry in done.not_evaluable)


class TestUndecoded:
    def test_an_operation_nobody_knows(self) -> None:
        cluster, mount = one()
        body = rpc.compound_arguments(b"", 0, [(200).to_bytes(4, "big")])
        mount.connection.xid += 1
        mount.connection.send(
            "client", rpc.record(rpc.call(mount.connection.xid, 1, body, mount.connection.credential))
        )
        renewals(cluster, mount)
        assert "undecoded" in kinds(judged(cluster))

    def test_what_is_no_nfs_is_nobodys_concern(self) -> None:
        cluster, _ = one()
        cluster.wire.ip(CLIENT, A1, 17, bytes(40))
        other = cluster.wire.connect(f"{CLIENT}:5000", f"{A1}:22")
        other.send("client", b"SSH-2.0-OpenSSH_9.2\r\n")
        other.segment("client", frames.ACK, b"x" * 100, seq=other.next_seq["client"] + 5000)
        assert kinds(judged(cluster)) == []


def test_callbacks_are_not_one_sided() -> None:
    cluster, _ = one()
    back = cluster.wire.connect(f"{A1}:900", f"{CLIENT}:41389", machinename=None)
    for _ in range(3):
        back.callback([op("CB_RECALL_ANY")]).reply("NFS4ERR_OP_ILLEGAL")
    sent_back = judged(cluster)
    assert kinds(sent_back) == []


class TestConnectionsThatFollowEachOther:
    def reconnected(self, *, syn: bool) -> Analysis:
        """A connection after another, with its handshake captured or not."""
        cluster, mount = one()
        begins = len(cluster.wire.frames)
        mount.reconnect()
        if not syn:
            del cluster.wire.frames[begins:]
        renewals(cluster, mount, times=2)
        return judged(cluster)

    def test_between_them_packets_are_missing(self) -> None:
        (row,) = [row for row in rows(self.reconnected(syn=False), "blind") if row["kind"] == "loss"]
        assert row["reason"] == "packets between two connections are missing from the capture"
        assert (row["last"] - row["first"]).total_seconds() == pytest.approx(60, abs=1)

    def test_nothing_is_where_the_second_is_seen_to_open(self) -> None:
        assert "loss" not in kinds(self.reconnected(syn=True))

    def test_nor_between_two_that_are_used_in_turn(self) -> None:
        """The second was open before the capture began, and idle."""
        cluster, mount = one()
        other = mount.host.connect(A1, 0, handshake="none")
        for connection in (mount.connection, other, mount.connection):
            cluster.wait(30)
            connection.call("RENEW", clientid=mount.clientid).reply()
        assert "loss" not in kinds(judged(cluster))
