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
    tcp: Index
    "offset of the TCP header"
    ttl: NDArray[np.uint8]


def headers(chunk: Chunk) -> tuple[Segments, Index]:
    """The plain segments of a chunk, and the indices of the frames that are odd."""
    space = chunk.space
    count = len(chunk)
    end = chunk.at + chunk.captured
    network = np.zeros(count, np.int64)
    kind = np.zeros(count, np.int64)
    mac = np.full(count, -1, np.int64)
    link_type = chunk.link_type
    first = int(link_type[0]) if count else 0
    uniform = bool((link_type == first).all())
    for each in [first] if uniform else np.unique(link_type).tolist():
        layer = _LAYERS.get(each)
        if layer is None:
            continue
        if uniform:
            network, kind, mac = layer(chunk, chunk.at, chunk.captured)
        else:
            these = np.flatnonzero(link_type == each)
            network[these], kind[these], mac[these] = layer(chunk, chunk.at[these], chunk.captured[these])
    for _ in range(_TAGS):
        tagged = (kind == _VLAN[0]) | (kind == _VLAN[1]) | (kind == _VLAN[2]) | (kind == _VLAN[3])
        if not tagged.any():
            break
        these = np.flatnonzero(tagged & (network + 4 <= end))
        kind[np.flatnonzero(tagged)] = 0
        kind[these] = space.view(">u2")[network[these] + 2]
        network[these] += 4
    four = (kind == EtherType.IPV4) & (network + 34 <= end)
    six = (kind == EtherType.IPV6) & (network + 54 <= end)
    at4 = np.flatnonzero(four)
    parts = [_ipv4(chunk, at4, network[at4])]
    if six.any():
        at6 = np.flatnonzero(six)
        parts.append(_ipv6(chunk, at6, network[at6]))
    index, tcp, stop, pair, ttl, is_six = (
        parts[0] if len(parts) == 1 else tuple(np.concatenate(column) for column in zip(*parts, strict=True))
    )
    if len(parts) > 1:
        order = np.argsort(index, kind="stable")
        index, tcp, stop, pair, ttl, is_six = (each[order] for each in (index, tcp, stop, pair, ttl, is_six))
    head = space.view("V14")[tcp].view(_TCP)
    payload = tcp + (head["offset"] >> 4).astype(np.int64) * 4
    good = (payload >= tcp + 20) & (payload <= stop) & (tcp + 14 <= end[index])
    if not good.all():
        keep = np.flatnonzero(good)
        index, tcp, stop, pair, ttl, is_six = (each[keep] for each in (index, tcp, stop, pair, ttl, is_six))
        head, payload = head[keep], payload[keep]
    plain = np.zeros(count, np.bool_)
    plain[index] = True
    length = stop - payload
    segments = Segments(
        frame=index,
        pair=pair,
        six=is_six,
        seq=head["seq"].astype(np.int64),
        ack=head["ack"].astype(np.uint32),
        flags=head["flags"],
        payload=payload,
        held=np.clip(end[index] - payload, 0, length),
        length=length,
        mac=mac[index],
        tcp=tcp,
        ttl=ttl,
    )
    return segments, np.flatnonzero(~plain)


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


def _ipv4(chunk: Chunk, index: Index, at: Index) -> _Parsed:
    head = chunk.space.view("V10")[at].view(_IPV4)
    total = head["total"].astype(np.int64)
    good = (head["head"] == 0x45) & (head["protocol"] == Protocol.TCP) & ((head["fragment"] & 0x3FFF) == 0)
    good &= (total >= 20) | (total == 0)
    keep = slice(None) if good.all() else np.flatnonzero(good)
    index, at, total, ttl = index[keep], at[keep], total[keep], head["ttl"][keep]
    stop = at + total
    bare = np.flatnonzero(total == 0)
    if len(bare):
        # The card was to fill the length in: the packet ends with its frame.
        original = chunk.original[index[bare]]
        stop[bare] = chunk.at[index[bare]] + np.where(
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
