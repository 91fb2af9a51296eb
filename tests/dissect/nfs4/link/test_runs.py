"""Runs of addresses and MACs: takeovers stand out, two taps do not flap, nothing grows without bound."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dissect.nfs4.link import Binding, LinkRuns
from dissect.nfs4.link.runs import ADDRESSES, BURST_NS, MACS_AN_ADDRESS, RUNS_AN_ADDRESS, TAKEOVER_NS

A, B = b"\2\0\0\0\0\x0a", b"\2\0\0\0\0\x0b"
SECOND = 10**9
Sighting = tuple[int, int, bytes]


def runs(sightings: list[Sighting], binding: Binding = Binding.SPOKE) -> list[tuple[bytes, int, int]]:
    """MAC, first and last frame of each run of one address."""
    found = LinkRuns(lambda _reason, _frame: None)
    for frame, time, mac in sightings:
        found.saw("10.0.0.2", mac, binding, frame, time)
    return [(event.mac, event.frame, event.last_frame) for event in found.drain(final=True)]


def every_second(mac: bytes, first: int, last: int) -> list[Sighting]:
    return [(n, n * SECOND, mac) for n in range(first, last + 1)]


def test_a_takeover_makes_two_runs() -> None:
    assert runs(every_second(A, 1, 200) + every_second(B, 250, 400)) == [(A, 1, 200), (B, 250, 400)]


def test_a_failback_makes_a_third() -> None:
    seen = every_second(A, 1, 200) + every_second(B, 250, 400) + every_second(A, 401, 500)
    assert runs(seen) == [(A, 1, 200), (B, 250, 400), (A, 401, 500)]


def test_two_taps_show_two_macs_side_by_side() -> None:
    seen = [(2 * n + tap, n * SECOND + tap * 1000, mac) for n in range(500) for tap, mac in enumerate((A, B))]
    assert runs(seen) == [(A, 0, 998), (B, 1, 999)]


def test_a_takeover_seen_at_two_taps() -> None:
    c, d = b"\2\0\0\0\0\x0c", b"\2\0\0\0\0\x0d"
    before = [(2 * n + tap, n * SECOND + tap, mac) for n in range(100) for tap, mac in enumerate((A, B))]
    after = [(2 * n + tap, n * SECOND + tap, mac) for n in range(120, 200) for tap, mac in enumerate((c, d))]
    assert runs(before + after) == [(A, 0, 198), (B, 1, 199), (c, 240, 398), (d, 241, 399)]


def test_slow_flapping_is_bounded() -> None:
    seen = [(n, n * SECOND, (A, B)[n // 10 % 2]) for n in range(100_000)]
    found = runs(seen)
    assert RUNS_AN_ADDRESS <= len(found) <= RUNS_AN_ADDRESS + 2
    assert max(last for _, _, last in found) == 99_999


def test_macs_without_end_are_bounded_and_noted() -> None:
    noted: list[str] = []
    found = LinkRuns(lambda reason, _frame: noted.append(reason))
    for n in range(10_000):
        found.saw("10.0.0.2", n.to_bytes(6, "big"), Binding.SPOKE, n, n)
    assert len(found.drain(final=True)) <= RUNS_AN_ADDRESS + MACS_AN_ADDRESS
    assert set(noted) == {"more MACs of an address than are watched"}


def test_addresses_without_end_are_bounded_and_noted() -> None:
    noted: list[str] = []
    found = LinkRuns(lambda reason, _frame: noted.append(reason))
    for n in range(ADDRESSES + 5):
        found.saw(str(n), A, Binding.SPOKE, n, n)
    assert len(found.drain(final=True)) == ADDRESSES
    assert noted == ["more addresses than are watched for their MAC"] * 5


def test_one_frame_of_arp_takes_over() -> None:
    assert runs([(1, 0, A), (250, 1, B), (600, 2, A)], Binding.BOUND) == [(A, 1, 1), (B, 250, 250), (A, 600, 600)]
    assert runs([(1, 0, A), (600, 900 * SECOND, A)], Binding.BOUND) == [(A, 1, 600)]


def test_announcements_come_in_bursts() -> None:
    seen = [(n, n * SECOND, A) for n in (1, 2, 3)] + [(n, n * SECOND + BURST_NS, A) for n in (4, 5)]
    assert runs(seen, Binding.ANNOUNCED) == [(A, 1, 3), (A, 4, 5)]
    assert len(runs([(n, n * 60 * SECOND, A) for n in range(5000)], Binding.ANNOUNCED)) == RUNS_AN_ADDRESS + 1


def test_kinds_are_kept_apart_and_told() -> None:
    found = LinkRuns(lambda _reason, _frame: None)
    for n, binding in enumerate(Binding):
        found.saw("10.0.0.2", A, binding, n, n)
    told = [(event.frame, event.adjacent, event.gratuitous) for event in found.drain(final=True)]
    assert told == [(0, False, False), (1, True, False), (2, True, True)]


def test_what_is_over_comes_out_before_the_end() -> None:
    found = LinkRuns(lambda _reason, _frame: None)
    for frame, time, mac in every_second(A, 1, 9) + every_second(B, 10, 19) + every_second(A, 20, 21):
        found.saw("10.0.0.2", mac, Binding.SPOKE, frame, time)
    assert [(event.mac, event.frame, event.last_frame) for event in found.drain()] == [(A, 1, 9)]
    assert found.drain() == []
    assert [(event.mac, event.frame) for event in found.drain(final=True)] == [(B, 10), (A, 20)]


sighted = st.lists(
    st.tuples(st.sampled_from(("x", "y")), st.sampled_from((A, B)), st.integers(0, 3 * TAKEOVER_NS)), max_size=60
)


@settings(max_examples=150, deadline=None)
@given(sighted)
def test_stretches_tell_the_same_as_their_frames(seen: list[tuple[str, bytes, int]]) -> None:
    """Whoever finds stretches by other means gets the same runs from their ends."""
    single, stretched = (LinkRuns(lambda _reason, _frame: None) for _ in range(2))
    stretches: list[list[int | str | bytes]] = []
    time = 0
    for address in ("x", "y"):
        current: list[int | str | bytes] = []
        time = 0
        for frame, (seen_address, mac, step) in enumerate(seen):
            time += step
            if seen_address != address:
                continue
            single.saw(address, mac, Binding.SPOKE, frame, time)
            if current and current[1] == mac:
                current[4:] = [frame, time]
            else:
                current = [address, mac, frame, time, frame, time]
                stretches.append(current)
    for stretch in stretches:
        address_, mac_, frame_, time_, last_frame, last = stretch
        assert isinstance(address_, str) and isinstance(mac_, bytes) and isinstance(frame_, int)
        assert isinstance(time_, int) and isinstance(last_frame, int) and isinstance(last, int)
        stretched.saw(address_, mac_, Binding.SPOKE, frame_, time_, last_frame, last)
    assert single.drain(final=True) == stretched.drain(final=True)
