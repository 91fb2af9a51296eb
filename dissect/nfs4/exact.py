"""The exact decoder: one frame at a time, plain and complete. It is what the columnar decoder is held against."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Set

from dissect.nfs4.batch import CAPTURE_STRIDE, Batch, Event
from dissect.nfs4.bounds import NFS_PORTS
from dissect.nfs4.capture.frame import Frame
from dissect.nfs4.gather import Gather
from dissect.nfs4.link.segment import Other, Segment
from dissect.nfs4.link.unwrap import Unwrapper
from dissect.nfs4.message import Message
from dissect.nfs4.streams import Streams

BATCH_FRAMES = 65536


def exact(
    frames: Iterable[Frame],
    *,
    capture_no: int = 0,
    batch_frames: int = BATCH_FRAMES,
    ports: Collection[int] = (),
    unwrapper: Unwrapper | None = None,
) -> Iterator[Batch]:
    """Decode the frames of one capture, in its order; `capture_no` moves all frame numbers by CAPTURE_STRIDE times it.

    Connections are numbered from 0 in the order of their first segments; those that show no RPC and are on no NFS port
    are not told, so numbers may be missing. A connection comes no later than its first row. Each batch is sorted by id;
    what had to wait for later frames may have smaller ids than the batch before. A batch is made of `batch_frames`
    frames, which changes nothing in the rows of all of them together. `unwrapper` opens the frames.
    """
    gather = Gather()
    taken = 0
    for _ in _decode(frames, capture_no * CAPTURE_STRIDE, gather, ports, unwrapper):
        taken += 1
        if taken == batch_frames:
            taken = 0
            if (batch := gather.flush()) is not None:
                yield batch
    if (batch := gather.flush()) is not None:
        yield batch


def messages(frames: Iterable[Frame]) -> Iterator[tuple[int, Message]]:
    """The decoded messages themselves with their ids, in the order in which `exact` finds them."""
    gather = _Listed()
    for _ in _decode(frames, 0, gather):
        yield from gather.listed
        gather.listed.clear()
    yield from gather.listed


class _Listed(Gather):
    def __init__(self) -> None:
        super().__init__()
        self.listed: list[tuple[int, Message]] = []

    def message(
        self, *, id: int, time: int, conn: int, direction: int, call: int, marks: int, message: Message
    ) -> None:
        self.listed.append((id, message))

    def event(self, event: Event) -> None:
        pass


def _decode(
    frames: Iterable[Frame],
    base: int,
    gather: Gather,
    ports: Collection[int] = (),
    unwrapper: Unwrapper | None = None,
) -> Iterator[None]:
    """Decode into `gather`; comes back after each frame, and ends when all is in it."""
    nfs_ports = NFS_PORTS | frozenset(ports)
    unwrapper, streams = unwrapper or Unwrapper(), Streams(gather, nfs_ports)
    for frame in frames:
        number = base + frame.number
        streams.advance(number)
        for item in unwrapper.feed(frame, number):
            if isinstance(item, Segment):
                streams.segment(item)
            elif item.protocol != UNDECODED:
                streams.census.count(kind_of(item, nfs_ports), number)
        for event in unwrapper.drain():
            gather.event(event)
        yield
    for event in unwrapper.drain(final=True):
        gather.event(event)
    streams.close()


UNDECODED = "undecoded"
"""Protocol of what the link layer has a note for already."""


def kind_of(other: Other, nfs_ports: Set[int]) -> str:
    """What a frame without a segment is counted as: its protocol, and the port of the server as far as ports tell."""
    if other.source_port is None or other.destination_port is None:
        return other.protocol
    ports = {other.source_port, other.destination_port}
    return f"{other.protocol} port {min(ports & nfs_ports or ports)}"
