"""Stand-ins of words: as long, of the same characters, one for one, and the same wherever a word stands."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfsanalyze.facts.embedded import textual
from nfsanalyze.redaction.address import Addresses
from nfsanalyze.redaction.permutation import Permutations
from nfsanalyze.redaction.text import GIVEN, Texts

PERMUTATIONS = Permutations(b"a key of some length")
ADDRESSES = Addresses(PERMUTATIONS)
HERE = Texts(PERMUTATIONS, ADDRESSES)

WORDS = st.one_of(st.binary(max_size=40), st.text("abAB09.-:/ f", max_size=30).map(str.encode))


def kinds(data: bytes) -> str:
    """What each byte is: a letter of either case, a digit, a byte that does not print, or itself."""
    for pattern, kind in ((rb"[a-z]", b"a"), (rb"[A-Z]", b"A"), (rb"[0-9]", b"0"), (rb"[\x01-\x1f\x7f-\xff]", b"\xff")):
        data = re.sub(pattern, kind, data)
    return data.decode("latin-1")


@given(WORDS)
def test_kinds_of_characters_stay(data: bytes) -> None:
    for stand_in in (HERE.name(data), HERE.host(data)):
        if b":" not in data:  # groups of IPv6 mix letters and digits
            assert kinds(stand_in) == kinds(data)
        assert len(stand_in) == len(data)


@given(WORDS, WORDS)
def test_one_for_one(a: bytes, b: bytes) -> None:
    assert (HERE.host(a) == HERE.host(b)) is (a == b)
    assert (HERE.name(a) == HERE.name(b)) is (a == b)
    assert (HERE.octets(a) == HERE.octets(b)) is (a == b)


@pytest.mark.parametrize("shape", ["L", "LL", "0L", "L0", "00", "-L", "LL-0"])
def test_one_for_one_among_all_words_of_a_shape(shape: str) -> None:
    letters = {"L": "abcfgz", "0": "0123456789", "-": "-"}
    words = ["".join(each).encode() for each in product(*(letters[each] for each in shape))]
    assert len({HERE.host(word) for word in words}) == len(words)
    assert not [word for word in words if HERE.host(word) == word]


@given(st.binary(min_size=1, max_size=60))
def test_octets_are_replaced_whole(data: bytes) -> None:
    assert len(HERE.octets(data)) == len(data)
    if len(data) > 3:
        assert HERE.octets(data) != data


@given(st.text("0123456789abcdefABCDEF-", min_size=1, max_size=36).map(str.encode))
def test_hexadecimal_stays_hexadecimal(word: bytes) -> None:
    assert re.fullmatch(rb"[0-9a-fA-F-]+", HERE.host(word))


@given(st.text("abcdefghijkz", min_size=1, max_size=6).filter(lambda word: not re.fullmatch("[a-f]+", word)))
def test_and_nothing_else_becomes_so(word: str) -> None:
    """Whether a form is recognised may hang on it: [0-9A-Fa-f.:%]+ passes for an address in owners of old Linux."""
    assert not re.fullmatch(rb"[a-f]+", HERE.host(word.encode()))


def test_case_is_kept_and_makes_no_other_word() -> None:
    assert HERE.host(b"Web01.Example").lower() == HERE.host(b"web01.example")
    assert HERE.host(b"WEB01").isupper()


@pytest.mark.parametrize("name", [b"localhost", b"localhost.localdomain", b"(none)", b"Ubuntu", b"raspberrypi.lan"])
def test_names_that_say_nothing_stay(name: bytes) -> None:
    assert HERE.host(name) == name
    assert HERE.name(name) != name


@given(st.text("adehilnostuw", min_size=3, max_size=9))
def test_no_other_name_becomes_one(name: str) -> None:
    word = name.encode()
    assert bool(GIVEN.fullmatch(HERE.host(word))) is bool(GIVEN.fullmatch(word))


def test_a_word_is_the_same_wherever_it_stands() -> None:
    web = HERE.host(b"web01")
    assert HERE.host(b"web01.example.com").split(b".")[0] == web
    assert HERE.host(b"Solaris: web01, x").split()[1] == web + b","
    assert HERE.host(b"/web01:") == b"/" + web + b":"
    assert HERE.host(b"web012") != web + HERE.host(b"2")
    assert HERE.host(b"db.example.com").split(b".")[1:] == HERE.host(b"web01.example.com").split(b".")[1:]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (b"web01/10.0.0.1", "10.0.0.1"),
        (b"server:10.0.0.1:/export", "10.0.0.1"),
        (b"[fd00::1]:/export", "fd00::1"),
        (b"fe80::1%eth0", "fe80::1"),
        (b"10.0.0.1(812)", "10.0.0.1"),
        (b"at 10.0.0.1.", "10.0.0.1"),
        (b"1.2.3.4.8.1", "1.2.3.4"),
        (b"fd00::1.8.1", "fd00::1"),
        (b"name10.0.0.1", "10.0.0.1"),
        (b"10.0.0.1\x00\x08", "10.0.0.1"),
    ],
)
def test_addresses_are_addresses_wherever_they_stand(text: bytes, address: str) -> None:
    stand_in = ADDRESSES.text(address).encode()
    at = text.index(address.encode())
    assert HERE.host(text)[at : at + len(stand_in)] == stand_in
    assert HERE.name(text)[at : at + len(stand_in)] == stand_in


def test_a_port_behind_an_address_stays() -> None:
    assert HERE.host(b"1.2.3.4.8.1").endswith(b".8.1")
    assert HERE.host(b"fd00::1.8.1").endswith(b".8.1")
    assert HERE.host(b"0.0.0.0.0.0") == b"0.0.0.0.0.0"


@given(st.text("0123456789.a/", max_size=24).map(str.encode))
def test_addresses_are_neither_made_nor_lost(text: bytes) -> None:
    there = [(hit.offset, hit.length, ADDRESSES.text(hit.address)) for hit in textual(text)]
    assert [(hit.offset, hit.length, hit.address) for hit in textual(HERE.host(text))] == there
