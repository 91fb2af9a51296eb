"""What a capture's TCP packets can be known by at another tap: columns, one item a packet."""

from __future__ import annotations

from ipaddress import ip_address

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.capture import Capture
from dissect.nfs4.columnar.chunk import Chunk
from dissect.nfs4.columnar.headers import Segments, headers
from dissect.nfs4.columnar.records import chunks
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.link.segment import Segment
from dissect.nfs4.link.unwrap import Unwrapper
from dissect.nfs4.tcp.connection import FIN, SYN

Words = NDArray[np.uint64]
Index = NDArray[np.int64]
Packets = NDArray[np.void]

CHUNK_BYTES = 16 << 20

_MIX = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)

PACKET = np.dtype(
    [
        ("frame", "i8"),  # index of its frame in the file, from 0
        ("time", "i8"),
        ("source", "u8"),  # the sender's address and the receiver's, hashed
        ("target", "u8"),
        ("source_port", "u2"),
        ("target_port", "u2"),
        ("seq", "u4"),
        ("ack", "u4"),
        ("length", "u4"),  # payload octets on the wire, and those captured
        ("held", "u4"),
        ("flags", "u1"),
        ("ttl", "u1"),
        ("mac", "u8"),  # the sender's; 0 where the link has none
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prints:
    """The TCP packets of one capture, in the order of its file."""

    times: Index
    "ns since 1970 UTC, of all frames of the capture, TCP or not"
    packets: Packets
    "dtype PACKET"

    @property
    def key(self) -> Words:
        """Equal for the copies of one packet, whatever routers did to it on its way; retransmissions share it."""
        p = self.packets
        rest = (p["seq"].astype(np.uint64) << np.uint64(32)) | p["ack"]
        return _mixed(self.flow, rest, (p["length"].astype(np.uint64) << np.uint64(8)) | p["flags"])

    @property
    def flow(self) -> Words:
        """Addresses and ports in the packet's direction."""
        p = self.packets
        return _mixed(_mixed(p["source"], p["source_port"]), _mixed(p["target"], p["target_port"]))

    @property
    def back(self) -> Words:
        """The same in the other direction: the `flow` of what answers the packet."""
        p = self.packets
        return _mixed(_mixed(p["target"], p["target_port"]), _mixed(p["source"], p["source_port"]))

    @property
    def end(self) -> NDArray[np.uint32]:
        """The sequence number behind payload, SYN and FIN (RFC 9293 section 3.4)."""
        p = self.packets
        phantom = ((p["flags"] & SYN) != 0).astype(np.uint32) + ((p["flags"] & FIN) != 0)
        found: NDArray[np.uint32] = (p["seq"] + p["length"] + phantom).astype(np.uint32)
        return found

    @property
    def pair(self) -> Words:
        """The two addresses, the same in both directions."""
        p = self.packets
        return _mixed(np.minimum(p["source"], p["target"]), np.maximum(p["source"], p["target"]))


def prints(capture: Capture) -> Prints:
    """Read a capture to its end. Raises nothing for damage, as iterating over the capture."""
    unwrapper = Unwrapper()
    parts: list[Packets] = []
    times: list[Index] = []
    base = 0
    for chunk in chunks(capture, CHUNK_BYTES):
        segments, odd = headers(chunk)
        parts.append(_plain(chunk, segments, base))
        strange = []
        for index in odd.tolist():
            for item in unwrapper.feed(chunk.frame(index), base + index):
                if isinstance(item, Segment):
                    strange.append(item)
        unwrapper.drain()
        parts.append(np.array([_odd(item) for item in strange], PACKET))
        times.append(chunk.time.copy())
        base += len(chunk)
    packets = np.concatenate(parts) if parts else np.zeros(0, PACKET)
    order = np.argsort(packets["frame"], kind="stable")
    return Prints(times=np.concatenate(times) if times else np.zeros(0, np.int64), packets=packets[order])


def address(text: str) -> int:
    """The hash by which packets tell an address."""
    number = int(ip_address(text))
    high, low = (np.array([part], np.uint64) for part in (number >> 64, number & (1 << 64) - 1))
    return int(_mixed(high, low)[0])


def pair_of(one: str, other: str) -> int:
    """`Prints.pair` of two addresses."""
    low, high = sorted((address(one), address(other)))
    return int(_mixed(np.array([low], np.uint64), np.array([high], np.uint64))[0])


def _mixed(*columns: NDArray[np.generic]) -> Words:
    """One 64-bit hash of some columns of numbers."""
    found = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        found = (found ^ column.astype(np.uint64)) * _MIX
        found ^= found >> _SHIFT
    return found


def _plain(chunk: Chunk, segments: Segments, base: int) -> Packets:
    space, pair = chunk.space, segments.pair
    found = np.zeros(len(segments.frame), PACKET)
    found["frame"] = segments.frame + base
    found["time"] = chunk.time[segments.frame]
    four, six = np.flatnonzero(~segments.six), np.flatnonzero(segments.six)
    hosts, ports = segments.hosts.view(">u4").reshape(-1, 2), segments.ports.view(">u2").reshape(-1, 2)
    for name, skip in (("source", 0), ("target", 1)):
        found[name][four] = _mixed(np.zeros(len(four), np.uint64), hosts[four, skip])
        at = pair[six] + 16 * skip
        found[name][six] = _mixed(space.view(">u8")[at], space.view(">u8")[at + 8])
    found["source_port"], found["target_port"] = ports[:, 0], ports[:, 1]
    found["seq"], found["ack"] = segments.seq, segments.ack
    found["length"], found["held"] = segments.length, segments.held
    found["flags"], found["ttl"] = segments.flags, segments.ttl
    found["mac"] = segments.station
    return found


def _odd(segment: Segment) -> tuple[int, ...]:
    return (
        segment.frame,
        segment.time,
        address(segment.source),
        address(segment.destination),
        segment.source_port,
        segment.destination_port,
        segment.seq,
        segment.ack,
        segment.length,
        len(segment.payload),
        segment.flags,
        segment.ttl,
        int.from_bytes(segment.mac or b"", "big"),
    )
