"""Captures of any format to chunks."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

from dissect.nfs4.capture import Capture, Frame
from dissect.nfs4.capture.stream import CutShort
from dissect.nfs4.columnar.chunk import FRAMES, Chunk, count, of_frames
from dissect.nfs4.columnar.feed import Feed
from dissect.nfs4.columnar.pcap import Pcap
from dissect.nfs4.columnar.pcapng import Pcapng
from dissect.nfs4.columnar.snoop import Snoop

_READERS: dict[str, type[Pcap] | type[Pcapng] | type[Snoop]] = {"pcap": Pcap, "pcapng": Pcapng, "snoop": Snoop}
"""What takes the records of a format out of a stretch of its bytes."""

_FIRST = 4 << 20
_LEAST = 64
_ARRAYS = 2000
"""Octets of the arrays that are made of a frame, about: where frames are short a chunk has fewer octets of them."""


def chunks(capture: Capture | Iterable[Frame], octets: int) -> Iterator[Chunk]:
    """The frames of an open capture of which none was taken yet, or frames as they are: about so many octets of them at
    a time, and at least one. Keeps the capture's counts. A chunk's memory is used again for the one after it."""
    return _recorded(capture, octets) if isinstance(capture, Capture) else _collected(iter(capture), octets)


def _collected(frames: Iterator[Frame], octets: int) -> Iterator[Chunk]:
    while True:
        taken: list[Frame] = []
        left = octets
        for frame in frames:
            taken.append(frame)
            left -= len(frame.data)
            if left <= 0 or len(taken) == FRAMES:
                break
        if not taken:
            return
        yield of_frames(taken)


def _recorded(capture: Capture, octets: int) -> Iterator[Chunk]:
    feed = Feed(capture)
    reader = _READERS[capture.container.partition("+")[0]](capture, capture.source.buffer)
    if not feed.mapped:
        octets = max(octets // 2, 1)
    at, wanted = reader.begins, min(octets, _FIRST)
    try:
        while True:
            stretch = feed.stretch(at, wanted)
            before, packets = at, capture.packets
            at = stretch.offset + (yield from _counted(capture, reader.take(stretch)))
            if stretch.last:
                break
            del stretch
            if at > before:
                # So many that their frames fill a chunk.
                each = (at - before) // max(capture.packets - packets, 1)
                wanted = min(octets, max(each * min(octets // (each + _ARRAYS), FRAMES), _FIRST))
            else:
                wanted += max(octets // 8, wanted // 8, _LEAST)
    except CutShort as cut:
        capture.cut(cut.offset, cut.reason)
    else:
        if capture.source.damage:
            capture.cut(at, capture.source.damage)


def _counted(capture: Capture, found: Generator[Chunk, None, int]) -> Generator[Chunk, None, int]:
    while True:
        try:
            chunk = next(found)
        except StopIteration as done:
            return int(done.value)
        count(capture, chunk)
        yield chunk
        del chunk
