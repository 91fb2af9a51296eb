"""Headers of all frames of a chunk at once, down to TCP; what is not plain is left to the unwrapper.

Plain is: Ethernet with at most two VLAN tags, the Linux cooked headers, raw IP and the loopback headers; IPv4 without
options or fragments, IPv6 without extension headers; TCP whose header was captured. All else is odd.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.capture.frame import MAX_CAPTURED
from dissect.nfs4.capture.linktypes import LinkType
from dissect.nfs4.columnar.chunk import Chunk
from dissect.nfs4.columnar.space import Index
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.link.protocols import VLAN_TAGS, EtherType, Protocol
from dissect.nfs4.sets import distinct

Mask = NDArray[np.bool_]

_TAGS = 2
_VLAN = np.array(sorted(VLAN_TAGS), np.int64)
_ETHERNET_LEAST = 60
_COOKED_ETHER = 1


@dataclass(slots=True, kw_only=True)
class Segments:
    """The plain TCP segments of a chunk in the order of its frames; arrays have one item a segment."""

    frame: Index
    "index of the frame in the chunk"
    pair: Index
    "offset of source and destination address, and of the ports behind them"
    six: Mask
    "IPv6"
    seq: Index
    ack: NDArray[np.uint32]
    flags: NDArray[np.uint8]
    payload: Index
    "offset of the payload"
    held: Index
    "payload octets captured"
    length: Index
    "payload octets on the wire"
    mac: Index
    "offset of the source MAC, -1 where the link has none"
    station: Index
    "the source MAC as a number, 0 where the link has none"
    hosts: NDArray[np.uint64]
    "both addresses as they lie in memory, if not IPv6"
    ports: NDArray[np.uint32]
    "both ports as they lie in memory"
    ttl: NDArray[np.uint8]

    def taken(self, these: Index) -> Segments:
        """Some of them."""
        return Segments(**{name: getattr(self, name)[these] for name in _COLUMNS})


_COLUMNS = tuple(Segments.__annotations__)


def headers(chunk: Chunk) -> tuple[Segments, Index]:
    """The plain segments of a chunk, and the indices of the frames that are odd."""
    found, left = _frequent(chunk)
    if not len(left):
        return found, left
    others, odd = _any(chunk, left)
    if not len(others.frame):
        return found, odd
    if len(found.frame):
        both = Segments(**{name: np.concatenate([getattr(found, name), getattr(others, name)]) for name in _COLUMNS})
        return both.taken(np.argsort(both.frame, kind="stable")), odd
    return others, odd


_FREQUENT = np.dtype(
    [
        ("to", "V4"),
        ("mac", "u8"),
        ("kind", ">u2"),
        ("head", "u1"),
        ("tos", "u1"),
        ("total", ">u2"),
        ("ident", "V2"),
        ("fragment", ">u2"),
        ("ttl", "u1"),
        ("protocol", "u1"),
        ("checksum", "V2"),
        ("hosts", "u8"),
        ("ports", "u4"),
        ("seq", ">u4"),
        ("ack", ">u4"),
        ("offset", "u1"),
        ("flags", "u1"),
    ]
)
"""TCP over IPv4 over Ethernet, read at once: what costs is where bytes lie, not how many of them are read."""
_FREQUENT_OCTETS = 54
_MAC = 0xFFFFFFFFFFFF


def _frequent(chunk: Chunk) -> tuple[Segments, Index]:
    """The segments of frames of the most frequent kind, and the indices of all other frames."""
    fit = (chunk.link_type == LinkType.ETHERNET) & (chunk.captured >= _FREQUENT_OCTETS)
    index = np.arange(len(chunk)) if fit.all() else np.flatnonzero(fit)
    at = chunk.at[index]
    head = chunk.space.view(f"V{_FREQUENT.itemsize}")[at].view(_FREQUENT)
    total = head["total"].astype(np.int64)
    begin = (head["offset"] >> 4).astype(np.int64) * 4
    good = (head["kind"] == EtherType.IPV4) & (head["head"] == 0x45) & (head["protocol"] == Protocol.TCP)
    good &= ((head["fragment"] & 0x3FFF) == 0) & (begin >= 20) & (begin + 20 <= total)
    if not good.all():
        these = np.flatnonzero(good)
        index, at, head, total, begin = index[these], at[these], head[these], total[these], begin[these]
    length = total - begin - 20
    payload = at + begin + 34
    return (
        Segments(
            frame=index,
            pair=at + 26,
            six=np.zeros(len(index), np.bool_),
            seq=head["seq"].astype(np.int64),
            ack=head["ack"].astype(np.uint32),
            flags=np.ascontiguousarray(head["flags"]),
            payload=payload,
            held=np.clip(at + chunk.captured[index] - payload, 0, length),
            length=length,
            mac=at + 6,
            station=(head["mac"].astype(np.uint64).byteswap() & np.uint64(_MAC)).astype(np.int64),
            hosts=head["hosts"].astype(np.uint64),
            ports=head["ports"].astype(np.uint32),
            ttl=np.ascontiguousarray(head["ttl"]),
        ),
        _others(index, len(chunk)),
    )


def _others(index: Index, count: int) -> Index:
    """The frames of a chunk that are not among these."""
    if len(index) == count:
        return index[:0]
    left = np.ones(count, np.bool_)
    left[index] = False
    return np.flatnonzero(left)


def _any(chunk: Chunk, frames: Index) -> tuple[Segments, Index]:
    """The plain segments of some frames of a chunk, and the indices of those that are odd."""
    space = chunk.space
    begin, captured, link_type = chunk.at[frames], chunk.captured[frames], chunk.link_type[frames]
    count = len(frames)
    end = begin + captured
    network = np.zeros(count, np.int64)
    kind = np.zeros(count, np.int64)
    mac = np.full(count, -1, np.int64)
    for each in distinct(link_type).tolist():
        layer = _LAYERS.get(each)
        if layer is None:
            continue
        these = np.flatnonzero(link_type == each)
        network[these], kind[these], mac[these] = layer(chunk, begin[these], captured[these])
    for _ in range(_TAGS):
        tagged = (kind == _VLAN[0]) | (kind == _VLAN[1]) | (kind == _VLAN[2]) | (kind == _VLAN[3])
        if not tagged.any():
            break
        these = np.flatnonzero(tagged & (network + 4 <= end))
        kind[np.flatnonzero(tagged)] = 0
        kind[these] = space.view(">u2")[network[these] + 2]
        network[these] += 4
    four = np.flatnonzero((kind == EtherType.IPV4) & (network + 34 <= end))
    six = np.flatnonzero((kind == EtherType.IPV6) & (network + 54 <= end))
    parts: list[_Parsed] = [_ipv4(chunk, frames, four, network[four]), _ipv6(chunk, six, network[six])]
    index, tcp, stop, pair, ttl, is_six = (np.concatenate(column) for column in zip(*parts, strict=True))
    head = space.view("V14")[tcp].view(_TCP)
    payload = tcp + (head["offset"] >> 4).astype(np.int64) * 4
    keep = np.flatnonzero((payload >= tcp + 20) & (payload <= stop) & (tcp + 14 <= end[index]))
    keep = keep[np.argsort(index[keep], kind="stable")]
    index, tcp, stop, pair, ttl, is_six = (each[keep] for each in (index, tcp, stop, pair, ttl, is_six))
    head, payload = head[keep], payload[keep]
    length = stop - payload
    mac = mac[index]
    segments = Segments(
        frame=frames[index],
        pair=pair,
        six=is_six,
        seq=head["seq"].astype(np.int64),
        ack=head["ack"].astype(np.uint32),
        flags=np.ascontiguousarray(head["flags"]),
        payload=payload,
        held=np.clip(end[index] - payload, 0, length),
        length=length,
        mac=mac,
        station=_stations(chunk, mac),
        hosts=space.view("u8")[pair],
        ports=space.view("u4")[tcp],
        ttl=ttl,
    )
    return segments, frames[_others(index, count)]


def _stations(chunk: Chunk, mac: Index) -> Index:
    """MACs as numbers, by where they lie."""
    octets = chunk.space.rows(np.maximum(mac, 0), 6).astype(np.int64)
    number: Index = (octets << np.arange(40, -1, -8)).sum(axis=1)
    number[mac < 0] = 0
    return number


_TCP = np.dtype([("ports", "V4"), ("seq", ">u4"), ("ack", ">u4"), ("offset", "u1"), ("flags", "u1")])
_IPV4 = np.dtype(
    [
        ("head", "u1"),
        ("tos", "u1"),
        ("total", ">u2"),
        ("ident", "V2"),
        ("fragment", ">u2"),
        ("ttl", "u1"),
        ("protocol", "u1"),
    ]
)
_IPV6 = np.dtype([("head", "u1"), ("flow", "V3"), ("length", ">u2"), ("protocol", "u1"), ("ttl", "u1")])

_Parsed = tuple[Index, Index, Index, Index, NDArray[np.uint8], Mask]


def _ipv4(chunk: Chunk, frames: Index, index: Index, at: Index) -> _Parsed:
    """`index` into `frames`, which are indices of frames of the chunk."""
    head = chunk.space.view("V10")[at].view(_IPV4)
    total = head["total"].astype(np.int64)
    good = (head["head"] == 0x45) & (head["protocol"] == Protocol.TCP) & ((head["fragment"] & 0x3FFF) == 0)
    good &= (total >= 20) | (total == 0)
    keep = np.flatnonzero(good)
    index, at, total, ttl = index[keep], at[keep], total[keep], head["ttl"][keep]
    stop = at + total
    bare = np.flatnonzero(total == 0)
    if len(bare):
        # The card was to fill the length in: the packet ends with its frame.
        original = chunk.original[frames[index[bare]]]
        stop[bare] = chunk.at[frames[index[bare]]] + np.where(
            original > _ETHERNET_LEAST, np.minimum(original, MAX_CAPTURED), -1
        )
    return index, at + 20, stop, at + 12, ttl, np.zeros(len(index), np.bool_)


def _ipv6(chunk: Chunk, index: Index, at: Index) -> _Parsed:
    head = chunk.space.view("V8")[at].view(_IPV6)
    length = head["length"].astype(np.int64)
    keep = np.flatnonzero(((head["head"] >> 4) == 6) & (head["protocol"] == Protocol.TCP) & (length > 0))
    index, at = index[keep], at[keep]
    return index, at + 40, at + 40 + length[keep], at + 8, head["ttl"][keep], np.ones(len(index), np.bool_)


_Layer = tuple[Index, Index, Index]


def _ethernet(chunk: Chunk, at: Index, captured: Index) -> _Layer:
    kind = chunk.space.view(">u2")[at + 12].astype(np.int64)
    kind[captured < 14] = 0
    return at + 14, kind, at + 6


def _sll(chunk: Chunk, at: Index, captured: Index) -> _Layer:
    half = chunk.space.view(">u2")
    return _cooked(half[at + 2], half[at + 4], half[at + 14], at + 6, at + 16, captured >= 16)


def _sll2(chunk: Chunk, at: Index, captured: Index) -> _Layer:
    half = chunk.space.view(">u2")
    return _cooked(half[at + 8], chunk.space.octets[at + 11], half[at], at + 12, at + 20, captured >= 20)


def _cooked(
    arphrd: NDArray[np.integer],
    octets: NDArray[np.integer],
    kind: NDArray[np.integer],
    mac: Index,
    at: Index,
    whole: Mask,
) -> _Layer:
    # Of other interface types some have another meaning for the type word.
    known = whole & ((arphrd == _COOKED_ETHER) | (arphrd == _LOOPBACK))
    bears = (octets == 6) & (arphrd == _COOKED_ETHER)
    return at, np.where(known, kind.astype(np.int64), 0), np.where(bears, mac, -1)


_LOOPBACK = 772


def _raw(chunk: Chunk, at: Index, captured: Index) -> _Layer:
    version = chunk.space.octets[at] >> 4
    kind = np.where(version == 4, int(EtherType.IPV4), np.where(version == 6, int(EtherType.IPV6), 0))
    kind[captured < 1] = 0
    return at.copy(), kind.astype(np.int64), np.full(len(at), -1, np.int64)


def _null(chunk: Chunk, at: Index, captured: Index) -> _Layer:
    little = chunk.space.view("<u4")[at].astype(np.int64)
    family = np.where(little < 1 << 16, little, chunk.space.u32(at))
    return _family(family, at, captured)


def _loop(chunk: Chunk, at: Index, captured: Index) -> _Layer:
    return _family(chunk.space.u32(at), at, captured)


def _family(family: Index, at: Index, captured: Index) -> _Layer:
    six = (family == 10) | (family == 24) | (family == 26) | (family == 28) | (family == 30)
    kind = np.where(family == 2, int(EtherType.IPV4), np.where(six, int(EtherType.IPV6), 0))
    kind[captured < 4] = 0
    return at + 4, kind.astype(np.int64), np.full(len(at), -1, np.int64)


_LAYERS = {
    int(LinkType.NULL): _null,
    int(LinkType.ETHERNET): _ethernet,
    int(LinkType.DLT_RAW): _raw,
    int(LinkType.DLT_RAW_OPENBSD): _raw,
    int(LinkType.RAW): _raw,
    int(LinkType.LOOP): _loop,
    int(LinkType.LINUX_SLL): _sll,
    int(LinkType.LINUX_SLL2): _sll2,
}
