"""From every kind of frame to the same TCP segment, and to a word on everything else."""

from __future__ import annotations

import ipaddress
import struct

import pytest

from dissect.nfs4.batch import CAPTURE_STRIDE, LinkEvent, Note
from dissect.nfs4.capture import Frame, LinkType
from dissect.nfs4.link import Other, Segment, Unwrapper
from wire.frames import ACK, PSH, SYN, arp, ethernet, ip_packet, tcp_segment

CLIENT, SERVER = ("10.0.0.11", 925), ("10.0.0.1", 2049)
CLIENT6, SERVER6 = ("fd00::11", 925), ("fd00::1", 2049)
HERE, THERE = bytes.fromhex("525400000011"), bytes.fromhex("525400000001")
PAYLOAD = b"\x80\0\0\x28call of forty bytes or so"
TCP = tcp_segment(CLIENT, SERVER, 1000, 2000, PSH | ACK, PAYLOAD)
IPV4 = ip_packet(*(CLIENT[0], SERVER[0]), 6, TCP, 1)[1]
TCP6 = tcp_segment(CLIENT6, SERVER6, 1000, 2000, PSH | ACK, PAYLOAD)
IPV6 = ip_packet(CLIENT6[0], SERVER6[0], 6, TCP6, 1)[1]


def frame(data: bytes, link_type: int = LinkType.ETHERNET, original: int | None = None, number: int = 1) -> Frame:
    return Frame(
        number=number,
        time=number * 1000,
        data=data,
        original_length=len(data) if original is None else original,
        link_type=link_type,
        interface=0,
    )


def one(
    data: bytes, link_type: int = LinkType.ETHERNET, original: int | None = None
) -> tuple[Segment | Other, list[str]]:
    """The one thing in a frame, and the reasons noted."""
    unwrapper = Unwrapper()
    (item,) = unwrapper.feed(frame(data, link_type, original), 1)
    return item, [note.reason for note in unwrapper.drain(final=True) if isinstance(note, Note)]


def segment(data: bytes, link_type: int = LinkType.ETHERNET, original: int | None = None) -> Segment:
    item, notes = one(data, link_type, original)
    assert isinstance(item, Segment), (item, notes)
    assert notes == []
    return item


def other(data: bytes, link_type: int = LinkType.ETHERNET, original: int | None = None) -> tuple[str, list[str]]:
    item, notes = one(data, link_type, original)
    assert isinstance(item, Other)
    return item.protocol, notes


def ipv4(
    payload: bytes, *, total: int | None = None, protocol: int = 6, options: bytes = b"", fragment: int = 0
) -> bytes:
    length = 20 + len(options) + len(payload) if total is None else total
    head = struct.pack(">BBHHHBBH", 0x45 + len(options) // 4, 0, length, 7, fragment, 64, protocol, 0)
    return head + ipaddress.ip_address(CLIENT[0]).packed + ipaddress.ip_address(SERVER[0]).packed + options + payload


def ipv6(payload: bytes, following: int, *, length: int | None = None, ttl: int = 64) -> bytes:
    head = struct.pack(">IHBB", 6 << 28, len(payload) if length is None else length, following, ttl)
    return head + ipaddress.ip_address(CLIENT6[0]).packed + ipaddress.ip_address(SERVER6[0]).packed + payload


def plain(payload: bytes) -> bytes:
    return ethernet(HERE, THERE, 0x0800, payload)


def test_a_plain_segment() -> None:
    assert segment(plain(IPV4)) == Segment(
        frame=1,
        time=1000,
        source="10.0.0.11",
        source_port=925,
        destination="10.0.0.1",
        destination_port=2049,
        seq=1000,
        ack=2000,
        flags=PSH | ACK,
        payload=PAYLOAD,
        length=len(PAYLOAD),
        mac=HERE,
        ttl=64,
    )


def tag(kind: int, vlan: int) -> bytes:
    return struct.pack(">HH", kind, vlan)


def sll(data: bytes, kind: int = 0x0800, arphrd: int = 1, octets: int = 6) -> bytes:
    return struct.pack(">HHH", 4, arphrd, octets) + HERE + b"\0\0" + struct.pack(">H", kind) + data


def sll2(data: bytes, kind: int = 0x0800, arphrd: int = 1, octets: int = 6) -> bytes:
    return struct.pack(">HHIHBB", kind, 0, 3, arphrd, 4, octets) + HERE + b"\0\0" + data


SNAP = ethernet(HERE, THERE, len(IPV4) + 8, bytes.fromhex("aaaa030000000800") + IPV4)


@pytest.mark.parametrize(
    ("link_type", "data", "mac"),
    [
        (1, THERE + HERE + tag(0x8100, 100) + b"\x08\0" + IPV4, HERE),
        (1, THERE + HERE + tag(0x88A8, 7) + tag(0x8100, 100) + b"\x08\0" + IPV4, HERE),
        (1, THERE + HERE + tag(0x9100, 7) + tag(0x8100, 100) + b"\x08\0" + IPV4, HERE),
        (1, SNAP, HERE),
        (1, ethernet(bytes(6), bytes(6), 0x0800, IPV4), None),
        (113, sll(IPV4), HERE),
        (113, sll(tag(5, 0)[:2] + b"\x08\0" + IPV4, 0x8100), HERE),
        (113, sll(IPV4, arphrd=772), None),
        (113, sll(IPV4, octets=8), None),
        (113, sll(IPV4, arphrd=778), None),
        (276, sll2(IPV4), HERE),
        (276, sll2(IPV4, arphrd=65534, octets=0), None),
        (101, IPV4, None),
        (12, IPV4, None),
        (14, IPV4, None),
        (228, IPV4, None),
        (0, b"\2\0\0\0" + IPV4, None),
        (0, b"\0\0\0\2" + IPV4, None),
        (108, b"\0\0\0\2" + IPV4, None),
        (226, b"\1\2" + bytes(22) + IPV4, None),
        (242, bytes(40) + b"\x08\0\0\0" + IPV4, None),
        (LinkType.SNOOP_IPOIB, b"\x08\0\0\0" + IPV4, None),
    ],
)
def test_every_link_type_gives_the_same(link_type: int, data: bytes, mac: bytes | None) -> None:
    expected = segment(plain(IPV4))
    expected.mac = mac
    assert segment(data, link_type) == expected


@pytest.mark.parametrize(
    ("link_type", "data"),
    [
        (1, ethernet(HERE, THERE, 0x86DD, IPV6)),
        (101, IPV6),
        (229, IPV6),
        *((0, family.to_bytes(4, order) + IPV6) for family in (10, 24, 28, 30) for order in ("little", "big")),
        (113, sll(IPV6, 0x86DD)),
        (276, sll2(IPV6, 0x86DD)),
    ],
)
def test_ipv6_on_every_link(link_type: int, data: bytes) -> None:
    got = segment(data, link_type)
    assert (got.source, got.destination, got.seq, got.payload) == ("fd00::11", "fd00::1", 1000, PAYLOAD)


def test_addresses_are_in_their_canonical_form() -> None:
    mapped = ipaddress.ip_address("::ffff:10.0.0.1").packed
    data = IPV6[:8] + ipaddress.ip_address("2001:db8:0:0:1:0:0:1").packed + mapped + IPV6[40:]
    got = segment(data, 101)
    assert (got.source, got.destination) == ("2001:db8::1:0:0:1", str(ipaddress.IPv6Address(mapped)))


def test_ip_and_tcp_options_are_stepped_over() -> None:
    syn = tcp_segment(CLIENT, SERVER, 5, 0, SYN, b"")
    assert segment(plain(ipv4(syn))).length == 0
    got = segment(plain(ipv4(TCP, options=b"\x94\x04\0\0" + b"\1" * 36)))
    assert (got.seq, got.payload) == (1000, PAYLOAD)


def test_what_follows_the_packet_in_its_frame_is_no_payload() -> None:
    bare = tcp_segment(CLIENT, SERVER, 1, 1, ACK, b"")
    got = segment(plain(ipv4(bare)) + bytes(6))
    assert (got.payload, got.length) == (b"", 0)
    assert segment(plain(IPV4) + b"16 bytes of tail").payload == PAYLOAD
    assert segment(ethernet(HERE, THERE, 0x86DD, IPV6) + b"trailer").payload == PAYLOAD


def test_a_packet_still_to_be_segmented_has_no_length() -> None:
    got = segment(plain(ipv4(TCP + bytes(3000), total=0)))
    assert (got.length, len(got.payload)) == (len(PAYLOAD) + 3000, len(PAYLOAD) + 3000)
    got = segment(plain(ipv4(TCP + bytes(100), total=0)), original=14 + 20 + len(TCP) + 9000)
    assert (got.length, len(got.payload)) == (len(PAYLOAD) + 9000, len(PAYLOAD) + 100)
    jumbo = bytes.fromhex("0600c204") + struct.pack(">I", 8 + len(TCP6) + 70000)
    got = segment(ipv6(jumbo + TCP6 + bytes(70000), 0, length=0), 101)
    assert got.length == len(PAYLOAD) + 70000


def test_the_snaplen_shortens_the_payload_and_not_the_length() -> None:
    data = plain(IPV4)
    for kept in range(14 + 20 + 14, len(data)):
        got = segment(data[:kept], original=len(data))
        assert got.length == len(PAYLOAD)
        assert got.payload == PAYLOAD[: max(0, kept - 54)]
        assert (got.seq, got.flags) == (1000, PSH | ACK)


@pytest.mark.parametrize(
    ("kept", "header"),
    [(0, "Ethernet header"), (13, "Ethernet header"), (14, "IP header"), (33, "IP header"), (47, "TCP header")],
)
def test_a_header_that_is_cut_is_noted(kept: int, header: str) -> None:
    data = plain(IPV4)
    assert other(data[:kept], original=len(data)) == ("undecoded", [f"snaplen cuts the {header}"])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (plain(b"\x55" + IPV4[1:]), "malformed IP header"),
        (plain(b"\x44" + IPV4[1:]), "malformed IP header"),
        (plain(IPV4[:12]), "malformed IP header"),
        (plain(ipv4(TCP, total=19)), "malformed IP length"),
        (plain(ipv4(b"", total=0)), "malformed IP length"),
        (plain(ipv4(TCP[:12])), "malformed TCP header"),
        (plain(ipv4(TCP[:12] + b"\x40" + TCP[13:])), "malformed TCP header"),
        (plain(ipv4(TCP[:12] + b"\xf0" + TCP[13:30])), "malformed TCP header"),
        (ethernet(HERE, THERE, 0x86DD, IPV4), "malformed IP header"),
        (THERE + HERE + b"\x81\0\0", "malformed VLAN tag"),
    ],
)
def test_a_header_that_contradicts_itself_is_noted(data: bytes, reason: str) -> None:
    assert other(data) == ("undecoded", [reason])


def header6(following: int, body: str = "000104 00000000") -> bytes:
    return bytes((following,)) + bytes.fromhex(body)


AH = "04 0000 00001000 00000001" + "00" * 12


@pytest.mark.parametrize(
    ("first", "headers"),
    [
        (0, header6(6)),
        (60, header6(6, "010104" + "00" * 12)),
        (0, header6(43) + header6(60, "000400 00000000") + header6(6)),
        (51, header6(6, AH)),
        (0, header6(51) + header6(60, AH) + header6(6)),
        (44, header6(6, "00 0000 12345678")),
        (135, header6(6)),
    ],
)
def test_extension_headers_of_ipv6(first: int, headers: bytes) -> None:
    got = segment(ipv6(headers + TCP6, first), 101)
    assert (got.seq, got.payload, got.length) == (1000, PAYLOAD, len(PAYLOAD))


def test_extension_headers_that_lead_nowhere() -> None:
    assert other(ipv6(header6(0, "ff") + TCP6, 0), 101) == ("undecoded", ["malformed IPv6 extension header"])
    assert other(ipv6(b"\0", 0), 101) == ("undecoded", ["malformed IPv6 extension header"])
    whole = ipv6(header6(6) + TCP6, 0)
    assert other(whole[:44], 101, len(whole)) == ("undecoded", ["snaplen cuts the IPv6 extension header"])
    routed = header6(6, "00 00 01 00000000")
    assert other(ipv6(routed + TCP6, 43), 101)[1] == ["IPv6 routing header: the last destination is not read"]
    assert other(ipv6(b"", 59), 101) == ("ipv6-no-next-header", [])


def test_an_authentication_header_in_ipv4() -> None:
    assert segment(plain(ipv4(header6(6, AH) + TCP, protocol=51))).payload == PAYLOAD


def udp(port: int) -> bytes:
    return struct.pack(">HHHH", 999, port, 12, 0) + b"data"


@pytest.mark.parametrize(
    ("data", "protocol", "reasons"),
    [
        (plain(ipv4(bytes(8), protocol=1)), "icmp", []),
        (plain(ipv4(bytes(8), protocol=115)), "l2tp", ["tunnel: L2TP not decoded"]),
        (plain(ipv4(bytes(8), protocol=50)), "esp", ["encrypted: ESP not decoded"]),
        (plain(ipv4(bytes(8), protocol=250)), "ip protocol 250", []),
        (ethernet(HERE, THERE, 0x86DD, ipv6(bytes(8), 50)), "esp", ["encrypted: ESP not decoded"]),
        (ethernet(HERE, THERE, 0x894F, IPV4), "nsh", ["tunnel: NSH not decoded"]),
        (ethernet(HERE, THERE, 0x8915, IPV4), "roce", ["RDMA: RoCE not decoded"]),
        (ethernet(HERE, THERE, 0x88CC, bytes(9)), "lldp", []),
        (ethernet(HERE, THERE, 38, bytes.fromhex("424203") + bytes(35)), "llc", []),
        (ethernet(HERE, THERE, 0x1234, bytes(9)), "ethertype 0x1234", ["unknown ethertype 0x1234"]),
        (plain(ipv4(udp(4790), protocol=17)), "udp", ["tunnel: VXLAN-GPE not decoded"]),
        (plain(ipv4(udp(4791), protocol=17)), "udp", ["RDMA: RoCE not decoded"]),
    ],
)
def test_what_is_not_tcp(data: bytes, protocol: str, reasons: list[str]) -> None:
    assert other(data) == (protocol, reasons)


def test_udp_tells_its_ports_and_no_more() -> None:
    item, notes = one(plain(ipv4(udp(2049), protocol=17)))
    assert (item, notes) == (Other(frame=1, protocol="udp", source_port=999, destination_port=2049), [])


@pytest.mark.parametrize(
    ("link_type", "data", "reason"),
    [
        (147, IPV4, "unknown link type 147"),
        (105, IPV4, "unknown link type 105"),
        (65536 + 9, IPV4, "unknown link type snoop-9"),
        (0, b"\x63\0\0\0" + IPV4, "unknown loopback address family 99"),
        (113, sll(IPV4, arphrd=824), "cooked capture of interface type 824 not decoded"),
        (276, sll2(IPV4, arphrd=803), "cooked capture of interface type 803 not decoded"),
        (101, b"\x25" + bytes(30), "malformed IP header"),
        *((link_type, b"", "malformed") for link_type in (0, 1, 12, 101, 108, 113, 226, 228, 229, 242, 276)),
    ],
)
def test_links_that_are_not_unwrapped(link_type: int, data: bytes, reason: str) -> None:
    item, notes = one(data, link_type)
    assert isinstance(item, Other)
    assert len(notes) == 1 and notes[0].startswith(reason)


def test_notes_are_counted_for_each_capture_at_the_end() -> None:
    unwrapper = Unwrapper()
    for number in (4, 9, CAPTURE_STRIDE + 2):
        unwrapper.feed(frame(plain(ipv4(bytes(8), protocol=115))), number)
    unwrapper.feed(frame(b"", 147), 7)
    assert unwrapper.drain() == []
    assert [item for item in unwrapper.drain(final=True) if isinstance(item, Note)] == [
        Note(reason="tunnel: L2TP not decoded", count=2, frame=4),
        Note(reason="unknown link type 147", count=1, frame=7),
        Note(reason="tunnel: L2TP not decoded", count=1, frame=CAPTURE_STRIDE + 2),
    ]
    assert unwrapper.drain(final=True) == []


def test_who_speaks_and_who_answers_for_an_address() -> None:
    unwrapper = Unwrapper()
    unwrapper.feed(frame(arp(1, (HERE, CLIENT[0]), (bytes(6), SERVER[0]))), 1)
    for number in (2, 3, 8):
        unwrapper.feed(frame(plain(IPV4), number=number), number)
    assert unwrapper.drain() == []
    assert unwrapper.drain(final=True) == [
        run_of_client(frame=1, last_frame=1, adjacent=True),
        run_of_client(frame=2, last_frame=8, adjacent=False),
    ]


def run_of_client(*, frame: int, last_frame: int, adjacent: bool) -> LinkEvent:
    return LinkEvent(
        frame=frame,
        time=frame * 1000,
        address="10.0.0.11",
        mac=HERE,
        adjacent=adjacent,
        gratuitous=False,
        last_frame=last_frame,
        last=last_frame * 1000,
    )
