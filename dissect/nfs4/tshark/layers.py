"""What tshark found in a frame, from the layers that pyshark read in tshark's EK format.

pyshark's own access to EK layers fails where a frame has two of one name, as every tunnel has, and its JSON mode gives
the outer one. So the layers are read here as tshark wrote them, in order: `protocols` names them from the outside in,
and the n-th of a name is the n-th of its list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dissect.nfs4.tshark.messages import messages

Layer = Mapping[str, Any]

NEEDED = ("frame", "eth", "sll", "ip", "ipv6", "tcp", "arp")
"""Layers whose fields are asked for."""

_QUOTING = frozenset(("icmp", "icmpv6"))
"""What quotes packets that went elsewhere."""


class Layers:
    """The layers of one packet."""

    __slots__ = ("_layers", "missing", "number", "protocols")

    def __init__(self, packet: Any) -> None:
        frame = packet.frame_info._fields_dict
        self.number = int(_one(frame["frame_frame_number"]))
        self.protocols: list[str] = str(_one(frame["frame_frame_protocols"])).split(":")
        self.missing = int(_one(frame["frame_frame_len"])) - int(_one(frame["frame_frame_cap_len"]))
        "octets that the snaplen cut off the frame"
        self._layers = {layer._layer_name: layer._fields_dict for layer in packet.layers}

    def all(self, name: str) -> list[Any]:
        """Every layer of a name, or every value of a key beside the layers."""
        found = self._layers.get(name, ())
        return list(found) if isinstance(found, list | tuple) else [found]

    def in_order(self) -> Iterator[tuple[str, Layer]]:
        """The layers that have fields, from the outside in."""
        met: dict[str, int] = {}
        for name in self.protocols:
            at = met[name] = met.get(name, -1) + 1
            layers = self.all(name)
            if at < len(layers) and isinstance(layers[at], dict):
                yield name, layers[at]


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


def _one(value: Any) -> Any:
    """The first of several: options repeat fields of their header."""
    return value[0] if isinstance(value, list) and value else value


def _text(layer: Layer, key: str) -> str | None:
    value = _one(layer.get(key))
    return value if isinstance(value, str) else None


def _number(layer: Layer, key: str) -> int | None:
    value = _text(layer, key)
    return None if value is None else _parsed(value, 0)


def _parsed(text: str, base: int) -> int | None:
    try:
        return int(text, base)
    except ValueError:
        return None
