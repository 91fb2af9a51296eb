"""Layers around an IP packet or an Ethernet frame that need no more than a header's length."""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct

from dissect.nfs4.link.layers import LEAST_ETHERTYPE, Layer, ethernet, raw
from dissect.nfs4.link.odd import Malformed, Short, Undecoded
from dissect.nfs4.link.protocols import EtherType, Wrapper

_VXLAN_VNI_VALID = 0x08
_u16 = Struct(">H").unpack_from


def _vxlan(data: bytes) -> Layer:
    """RFC 7348 section 5: a frame of Ethernet behind eight bytes."""
    if len(data) < 8:
        raise Short("VXLAN header")
    if not data[0] & _VXLAN_VNI_VALID:
        raise Malformed("VXLAN header")
    return EtherType.ETHERNET, 8, None


_GENEVE_CONTROL = 0x80


def _geneve(data: bytes) -> Layer | None:
    """RFC 8926 section 3.4; the options are counted in words."""
    if len(data) < 8:
        raise Short("Geneve header")
    if data[0] >> 6:
        raise Undecoded(f"tunnel: Geneve version {data[0] >> 6} not decoded")
    if data[1] & _GENEVE_CONTROL:
        return None
    at = 8 + (data[0] & 0x3F) * 4
    if len(data) < at:
        raise Short("Geneve header")
    (kind,) = _u16(data, 2)
    if kind < LEAST_ETHERTYPE:
        raise Undecoded(f"tunnel: Geneve of type 0x{kind:04x} not decoded")
    return kind, at, None


def _etherip(data: bytes) -> Layer:
    """RFC 3378 section 3."""
    if len(data) < 2:
        raise Short("EtherIP header")
    if data[0] != 0x30:
        raise Malformed("EtherIP header")
    return EtherType.ETHERNET, 2, None


_ERSPAN_II, _ERSPAN_III = 1, 2
_FRAME_ETHERNET, _FRAME_IP = 0, 2


def _erspan(data: bytes) -> Layer:
    """Frames that a switch mirrors, behind 8 bytes (type II) or 12 and perhaps 8 more (draft-foschiano-erspan)."""
    if len(data) < 8:
        raise Short("ERSPAN header")
    version = data[0] >> 4
    if version == _ERSPAN_II:
        return EtherType.ETHERNET, 8, None
    if version != _ERSPAN_III:
        raise Undecoded(f"tunnel: ERSPAN version {version} not decoded")
    if len(data) < 12:
        raise Short("ERSPAN header")
    (word,) = _u16(data, 10)
    at, frame_type = 20 if word & 1 else 12, word >> 10 & 31
    if frame_type == _FRAME_ETHERNET:
        return EtherType.ETHERNET, at, None
    if frame_type != _FRAME_IP:
        raise Undecoded(f"tunnel: ERSPAN frame type {frame_type} not decoded")
    if len(data) <= at:
        raise Short("IP header")
    kind, _, _ = raw(data[at:])
    return kind, at, None


OVERLAYS: dict[Wrapper, Callable[[bytes], Layer | None]] = {
    Wrapper.IPV4: lambda _data: (EtherType.IPV4, 0, None),
    Wrapper.IPV6: lambda _data: (EtherType.IPV6, 0, None),
    Wrapper.IP: raw,
    Wrapper.ETHERNET: ethernet,
    Wrapper.ETHERIP: _etherip,
    Wrapper.ERSPAN: _erspan,
    Wrapper.VXLAN: _vxlan,
    Wrapper.GENEVE: _geneve,
}
"""From the captured bytes of a layer to what it holds; None where that is never IP. Each raises Undecoded."""
