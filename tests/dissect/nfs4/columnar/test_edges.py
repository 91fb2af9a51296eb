"""Holes that the edge of a chunk leaves open: a window ends around each, so that few segments share one with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from same import compare

from dissect.nfs4.columnar.streams import left_open
from wire.dialogue import Wire


class Sent:
    """Segments of one way."""

    def __init__(self, *segments: tuple[int, int], begin: int = 0) -> None:
        self.seq = np.array([(begin + at) % (1 << 32) for at, _ in segments], np.int64)
        self.length = np.array([octets for _, octets in segments], np.int64)

    def open(self) -> int | None:
        segments: Any = self
        return left_open(segments, np.arange(len(self.seq)))


@pytest.mark.parametrize("begin", [0, (1 << 32) - 15])
@pytest.mark.parametrize(
    ("segments", "first"),
    [
        ([], None),
        ([(0, 0), (0, 0)], None),
        ([(0, 10), (10, 10), (20, 10)], None),
        ([(0, 10), (20, 10), (10, 10)], None),
        ([(0, 10), (20, 10), (30, 10)], 1),
        ([(0, 10), (20, 10), (10, 10), (40, 10), (30, 5)], 3),
        ([(0, 10), (20, 10), (5, 30), (35, 1)], None),
    ],
)
def test_left_open(segments: list[tuple[int, int]], first: int | None, begin: int) -> None:
    assert Sent(*segments, begin=begin).open() == first


@given(st.permutations(range(12)), st.sets(st.integers(0, 11), max_size=2))
def test_no_hole_is_left_where_all_came(order: list[int], lost: set[int]) -> None:
    """The first segment is where the stream stands."""
    came = [0, *(each + 1 for each in order if each not in lost)]
    found = Sent(*((10 * each, 10) for each in came)).open()
    missing = [each + 1 for each in lost if each + 1 < max(came)]
    assert (found is not None) == bool(missing)
    if found is not None:
        assert sorted(came[:found]) == list(range(found)), "nothing waits before"


def test_few_segments_are_taken_one_by_one(alone: list[Any]) -> None:
    wire = Wire()
    connection = wire.connect("10.0.0.11:871", "10.0.0.1:2049", mss=1000)
    for _ in range(400):
        connection.call("WRITE", data=bytes(900)).reply()
    size = 200_000
    frames, octets = len(wire.frames), 0
    for at, (_, frame) in enumerate(wire.frames):
        octets += 16 + len(frame)
        if octets >= size // 2 - 5_000:
            # What was sent here comes behind the edge.
            wire.frames.insert(at + 24, wire.frames.pop(at))
            break
    assert len(wire.frames) == frames
    compare(wire.pcap(), size)
    assert 0 < len(alone) < 300
