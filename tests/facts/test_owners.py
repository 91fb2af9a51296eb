"""Every known format of client owners is recognised, and nothing else is taken for one."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfsanalyze.facts.owners import FORMS, UNLISTED, recognise
from scenarios.owners import EXAMPLES, Example, freebsd, macos, sockaddr_in, solaris

every_example = pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)


@every_example
def test_the_format_is_recognised(example: Example) -> None:
    said = recognise(example.owner, impl_domain=example.impl_domain)
    assert said.form == example.form
    assert said.uniform is example.uniform
    assert said.hostname == example.hostname
    assert said.per_mount is example.per_mount


def test_every_form_has_an_example() -> None:
    assert {form.name for form in FORMS} == {example.form for example in EXAMPLES.values()}


@pytest.mark.parametrize("prefix", [b"x", b"\0"])
@every_example
def test_a_format_is_the_whole_owner(example: Example, prefix: bytes) -> None:
    """What merely ends like an owner of one kind is none of it."""
    said = recognise(prefix + example.owner)
    assert said.form != example.form or example.form in ("linux 2.6.34-3.6 v4.1", "dcache-basic-client")


def test_a_uniquifier_is_told_from_an_address() -> None:
    assert recognise(b"Linux NFSv4.0 web01/10.0.0.1").uniform is False
    assert recognise(b"Linux NFSv4.0 10.0.0.1x/web01").uniform is True
    uniq = recognise(b"Linux NFSv4.2 6d9f1b0e/web01")
    assert (uniq.uniquifier, uniq.hostname) == (b"6d9f1b0e", b"web01")
    named = recognise(b"Linux NFSv4.0 web01/6d9f1b0e/10.0.0.1")
    assert (named.uniquifier, named.hostname) == (b"6d9f1b0e", b"web01")


def test_a_v40_uniform_owner_with_uniquifier_is_not_taken_for_an_address() -> None:
    assert recognise(b"Linux NFSv4.0 deadbeef/web01").uniform is True


def test_a_length_alone_makes_no_format_of_a_text() -> None:
    assert recognise(b"sixteen letters!").form == UNLISTED
    assert recognise(b"a text of two dozen 2424").form == UNLISTED
    assert recognise(bytes(range(16))).form == UNLISTED


def test_sixteen_bytes_are_the_windows_client_only_where_it_says_so() -> None:
    md5 = bytes.fromhex("9e107d9d372bb6826bd81d3542a419d6")
    assert recognise(md5).form == UNLISTED
    assert recognise(md5, impl_domain=b"msnfs41client.org").form == "ms-nfs41-client"
    assert recognise(md5, impl_domain=b"kernel.org").form == UNLISTED


def test_a_socket_address_in_24_bytes_is_no_freebsd() -> None:
    assert recognise(b"clientno" + sockaddr_in("10.0.0.1")).form == UNLISTED


def test_what_stays_the_same_of_a_host() -> None:
    assert recognise(solaris("10.0.0.1")).identity == recognise(solaris("10.0.0.2")).identity == b"web01"
    assert recognise(freebsd(mount=1)).identity == recognise(freebsd(mount=2)).identity != b""
    assert recognise(macos("10.0.0.1", mount=1)).identity == recognise(macos("10.0.0.2", mount=2)).identity != b""


@pytest.mark.parametrize(
    ("name", "binds"),
    [
        ("linux 6.1", "boot"),
        ("solaris on x86", "address"),
        ("macos", "mount"),
        ("freebsd", "request"),
        ("haiku", "request"),
        ("libnfs", "mount"),
    ],
)
def test_what_a_new_verifier_means(name: str, binds: str) -> None:
    assert recognise(EXAMPLES[name].owner).verifier_binds == binds


def test_an_unknown_format_says_nothing() -> None:
    said = recognise(b"\x01\x00nfsc/3 edge-7\x00\xfe\x10")
    assert (said.form, said.uniform, said.hostname, said.per_mount) == (UNLISTED, None, None, False)
    assert recognise(b"").form == UNLISTED


@given(st.binary(max_size=1024), st.none() | st.sampled_from([b"", b"kernel.org", b"msnfs41client.org"]))
def test_any_bytes_are_some_owner(owner: bytes, domain: bytes | None) -> None:
    said = recognise(owner, impl_domain=domain)
    assert said.form in {form.name for form in FORMS} | {UNLISTED}


@given(st.sampled_from(list(EXAMPLES.values())), st.data())
def test_a_cut_owner_is_some_owner(example: Example, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(example.owner)))
    recognise(example.owner[:cut])


FORMATS = Path(__file__).with_name("formats.csv")
"""Regular expressions made from the printf formats of each implementation, apart from the ones in the code."""


def formats() -> list[dict[str, str]]:
    with FORMATS.open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["regex"]]


_WEAK = {"(?s)^.{24}$", "(?s)^.{16}$"}


@every_example
def test_the_formats_written_down_apart_agree(example: Example) -> None:
    """Whichever of them matches says the same of implementation, addresses and uniformity."""
    matching = [row for row in formats() if re.fullmatch(row["regex"].encode(), example.owner, re.DOTALL)]
    implementations = {row["implementation"] for row in matching}
    assert matching
    name = example.form.split()[0]
    assert any(name in known or known in name for known in implementations), implementations
    strong = [row for row in matching if row["regex"] not in _WEAK] or matching
    assert any((row["embeds_server_ip"] == "yes") == (example.server is not None) for row in strong)
    assert any((row["embeds_hostname"] == "yes") == (example.hostname is not None) for row in strong)
    if example.uniform is not None:
        assert any((row["uniform"] == "yes") == example.uniform for row in strong)
