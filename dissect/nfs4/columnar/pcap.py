"""pcap files in chunks: record headers are hopped over one by one, all fields read at once."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

import numpy as np

from dissect.nfs4.capture import Capture
from dissect.nfs4.capture.frame import MAX_CAPTURED
from dissect.nfs4.capture.pcap import _FILE_HEADER, _MODIFIED, _NANOSECONDS_A_TICK
from dissect.nfs4.columnar.chunk import Chunk, spare
from dissect.nfs4.columnar.feed import Feed
from dissect.nfs4.columnar.leap import record_starts
from dissect.nfs4.columnar.space import Index, Space

_RECORD = 16


def pcap_chunks(capture: Capture, chunk_bytes: int) -> Iterator[Chunk]:
    """The frames of a pcap file of which none was taken yet; keeps the counts of `capture`."""
    feed = Feed(capture)
    head = feed.head(_FILE_HEADER)
    order = "<" if int.from_bytes(head[:4], "little") in _NANOSECONDS_A_TICK else ">"
    magic = int.from_bytes(head[:4], "little" if order == "<" else "big")
    tick, header = _NANOSECONDS_A_TICK[magic], _RECORD + (8 if magic == _MODIFIED else 0)
    link_type = Struct(order + "I").unpack_from(head, 20)[0] & 0xFFFF
    room = chunk_bytes + MAX_CAPTURED + header
    space = Space(bytearray(room + spare(room)))
    data = memoryview(space.data)
    offset, number, have, ended = _FILE_HEADER, 0, 0, False
    while True:
        wanted = max(chunk_bytes, header)
        while True:
            while have < wanted and not ended:
                octets = feed.read_into(data[have:wanted])
                have, ended = have + octets, not octets
            at, stop, reason = _walk(space, have, header, order)
            if len(at) or reason or ended:
                break
            # A record longer than the chunk.
            wanted = min(room, have + chunk_bytes)
        if len(at):
            chunk = _chunk(space, have, at, header, order, tick, link_type, number)
            number += len(at)
            feed.count(chunk.time, chunk.captured, chunk.original, chunk.link_type)
            yield chunk
        left = have - stop
        if reason or ended:
            break
        data[:left] = bytes(data[stop:have])
        offset, have = offset + stop, left
    if not reason and left:
        reason = f"the file ends inside a record{' header' if left < header else ''}"
    feed.end(offset + stop, left, reason)


def _walk(space: Space, have: int, header: int, order: str) -> tuple[Index, int, str]:
    """Where records begin whose last byte is there, where the next one begins, and why that cannot be a record."""
    where, at = record_starts(space, have, header, order)
    if at + header <= have and (octets := Struct(order + "I").unpack_from(space.data, at + 8)[0]) > MAX_CAPTURED:
        return where, at, f"a record of {octets} bytes cannot be: the file is damaged here"
    return where, at, ""


def _chunk(
    space: Space, have: int, at: Index, header: int, order: str, tick: int, link_type: int, number: int
) -> Chunk:
    fields = space.view("V16")[at].view(order + "u4").reshape(-1, 4)
    seconds, fraction, captured, original = (fields[:, column].astype(np.int64) for column in range(4))
    if (captured > original).any():
        # Some capture points append bytes of their own; what was never on the wire is no data. 0 means untold.
        original = np.where(original == 0, captured, original)
        captured = np.minimum(captured, original)
    count = len(at)
    return Chunk(
        space=space,
        used=have,
        number=np.arange(number + 1, number + count + 1),
        time=seconds * 1_000_000_000 + fraction * tick,
        at=at + header,
        captured=captured,
        original=original,
        link_type=np.full(count, link_type, np.int32),
        interface=np.zeros(count, np.int32),
    )
