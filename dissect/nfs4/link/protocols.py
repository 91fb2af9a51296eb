"""Names of what is met on the way to TCP, and what is said of those that may hide NFS and are not opened."""

from __future__ import annotations

from enum import IntEnum


class EtherType(IntEnum):
    """Ethernet types that are followed."""

    IPV4 = 0x0800
    ARP = 0x0806
    IPV6 = 0x86DD


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
    0x8847: ("mpls", "tunnel: MPLS not decoded"),
    0x8848: ("mpls", "tunnel: MPLS not decoded"),
    0x8863: ("pppoe-discovery", None),
    0x8864: ("pppoe", "tunnel: PPPoE not decoded"),
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
    4: ("ipip", "tunnel: IP in IP not decoded"),
    33: ("dccp", None),
    41: ("ip6-in-ip", "tunnel: IP in IP not decoded"),
    46: ("rsvp", None),
    47: ("gre", "tunnel: GRE not decoded"),
    50: ("esp", "encrypted: ESP not decoded"),
    55: ("mobile-ip", "tunnel: minimal encapsulation not decoded"),
    58: ("icmpv6", None),
    59: ("ipv6-no-next-header", None),
    88: ("eigrp", None),
    89: ("ospf", None),
    94: ("ipip", "tunnel: IP in IP not decoded"),
    97: ("etherip", "tunnel: EtherIP not decoded"),
    103: ("pim", None),
    108: ("ipcomp", "compressed: IPComp not decoded"),
    112: ("vrrp", None),
    115: ("l2tp", "tunnel: L2TP not decoded"),
    132: ("sctp", None),
    136: ("udplite", None),
    137: ("mpls", "tunnel: MPLS not decoded"),
    143: ("ethernet-in-ip", "tunnel: Ethernet in IP not decoded"),
}
"""As ETHERTYPES; a number that is not here carries nothing that NFS runs over."""

UDP_TUNNELS: dict[int, str] = {
    1701: "tunnel: L2TP not decoded",
    2152: "tunnel: GTP-U not decoded",
    4500: "encrypted: ESP over UDP not decoded",
    4754: "tunnel: GRE not decoded",
    4789: "tunnel: VXLAN not decoded",
    4791: "RDMA: RoCE not decoded",
    4790: "tunnel: VXLAN-GPE not decoded",
    6081: "tunnel: Geneve not decoded",
    6635: "tunnel: MPLS not decoded",
    8472: "tunnel: VXLAN not decoded",
    51820: "encrypted: WireGuard not decoded",
}
"""Destination ports of what wraps IP or RDMA in UDP."""
