"""Frames for tshark, in a file of our own making: its name, format and order hold no surprises."""

from __future__ import annotations

import shutil
import tempfile
from array import array
from pathlib import Path
from struct import Struct
from types import TracebackType
from typing import Self

from dissect.nfs4.capture.frame import Frame
from dissect.nfs4.capture.linktypes import SNOOP_BASE

_BLOCK = Struct("<II")
_SECTION = Struct("<IIIHHqI")
_INTERFACE = Struct("<IIHHIHHB3xHHI")
_PACKET = Struct("<IIIIIII")
_TOTAL = Struct("<I")
_NANOSECONDS = 9


def room(folder: Path) -> int:
    """Octets that a file of ours may take there: half of what is free, whatever a capture unpacks to."""
    return shutil.disk_usage(folder).free // 2


class Spool:
    """A folder of its own with one pcapng file, removed on leaving. `numbers[n - 1]`: the frame that tshark calls n."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="nfsanalyze-"))
        self.full = False
        "frames were left out for want of room"
        self._room = room(self.folder)
        self.path = self.folder / "frames.pcapng"
        self.numbers = array("Q")
        self._interfaces: dict[int, int] = {}
        self._file = self.path.open("wb")
        self._file.write(_SECTION.pack(0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, frame: Frame, number: int) -> None:
        """Take a frame in; of link types that only snoop files number, tshark could not be told."""
        if frame.link_type >= SNOOP_BASE:
            return
        interface = self._interfaces.get(frame.link_type)
        if interface is None:
            interface = self._interfaces[frame.link_type] = len(self._interfaces)
            self._file.write(_INTERFACE.pack(1, 32, frame.link_type, 0, 0, 9, 1, _NANOSECONDS, 0, 0, 32))
        captured = len(frame.data)
        total = 32 + captured + -captured % 4
        self._room -= total
        if self._room < 0:
            self.full = True
            return
        high, low = divmod(max(frame.time, 0), 1 << 32)
        self._file.write(_PACKET.pack(6, total, interface, high, low, captured, frame.original_length))
        self._file.write(frame.data + bytes(-captured % 4))
        self._file.write(_TOTAL.pack(total))
        self.numbers.append(number)

    def flush(self) -> None:
        """All frames are in: the file may be read."""
        self._file.flush()
