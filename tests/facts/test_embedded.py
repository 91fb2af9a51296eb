"""Addresses inside owners: found where they stand, and nowhere else."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfsanalyze.facts.embedded import (
    PLACEHOLDER,
    canonical,
    differential,
    packed,
    packed_at,
    readings,
    textual,
    without,
)
from nfsanalyze.facts.identity import ClientOwner
from scenarios.cluster import Cluster
from scenarios.facts import owners_of
from scenarios.hosts import Host
from scenarios.owners import CLIENT, EXAMPLES, SERVER, Example, haiku, sockaddr_in
from scenarios.server import Head

V4 = st.ip_addresses(v=4).map(str)
ANY = st.ip_addresses().map(str)


def addresses(owner: bytes) -> set[str]:
    return {hit.address for hit in textual(owner)}


class TestText:
    @pytest.mark.parametrize(
        ("owner", "found"),
        [
            (b"Linux NFSv4.0 web01/10.0.0.1", {"10.0.0.1"}),
            (b"Linux NFSv4.0 web01/10.0.0.10", {"10.0.0.10"}),
            (b"Linux NFSv4.0 10.0.0.11/10.0.0.1 tcp", {"10.0.0.11", "10.0.0.1"}),
            (b"10.0.0.11(812, 77) - GANESHA NFSv4 Proxy", {"10.0.0.11"}),
            (b"host web01.10.0.0.1.example", set()),
            (b"Linux NFSv4.1 ip-10-0-0-1", set()),
            (b"build 110.0.0.1", {"110.0.0.1"}),
            (b"10.0.0.1 and fd00::1, 10.0.0.2", {"10.0.0.1", "fd00::1", "10.0.0.2"}),
            (b"v10.0.0.1", set()),
            (b"10.0.0.1x", set()),
            (b"10.0.0.256", set()),
            (b"10.0.0.1.", {"10.0.0.1"}),
            (b"[fd00::1]:2049", {"fd00::1"}),
            (b"filer:10.0.0.1:2049", {"10.0.0.1"}),
            (b"tcp 10.0.0.1.8.1", set()),
            (b"web01/FD00:0:0::0:1", {"fd00::1"}),
            (b"web01/fe80::1%eth0", {"fe80::1"}),
            (b"web01/::ffff:10.0.0.1", {"10.0.0.1"}),
            (b"\x0010.0.0.1\x00", {"10.0.0.1"}),
            (b"kernel 6.1.0 at 12:00:01", set()),
        ],
    )
    def test_a_literal_that_stands_alone(self, owner: bytes, found: set[str]) -> None:
        assert addresses(owner) == found

    @given(ANY, st.sampled_from([b"/", b" ", b":", b",", b"(", b"\0"]))
    def test_every_address_behind_every_delimiter(self, address: str, delimiter: bytes) -> None:
        if delimiter == b":" and ":" in address:
            return  # a colon belongs to the address then
        assert canonical(address) in addresses(b"name" + delimiter + address.encode())

    @given(V4, st.integers(0, 9))
    def test_no_address_is_found_inside_a_longer_one(self, address: str, digit: int) -> None:
        longer = f"web01/{address}{digit}".encode()
        assert address not in addresses(longer)

    @given(ANY)
    def test_one_spelling_for_every_address(self, address: str) -> None:
        parsed = ipaddress.ip_address(address)
        assert canonical(parsed.exploded) == canonical(address)
        assert canonical(f"[{address}%eth0]" if parsed.version == 6 else address) == canonical(address)


class TestBytes:
    def test_with_a_socket_address_before_it(self) -> None:
        hit = packed_at(b"who " + sockaddr_in(SERVER), SERVER)
        assert hit is not None
        assert (hit.how, hit.offset, hit.length) == ("packed", 8, 4)

    def test_with_the_port_it_was_sent_to(self) -> None:
        owner = b"?" + (3049).to_bytes(2, "big") + packed(SERVER)
        assert packed_at(owner, SERVER) is None
        assert packed_at(owner, SERVER, (3049,)) is not None

    def test_four_bytes_by_chance_are_not_believed(self) -> None:
        assert packed_at(b"noise\x55\xaa" + packed(SERVER) + b"noise", SERVER) is None

    def test_sixteen_bytes_are_not_chance(self) -> None:
        assert packed_at(b"noise" + packed("fd00::1") + b"noise", "fd00::1") is not None
        assert packed_at(bytes(64), "::") is None

    def test_both_addresses_of_haiku(self) -> None:
        """The client's stands behind the server's, its port and the protocol, whatever those are."""
        owner = haiku("192.168.7.5", "172.20.0.9")
        for address, at in (("192.168.7.5", 13), ("172.20.0.9", 21)):
            hit = packed_at(owner, address)
            assert hit is not None and hit.offset == at

    def test_the_second_of_two_places_counts_if_the_first_is_chance(self) -> None:
        owner = b"\x55\xaa" + packed(SERVER) + sockaddr_in(SERVER)
        hit = packed_at(owner, SERVER)
        assert hit is not None and hit.offset == 10


class TestComparison:
    def test_two_owners_that_differ_in_the_address_alone(self) -> None:
        mine, theirs = b"\x07" + packed("10.0.0.1") + b"box", b"\x07" + packed("10.0.0.2") + b"box"
        hit = differential(mine, "10.0.0.1", theirs, "10.0.0.2")
        assert hit is not None
        assert (hit.how, hit.offset) == ("differential", 1)
        assert without(mine, hit) == b"\x07" + PLACEHOLDER + b"box"

    def test_two_owners_that_differ_in_more(self) -> None:
        mine, theirs = b"\x07" + packed("10.0.0.1") + b"box", b"\x08" + packed("10.0.0.2") + b"box"
        assert differential(mine, "10.0.0.1", theirs, "10.0.0.2") is None

    def test_text_that_is_glued_to_other_text(self) -> None:
        assert differential(b"x10.0.0.1y", "10.0.0.1", b"x10.0.0.20y", "10.0.0.20") is not None
        assert differential(b"x10.0.0.1y", "10.0.0.1", b"x10.0.0.1y", "10.0.0.2") is None

    @given(st.binary(max_size=40), V4, st.binary(max_size=40), V4)
    def test_any_bytes(self, mine: bytes, address: str, theirs: bytes, other: str) -> None:
        hit = differential(mine, address, theirs, other)
        if hit is not None:
            assert packed(address) in mine or address.encode() in mine


class TestOnTheWire:
    """An owner that is sent to an address: what stands in the table of owners."""

    def sent(self, owner: bytes, server: str = SERVER, client: str = CLIENT) -> ClientOwner:
        cluster = Cluster({server: Head()})
        Host(cluster=cluster, address=client, owner=lambda address, minor: owner).mount(server, name=None, twice=False)
        (told,) = owners_of(cluster)
        return told

    @pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
    def test_every_example(self, example: Example) -> None:
        client = CLIENT if ":" not in example.address else "fd00::aa"
        told = self.sent(example.owner, example.address, client)
        server, here = told.server_hit, told.client_hit
        assert (server.how if server else None) == example.server
        assert (server.address if server else None) == (example.address if example.server else None)
        assert (here.how if here else None) == example.client
        assert told.uniform == (False if example.server else example.uniform)

    def test_an_address_that_is_neither(self) -> None:
        told = self.sent(b"Linux NFSv4.0 web01/10.9.9.9")
        assert told.server_hit is None
        assert told.other_hit is not None and told.other_hit.address == "10.9.9.9"

    def test_a_longer_address_is_not_the_servers(self) -> None:
        assert self.sent(b"Linux NFSv4.0 web01/10.0.0.10").server_hit is None

    def test_a_mapped_address_is_the_servers(self) -> None:
        told = self.sent(b"Linux NFSv4.0 web01/::ffff:10.0.0.1")
        assert told.server_hit is not None and told.server_hit.address == SERVER

    def test_on_one_machine_the_second_of_both_is_the_servers(self) -> None:
        owner = b"Linux NFSv4.0 10.0.0.1/10.0.0.1 tcp"
        told = self.sent(owner, SERVER, SERVER)
        assert told.server_hit is not None and told.server_hit.offset == owner.rindex(b"10.0.0.1")
        assert told.client_hit is not None and told.client_hit.offset == owner.index(b"10.0.0.1")

    def test_behind_a_translator_the_form_tells_which_address_is_the_clients(self) -> None:
        told = self.sent(b"Linux NFSv4.0 192.168.7.5/10.0.0.1 tcp")
        assert told.server_hit is not None and told.server_hit.address == SERVER
        assert told.client_hit is not None and told.client_hit.address == "192.168.7.5"
        assert told.other_hit is None

    def test_an_unknown_format_with_a_socket_address(self) -> None:
        told = self.sent(b"\x01\x00nfsc/3 edge-7\x00\xfe\x10" + sockaddr_in(SERVER) + b"\x07\x00\x00\x00")
        assert (told.says.form, told.uniform) == ("unlisted", False)
        assert told.server_hit is not None and told.server_hit.how == "packed"

    def test_an_unknown_format_shown_by_comparing(self) -> None:
        cluster = Cluster({SERVER: Head(), "10.0.0.2": Head(mac="02:00:00:00:01:02", booted=Head().booted + 60)})
        host = Host(cluster=cluster, owner=lambda address, minor: b"\x99box" + packed(address) + b"\x99")
        for address in (SERVER, "10.0.0.2"):
            host.mount(address, name=None, twice=False)
        one, two = owners_of(cluster)
        assert one.server_hit is not None and one.server_hit.how == "differential"
        assert one.identity == two.identity
        assert one.uniform is False

    def test_owners_of_two_hosts_are_not_compared(self) -> None:
        cluster = Cluster({SERVER: Head(), "10.0.0.2": Head(mac="02:00:00:00:01:02", booted=Head().booted + 60)})
        for n, address in enumerate((SERVER, "10.0.0.2")):
            host = Host(
                cluster=cluster,
                address=f"10.0.0.1{n}",
                verifier=bytes(7) + bytes([n + 1]),
                owner=lambda address, minor: b"\x99box" + packed(address) + b"\x99",
            )
            host.mount(address, name=None, twice=False)
        assert [told.server_hit for told in owners_of(cluster)] == [None, None]

    def test_one_string_for_two_servers_holds_no_address(self) -> None:
        cluster = Cluster({SERVER: Head(), "10.0.0.2": Head(mac="02:00:00:00:01:02", booted=Head().booted + 60)})
        host = Host(cluster=cluster, uniform=True)
        for address in (SERVER, "10.0.0.2"):
            host.mount(address, name=None, twice=False)
        assert [(told.server_hit, told.uniform) for told in owners_of(cluster)] == [(None, True), (None, True)]


@pytest.mark.parametrize(
    ("owner", "offset"),
    [
        (b"10.0.0.1", 0),
        (b"110.0.0.1/10.0.0.1 tcp", 10),
        (b"10.0.0.10 10.0.0.1", 10),
        (b"f10.0.0.1", None),
        (b"10.0.0.1.", None),
        (b"::10.0.0.1", None),
        (b"10.0.0.10", None),
    ],
)
def test_an_address_is_read_as_text_where_no_longer_literal_holds_it(owner: bytes, offset: int | None) -> None:
    hits = [hit.offset for kind, _, hit in readings(owner, "10.0.0.1") if kind == "text"]
    assert hits == ([] if offset is None else [offset])
