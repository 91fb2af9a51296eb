"""What comes out of frames: TCP segments, and a line of census for everything else."""

from __future__ import annotations

from dissect.nfs4.dataclass import dataclass


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Segment:
    """One TCP segment (RFC 9293 section 3.1). Never changed once made; not frozen, since that doubles its price."""

    frame: int
    "number given to `feed`; of a reassembled datagram, the frame that completed it"
    time: int
    source: str
    "address in canonical text (RFC 5952 for IPv6)"
    source_port: int
    destination: str
    destination_port: int
    seq: int
    ack: int
    flags: int
    "the low eight flag bits, CWR to FIN"
    payload: bytes
    "the captured part"
    length: int
    "payload length on the wire, by the IP header; the difference to `payload` was cut off by the snaplen"
    mac: bytes | None
    "source MAC, where the link has them"
    ttl: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A frame that yields no segment. `protocol` is the innermost that was recognised: udp, icmp, arp, gre, fragment …;
    `undecoded` where a note says why."""

    frame: int
    protocol: str
    source_port: int | None = None
    destination_port: int | None = None
