"""Messages that come whole, by UDP or RDMA, as the stream that TCP would have made of them.

Each stands behind a record mark (RFC 5531 section 11), so that all above reads one kind of transport. What was lost
leaves no hole: a datagram that was not captured is a message that was not seen.
"""

from __future__ import annotations

from dissect.nfs4.link.segment import Segment

_LAST_FRAGMENT = 1 << 31
_MARK_OCTETS = 4
_ACK = 0x10
_LEAST = 12
_CALL, _REPLY = bytes(4), b"\0\0\0\1"
_NFS4_CALL = bytes.fromhex("00000000 00000002 000186a3 00000004")
"""msg_type, rpcvers, and program 100003 in version 4."""

Way = tuple[str, int, str, int]
"""Source and its port, destination and its port."""


class Datagrams:
    """Where the stream of each way stands."""

    def __init__(self) -> None:
        self._next: dict[Way, int] = {}

    def known(self, way: Way) -> bool:
        """Whether messages went this way or back."""
        return way in self._next or (*way[2:], *way[:2]) in self._next

    def segment(
        self, way: Way, octets: bytes, length: int, *, frame: int, time: int, mac: bytes | None = None, ttl: int = 0
    ) -> Segment:
        """The segment that holds a message of `length` octets, of which `octets` were captured."""
        seq = self._next.get(way, 1)
        self._next[way] = (seq + _MARK_OCTETS + length) & 0xFFFFFFFF
        source, source_port, destination, destination_port = way
        return Segment(
            frame=frame,
            time=time,
            source=source,
            source_port=source_port,
            destination=destination,
            destination_port=destination_port,
            seq=seq,
            ack=0,
            flags=_ACK,
            payload=(_LAST_FRAGMENT | length).to_bytes(_MARK_OCTETS, "big") + octets[:length],
            length=_MARK_OCTETS + length,
            mac=mac,
            ttl=ttl,
        )


def may_be_rpc(octets: bytes) -> bool:
    """Whether a datagram on a port of NFS begins like an RPC message."""
    return len(octets) >= _LEAST and octets[4:8] in (_CALL, _REPLY)


def calls_nfs4(octets: bytes) -> bool:
    """Whether a datagram is a call of NFSv4, on whatever port."""
    return octets[4:20] == _NFS4_CALL
