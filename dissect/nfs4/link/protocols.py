"""Names of what is met on the way to TCP, and what is said of those that may hide NFS and are not opened."""

from __future__ import annotations

from enum import Enum, IntEnum


class EtherType(IntEnum):
    """Ethernet types that are followed."""

    IPV4 = 0x0800
    ARP = 0x0806
    ERSPAN_III = 0x22EB
    ETHERNET = 0x6558
    "a frame of Ethernet inside something else (Transparent Ethernet Bridging)"
    IPV6 = 0x86DD
    PPP = 0x880B
    MPLS = 0x8847
    MPLS_MULTICAST = 0x8848
    PPPOE = 0x8864
    ERSPAN = 0x88BE


class Wrapper(Enum):
    """Layers around an IP packet or a frame of Ethernet that are opened. The value names it in notes."""

    IPV4 = "IP in IP"
    IPV6 = "IPv6 in IP"
    IP = "IP of either version in IP"
    ETHERNET = "Ethernet"
    ETHERIP = "EtherIP"
    ERSPAN = "ERSPAN"
    GENEVE = "Geneve"
    GRE = "GRE"
    LLC = "LLC"
    MPLS = "MPLS"
    PPP = "PPP"
    PPPOE = "PPPoE"
    VXLAN = "VXLAN"


class Protocol(IntEnum):
    """IP protocol numbers that are followed."""

    HOPOPT = 0
    TCP = 6
    UDP = 17
    ROUTING = 43
    FRAGMENT = 44
    AH = 51
    ICMPV6 = 58
    DSTOPTS = 60
    MOBILITY = 135
    HIP = 139
    SHIM6 = 140


LLC = 4
"""ETH_P_802_2: not a type but an IEEE 802.2 header follows."""

VLAN_TAGS = frozenset((0x8100, 0x88A8, 0x9100, 0x9200))
"""IEEE 802.1Q, 802.1ad, and two numbers used for stacked tags before that."""

LLC_WITH_IP = (b"\x06", b"\xaa")
"""Destination SAPs behind which IP may be; spanning tree and others are in every capture."""

WRAPPED_TYPES: dict[int, Wrapper] = {
    LLC: Wrapper.LLC,
    EtherType.ERSPAN_III: Wrapper.ERSPAN,
    EtherType.ETHERNET: Wrapper.ETHERNET,
    EtherType.PPP: Wrapper.PPP,
    EtherType.MPLS: Wrapper.MPLS,
    EtherType.MPLS_MULTICAST: Wrapper.MPLS,
    EtherType.PPPOE: Wrapper.PPPOE,
    EtherType.ERSPAN: Wrapper.ERSPAN,
}
"""By Ethernet type, which GRE and Geneve use too."""

WRAPPED_PROTOCOLS: dict[int, Wrapper] = {
    4: Wrapper.IPV4,
    41: Wrapper.IPV6,
    47: Wrapper.GRE,
    94: Wrapper.IP,
    97: Wrapper.ETHERIP,
    137: Wrapper.MPLS,
    143: Wrapper.ETHERNET,
}
"""By IP protocol."""

WRAPPED_PORTS: dict[int, Wrapper] = {
    4754: Wrapper.GRE,
    4789: Wrapper.VXLAN,
    6081: Wrapper.GENEVE,
    6635: Wrapper.MPLS,
    8472: Wrapper.VXLAN,
}
"""By UDP destination port; 8472 is what Linux gave VXLAN before it had a number."""

ETHERTYPES: dict[int, tuple[str, str | None]] = {
    1: ("ipx", None),
    LLC: ("llc", None),
    0x0842: ("wake-on-lan", None),
    0x22F0: ("avtp", None),
    0x6003: ("decnet", None),
    0x8035: ("rarp", None),
    0x80F3: ("aarp", None),
    0x809B: ("appletalk", None),
    0x8137: ("ipx", None),
    0x8808: ("ethernet-flow-control", None),
    0x8809: ("slow-protocols", None),
    0x880B: ("ppp", None),
    0x8847: ("mpls", None),
    0x8848: ("mpls", None),
    0x8863: ("pppoe-discovery", None),
    0x8864: ("pppoe", None),
    0x888E: ("eapol", None),
    0x88A2: ("ata-over-ethernet", None),
    0x88CC: ("lldp", None),
    0x88E5: ("macsec", "encrypted: MACsec not decoded"),
    0x88E7: ("pbb", "tunnel: provider backbone bridge not decoded"),
    0x88F7: ("ptp", None),
    0x8902: ("cfm", None),
    0x8906: ("fcoe", None),
    0x8914: ("fip", None),
    0x8915: ("roce", "RDMA: RoCE not decoded"),
    0x894F: ("nsh", "tunnel: NSH not decoded"),
    0x8926: ("vn-tag", "tunnel: VN-Tag not decoded"),
    0x8903: ("fabricpath", "tunnel: FabricPath not decoded"),
    0x9000: ("loopback-test", None),
}
"""Name, and the note where NFS may be inside. A type that is not here is noted as unknown."""

IP_PROTOCOLS: dict[int, tuple[str, str | None]] = {
    1: ("icmp", None),
    2: ("igmp", None),
    4: ("ipip", None),
    33: ("dccp", None),
    41: ("ip6-in-ip", None),
    46: ("rsvp", None),
    47: ("gre", None),
    50: ("esp", "encrypted: ESP not decoded"),
    55: ("mobile-ip", "tunnel: minimal encapsulation not decoded"),
    58: ("icmpv6", None),
    59: ("ipv6-no-next-header", None),
    88: ("eigrp", None),
    89: ("ospf", None),
    94: ("ipip", None),
    97: ("etherip", None),
    103: ("pim", None),
    108: ("ipcomp", "compressed: IPComp not decoded"),
    112: ("vrrp", None),
    115: ("l2tp", "tunnel: L2TP not decoded"),
    132: ("sctp", None),
    136: ("udplite", None),
    137: ("mpls", None),
    143: ("ethernet-in-ip", None),
}
"""As ETHERTYPES; a number that is not here carries nothing that NFS runs over."""

IWARP_NOTE = "RDMA: iWARP not decoded"
"""Of a TCP connection that carries RDMA (RFC 5040)."""

UDP_TUNNELS: dict[int, str] = {
    1701: "tunnel: L2TP not decoded",
    2152: "tunnel: GTP-U not decoded",
    4500: "encrypted: ESP over UDP not decoded",
    4791: "RDMA: RoCE not decoded",
    4790: "tunnel: VXLAN-GPE not decoded",
    51820: "encrypted: WireGuard not decoded",
}
"""Destination ports of what wraps IP or RDMA in UDP and is not opened."""
