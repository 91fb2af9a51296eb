"""Two addresses of one server: what the client found out, and what it did then."""

from __future__ import annotations

import pytest

from nfsanalyze.analysis import Analysis
from scenarios.cluster import A1, A2, Cluster
from scenarios.hosts import Host, Mount, renewals
from scenarios.judged import fired, found, judged, rows
from scenarios.layouts import GANESHA, LINUX, RANDOM, Layout
from scenarios.stories import heads
from wire.dialogue import op

on_the_link = pytest.mark.parametrize("adjacent", [True, False], ids=["on the link", "behind a router"])
every_layout = pytest.mark.parametrize("layout", [LINUX, GANESHA, RANDOM], ids=["linux", "ganesha", "random"])
MOVES = {"NFS301", "NFS302", "NFS303", "NFS201"}


def two_addresses(minor: int, *, layout: Layout = LINUX, adjacent: bool = True) -> tuple[Cluster, Mount, Mount]:
    """One server; the client uses the first address, and has connected to the second."""
    head, _ = heads(layout)
    cluster = Cluster({A1: head, A2: head}, adjacent=adjacent)
    host = Host(cluster=cluster, uniform=True)
    first = host.mount(A1, minor=minor)
    renewals(cluster, first, times=2)
    return cluster, first, Mount(host=host, server=A2, minor=minor, connection=host.connect(A2, minor))


def trunking(done: Analysis) -> list[tuple[str, str, str]]:
    return [(row["kind"], row["address"], row["other_address"]) for row in rows(done, "trunking")]


class TestAtTheFirstMount:
    @every_layout
    @on_the_link
    def test_v40_confirms_at_the_address_it_knows(self, layout: Layout, adjacent: bool) -> None:
        cluster, first, second = two_addresses(0, layout=layout, adjacent=adjacent)
        confirm = second.setclientid()
        assert confirm is not None
        assert second.setclientid_confirm(confirm, at=first)
        second.connection.close()
        renewals(cluster, first)
        done = judged(cluster)
        assert trunking(done) == [("collapsed", A2, A1)]
        assert fired(done) == {"NFS310"}
        (told,) = found(done, "NFS310")
        assert second.asked is not None and second.confirmed is not None
        assert {second.asked.answer, second.confirmed.answer} <= set(told.frames)
        assert len({stay["head"] for stay in rows(done, "heads")}) == 1

    @every_layout
    @on_the_link
    def test_v41_goes_on_at_the_address_it_knows(self, layout: Layout, adjacent: bool) -> None:
        cluster, first, second = two_addresses(1, layout=layout, adjacent=adjacent)
        second.exchange_id()
        second.connection.close()
        renewals(cluster, first)
        done = judged(cluster)
        assert trunking(done) == [("collapsed", A2, A1)]
        assert fired(done) == {"NFS310"}

    @pytest.mark.parametrize("bound", [True, False], ids=["bound", "by use"])
    def test_v41_uses_its_session_at_both(self, bound: bool) -> None:
        cluster, first, second = two_addresses(1)
        second.exchange_id()
        assert first.session is not None
        if bound:
            session = first.session.session
            second.connection.compound([op("BIND_CONN_TO_SESSION", session=session)]).reply([{"session": session}])
        second.session = first.session
        renewals(cluster, first, second)
        done = judged(cluster)
        assert trunking(done) == [("session-trunking", A2, A1)]
        assert fired(done) == {"NFS310"}
        (session_row,) = rows(done, "sessions")
        assert session_row["server_addresses"] == [A1, A2]
        assert len(rows(done, "leases")) == 1

    def test_v41_makes_a_session_for_each(self) -> None:
        cluster, first, second = two_addresses(1)
        second.exchange_id()
        second.create_session()
        renewals(cluster, first, second)
        done = judged(cluster)
        assert trunking(done) == [("client-id-trunking", A2, A1)]
        assert fired(done) == {"NFS310"}
        assert len(rows(done, "leases")) == 1

    @pytest.mark.parametrize("minor", [0, 1])
    def test_another_clientid_is_another_server(self, minor: int) -> None:
        head_1, head_2 = heads()
        cluster = Cluster({A1: head_1, A2: head_2})
        host = Host(cluster=cluster, uniform=True)
        renewals(cluster, host.mount(A1, minor=minor), host.mount(A2, minor=minor))
        done = judged(cluster)
        assert trunking(done) == []
        assert not fired(done)
        assert len({stay["head"] for stay in rows(done, "heads")}) == 2

    def test_v40_a_probe_that_fails_shows_two_servers(self) -> None:
        """Equal clientids by chance: the confirm is refused at the address the client knows, and sent to the other."""
        head_1, head_2 = heads()
        head_2.booted, head_2.counter = head_1.booted, head_1.counter
        cluster = Cluster({A1: head_1, A2: head_2})
        host = Host(cluster=cluster, uniform=True)
        first = host.mount(A1)
        cluster.wait(30)
        second = Mount(host=host, server=A2, minor=0, connection=host.connect(A2, 0))
        confirm = second.setclientid()
        assert confirm is not None and second.clientid == first.clientid
        probe = first.connection.call("SETCLIENTID_CONFIRM", clientid=second.clientid, confirm=confirm)
        probe.reply("NFS4ERR_STALE_CLIENTID")
        assert second.setclientid_confirm(confirm)
        renewals(cluster, first, second)
        done = judged(cluster)
        assert [kind for kind, *_ in trunking(done)] == ["distinct"]
        assert not fired(done) & (MOVES | {"NFS310"})

    @on_the_link
    def test_an_answer_that_stays_unconfirmed_shows_nothing(self, adjacent: bool) -> None:
        cluster, first, second = two_addresses(0, adjacent=adjacent)
        second.setclientid()
        renewals(cluster, first)
        done = judged(cluster)
        assert trunking(done) == []
        assert not fired(done) & (MOVES | {"NFS310"})


class TestConfirmVerifiersThatAreAllZero:
    """A confirm then fits every request: it answers the last one before it."""

    def test_the_first_confirm_is_not_the_answer_to_a_later_request(self) -> None:
        cluster, first, second = two_addresses(0, layout=RANDOM)
        confirm = second.setclientid()
        assert confirm == bytes(8)
        second.setclientid_confirm(confirm)
        renewals(cluster, first, second)
        done = judged(cluster)
        assert trunking(done) == []

    def test_nor_is_one_that_answers_a_callback_update(self) -> None:
        cluster, first, second = two_addresses(0, layout=RANDOM)
        confirm = second.setclientid()
        assert confirm is not None
        second.setclientid_confirm(confirm)
        cluster.wait(10)
        again = first.setclientid(cb="10.0.0.77")
        assert again is not None
        first.setclientid_confirm(again)
        renewals(cluster, first, second)
        done = judged(cluster)
        assert trunking(done) == []
