"""LINKTYPE_ values of pcap and pcapng, and where snoop's datalink types go among them."""

from __future__ import annotations

from enum import IntEnum

SNOOP_BASE = 1 << 16
"""LINKTYPE_ values are 16 bits wide; a snoop datalink type without a counterpart is SNOOP_BASE plus its own value."""


class LinkType(IntEnum):
    """Link types that this package unwraps, and those met often enough to be called by name."""

    NULL = 0
    ETHERNET = 1
    IEEE802_5 = 6
    PPP = 9
    FDDI = 10
    DLT_RAW = 12
    "DLT_RAW written unmapped"
    DLT_RAW_OPENBSD = 14
    PPP_HDLC = 50
    PPP_ETHER = 51
    RAW = 101
    IEEE802_11 = 105
    FRELAY = 107
    LOOP = 108
    LINUX_SLL = 113
    PFLOG = 117
    IEEE802_11_RADIOTAP = 127
    NETANALYZER = 240
    ERF = 197
    IPNET = 226
    IPV4 = 228
    IPV6 = 229
    NFLOG = 239
    IPOIB = 242
    INFINIBAND = 247
    WIRESHARK_UPPER_PDU = 252
    NETLINK = 253
    LINUX_SLL2 = 276
    SNOOP_IPOIB = SNOOP_BASE + 26
    "IP over InfiniBand as Solaris writes it: the RFC 4391 header without addresses"


_SNOOP = {
    0: LinkType.ETHERNET,
    2: LinkType.IEEE802_5,
    4: LinkType.ETHERNET,
    8: LinkType.FDDI,
    14: LinkType.NULL,
    25: LinkType.ETHERNET,
    0x80000005: LinkType.IPNET,
}
"""RFC 1761 section 4 defines 0 to 9; the rest are the numbers Solaris took from its <sys/dlpi.h>."""


def from_snoop(datalink: int) -> int:
    """The LINKTYPE_ value for a snoop datalink type; without a counterpart, one beyond SNOOP_BASE."""
    return int(_SNOOP.get(datalink, SNOOP_BASE + datalink))


def link_type_name(link_type: int) -> str:
    """A short name: `ethernet`, `linux-sll2`; the bare number where the type has none here."""
    try:
        return LinkType(link_type).name.lower().replace("_", "-")
    except ValueError:
        return f"snoop-{link_type - SNOOP_BASE}" if link_type >= SNOOP_BASE else f"linktype-{link_type}"
