"""Owners of every format: recognised as before, with the stand-ins of the addresses that were in them."""

from __future__ import annotations

import ipaddress
import re
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfsanalyze.facts import embedded
from nfsanalyze.facts.owners import recognise
from nfsanalyze.redaction.redactor import Redactor
from nfsanalyze.reports.document.implementation import server_implementation
from scenarios.owners import CLIENT, EXAMPLES, SERVER6, Example, sockaddr_in

HERE = Redactor("a key of some length")
HERE.owners.know(ipaddress.ip_address(each).packed for each in ("10.0.0.1", "10.0.0.2", CLIENT, SERVER6, "fe80::1"))

every_example = pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)


@every_example
def test_the_format_is_recognised_as_before(example: Example) -> None:
    stand_in = HERE.owners.owner(example.owner, example.impl_domain)
    said = recognise(stand_in, impl_domain=example.impl_domain)
    assert (said.form, said.uniform, said.per_mount) == (example.form, example.uniform, example.per_mount)
    assert said.hostname == (None if example.hostname is None else HERE.texts.host(example.hostname))
    assert len(stand_in) == len(example.owner)
    assert stand_in != example.owner


@every_example
def test_addresses_stand_in_it_as_before(example: Example) -> None:
    stand_in = HERE.owners.owner(example.owner, example.impl_domain)
    for address in (example.address, CLIENT):
        before = {(h.how, h.offset) for h in embedded.textual(example.owner) if h.address == address}
        hit = embedded.packed_at(example.owner, address)
        before |= {(hit.how, hit.offset)} if hit else set()
        other = HERE.address(address)
        after = {(h.how, h.offset) for h in embedded.textual(stand_in) if h.address == other}
        hit = embedded.packed_at(stand_in, other)
        after |= {(hit.how, hit.offset)} if hit else set()
        assert after == before
        assert embedded.packed(address) not in stand_in


@every_example
def test_nothing_of_a_host_is_left(example: Example) -> None:
    stand_in = HERE.owners.owner(example.owner, example.impl_domain)
    for word in (
        b"web01",
        b"10.0.0.1",
        b"10.0.0.11",
        b"fd00::1",
        b"filer",
        b"Volumes",
        b"0f1e2d3c",
        b"6d9f1b0e",
        b"root",
    ):
        assert word not in stand_in


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_one_for_one(a: bytes, b: bytes) -> None:
    one, other = HERE.owners.owner(a), HERE.owners.owner(b)
    assert (one == other) is (a == b)
    assert len(one) == len(a)


@given(st.binary(max_size=30), st.binary(max_size=30), st.sampled_from(["10.0.0.1", "10.0.0.2"]))
def test_an_address_in_bytes_of_no_format_is_found_by_comparison(before: bytes, after: bytes, address: str) -> None:
    """RFC 7931 section 5.5: two owners that differ in the server's address alone still do."""
    other = "10.0.0.1" if address == "10.0.0.2" else "10.0.0.2"
    head, tail = b"\xfe" + before, after + b"\xfe"
    owners = [head + ipaddress.ip_address(each).packed + tail for each in (address, other)]
    hit = embedded.differential(owners[0], address, owners[1], other)
    if hit is not None and hit.offset == len(head):
        mine, theirs = map(HERE.owners.owner, owners)
        found = embedded.differential(mine, HERE.address(address), theirs, HERE.address(other))
        assert found is not None and found.offset == hit.offset


def test_a_sockaddr_keeps_its_head_whatever_else_the_owner_is() -> None:
    owner = b"\xabsomething" + sockaddr_in("192.0.2.7") + b"more"
    stand_in = HERE.owners.owner(owner)
    assert embedded.packed_at(stand_in, HERE.address("192.0.2.7")) is not None
    assert b"something" not in stand_in and b"more" not in stand_in


def test_a_family_and_a_port_before_an_address_of_the_case_stay() -> None:
    here = Redactor("a key of some length")
    here.owners.know([ipaddress.ip_address("192.0.2.7").packed], [3049])
    for owner in (
        b"\xab\x01zebra" + sockaddr_in("192.0.2.7", port=871),
        b"\xab\x01zebra\x0b\xe9" + ipaddress.ip_address("192.0.2.7").packed,
        b"\xab\x01zebra\x0b\xe9what" + ipaddress.ip_address("192.0.2.7").packed,
    ):
        assert embedded.packed_at(owner, "192.0.2.7", (3049,)) is not None
        stand_in = here.owners.owner(owner)
        assert embedded.packed_at(stand_in, here.address("192.0.2.7"), (3049,)) is not None
        assert b"zebra" not in stand_in and b"what" not in stand_in


def test_a_beginning_tells_as_much_as_before() -> None:
    assert HERE.owners.partial(b"Linux NFSv4.1 web0").startswith(b"Linux NFSv4.1 ")
    assert b"web0" not in HERE.owners.partial(b"Linux NFSv4.1 web0")
    assert len(HERE.owners.partial(b"\x01\x02we")) == 4


SERVERS: list[dict[str, object]] = [
    {"so_major_id": b"hn1", "scope": b"hn1_NFS-Ganesha\0"},
    {"so_major_id": b"hn1 84b0e1f2", "scope": b"hn1 84b0e1f2"},
    {"so_major_id": b"hn1 0x84b0e1f2", "scope": b"hn1 0x84b0e1f2"},
    {"so_major_id": b"10.0.0.1.8.1", "scope": b""},
    {"so_major_id": b"fd00::1.8.1", "scope": b""},
    {"so_major_id": b"6d9f1b0e-0aa1-11ec-9a03-0242ac130003", "scope": b"6d9f1b0e-0aa1-11ec-9a03-0242ac130003"},
    {"so_major_id": b"hn1.example", "scope": b"hn1.example", "instance": "0x01020304", "time": 0x04030201 * 10**9},
    {"so_major_id": b"a name of no kind", "scope": b"x"},
    {"so_major_id": b"hn1", "scope": b"hn1", "domain": "freebsd.org"},
]


@pytest.mark.parametrize("said", SERVERS, ids=lambda said: str(said["so_major_id"]))
def test_servers_are_recognised_as_before(said: dict[str, object]) -> None:
    def name(major: bytes, scope: bytes, domain: str | None) -> str | None:
        return server_implementation(
            so_major_id=major,
            scope=scope,
            impl_domain=domain,
            instance=said.get("instance"),  # type: ignore[arg-type]
            instance_time=said.get("time"),  # type: ignore[arg-type]
        )

    major, scope = said["so_major_id"], said["scope"]
    assert isinstance(major, bytes) and isinstance(scope, bytes)
    domain = said.get("domain")
    assert domain is None or isinstance(domain, str)
    hidden = None if domain is None else HERE.owners.domain(domain.encode()).decode()
    assert name(HERE.owners.server(major), HERE.owners.server(scope), hidden) == name(major, scope, domain)
    assert (HERE.owners.server(major) == HERE.owners.server(scope)) is (major == scope)
    assert HERE.owners.server(major) != major


def test_software_may_be_named_and_its_hosts_not() -> None:
    name = b"msnfs41client 0.1, WinNT 10.0 hostname='ZEBRA-7' joe"
    stand_in = HERE.owners.implementation(name)
    assert stand_in.startswith(b"msnfs41client ")
    assert re.search(rb"hostname='", stand_in)
    assert b"ZEBRA" not in stand_in and b"joe" not in stand_in
    assert HERE.owners.domain(b"Kernel.org") == b"Kernel.org"
    assert HERE.owners.domain(b"filers.acme.example") != b"filers.acme.example"


def test_numbers_of_a_uaddr_are_numbers() -> None:
    assert struct.unpack(">H", bytes(map(int, HERE.texts.host(b"10.0.0.11.3.9").split(b".")[-2:]))) == (777,)
