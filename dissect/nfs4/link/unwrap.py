"""From a frame down to its TCP segment, one at a time."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address
from socket import inet_ntoa
from struct import Struct

from dissect.nfs4.batch import CAPTURE_STRIDE, LinkEvent, Note
from dissect.nfs4.capture.frame import Frame
from dissect.nfs4.capture.linktypes import SNOOP_BASE, link_type_name
from dissect.nfs4.link.fragments import Fragments
from dissect.nfs4.link.internet import Packet, extensions, ipv4, ipv6
from dissect.nfs4.link.layers import LAYERS
from dissect.nfs4.link.neighbours import Neighbour, arp, discovery
from dissect.nfs4.link.odd import Malformed, Short, Undecoded
from dissect.nfs4.link.protocols import ETHERTYPES, IP_PROTOCOLS, UDP_TUNNELS, EtherType, Protocol
from dissect.nfs4.link.runs import Binding, LinkRuns
from dissect.nfs4.link.segment import Other, Segment

_TCP = Struct(">HHIIBB").unpack_from
_PORTS = Struct(">HH").unpack_from
_REMEMBERED_PAIRS = 65536
_NO_MAC = bytes(6)
_UNSPECIFIED = ("0.0.0.0", "::")

Result = tuple[Segment | Other, ...]


class Unwrapper:
    """Unwraps frames in the order of the capture. Holds IP fragments, address-MAC runs and the census of notes."""

    def __init__(self) -> None:
        self.runs = LinkRuns(self._note)
        self._fragments = Fragments(self._note)
        self._pairs: dict[bytes, tuple[str, str]] = {}
        self._notes: dict[tuple[str, int], list[int]] = {}

    def feed(self, frame: Frame, number: int) -> Iterable[Segment | Other]:
        """What is in a frame: one Segment, or one Other. `number` is the frame's in all output. Raises nothing."""
        try:
            layer = LAYERS.get(frame.link_type)
            if layer is None:
                return self._noted(_unknown_link_type(frame.link_type), link_type_name(frame.link_type), number)
            kind, at, mac = layer(frame.data)
            if kind == EtherType.IPV4:
                packet = ipv4(frame.data, at, frame.original_length)
            elif kind == EtherType.IPV6:
                packet = ipv6(frame.data, at, frame.original_length)
            else:
                return self._other_network(frame, number, kind, at)
            return self._packet(frame, number, packet, mac)
        except Undecoded as closed:
            cut = len(frame.data) < frame.original_length
            return self._noted(closed.reason(cut), "undecoded", number)

    def drain(self, final: bool = False) -> list[LinkEvent | Note]:
        """Link events completed since the last call; with `final` all, and one Note a reason and capture."""
        if not final:
            return [*self.runs.drain()]
        self._fragments.flush()
        events = self.runs.drain(final=True)
        notes = [
            Note(reason=reason, count=count, frame=first)
            for (reason, _capture), (count, first) in sorted(self._notes.items(), key=lambda item: item[1][1])
        ]
        self._notes.clear()
        return [*events, *notes]

    def _packet(self, frame: Frame, number: int, packet: Packet, mac: bytes | None) -> Result:
        source, destination = self._pairs.get(packet.pair) or self._text(packet.pair)
        if mac == _NO_MAC:
            mac = None
        if mac is not None and source not in _UNSPECIFIED:
            run = self.runs.speaking.get(source)
            if run is not None and run.mac == mac:
                run.last_frame, run.last = number, frame.time
            else:
                self.runs.saw(source, mac, Binding.SPOKE, number, frame.time)
        data, protocol, start, stop = frame.data, packet.protocol, packet.start, packet.stop
        if packet.fragment is not None:
            if protocol not in _REASSEMBLED:
                return self._other_fragment(frame, number, packet)
            whole = self._fragments.add(packet.fragment, data[start:stop], stop - start, number, frame.time)
            if whole is None:
                return (Other(frame=number, protocol="fragment"),)
            data, start, stop = whole[0], 0, whole[1]
            protocol, start, inner = extensions(data, protocol, start, stop, packet.pair)
            if inner is not None:
                raise Malformed("IP fragment within a fragment")
        if protocol != Protocol.TCP:
            return self._other_transport(frame, number, packet, data, protocol, start, stop)
        if len(data) < start + 14:
            raise Short("TCP header") if len(data) < stop else Malformed("TCP header")
        source_port, destination_port, seq, ack, offset, flags = _TCP(data, start)
        body = start + (offset >> 4) * 4
        if body < start + 20 or body > stop:
            raise Malformed("TCP header")
        return (
            Segment(
                frame=number,
                time=frame.time,
                source=source,
                source_port=source_port,
                destination=destination,
                destination_port=destination_port,
                seq=seq,
                ack=ack,
                flags=flags,
                payload=data[body:stop],
                length=stop - body,
                mac=mac,
                ttl=packet.ttl,
            ),
        )

    def _text(self, pair: bytes) -> tuple[str, str]:
        half = len(pair) // 2
        text = _address(pair[:half]), _address(pair[half:])
        if len(self._pairs) >= _REMEMBERED_PAIRS:
            self._pairs.clear()
        self._pairs[pair] = text
        return text

    def _other_network(self, frame: Frame, number: int, kind: int, at: int) -> Result:
        if kind == EtherType.ARP:
            self._neighbour(arp(frame.data, at), number, frame.time)
            return (Other(frame=number, protocol="arp"),)
        name, note = ETHERTYPES.get(kind, (f"ethertype 0x{kind:04x}", f"unknown ethertype 0x{kind:04x}"))
        return self._noted(note, name, number) if note else (Other(frame=number, protocol=name),)

    def _other_transport(
        self, frame: Frame, number: int, packet: Packet, data: bytes, protocol: int, start: int, stop: int
    ) -> Result:
        if protocol == Protocol.UDP:
            return self._udp(number, data, start, stop)
        if protocol == Protocol.ICMPV6 and len(packet.pair) == 32:
            self._neighbour(discovery(data, start, stop, packet.pair[:16], packet.ttl), number, frame.time)
        name, note = IP_PROTOCOLS.get(protocol, (f"ip protocol {protocol}", None))
        return self._noted(note, name, number) if note else (Other(frame=number, protocol=name),)

    def _other_fragment(self, frame: Frame, number: int, packet: Packet) -> Result:
        """Fragments of what is not TCP are not put together: the first tells what there is to tell."""
        if packet.fragment is not None and packet.fragment.offset == 0 and packet.protocol == Protocol.UDP:
            return self._udp(number, frame.data, packet.start, packet.stop)
        name, note = IP_PROTOCOLS.get(packet.protocol, (f"ip protocol {packet.protocol}", None))
        if packet.protocol == Protocol.UDP:
            name = "udp"
        return self._noted(note, name, number) if note else (Other(frame=number, protocol=name),)

    def _udp(self, number: int, data: bytes, start: int, stop: int) -> Result:
        if min(len(data), stop) < start + 4:
            return (Other(frame=number, protocol="udp"),)
        source_port, destination_port = _PORTS(data, start)
        note = UDP_TUNNELS.get(destination_port)
        if note is not None:
            self._note(note, number)
        return (Other(frame=number, protocol="udp", source_port=source_port, destination_port=destination_port),)

    def _neighbour(self, neighbour: Neighbour | None, number: int, time: int) -> None:
        if neighbour is not None:
            binding = Binding.ANNOUNCED if neighbour.gratuitous else Binding.BOUND
            self.runs.saw(_address(neighbour.address), neighbour.mac, binding, number, time)

    def _noted(self, reason: str, protocol: str, number: int) -> Result:
        self._note(reason, number)
        return (Other(frame=number, protocol=protocol),)

    def _note(self, reason: str, number: int) -> None:
        counted = self._notes.setdefault((reason, number // CAPTURE_STRIDE), [0, number])
        counted[0] += 1


_REASSEMBLED = frozenset(
    (
        Protocol.TCP,
        Protocol.HOPOPT,
        Protocol.ROUTING,
        Protocol.FRAGMENT,
        Protocol.AH,
        Protocol.DSTOPTS,
        Protocol.MOBILITY,
        Protocol.HIP,
        Protocol.SHIM6,
    )
)
"""TCP, and the headers that may stand before it in the first fragment."""


def _address(octets: bytes) -> str:
    return inet_ntoa(octets) if len(octets) == 4 else str(IPv6Address(octets))


def _unknown_link_type(link_type: int) -> str:
    return f"unknown link type {link_type if link_type < SNOOP_BASE else link_type_name(link_type)}"
