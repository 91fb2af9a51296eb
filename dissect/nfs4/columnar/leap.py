"""Where the records of a pcap file begin, found from many places at once.

The chain of records from the first on is the only truth. Places that look like a record's beginning are guessed, all
chains are followed together, and a chain counts if the one before it ends exactly where it begins.
"""

from __future__ import annotations

from struct import Struct

import numpy as np

from dissect.nfs4.capture.frame import MAX_CAPTURED
from dissect.nfs4.columnar.space import Index, Space

_BLOCK = 1 << 16
"""Bytes of a file for each place guessed."""
_TRIES = 24


def record_starts(space: Space, have: int, header: int, order: str) -> tuple[Index, int]:
    """Where the records begin that are whole within the first `have` bytes, and where the next one would begin: a
    record longer than MAX_CAPTURED, or one whose end is not there. `order`: of the file's bytes, as in struct."""
    guesses = _guesses(space, have, header, order)
    chains, ends = _chains(space, have, header, order, guesses)
    number = {start: index for index, start in enumerate(guesses)}
    unpack, data = Struct(order + "I").unpack_from, space.data
    at, found = 0, []
    steps: list[int] = []
    while True:
        index = number.get(at)
        if index is not None and ends[index] > at:
            if steps:
                found.append(np.array(steps, np.int64))
                steps = []
            found.append(chains[index][chains[index] >= 0])
            at = ends[index]
            continue
        if at + header > have:
            break
        captured = unpack(data, at + 8)[0]
        if captured > MAX_CAPTURED or at + header + captured > have:
            break
        steps.append(at)
        at += header + captured
    if steps:
        found.append(np.array(steps, np.int64))
    return np.concatenate(found) if found else np.zeros(0, np.int64), at


def _chains(space: Space, have: int, header: int, order: str, guesses: list[int]) -> tuple[Index, list[int]]:
    """A row of record starts for each guess up to the next guess, filled up with -1, and where each row ends."""
    at = np.array(guesses, np.int64)
    limit = np.append(at[1:], have)
    captured = space.view(order + "u4")
    active = np.arange(len(at))
    columns = []
    while len(active):
        here = at[active]
        inside = here + header <= have
        octets = captured[np.where(inside, here + 8, 0)].astype(np.int64)
        following = here + header + octets
        good = inside & (octets <= MAX_CAPTURED) & (following <= have)
        active, here, following = active[good], here[good], following[good]
        column = np.full(len(at), -1, np.int64)
        column[active] = here
        columns.append(column)
        at[active] = following
        active = active[following < limit[active]]
    return np.array(columns).T, at.tolist()


def _guesses(space: Space, have: int, header: int, order: str) -> list[int]:
    """The first record, and places further on that look like records of about the same time."""
    data = space.data
    # The upper half of the seconds stays the same for hours.
    shift = 2 if order == "<" else 0
    stamp = bytes(data[shift : shift + 2])
    unpack = Struct(order + "II").unpack_from
    found = [0]
    for block in range(_BLOCK, have - header, _BLOCK):
        place = block
        for _ in range(_TRIES):
            place = data.find(stamp, place + shift, have - header) - shift
            if place < block:
                break
            captured, original = unpack(data, place + 8)
            if captured <= original <= MAX_CAPTURED:
                following = place + header + captured
                if following + header <= have and data[following + shift : following + shift + 2] == stamp:
                    found.append(place)
                    break
            place += 1
    return found
