"""Whose port spoke for an address, and when a MAC tells nothing."""

from __future__ import annotations

from dissect.nfs4.batch import LinkEvent
from nfsanalyze.state.macs import ROUTER_ADDRESSES, Macs, macs, routers

A1, A2 = "10.0.0.1", "10.0.0.2"
ONE, TWO, THREE = b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02", b"\x02\0\0\0\0\x03"


def run(
    address: str, mac: bytes, first: int, last: int, *, adjacent: bool = True, gratuitous: bool = False
) -> LinkEvent:
    return LinkEvent(
        frame=first,
        time=first,
        address=address,
        mac=mac,
        adjacent=adjacent,
        gratuitous=gratuitous,
        last_frame=last,
        last=last,
    )


def changes(found: Macs, address: str = A1) -> list[tuple[bytes, bytes, int]]:
    return [(c.before, c.after, c.time) for c in found.changes(address)]


def test_a_lasting_change() -> None:
    found = macs([run(A1, ONE, 1, 9), run(A1, TWO, 10, 90)])
    assert changes(found) == [(ONE, TWO, 10)]
    assert found.changes(A1)[0].last_before == 9
    assert [found.at(A1, time) for time in (0, 1, 9, 10, 500)] == [None, ONE, ONE, TWO, TWO]


def test_there_and_back() -> None:
    found = macs([run(A1, ONE, 1, 9), run(A1, TWO, 10, 19), run(A1, ONE, 20, 90)])
    assert changes(found) == [(ONE, TWO, 10), (TWO, ONE, 20)]


def test_two_that_take_turns_are_no_changes() -> None:
    """Two taps, or two paths through a bond."""
    found = macs([run(A1, (ONE, TWO)[n % 2], n, n) for n in range(1, 20)])
    assert changes(found) == []


def test_an_unknown_address() -> None:
    found = macs([])
    assert (found.changes(A1), found.at(A1, 5), found.adjacent(A1, ONE)) == ([], None, None)


def test_adjacency_needs_arp() -> None:
    found = macs([run(A1, ONE, 1, 9, adjacent=False), run(A2, ONE, 2, 9)])
    assert found.adjacent(A1, ONE) is None
    assert found.adjacent(A2, ONE) is not None


def test_an_announcement_inside_a_window() -> None:
    found = macs([run(A1, ONE, 1, 9), run(A1, TWO, 10, 10, gratuitous=True)])
    assert found.announced(A1, TWO, 5, 20) is not None
    assert found.announced(A1, TWO, 11, 20) is None
    assert found.announced(A1, ONE, 0, 20) is None


def test_a_mac_of_many_addresses_is_a_routers() -> None:
    few = [run(f"10.0.1.{n}", ONE, n + 1, n + 1) for n in range(ROUTER_ADDRESSES)]
    assert macs(few).routers == frozenset()
    many = [*few, run("10.0.2.1", ONE, 99, 99)]
    assert macs(many).routers == {ONE}
    assert macs(many).adjacent("10.0.2.1", ONE) is None


def test_a_virtual_mac_is_nobodys() -> None:
    vrrp = bytes.fromhex("00005e000105")
    assert macs([run(A1, vrrp, 1, 9)]).adjacent(A1, vrrp) is None


def test_a_mac_that_stands_for_two_instances_at_once_is_a_routers() -> None:
    found = macs([run(A1, ONE, 1, 90), run(A2, ONE, 2, 90)])
    shown = [(A1, 3, b"aaaa"), (A2, 4, b"bbbb"), (A1, 50, b"aaaa"), (A2, 60, b"bbbb")]
    assert routers(found, shown) == {ONE}


def test_one_instance_after_the_other_is_no_router() -> None:
    found = macs([run(A1, ONE, 1, 90)])
    shown = [(A1, 3, b"aaaa"), (A1, 10, b"aaaa"), (A1, 50, b"bbbb"), (A1, 60, b"bbbb")]
    assert routers(found, shown) == set()


def test_a_move_to_a_port_that_is_already_there_is_no_router() -> None:
    found = macs([run(A1, ONE, 1, 90), run(A2, TWO, 2, 20), run(A2, ONE, 21, 90)])
    shown = [(A1, 3, b"aaaa"), (A2, 4, b"bbbb"), (A2, 19, b"bbbb"), (A1, 50, b"aaaa"), (A2, 60, b"aaaa")]
    assert routers(found, shown) == set()
