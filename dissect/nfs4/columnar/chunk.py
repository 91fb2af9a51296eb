"""Captures in chunks: a run of bytes, and where in it the frames lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.capture.frame import Frame
from dissect.nfs4.columnar.space import SLACK, Index, Space


@dataclass(slots=True, kw_only=True)
class Chunk:
    """Frames that follow each other. Arrays have one item a frame; `base` comes on top of `number` in all output.

    `space` holds the frames up to `used`; what is behind may be written to.
    """

    space: Space
    used: int
    number: Index
    time: Index
    at: Index
    "where the frame's bytes begin"
    captured: Index
    original: Index
    link_type: NDArray[np.int32]
    interface: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.at)

    def frame(self, index: int) -> Frame:
        """One frame as the other decoder takes it."""
        at = int(self.at[index])
        return Frame(
            number=int(self.number[index]),
            time=int(self.time[index]),
            data=bytes(self.space.data[at : at + int(self.captured[index])]),
            original_length=int(self.original[index]),
            link_type=int(self.link_type[index]),
            interface=int(self.interface[index]),
        )


def spare(used: int) -> int:
    """Room behind the frames of a chunk for copies of what lies scattered in it."""
    return used // 2 + (1 << 16) + SLACK


def chunks(capture: Iterable[Frame], chunk_bytes: int) -> Iterator[Chunk]:
    """The frames of a capture, about `chunk_bytes` of them at a time and at least one."""
    frames = iter(capture)
    while True:
        taken: list[Frame] = []
        octets = 0
        for frame in frames:
            taken.append(frame)
            octets += len(frame.data)
            if octets >= chunk_bytes:
                break
        if not taken:
            return
        yield of_frames(taken)


def of_frames(taken: list[Frame]) -> Chunk:
    """A chunk of these frames."""
    data = bytearray(b"".join([frame.data for frame in taken]))
    used = len(data)
    data += bytes(spare(used))
    captured = np.array([len(frame.data) for frame in taken], np.int64)
    return Chunk(
        space=Space(data),
        used=used,
        number=np.array([frame.number for frame in taken], np.int64),
        time=np.array([frame.time for frame in taken], np.int64),
        at=np.cumsum(captured) - captured,
        captured=captured,
        original=np.array([frame.original_length for frame in taken], np.int64),
        link_type=np.array([frame.link_type for frame in taken], np.int32),
        interface=np.array([frame.interface for frame in taken], np.int32),
    )
