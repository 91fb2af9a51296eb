"""What tshark says of one frame, as it comes from the other process."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.link.segment import Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An RPC message that came whole. Ports are those of the connection under it, 0 where RDMA names none."""

    source: str
    source_port: int
    destination: str
    destination_port: int
    octets: bytes
    length: int
    "octets on the wire; those that are missing went by RDMA and were not put together"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A frame as tshark unwraps it: what is in it stands from the outside in."""

    frame: int
    protocols: tuple[str, ...]
    spoke: tuple[tuple[str, bytes], ...]
    "address and MAC of each IP packet that has both"
    segments: tuple[tuple[Any, ...], ...]
    "arguments of `segment`"
    bound: tuple[tuple[str, bytes, bool], ...]
    "what ARP binds: address, MAC, whether nobody asked"
    messages: tuple[Message, ...]


def read_answer(said: dict[str, Any], frame: int) -> Answer:
    """From a line of the other process; `frame` is the number that we give."""
    return Answer(
        frame=frame,
        protocols=tuple(said["protocols"]),
        spoke=tuple((_address(address), _mac(mac)) for address, mac in said["ip"]),
        segments=tuple(map(tuple, said["tcp"])),
        bound=tuple((_address(address), _mac(mac), bool(gratuitous)) for address, mac, gratuitous in said["arp"]),
        messages=tuple(map(_message, said["rpc"])),
    )


def segment(answer: Answer, time: int, arguments: tuple[Any, ...]) -> Segment:
    """A segment of an answer, in a frame of that time."""
    source, source_port, destination, destination_port, seq, ack, flags, length, payload, mac, ttl = arguments
    octets = bytes.fromhex(payload)
    return Segment(
        frame=answer.frame,
        time=time,
        source=_address(source),
        source_port=source_port,
        destination=_address(destination),
        destination_port=destination_port,
        seq=seq,
        ack=ack,
        flags=flags & 0xFF,
        payload=octets[:length],
        length=length,
        mac=None if mac is None else _mac(mac),
        ttl=ttl,
    )


def _message(said: list[Any]) -> Message:
    source, source_port, destination, destination_port, octets, length = said
    return Message(
        source=_address(source),
        source_port=source_port,
        destination=_address(destination),
        destination_port=destination_port,
        octets=bytes.fromhex(octets),
        length=length,
    )


def _address(text: str) -> str:
    """Addresses as we write them: tshark writes those that hold an IPv4 address otherwise."""
    return str(ip_address(text)) if ":" in text else text


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))
