"""Which half of a clientid names the running server: by what the ids show, never by the server's make."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfsanalyze.state.instance import LINUX as LINUX_READING
from nfsanalyze.state.instance import READINGS, Grant, Reading, layouts, telling
from scenarios.cluster import A1, A2
from scenarios.judged import fired, judged, moves
from scenarios.layouts import FREEBSD, GANESHA, ILLUMOS, LINUX, NFS4J, RANDOM, Layout
from scenarios.server import second
from scenarios.stories import heads, pair, taken_over

NOW = second("2026-11-22T12:00:00")
BOOTED, OTHER = second("2026-11-20T08:00:07"), second("2026-11-21T21:13:42")
FIRST_LE, FIRST_BE, SECOND_BE = (
    Reading(offset=0, order="little"),
    Reading(offset=0, order="big"),
    Reading(offset=4, order="big"),
)


def granted(
    layout: Layout, counters: list[int], *, address: str = A1, booted: int = BOOTED, clock: int = 0, step: int = 7
) -> list[Grant]:
    """SETCLIENTID answers, one every few seconds; `clock`: how far the server's clock is ahead of the capture's."""
    out = []
    for number, counter in enumerate(counters):
        now = NOW + number * step
        out.append(
            Grant(
                address=address,
                clientid=layout.clientid(counter, booted, now + clock),
                time=now * 10**9,
                confirm=layout.confirm(counter, booted, now + clock),
            )
        )
    return out


@pytest.mark.parametrize(
    ("layout", "reading"),
    [(LINUX, FIRST_LE), (FREEBSD, FIRST_LE), (GANESHA, FIRST_BE), (ILLUMOS, SECOND_BE)],
    ids=["linux", "freebsd", "ganesha", "illumos"],
)
class TestServersThatPutTheirBootIntoTheId:
    def test_two_ids_show_it(self, layout: Layout, reading: Reading) -> None:
        found = layouts(granted(layout, [0x101, 0x102, 0x105]))
        assert found.reading == {A1: reading}
        clientid = layout.clientid(0x101, BOOTED, NOW)
        assert found.instance_time(A1, clientid) == BOOTED * 10**9

    def test_one_id_at_each_of_two_addresses_shows_it_too(self, layout: Layout, reading: Reading) -> None:
        grants = granted(layout, [0x101]) + granted(layout, [0x102], address=A2)
        found = layouts(grants)
        assert found.reading == {A1: reading, A2: reading}
        assert found.same_instance(A1, grants[0].clientid, A2, grants[1].clientid)

    def test_two_heads_are_not_the_same(self, layout: Layout, reading: Reading) -> None:
        grants = granted(layout, [0x101, 0x102]) + granted(layout, [0x101, 0x103], address=A2, booted=OTHER)
        found = layouts(grants)
        assert not found.same_instance(A1, grants[0].clientid, A2, grants[2].clientid)

    def test_one_id_alone_shows_it_only_where_the_server_shows_more(self, layout: Layout, reading: Reading) -> None:
        found = layouts(granted(layout, [0x101]))
        assert found.reading == ({A1: reading} if layout is LINUX else {})


class TestServersThatDoNot:
    def test_the_second_of_the_request_is_no_instance(self) -> None:
        assert layouts(granted(NFS4J, [1, 2, 3])).reading == {}

    def test_not_even_where_two_requests_fell_into_one_second(self) -> None:
        grants = granted(NFS4J, [1, 2], step=0) + granted(NFS4J, [3], address=A2)
        assert layouts(grants).reading == {}

    def test_nor_where_one_of_them_was_only_used_later(self) -> None:
        first, then = granted(NFS4J, [1, 2], step=0)
        late = Grant(address=A2, clientid=then.clientid, time=then.time + 10**12, fresh=False)
        assert layouts([first, late]).reading == {}

    def test_random_ids_say_nothing(self) -> None:
        grants = granted(RANDOM, list(range(20)))
        found = layouts(grants)
        assert found.reading == {}
        assert not found.same_instance(A1, grants[0].clientid, A1, grants[1].clientid)

    def test_bare_counters_say_nothing(self) -> None:
        grants = [Grant(address=A1, clientid=struct.pack(">Q", n), time=NOW * 10**9) for n in range(1, 200)]
        assert layouts(grants).reading == {}
        assert not any(telling(g.clientid) for g in grants)

    def test_a_node_number_before_a_counter_says_nothing(self) -> None:
        grants = [Grant(address=A1, clientid=struct.pack(">HHI", 3, 0, n), time=NOW * 10**9) for n in range(1, 200)]
        assert layouts(grants).reading == {}
        assert not any(telling(g.clientid) for g in grants)

    def test_no_grants(self) -> None:
        assert layouts([]).instance(A1, bytes(8)) is None


class TestLinux:
    def test_its_clock_stands_in_the_confirm_verifier(self) -> None:
        found = layouts(granted(LINUX, [0x101, 0x102], clock=3600))
        assert found.clock_skew_s[A1] == pytest.approx(3600, abs=1)
        clientid = LINUX.clientid(0x101, BOOTED, NOW)
        assert found.instance_time(A1, clientid) == pytest.approx((BOOTED - 3600) * 10**9, abs=10**9)

    def test_two_heads_that_booted_in_one_second_are_not_the_same(self) -> None:
        grants = granted(LINUX, [0x5A010001, 0x5A010002]) + granted(LINUX, [0x11770001, 0x11770002], address=A2)
        found = layouts(grants)
        assert found.instance(A1, grants[0].clientid) == found.instance(A2, grants[2].clientid)
        assert not found.same_instance(A1, grants[0].clientid, A2, grants[2].clientid)
        assert found.same_instance(A1, grants[0].clientid, A1, grants[1].clientid)

    def test_a_counter_may_wrap(self) -> None:
        grants = granted(LINUX, [0xFFFFFFFE, 0x00000003])
        found = layouts(grants)
        assert found.same_instance(A1, grants[0].clientid, A1, grants[1].clientid)

    def test_a_session_shows_it_as_well(self) -> None:
        clientid = LINUX.clientid(0x101, BOOTED, NOW)
        grant = Grant(address=A1, clientid=clientid, time=NOW * 10**9, session=LINUX.session(clientid, 4))
        assert layouts([grant]).reading == {A1: LINUX_READING}

    def test_a_boot_after_the_capture_is_none(self) -> None:
        grants = granted(LINUX, [0x101, 0x102], booted=NOW + 400000)
        assert layouts(grants).linux == frozenset()


class TestWhereHeadsBootedInOneSecond:
    """A cluster that was powered on at once: only the counters tell its heads apart."""

    def test_owners_for_each_address_are_no_duplicates(self) -> None:
        head_1, head_2 = heads()
        head_2.booted = head_1.booted
        p = pair(head_1=head_1, head_2=head_2)
        done = judged(p.cluster)
        assert not fired(done) - {"NFS101"}

    @pytest.mark.parametrize("minor", [0, 1])
    def test_a_takeover_is_told(self, minor: int) -> None:
        head_1, head_2 = heads()
        head_2.booted = head_1.booted
        p = pair(head_1=head_1, head_2=head_2, minor=minor)
        taken_over(p)
        done = judged(p.cluster)
        assert moves(done) == [(A2, "takeover")]
        assert "NFS303" not in fired(done)


GRANT = st.builds(
    Grant,
    address=st.sampled_from([A1, A2]),
    clientid=st.binary(min_size=8, max_size=8),
    time=st.integers(0, 2**62),
    confirm=st.none() | st.binary(min_size=8, max_size=8),
    session=st.none() | st.binary(min_size=16, max_size=16),
    fresh=st.booleans(),
)


@given(st.lists(GRANT, max_size=12))
def test_any_ids_are_read_or_not(grants: list[Grant]) -> None:
    found = layouts(grants)
    assert set(found.reading.values()) <= set(READINGS)
    for one in grants:
        instance = found.instance(one.address, one.clientid)
        assert instance is None or instance in one.clientid
        for other in grants:
            same = found.same_instance(one.address, one.clientid, other.address, other.clientid)
            assert same == found.same_instance(other.address, other.clientid, one.address, one.clientid)
