"""Opening captures: the format is told by the first bytes, never by the name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from io import RawIOBase
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

from dissect.nfs4.capture.compressed import COMPRESSIONS, inflater
from dissect.nfs4.capture.errors import CaptureError, EmptyCapture, UnreadableCapture
from dissect.nfs4.capture.foreign import not_readable
from dissect.nfs4.capture.frame import MAX_TIME, Frame, Interface, Tally
from dissect.nfs4.capture.linktypes import link_type_name
from dissect.nfs4.capture.pcap import MAGICS, read_pcap
from dissect.nfs4.capture.pcapng import MAGIC as PCAPNG_MAGIC
from dissect.nfs4.capture.pcapng import read_pcapng
from dissect.nfs4.capture.ration import Ration
from dissect.nfs4.capture.snoop import MAGIC as SNOOP_MAGIC
from dissect.nfs4.capture.snoop import read_snoop
from dissect.nfs4.capture.stream import ENDS, CutShort, Source

_FORMATS: tuple[tuple[str, tuple[bytes, ...], Callable[[Source, Tally], Iterator[Frame] | None]], ...] = (
    ("pcap", MAGICS, read_pcap),
    ("pcapng", (PCAPNG_MAGIC,), read_pcapng),
    ("snoop", (SNOOP_MAGIC,), read_snoop),
)

_HEAD = 512
"""Enough for every magic, and to tell text from data."""


class Capture:
    """An open capture: iterate over it once for its frames; a context manager that closes the file.

    Iterating raises nothing for damage: it ends, and `cut_short`, `cut_at` and `cut_reason` say so. All counts are
    of the frames handed out so far.
    """

    def __init__(self, path: str, stream: BinaryIO, *, close: bool) -> None:
        self.path = self.file = path
        "as given, and what is read: another where tshark has rewritten it"
        self.packets = 0
        self.cut_short = False
        "bytes of the file were not analysed: it ends inside a record, or is damaged"
        self.cut_at: int | None = None
        "offset of the first byte not analysed (in the uncompressed stream)"
        self.cut_reason: str | None = None
        self.snaplen: int | None = None
        "the shortest that a frame was cut to"
        self.snaplen_cut_packets = 0
        "frames captured shorter than they were on the wire"
        self.first: int | None = None
        "earliest time, ns since 1970 UTC"
        self.last: int | None = None
        self._stream = stream
        self._close = close
        self.tally = Tally()
        self._link_types: dict[int, None] = {}
        self.container, self.source, records = _recognise(stream, self.tally)
        "the format of what is read"
        self.format = self.container
        "that of what was given"
        self._frames = self._count(records)

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        """Interfaces declared so far."""
        return tuple(self.tally.interfaces)

    @property
    def link_types(self) -> tuple[str, ...]:
        """Names of the link types of the frames so far, in the order met."""
        return tuple(link_type_name(link_type) for link_type in self._link_types)

    @property
    def untimed(self) -> int:
        """Frames without a believable time of their own (pcapng Simple Packet Blocks have none)."""
        return self.tally.untimed

    def __iter__(self) -> Iterator[Frame]:
        return self._frames

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def again(self) -> Capture:
        """The same file, opened once more. Raises CaptureError; standard input cannot be read twice."""
        if not self._close:
            raise UnreadableCapture(f"{self.path}: standard input cannot be read twice; save it to a file")
        other = open_capture(self.file)
        other.path, other.format = self.path, self.format
        return other

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self._close:
            self._stream.close()

    def _count(self, records: Iterator[Frame]) -> Iterator[Frame]:
        tally, link_types = self.tally, self._link_types
        first, last, untimed = MAX_TIME, -1, 0
        met = -1
        try:
            for frame in records:
                self.packets += 1
                time = frame.time
                if tally.untimed != untimed:
                    untimed = tally.untimed
                else:
                    if time < first:
                        self.first = first = time
                    if time > last:
                        self.last = last = time
                if frame.link_type != met:
                    met = frame.link_type
                    link_types[met] = None
                captured = len(frame.data)
                if captured < frame.original_length:
                    self.snaplen_cut_packets += 1
                    if self.snaplen is None or captured < self.snaplen:
                        self.snaplen = captured
                yield frame
        except CutShort as cut:
            self.cut(cut.offset, cut.reason)
        else:
            if self.source.damage:
                self.cut(self.source.base + len(self.source.buffer), self.source.damage)

    @property
    def raw(self) -> RawIOBase | None:
        """The file itself, for a reader that takes its bytes in place of frames; None where it is compressed. What was
        taken from it already is in the buffer of `source`."""
        return None if "+" in self.container or not hasattr(self._stream, "readinto") else cast(RawIOBase, self._stream)

    def count(
        self, packets: int, *, times: tuple[int, int] | None, link_types: Iterable[int], cut: int, shortest: int
    ) -> None:
        """Count frames that were read by other means: the earliest and the latest time among them, how many were cut
        by the snaplen, and what the shortest of these was cut to."""
        self.packets += packets
        if times is not None:
            self.first = times[0] if self.first is None else min(self.first, times[0])
            self.last = times[1] if self.last is None else max(self.last, times[1])
        self._link_types.update(dict.fromkeys(link_types))
        if cut:
            self.snaplen_cut_packets += cut
            self.snaplen = shortest if self.snaplen is None else min(self.snaplen, shortest)

    def cut(self, offset: int, reason: str) -> None:
        """Bytes of the file from this offset on are not analysed."""
        self.cut_short = True
        self.cut_at = offset
        # A record that cannot be is the reason, however far the stream was read ahead of it.
        self.cut_reason = self.source.damage if self.source.damage and reason.startswith(ENDS) else reason


def open_capture(path: str | Path) -> Capture:
    """Open a capture file, `-` for standard input: pcap, pcapng or snoop, as it is or compressed.

    Compressed by gzip, zstd, xz, bzip2 or lz4 (which needs the extra of that name). Raises CaptureError:
    UnreadableCapture, EmptyCapture, NotACapture or UnsupportedFormat, each one line that starts with the path. A header
    without packets is no error.
    """
    name = str(path)
    close = name != "-"
    try:
        stream = _standard_input() if name == "-" else Path(name).open("rb", buffering=0)  # noqa: SIM115
    except IsADirectoryError:
        raise UnreadableCapture(f"{name}: is a directory; name the captures in it") from None
    except FileNotFoundError:
        raise UnreadableCapture(f"{name}: no such file") from None
    except PermissionError:
        raise UnreadableCapture(f"{name}: permission denied") from None
    except (OSError, ValueError) as error:
        raise UnreadableCapture(f"{name}: cannot be opened ({getattr(error, 'strerror', None) or error})") from None
    try:
        return Capture(name, stream, close=close)
    except CaptureError as error:
        if close:
            stream.close()
        raise type(error)(f"{name}: {error}") from None


def _standard_input() -> BinaryIO:
    if sys.stdin is None or sys.stdin.isatty():
        raise UnreadableCapture("-: standard input is a terminal or closed; pipe a capture into it")
    return sys.stdin.buffer


def _recognise(stream: BinaryIO, tally: Tally) -> tuple[str, Source, Iterator[Frame]]:
    """The name of the format, the source that frames are read from, and the frames."""
    source = Source(stream.read)
    head = source.more(0, _HEAD)
    suffix = ""
    for name, magics, inflate in COMPRESSIONS:
        if head.startswith(magics):
            ration = Ration(_Rejoined(head, source.read).read)
            source = Source(inflater(inflate, ration), ration)
            head, suffix = source.more(0, _HEAD), f"+{name}"
            break
    if not head:
        if source.damage:
            raise (EmptyCapture if suffix else UnreadableCapture)(source.damage)
        raise EmptyCapture("holds no bytes when unpacked" if suffix else "is empty (0 bytes)")
    for name, magics, read in _FORMATS:
        if head.startswith(magics):
            frames = read(source, tally)
            if frames is None:
                raise EmptyCapture(f"holds no packets: it ends inside the {name} file header")
            return name + suffix, source, frames
    if any(magic.startswith(head) for _name, magics, _read in _FORMATS for magic in magics):
        raise EmptyCapture(f"holds no packets: it is only {len(head)} bytes long")
    raise not_readable(head[:_HEAD])


class _Rejoined:
    """A read function over bytes already taken and the rest of their stream."""

    def __init__(self, head: bytes, rest: Callable[[int], bytes]) -> None:
        self._head, self._rest = head, rest

    def read(self, size: int) -> bytes:
        if self._head:
            piece, self._head = self._head[:size], self._head[size:]
            return piece
        return self._rest(size)
