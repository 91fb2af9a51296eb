"""RPC messages that went over RDMA (RFC 8166), whole, out of what tshark put together.

tshark joins the packets of a message and the chunks that were moved by RDMA; its layers say where the message begins.
Data that a message does not hold because it was placed in the other's memory (RFC 8166 section 3.4.5) leaves a gap that
nothing marks: such a message is given up to where data can begin first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dissect.nfs4.tshark.layers import Layers

NEEDED = ("infiniband", "rpcordma", "rpc")
"""Layers whose fields and octets are asked for."""

_JOINED = "rpcordma_rpcordma_fragments_raw"
_LEAST = 12
_REPLY_DATA = 56
"""Octets of a reply before any data: RPC header 24, COMPOUND head 12, PUTFH 8, and READLINK up to its text 12."""
_ICRC, _VCRC = 4, 2


def messages(layers: Layers, network: tuple[str, str, int] | None, ports: tuple[int, int]) -> Iterator[list[Any]]:
    """The messages of a packet: source, port, destination, port, octets in hexadecimal, and their number on the wire.

    Without an IP packet the addresses are the global ones of InfiniBand; a packet without those yields nothing.
    """
    addresses = network[:2] if network is not None else _global(layers)
    if addresses is None:
        return
    heads = [_octets(head) for head in layers.all("rpc_raw") if isinstance(head, str)]
    lists = layers.all("rpcordma")
    sources = [*_joined(layers), *_iwarp(layers), *_infiniband(layers)]
    for number, head in enumerate(heads):
        found = next(((octets, octets.find(head)) for octets in sources if head in octets), None)
        if found is None or len(head) < _LEAST:
            continue
        message = found[0][found[1] :]
        length = len(message) + layers.missing
        moved = _moved(lists[number], reply=message[4:8] == b"\0\0\0\1") if number < len(lists) else None
        if moved is not None and moved < len(message):
            message = message[:moved]
        yield [addresses[0], ports[0], addresses[1], ports[1], message.hex(), length]


def _joined(layers: Layers) -> Iterator[bytes]:
    """What tshark joined out of several packets."""
    return (_octets(octets) for octets in layers.all(_JOINED) if isinstance(octets, str))


def _iwarp(layers: Layers) -> Iterator[bytes]:
    """What an MPA frame carries (RFC 5044 section 4.1): its length, and then so many octets before padding and CRC."""
    for octets in layers.all("iwarp_mpa_raw"):
        if isinstance(octets, str):
            frame = _octets(octets)
            yield frame[2 : 2 + int.from_bytes(frame[:2], "big")]


def _infiniband(layers: Layers) -> Iterator[bytes]:
    """The packet, without what follows its payload: padding and checksums (InfiniBand architecture, section 5.2)."""
    for octets, fields in zip(layers.all("infiniband_raw"), layers.all("infiniband"), strict=False):
        if not isinstance(octets, str) or not isinstance(fields, dict):
            continue
        packet = _octets(octets)
        tail = _whole(fields.get("infiniband_infiniband_bth_padcnt"))
        tail += _ICRC * ("infiniband_infiniband_invariant_crc" in fields)
        tail += _VCRC * ("infiniband_infiniband_variant_crc" in fields)
        yield packet if layers.missing else packet[: max(len(packet) - tail, 0)]


def _global(layers: Layers) -> tuple[str, str] | None:
    """Source and destination in the global route header."""
    for fields in layers.all("infiniband"):
        if isinstance(fields, dict):
            ends = [fields.get(f"infiniband_infiniband_grh_{end}") for end in ("sgid", "dgid")]
            if all(isinstance(end, str) for end in ends):
                return str(ends[0]), str(ends[1])
    return None


def _moved(lists: Any, *, reply: bool) -> int | None:
    """How many octets of a message are before any data that went otherwise; None where all are."""
    if not isinstance(lists, dict):
        return None
    if reply:
        return _REPLY_DATA if _count(lists, "writes") else None
    if not _count(lists, "reads"):
        return None
    positions = lists.get("rpcordma_rpcordma_position")
    numbers = map(_whole, positions if isinstance(positions, list) else [positions])
    # Position 0 is the message itself, which tshark has put together.
    return min((number for number in numbers if number), default=None)


def _count(lists: dict[str, Any], name: str) -> int:
    return _whole(lists.get(f"rpcordma_rpcordma_{name}_count"))


def _octets(text: str) -> bytes:
    """None of what is no hexadecimal."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _whole(value: Any) -> int:
    """A number as tshark writes it, 0 where it is none."""
    try:
        return max(int(str(value), 0), 0)
    except ValueError:
        return 0
