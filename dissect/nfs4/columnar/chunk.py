"""Captures in chunks: a run of bytes, and where in it the frames lie."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.capture import Capture
from dissect.nfs4.capture.frame import Frame
from dissect.nfs4.columnar.space import SLACK, Index, Space
from dissect.nfs4.dataclass import dataclass

FRAMES = 1 << 16
"""Frames of a chunk at most: what is kept of each while it is decoded is more than the smallest have bytes."""


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
    link_type: NDArray[np.int32] | NDArray[np.int64]
    "wider where it may be of snoop: that is SNOOP_BASE and 32 bits"
    interface: NDArray[np.int32]
    timed: NDArray[np.bool_] | None = None
    "frames with a time of their own; None if all have one"

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


def spare(octets: int) -> int:
    """Room behind the bytes of frames for copies of what lies scattered in them."""
    return octets // 2 + (1 << 16) + SLACK


def as_captured(captured: Index, original: Index) -> tuple[Index, Index]:
    """Lengths of which none captured is more than was on the wire: some capture points append bytes of their own. An
    original length of 0 is untold."""
    if (captured > original).any():
        original = np.where(original == 0, captured, original)
        captured = np.minimum(captured, original)
    return captured, original


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
        link_type=np.array([frame.link_type for frame in taken], np.int64),
        interface=np.array([frame.interface for frame in taken], np.int32),
    )


def count(capture: Capture, chunk: Chunk) -> None:
    """Keep the counts of a capture as if it had handed out these frames."""
    times = chunk.time if chunk.timed is None else chunk.time[chunk.timed]
    cut = chunk.captured < chunk.original
    cut_short = chunk.captured[cut]
    link_type, first = np.unique(chunk.link_type, return_index=True)
    capture.count(
        len(chunk),
        times=(int(times.min()), int(times.max())) if len(times) else None,
        link_types=link_type[np.argsort(first)].tolist(),
        cut=len(cut_short),
        shortest=int(cut_short.min()) if len(cut_short) else 0,
    )
