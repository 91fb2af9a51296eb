"""Several captures as one: copies, clocks, order, and places in the files."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from dissect.nfs4.batch import CAPTURE_STRIDE
from dissect.nfs4.capture import Frame, open_capture
from dissect.nfs4.taps import Clock, Cover, Merged, Plan, Prints, Tie, clocks, plan, prints
from dissect.nfs4.taps.copies import copies, unique
from wire.captures import frames, written

SAMPLES = Path(__file__).resolve().parents[4] / "samples"
HEAD = SAMPLES / "02-v40-ucs-takeover.pcapng"
CLIENT = SAMPLES / "02-v40-ucs-takeover-c1.pcap"
MS = 1_000_000
S = 1_000 * MS


def tcp(frame: Frame) -> bool:
    return frame.data[12:14] == b"\x08\x00" and frame.data[23] == 6


def read(*paths: Path) -> tuple[list[Prints], list[Clock], Plan]:
    found = [prints(open_capture(path)) for path in paths]
    ticking = clocks(found)
    return found, ticking, plan(found, ticking)


def merged(*paths: Path) -> list[Frame]:
    return list(Merged([open_capture(path) for path in paths], read(*paths)[2]))


@pytest.mark.parametrize("shift", [0, 37 * MS, -37 * MS, 3600 * S])
def test_a_tap_whose_clock_is_wrong_is_put_right(tmp_path: Path, shift: int) -> None:
    other = written(tmp_path / "other.pcap", frames(HEAD), shift=shift)
    _, ticking, planned = read(HEAD, other)
    assert ticking[1].tie is Tie.SHARED
    assert abs(ticking[1].middle + shift) < MS // 1000
    packets = len(prints(open_capture(HEAD)).packets)
    assert planned.twice == (0, packets)
    assert len(planned.places) == 2 * len(frames(HEAD)) - packets, "only ARP is told twice"


def test_two_taps_of_one_run_agree_within_a_millisecond_of_what_was_put_in(tmp_path: Path) -> None:
    _, (_, before), _ = read(HEAD, CLIENT)
    shifted = written(tmp_path / "client.pcap", frames(CLIENT), shift=37 * MS)
    _, (_, after), _ = read(HEAD, shifted)
    assert abs((before.middle - after.middle) - 37 * MS) < MS


def test_a_clock_that_drifts_is_followed(tmp_path: Path) -> None:
    taken = frames(SAMPLES / "14-idle-renewals.pcap")
    start = taken[0].time
    for frame in taken:
        frame.time += (frame.time - start) // 1000
    drifted = written(tmp_path / "drift.pcap", taken)
    found, ticking, _ = read(SAMPLES / "14-idle-renewals.pcap", drifted)
    off = ticking[1].corrected(found[1].times) - found[0].times
    span = int(found[0].times[-1] - start)
    assert np.abs(off).max() < span // 1000 // 4, "most of the drift is taken out"


def test_what_one_tap_lost_the_other_has(tmp_path: Path) -> None:
    every = frames(HEAD)
    rng = random.Random(1)
    lost = [{n for n in range(len(every)) if rng.random() < 0.3} for _ in range(2)]
    one, two = (
        written(tmp_path / f"{k}.pcap", [f for n, f in enumerate(every) if n not in lost[k]], shift=k * 5 * MS)
        for k in range(2)
    )
    whole = [f.data for n, f in enumerate(every) if n not in lost[0] & lost[1] and tcp(f)]
    found = [f.data for f in merged(one, two) if tcp(f)]
    assert sorted(found) == sorted(whole)
    assert found == whole, "in the order of the wire"


def test_of_two_copies_the_longer_is_taken(tmp_path: Path) -> None:
    short = frames(HEAD)
    for frame in short:
        frame.data = frame.data[:96]
    cut = written(tmp_path / "cut.pcap", short)
    for paths in ((cut, HEAD), (HEAD, cut)):
        assert all(len(f.data) == f.original_length for f in merged(*paths) if tcp(f))


def test_one_direction_here_and_the_other_there_are_tied_by_acknowledgements(tmp_path: Path) -> None:
    shifted = written(tmp_path / "s2c.pcap", frames(SAMPLES / "12-02-oneway-s2c.pcap"), shift=37 * MS)
    _, ticking, _ = read(SAMPLES / "12-02-oneway-c2s.pcap", shifted)
    assert ticking[1].tie is Tie.ANSWERS
    assert abs(ticking[1].middle + 37 * MS) <= ticking[1].uncertainty + MS
    assert ticking[1].uncertainty < MS


def test_files_of_a_ring_buffer_go_on_where_the_one_before_ended(tmp_path: Path) -> None:
    every = frames(HEAD)
    parts = [written(tmp_path / f"ring{k}.pcap", every[k * 45 : (k + 1) * 45]) for k in range(4)]
    found, ticking, planned = read(*parts)
    assert [clock.tie for clock in ticking] == [Tie.FIRST] + [Tie.CONTINUED] * 3
    assert [f.data for f in Merged([open_capture(p) for p in parts], planned)] == [f.data for f in every[:180]]
    cover = Cover(found, ticking, planned)
    assert cover.missing("10.0.0.11", "10.0.0.1") == []


def test_captures_without_a_packet_in_common_have_clocks_of_their_own() -> None:
    _, ticking, planned = read(SAMPLES / "01-v40-nonucs-takeover.pcap", SAMPLES / "14-idle-renewals.pcap")
    assert [clock.group for clock in ticking] == [0, 1]
    assert planned.twice == (0, 0)


def test_places_lead_back_to_the_files() -> None:
    paths = HEAD, CLIENT
    _, _, planned = read(*paths)
    files = [frames(path) for path in paths]
    for frame in Merged([open_capture(path) for path in paths], planned):
        places = [planned.places.place(frame.number), *planned.places.copies(frame.number)]
        for place in places:
            capture, number = divmod(place, CAPTURE_STRIDE)
            original = files[capture][number - 1]
            assert original.number == number
            assert original.data == frame.data
    assert planned.places.place(0) == 0
    assert sum(len(planned.places.copies(n)) for n in range(1, len(planned.places) + 1)) == sum(planned.twice)


def test_three_taps_share_their_packets(tmp_path: Path) -> None:
    third = written(tmp_path / "third.pcap", frames(HEAD), shift=-2 * S)
    _, ticking, planned = read(CLIENT, third, HEAD)
    assert [clock.group for clock in ticking] == [0, 0, 0]
    doubled = [planned.places.copies(n) for n in range(1, len(planned.places) + 1)]
    assert max(map(len, doubled)) == 2


def test_a_time_that_no_capture_covers_is_told(tmp_path: Path) -> None:
    every = frames(HEAD)
    early, late = written(tmp_path / "early.pcap", every[:100]), written(tmp_path / "late.pcap", every[200:])
    found, ticking, planned = read(early, late)
    cover = Cover(found, ticking, planned)
    (hole,) = cover.missing("10.0.0.11", "10.0.0.1")
    assert (hole.first, hole.last) == (every[99].time, every[200].time)
    assert cover.missing("10.0.0.250", "10.0.0.251") == []


def test_another_link_s_mac_addresses_are_left_out(tmp_path: Path) -> None:
    routed = frames(CLIENT)
    for frame in routed:
        frame.data = frame.data[:6] + bytes.fromhex("02ffffffff01") + frame.data[12:]
    other = written(tmp_path / "routed.pcap", routed)
    _, _, planned = read(HEAD, other)
    assert planned.bare == (False, True)
    taken = list(Merged([open_capture(HEAD), open_capture(other)], planned))
    assert not any(b"\x02\xff\xff\xff\xff\x01" in f.data[:14] for f in taken)


def test_equal_headers_are_paired_by_the_nearest_time() -> None:
    key = np.array([7, 7, 7, 9], np.uint64)
    found = copies(key, np.array([0, 10 * S, 20 * S, 1]), key[1:3], np.array([10 * S + 3, 20 * S - 2]))
    assert found.left.tolist() == [1, 2]
    assert found.right.tolist() == [0, 1]
    assert len(copies(key, np.zeros(4, np.int64), key[:1], np.array([60 * S])).left) == 0
    assert unique(key, key).left.tolist() == [3]


def test_a_capture_without_tcp_has_no_copies() -> None:
    none, some = np.zeros(0, np.uint64), np.array([7, 7, 9], np.uint64)
    assert [len(unique(*each).left) for each in ((none, none), (none, some), (some, none))] == [0, 0, 0]
    assert unique(some, np.array([9, 5], np.uint64)).left.tolist() == [2]
