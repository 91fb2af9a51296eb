"""What a capture file may be: from frames to the octets of a file."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
from collections.abc import Callable, Sequence

from soundness.packets import Packet, pcap

from wire.captures import Pcapng, snoop_file

Frames = Sequence[Packet]
File = Callable[[Frames], bytes]


def plain(frames: Frames) -> bytes:
    return pcap(frames)


def _pcap(order: str = "<", *, ns: bool = False) -> File:
    return lambda frames: pcap(frames, order=order, ns=ns)


def _pcapng(order: str = "<") -> File:
    """Two interfaces in turn: one with microseconds, one with nanoseconds."""

    def file(frames: Frames) -> bytes:
        made = Pcapng(order).section().interface(frames[0].link).interface(frames[0].link, tsresol=9)
        blocks = [made.data]
        for number, frame in enumerate(frames):
            stamp = frame.time if number % 2 else frame.time // 1000
            blocks.append(Pcapng(order).packet(frame.data, stamp, interface=number % 2, original=frame.length).data)
        return b"".join(blocks)

    return file


def _snoop(frames: Frames) -> bytes:
    return snoop_file(*((frame.time, frame.data) for frame in frames))


def _zstd(octets: bytes) -> bytes:
    try:
        from compression import zstd
    except ImportError:
        from backports import zstd
    packed: bytes = zstd.compress(octets)
    return packed


def _lz4(octets: bytes) -> bytes:
    import lz4.frame

    packed: bytes = lz4.frame.compress(octets)
    return packed


def _packed(pack: Callable[[bytes], bytes]) -> File:
    return lambda frames: pack(plain(frames))


FILES: dict[str, File] = {
    "pcap": plain,
    "pcap, big-endian": _pcap(">"),
    "pcap, nanoseconds": _pcap(ns=True),
    "pcapng, two clocks": _pcapng(),
    "pcapng, big-endian": _pcapng(">"),
    "snoop": _snoop,
    "gzip": _packed(lambda octets: gzip.compress(octets, mtime=0)),
    "zstd": _packed(_zstd),
    "lz4": _packed(_lz4),
    "xz": _packed(lzma.compress),
    "bzip2": _packed(bz2.compress),
}


def ends(frames: Frames) -> list[int]:
    """Where the header and each record of a plain file end."""
    found = [24]
    for frame in frames:
        found.append(found[-1] + struct.calcsize("IIII") + len(frame.data))
    return found
