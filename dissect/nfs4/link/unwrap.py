"""From a frame down to its TCP segment, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv6Address
from socket import inet_ntoa
from struct import Struct

from dissect.nfs4.batch import CAPTURE_STRIDE, LinkEvent, Note
from dissect.nfs4.bounds import NFS_PORTS
from dissect.nfs4.capture.frame import Frame
from dissect.nfs4.capture.linktypes import SNOOP_BASE, link_type_name
from dissect.nfs4.link.datagrams import Datagrams, calls_nfs4, may_be_rpc
from dissect.nfs4.link.fragments import Fragments
from dissect.nfs4.link.internet import Packet, extensions, ipv4, ipv6
from dissect.nfs4.link.layers import LAYERS, Layer
from dissect.nfs4.link.neighbours import Neighbour, arp, discovery
from dissect.nfs4.link.odd import Malformed, Short, Undecoded
from dissect.nfs4.link.overlays import OVERLAYS
from dissect.nfs4.link.protocols import (
    ETHERTYPES,
    IP_PROTOCOLS,
    LLC,
    LLC_WITH_IP,
    UDP_TUNNELS,
    WRAPPED_PORTS,
    WRAPPED_PROTOCOLS,
    WRAPPED_TYPES,
    EtherType,
    Protocol,
    Wrapper,
)
from dissect.nfs4.link.runs import FIRST_TTLS, RST, Binding, LinkRuns
from dissect.nfs4.link.segment import Other, Segment

_TCP = Struct(">HHIIBB").unpack_from
_PORTS = Struct(">HH").unpack_from
_UDP_LENGTH = Struct(">4xH").unpack_from
_REMEMBERED_PAIRS = 65536
WRAPPERS = 16
"""Layers around an IP packet opened in one frame. A frame of Ethernet in GRE is two; real tunnels stay below ten."""

_NO_MAC = bytes(6)
_UNSPECIFIED = ("0.0.0.0", "::")

Result = tuple[Segment | Other, ...]


class Unwrapper:
    """Unwraps frames in the order of the capture. Holds IP fragments, address-MAC runs and the census of notes."""

    def __init__(self) -> None:
        self.runs = LinkRuns(self._note)
        self._fragments = Fragments(self._note)
        self._datagrams = Datagrams()
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
                return self._other_network(frame, number, kind, at, mac)
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

    def _packet(self, frame: Frame, number: int, packet: Packet, mac: bytes | None, depth: int = 0) -> Result:
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
                return self._other_fragment(number, packet)
            whole = self._fragments.add(packet.fragment, data[start:stop], stop - start, number, frame.time)
            if whole is None:
                return (Other(frame=number, protocol="fragment"),)
            data, start, stop = whole[0], 0, whole[1]
            protocol, start, inner = extensions(data, protocol, start, stop, packet.pair)
            if inner is not None:
                raise Malformed("IP fragment within a fragment")
        if protocol != Protocol.TCP:
            return self._other_transport(frame, number, packet, data, protocol, start, stop, mac, depth)
        if len(data) < start + 14:
            raise Short("TCP header") if len(data) < stop else Malformed("TCP header")
        source_port, destination_port, seq, ack, offset, flags = _TCP(data, start)
        body = start + (offset >> 4) * 4
        if body < start + 20 or body > stop:
            raise Malformed("TCP header")
        if packet.ttl not in FIRST_TTLS and mac is not None and not flags & RST:
            run = self.runs.speaking.get(source)
            if run is not None and run.mac == mac:
                run.routed = True
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

    def _inside(
        self, frame: Frame, number: int, wrapper: Wrapper, octets: bytes, length: int, mac: bytes | None, depth: int
    ) -> Result | None:
        """Through a layer of which `octets` were captured and `length` was on the wire; None where it holds no IP.

        `mac` stands behind what is inside, unless that is a frame of Ethernet with its own. Raises Undecoded.
        """
        if depth == WRAPPERS:
            raise Undecoded(f"tunnel: more than {WRAPPERS} layers in each other")
        try:
            layer = _opener(wrapper)(octets)
            if layer is None:
                return None
            kind, at, own = layer
            if own is not None:
                mac = own
            body = Frame(
                number=frame.number,
                time=frame.time,
                data=octets,
                original_length=length,
                link_type=frame.link_type,
                interface=frame.interface,
            )
            if kind == EtherType.IPV4:
                return self._packet(body, number, ipv4(octets, at, length), mac, depth + 1)
            if kind == EtherType.IPV6:
                return self._packet(body, number, ipv6(octets, at, length), mac, depth + 1)
            return self._other_network(body, number, kind, at, mac, depth + 1)
        except Short as short:
            if len(octets) < length:
                raise
            raise Malformed(str(short)) from None

    def _other_network(
        self, frame: Frame, number: int, kind: int, at: int, mac: bytes | None, depth: int = 0
    ) -> Result:
        wrapper = WRAPPED_TYPES.get(kind)
        if wrapper is not None and (kind != LLC or frame.data[at : at + 1] in LLC_WITH_IP):
            length = frame.original_length - at
            result = self._inside(frame, number, wrapper, frame.data[at:], length, mac, depth)
            if result is not None:
                return result
        if kind == EtherType.ARP:
            self._neighbour(arp(frame.data, at), number, frame.time)
            return (Other(frame=number, protocol="arp"),)
        name, note = ETHERTYPES.get(kind, (f"ethertype 0x{kind:04x}", f"unknown ethertype 0x{kind:04x}"))
        return self._noted(note, name, number) if note else (Other(frame=number, protocol=name),)

    def _other_transport(
        self,
        frame: Frame,
        number: int,
        packet: Packet,
        data: bytes,
        protocol: int,
        start: int,
        stop: int,
        mac: bytes | None,
        depth: int,
    ) -> Result:
        if protocol == Protocol.UDP:
            return self._udp(frame, number, packet, data, start, stop, mac, depth)
        wrapper = WRAPPED_PROTOCOLS.get(protocol)
        if wrapper is not None:
            # The MAC is the tunnel's end, not that of the address inside.
            result = self._inside(frame, number, wrapper, data[start:stop], stop - start, None, depth)
            if result is not None:
                return result
        if protocol == Protocol.ICMPV6 and len(packet.pair) == 32:
            self._neighbour(discovery(data, start, stop, packet.pair[:16], packet.ttl), number, frame.time)
        name, note = IP_PROTOCOLS.get(protocol, (f"ip protocol {protocol}", None))
        return self._noted(note, name, number) if note else (Other(frame=number, protocol=name),)

    def _other_fragment(self, number: int, packet: Packet) -> Result:
        """Fragments of what carries no NFS are not put together: the protocol is all there is to tell."""
        name, note = IP_PROTOCOLS.get(packet.protocol, (f"ip protocol {packet.protocol}", None))
        return self._noted(note, name, number) if note else (Other(frame=number, protocol=name),)

    def _udp(
        self,
        frame: Frame,
        number: int,
        packet: Packet,
        data: bytes,
        start: int,
        stop: int,
        mac: bytes | None,
        depth: int,
    ) -> Result:
        if min(len(data), stop) < start + 4:
            return (Other(frame=number, protocol="udp"),)
        source_port, destination_port = _PORTS(data, start)
        wrapper = WRAPPED_PORTS.get(destination_port)
        if wrapper is not None:
            body, end = _datagram(data, start, stop)
            result = self._inside(frame, number, wrapper, data[body:end], end - body, None, depth)
            if result is not None:
                return result
        elif (note := UDP_TUNNELS.get(destination_port)) is not None:
            self._note(note, number)
        else:
            source, destination = self._pairs.get(packet.pair) or self._text(packet.pair)
            way = source, source_port, destination, destination_port
            octets = data[start + 8 : stop]
            on_port = source_port in NFS_PORTS or destination_port in NFS_PORTS or self._datagrams.known(way)
            if (on_port and may_be_rpc(octets)) or calls_nfs4(octets):
                body, end = _datagram(data, start, stop)
                return (
                    self._datagrams.segment(
                        way, data[body:end], end - body, frame=number, time=frame.time, mac=mac, ttl=packet.ttl
                    ),
                )
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
        Protocol.UDP,
        Protocol.HOPOPT,
        Protocol.ROUTING,
        Protocol.FRAGMENT,
        Protocol.AH,
        Protocol.DSTOPTS,
        Protocol.MOBILITY,
        Protocol.HIP,
        Protocol.SHIM6,
        *WRAPPED_PROTOCOLS,
    )
)
"""TCP, UDP, the headers that may stand before them in the first fragment, and tunnels."""


def _datagram(data: bytes, start: int, stop: int) -> tuple[int, int]:
    """Where the payload of a UDP datagram (RFC 768) starts and stops. Raises Undecoded."""
    if min(len(data), stop) < start + 8:
        raise Short("UDP header") if len(data) < stop else Malformed("UDP header")
    (length,) = _UDP_LENGTH(data, start)
    # 0 where the card was to fill it in, as in an IP header.
    if not length:
        return start + 8, stop
    if length < 8:
        raise Malformed("UDP header")
    return start + 8, min(stop, start + length)


def _opener(wrapper: Wrapper) -> Callable[[bytes], Layer | None]:
    opener = OVERLAYS.get(wrapper)
    if opener is None:
        # Captures without such a layer do not pay for the import of dpkt, which loads all that it knows.
        from dissect.nfs4.link.dpkt_layers import OPENERS

        opener = OPENERS[wrapper]
    return opener


def _address(octets: bytes) -> str:
    return inet_ntoa(octets) if len(octets) == 4 else str(IPv6Address(octets))


def _unknown_link_type(link_type: int) -> str:
    return f"unknown link type {link_type if link_type < SNOOP_BASE else link_type_name(link_type)}"
