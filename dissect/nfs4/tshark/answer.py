"""What tshark says of one frame, as it comes from the other process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.link.segment import Segment
from dissect.nfs4.tshark.errors import TsharkError


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


def read_answer(line: bytes, numbers: Sequence[int]) -> Answer | None:
    """A line of the other process, None for its last; `numbers[n - 1]` is the frame that it calls n.

    Raises TsharkError where the line says that tshark ended otherwise than well, or says nothing that can be believed:
    what is in it comes from the capture, by way of two programs.
    """
    try:
        said: dict[str, Any] = json.loads(line)
        if "status" not in said:
            return _answer(said, numbers)
        status, words = said["status"], str(said["said"] or "it does not say why")
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise TsharkError(f"what tshark found cannot be read ({type(error).__name__})") from None
    if status:
        raise TsharkError(f"tshark ended with status {status}: {' '.join(words.split())}")
    return None


def _answer(said: dict[str, Any], numbers: Sequence[int]) -> Answer:
    return Answer(
        frame=numbers[_number(said["n"], least=1) - 1],
        protocols=tuple(map(str, said["protocols"])),
        spoke=tuple((_address(address), _mac(mac)) for address, mac in said["ip"]),
        segments=tuple(map(_segment, said["tcp"])),
        bound=tuple((_address(address), _mac(mac), bool(gratuitous)) for address, mac, gratuitous in said["arp"]),
        messages=tuple(map(_message, said["rpc"])),
    )


def segment(answer: Answer, time: int, arguments: tuple[Any, ...]) -> Segment:
    """A segment of an answer, in a frame of that time."""
    source, source_port, destination, destination_port, seq, ack, flags, length, payload, mac, ttl = arguments
    return Segment(
        frame=answer.frame,
        time=time,
        source=source,
        source_port=source_port,
        destination=destination,
        destination_port=destination_port,
        seq=seq,
        ack=ack,
        flags=flags,
        payload=payload,
        length=length,
        mac=mac,
        ttl=ttl,
    )


def _segment(said: list[Any]) -> tuple[Any, ...]:
    source, source_port, destination, destination_port, seq, ack, flags, length, payload, mac, ttl = said
    length = _number(length)
    return (
        _address(source),
        _number(source_port, most=_PORT),
        _address(destination),
        _number(destination_port, most=_PORT),
        _number(seq),
        _number(ack),
        _number(flags) & 0xFF,
        length,
        bytes.fromhex(payload)[:length],
        None if mac is None else _mac(mac),
        _number(ttl, most=0xFF),
    )


def _message(said: list[Any]) -> Message:
    source, source_port, destination, destination_port, octets, length = said
    return Message(
        source=_address(source),
        source_port=_number(source_port, most=_PORT),
        destination=_address(destination),
        destination_port=_number(destination_port, most=_PORT),
        octets=bytes.fromhex(octets),
        length=_number(length),
    )


_PORT = 0xFFFF


def _number(value: int, *, least: int = 0, most: int = 0xFFFFFFFF) -> int:
    if not isinstance(value, int) or not least <= value <= most:
        raise ValueError(value)
    return value


def _address(text: str) -> str:
    """Addresses as we write them: tshark writes those that hold an IPv4 address otherwise."""
    return str(ip_address(text))


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))
