"""Stand-ins of addresses: one for one, network by network, of the same meaning and as long."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfsanalyze.redaction.address import Addresses
from nfsanalyze.redaction.permutation import Permutations

HERE = Addresses(Permutations(b"a key of some length"))
V4 = st.ip_addresses(v=4)
V6 = st.ip_addresses(v=6)


def common(a: bytes, b: bytes, width: int) -> int:
    """How many octets (or groups) two addresses begin with alike."""
    pieces = zip(*([raw[at : at + width] for at in range(0, len(raw), width)] for raw in (a, b)), strict=True)
    return next((number for number, (one, other) in enumerate(pieces) if one != other), len(a) // width)


@given(V4, V4)
def test_prefixes_are_kept_apart_and_together(a: ipaddress.IPv4Address, b: ipaddress.IPv4Address) -> None:
    one, other = HERE.packed(a.packed), HERE.packed(b.packed)
    if a.packed[0] not in (0, 127) and b.packed[0] not in (0, 127):
        assert common(one, other, 1) == common(a.packed, b.packed, 1)
    assert (one == other) is (a == b)


@given(V6, st.integers(0, 15), st.integers(1, 255))
def test_prefixes_of_ipv6_too(address: ipaddress.IPv6Address, at: int, change: int) -> None:
    a = bytearray(address.packed)
    b = bytearray(a)
    b[at] ^= change
    one, other = HERE.packed(bytes(a)), HERE.packed(bytes(b))
    assert one != other
    if any(a[:10]) and any(b[:10]):
        assert common(one, other, 2) == at // 2


@given(st.one_of(V4, V6))
def test_meaning_and_length_stay(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    stand_in = ipaddress.ip_address(HERE.text(str(address)))
    for said in ("is_unspecified", "is_loopback", "is_link_local", "is_multicast"):
        assert getattr(stand_in, said) == getattr(address, said)
    if getattr(address, "ipv4_mapped", None) is None:  # whose octets are decimal in one spelling, and not in the other
        assert len(str(stand_in)) == len(str(address))


@pytest.mark.parametrize(
    "network", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fe80::/10", "fd00::/8", "2000::/3"]
)
def test_networks_with_a_meaning_stay_within_themselves(network: str) -> None:
    whole = ipaddress.ip_network(network)
    for number in (1, 2, 255, 256, whole.num_addresses // 3, whole.num_addresses - 2):
        assert ipaddress.ip_address(HERE.text(str(whole[number]))) in whole
    outside = "11.1.2.3" if whole.version == 4 else "4000::1"
    assert ipaddress.ip_address(HERE.text(outside)) not in whole


@pytest.mark.parametrize("address", ["0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1"])
def test_addresses_of_nobody_stay(address: str) -> None:
    assert HERE.text(address) == address


@given(V4)
def test_no_other_address_stays(address: ipaddress.IPv4Address) -> None:
    if not address.is_loopback and address.packed[0] and address != ipaddress.ip_address("255.255.255.255"):
        assert HERE.text(str(address)) != str(address)


@given(V4)
def test_a_mapped_address_is_the_address_it_maps(address: ipaddress.IPv4Address) -> None:
    mapped = HERE.packed(b"\0" * 10 + b"\xff\xff" + address.packed)
    assert mapped == b"\0" * 10 + b"\xff\xff" + HERE.packed(address.packed)


@pytest.mark.parametrize(
    "literal",
    [
        b"10.0.0.1",
        b"fd00::1",
        b"fd00:0:0:0:0:0:0:1",
        b"fd00:0000:0000:0000:0000:0000:0000:0001",
        b"2001:0db8::00A1",
        b"::ffff:10.0.0.1",
        b"::FFFF:10.20.30.40",
        b"2001:db8:1:2:3:4:5:6",
        b"fe80::1:2",
        b"2001:db8::",
    ],
)
def test_a_literal_is_spelled_as_it_was(literal: bytes) -> None:
    stand_in = HERE.literal(literal)
    assert stand_in is not None
    assert len(stand_in) == len(literal)
    assert ipaddress.ip_address(stand_in.decode()).packed == HERE.packed(ipaddress.ip_address(literal.decode()).packed)
    assert [octet for octet in stand_in if octet in b":."] == [octet for octet in literal if octet in b":."]
    assert stand_in == (stand_in.lower() if literal == literal.lower() else stand_in.upper())


@pytest.mark.parametrize("word", [b"10.0.0", b"10.0.0.256", b"010.0.0.1", b"web01", b"", b"::1::", b"\xff"])
def test_what_is_no_literal_has_none(word: bytes) -> None:
    assert HERE.literal(word) is None


def test_vendors_of_macs_stay_and_machines_do_not() -> None:
    seen = {HERE.mac(bytes.fromhex("0050569a") + number.to_bytes(2, "big")) for number in range(2000)}
    assert len(seen) == 2000
    assert {mac[:3] for mac in seen} == {bytes.fromhex("005056")}
    assert HERE.mac(bytes.fromhex("00005e000107")) == bytes.fromhex("00005e000107")
    local = HERE.mac(bytes.fromhex("0242ac110002"))
    assert local[0] == 2 and local[1:] != bytes.fromhex("42ac110002")


def test_another_key_gives_other_addresses() -> None:
    other = Addresses(Permutations(b"another key of some length"))
    assert [HERE.text(f"10.1.{n}.{n}") for n in range(20)] != [other.text(f"10.1.{n}.{n}") for n in range(20)]
