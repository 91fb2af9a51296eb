"""One packet in plain values: addresses, segments, bindings and messages, out of its layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dissect.nfs4.tshark.layers import Layer, Layers, one
from dissect.nfs4.tshark.messages import messages

_QUOTING = frozenset(("icmp", "icmpv6"))
"""What quotes packets that went elsewhere."""


def answer(packet: Any) -> dict[str, Any]:
    """What a packet holds, in plain values: see `dissect.nfs4.tshark.answer`."""
    layers = Layers(packet)
    ip: list[list[Any]] = []
    tcp: list[list[Any]] = []
    arp: list[list[Any]] = []
    network: tuple[str, str, int] | None = None
    mac = here = None
    for name, layer in layers.in_order():
        if name in _QUOTING:
            break
        if name == "eth":
            mac = _text(layer, "eth_eth_src")
        elif name == "sll":
            mac = _text(layer, "sll_sll_src_eth")
        elif name in ("ip", "ipv6"):
            network = _network(name, layer)
            # The MAC of a tunnel's end does not stand behind the address inside.
            here, mac = mac, None
            if network is not None and here is not None:
                ip.append([network[0], here])
        elif name == "arp":
            arp += _binding(layer)
        elif name == "tcp" and network is not None:
            tcp += _segment(layer, network, here)
    ports = (tcp[-1][1], tcp[-1][3]) if tcp else (0, 0)
    rpc = list(messages(layers, network, ports))
    return {"n": layers.number, "protocols": layers.protocols, "ip": ip, "tcp": tcp, "arp": arp, "rpc": rpc}


def _network(name: str, layer: Layer) -> tuple[str, str, int] | None:
    source, target = _text(layer, f"{name}_{name}_src"), _text(layer, f"{name}_{name}_dst")
    ttl = _number(layer, "ip_ip_ttl" if name == "ip" else "ipv6_ipv6_hlim")
    return None if source is None or target is None or ttl is None else (source, target, ttl)


def _segment(layer: Layer, network: tuple[str, str, int], mac: str | None) -> Iterator[list[Any]]:
    """A segment, if its whole header was captured."""
    numbers = [
        _number(layer, "tcp_tcp_srcport"),
        _number(layer, "tcp_tcp_dstport"),
        _unrelative(layer, "seq"),
        _unrelative(layer, "ack"),
        _number(layer, "tcp_tcp_flags"),
    ]
    length = _number(layer, "tcp_tcp_len")
    if None in numbers or length is None:
        return
    payload = (_text(layer, "tcp_tcp_payload") or "").replace(":", "")
    source, target, ttl = network
    yield [source, numbers[0], target, *numbers[1:], length, payload, mac, ttl]


def _unrelative(layer: Layer, name: str) -> int | None:
    """tcp.seq_raw or tcp.ack_raw: where octets are told too, their names are also those of tcp.seq's and tcp.ack's."""
    octets = _text(layer, f"tcp_tcp_{name}_raw_raw")
    return _number(layer, f"tcp_tcp_{name}_raw") if octets is None else _parsed(octets, 16)


def _binding(layer: Layer) -> Iterator[list[Any]]:
    """The sender of an ARP request or reply for IPv4."""
    address, mac = _text(layer, "arp_arp_src_proto_ipv4"), _text(layer, "arp_arp_src_hw_mac")
    if address and mac and _number(layer, "arp_arp_opcode") in (1, 2):
        yield [address, mac, address == _text(layer, "arp_arp_dst_proto_ipv4")]


def _text(layer: Layer, key: str) -> str | None:
    value = one(layer.get(key))
    return value if isinstance(value, str) else None


def _number(layer: Layer, key: str) -> int | None:
    value = _text(layer, key)
    return None if value is None else _parsed(value, 0)


def _parsed(text: str, base: int) -> int | None:
    try:
        return int(text, base)
    except ValueError:
        return None
