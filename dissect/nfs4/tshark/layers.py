"""What tshark found in a frame, from the layers that pyshark read in tshark's EK format.

pyshark's own access to EK layers fails where a frame has two of one name, as every tunnel has, and its JSON mode gives
the outer one. So the layers are read here as tshark wrote them, in order: `protocols` names them from the outside in,
and the n-th of a name is the n-th of its list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Layer = Mapping[str, Any]

NEEDED = ("frame", "eth", "sll", "ip", "ipv6", "tcp", "arp")
"""Layers whose fields are asked for."""


class Layers:
    """The layers of one packet."""

    __slots__ = ("_layers", "missing", "number", "protocols")

    def __init__(self, packet: Any) -> None:
        frame = packet.frame_info._fields_dict
        self.number = int(one(frame["frame_frame_number"]))
        self.protocols: list[str] = str(one(frame["frame_frame_protocols"])).split(":")
        self.missing = int(one(frame["frame_frame_len"])) - int(one(frame["frame_frame_cap_len"]))
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


def one(value: Any) -> Any:
    """The first of several: options repeat fields of their header."""
    return value[0] if isinstance(value, list) and value else value
