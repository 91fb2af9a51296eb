"""Link-layer headers: from a link type to the network protocol, where it starts, and whose MAC sent it."""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct

from dissect.nfs4.capture.linktypes import LinkType
from dissect.nfs4.link.odd import Malformed, Short, Undecoded
from dissect.nfs4.link.protocols import LLC, VLAN_TAGS, EtherType

Layer = tuple[int, int, bytes | None]
"""Ethernet type, offset of what it names, source MAC."""

_u16 = Struct(">H").unpack_from
_SNAP = b"\xaa\xaa\x03\x00\x00\x00"
LEAST_ETHERTYPE = 0x600
"""Below it the word after the addresses is a length (IEEE 802.3)."""
_ARPHRD_ETHER, _ARPHRD_IEEE80211, _ARPHRD_RADIOTAP, _ARPHRD_NETLINK = 1, 801, 803, 824


def _network(data: bytes, kind: int, at: int, mac: bytes | None) -> Layer:
    """Past VLAN tags, and past the SNAP header of an IEEE 802.3 frame (RFC 1042)."""
    while kind in VLAN_TAGS:
        if len(data) < at + 4:
            raise Short("VLAN tag")
        (kind,) = _u16(data, at + 2)
        at += 4
    if kind < LEAST_ETHERTYPE:
        if kind == 1:
            return kind, at, mac
        if data[at : at + 6] == _SNAP and len(data) >= at + 8:
            return _u16(data, at + 6)[0], at + 8, mac
        return LLC, at, mac
    return kind, at, mac


def ethernet(data: bytes) -> Layer:
    """A frame of Ethernet. Raises Undecoded."""
    if len(data) < 14:
        raise Short("Ethernet header")
    return _network(data, _u16(data, 12)[0], 14, data[6:12])


def _cooked(data: bytes, header: int, arphrd: int, octets: int, address: bytes, protocol: int) -> Layer:
    """What the two Linux cooked headers share; the protocol word is an Ethernet type on most interfaces."""
    if arphrd in (_ARPHRD_NETLINK, _ARPHRD_IEEE80211, _ARPHRD_RADIOTAP):
        raise Undecoded(f"cooked capture of interface type {arphrd} not decoded")
    mac = address[:6] if octets == 6 and arphrd == _ARPHRD_ETHER else None
    return _network(data, protocol, header, mac)


_SLL = Struct(">2xHH8sH").unpack_from
_SLL2 = Struct(">H6xHxB8s").unpack_from


def _linux_sll(data: bytes) -> Layer:
    if len(data) < 16:
        raise Short("SLL header")
    arphrd, octets, address, protocol = _SLL(data)
    return _cooked(data, 16, arphrd, octets, address, protocol)


def _linux_sll2(data: bytes) -> Layer:
    if len(data) < 20:
        raise Short("SLL2 header")
    protocol, arphrd, octets, address = _SLL2(data)
    return _cooked(data, 20, arphrd, octets, address, protocol)


_FAMILIES = {2: EtherType.IPV4, **dict.fromkeys((10, 24, 26, 28, 30), EtherType.IPV6)}
"""AF_INET is 2 everywhere. AF_INET6: 10 Linux, 24 NetBSD and OpenBSD, 26 Solaris, 28 FreeBSD, 30 Darwin."""


def _family(family: int, at: int) -> Layer:
    kind = _FAMILIES.get(family)
    if kind is None:
        raise Undecoded(f"unknown loopback address family {family}")
    return kind, at, None


def _null(data: bytes) -> Layer:
    """The family in the byte order of the host that captured: whichever makes a small number."""
    if len(data) < 4:
        raise Short("loopback header")
    little = int.from_bytes(data[:4], "little")
    return _family(little if little < 1 << 16 else int.from_bytes(data[:4], "big"), 4)


def _loop(data: bytes) -> Layer:
    if len(data) < 4:
        raise Short("loopback header")
    return _family(int.from_bytes(data[:4], "big"), 4)


def raw(data: bytes) -> Layer:
    """An IP packet of the version that it says itself. Raises Undecoded."""
    if not data:
        raise Short("IP header")
    version = data[0] >> 4
    if version not in (4, 6):
        raise Malformed("IP header")
    return (EtherType.IPV4 if version == 4 else EtherType.IPV6), 0, None


def _ipnet(data: bytes) -> Layer:
    """Solaris ipnet(7D): a header of 24 bytes, the address family in its second."""
    if len(data) < 24:
        raise Short("ipnet header")
    return _family(data[1], 24)


def _ipoib(header: int) -> Callable[[bytes], Layer]:
    """RFC 4391 section 6: type and two reserved bytes, at the end of a `header` of so many bytes."""

    def ipoib(data: bytes) -> Layer:
        if len(data) < header:
            raise Short("IPoIB header")
        return _network(data, _u16(data, header - 4)[0], header, None)

    return ipoib


LAYERS: dict[int, Callable[[bytes], Layer]] = {
    LinkType.NULL: _null,
    LinkType.ETHERNET: ethernet,
    LinkType.PPP: lambda _data: (EtherType.PPP, 0, None),
    LinkType.DLT_RAW: raw,
    LinkType.DLT_RAW_OPENBSD: raw,
    LinkType.PPP_HDLC: lambda _data: (EtherType.PPP, 0, None),
    LinkType.PPP_ETHER: lambda _data: (EtherType.PPPOE, 0, None),
    LinkType.RAW: raw,
    LinkType.LOOP: _loop,
    LinkType.LINUX_SLL: _linux_sll,
    LinkType.IPNET: _ipnet,
    LinkType.IPV4: lambda _data: (EtherType.IPV4, 0, None),
    LinkType.IPV6: lambda _data: (EtherType.IPV6, 0, None),
    LinkType.IPOIB: _ipoib(44),
    LinkType.LINUX_SLL2: _linux_sll2,
    LinkType.SNOOP_IPOIB: _ipoib(4),
}
"""By LINKTYPE_ value. Each raises Undecoded."""
