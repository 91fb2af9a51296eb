"""What a capture holds: frames, and the interfaces they were taken on."""

from __future__ import annotations

from dataclasses import field

from dissect.nfs4.dataclass import dataclass

MAX_CAPTURED = 4 * 262144
"""Longest record believed, four times libpcap's MAXIMUM_SNAPLEN: the largest offloaded packets fit twice."""

MAX_TIME = 1 << 62
"""Times from here on (year 2116) are not believed, so that differences fit in 64 bits as well."""


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Frame:
    """One record of a capture. Never changed after it is made; not frozen, since that doubles the price of each."""

    number: int
    "as Wireshark counts, from 1"
    time: int
    "ns since 1970 UTC; a record without a time (or with an unbelievable one) bears that of the record before it"
    data: bytes
    "never more than `original_length`"
    original_length: int
    link_type: int
    interface: int
    "index into the capture's `interfaces`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """Where frames were taken; pcap and snoop files have exactly one."""

    link_type: int
    snaplen: int | None = None
    "as declared; None for no limit"
    multiplier: int = 1
    divisor: int = 1
    "a time stamp is `stamp * multiplier // divisor + offset` in ns"
    offset: int = 0


@dataclass(slots=True)
class Tally:
    """What a reader tells beside the frames, while it reads."""

    interfaces: list[Interface] = field(default_factory=list)
    untimed: int = 0
    "records without a believable time of their own"
