"""Addresses: prefix by prefix under the key, so that those of one network stay together.

An octet keeps its count of digits and a group of IPv6 its count of hexadecimal ones: an address in a text is replaced
by one as long. What an address means stays: unspecified, loopback, private, link-local, multicast; zero groups of IPv6
stay zero.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, ip_address

from nfsanalyze.redaction.permutation import Permutations

_DIGITS = (range(10), range(10, 100), range(100, 256))
_HEX_DIGITS = (range(1, 0x10), range(0x10, 0x100), range(0x100, 0x1000), range(0x1000, 0x10000))
_MAPPED = b"\0" * 10 + b"\xff\xff"

_FIRST = frozenset({0, 10, 127, 169, 172, 192, *range(224, 256)})
"""First octets that stay: those of addresses with a meaning (RFC 1918, RFC 3927, RFC 5771, RFC 6890)."""
_SECOND: dict[tuple[int, ...], tuple[Iterable[int], ...]] = {
    (169,): ((254,),),
    (172,): (range(16, 32),),
    (192,): ((168,),),
}
_FIRST_GROUPS: tuple[Iterable[int], ...] = (
    range(0x2000, 0x4000),
    *((group,) for group in range(0xFE80, 0xFEC0)),
    range(0xFC00, 0xFD00),
    range(0xFD00, 0xFE00),
    *((group,) for group in range(0xFF00, 0x10000)),
)
"""Sets of first groups that stay within themselves: global unicast, link-local, unique local, multicast."""

_OCTETS = re.compile(rb"\d{1,3}(?:\.\d{1,3}){3}")
_V6_FORM = re.compile(rb"(?P<groups>[0-9A-Fa-f:]*?)(?P<quad>\d{1,3}(?:\.\d{1,3}){3})?")


_Classes = dict[int, tuple[int, ...]]
"""By value the set that it is permuted in."""


def _classes(values: Iterable[int], digits: Iterable[range], own: Iterable[Iterable[int]]) -> _Classes:
    """Sets of one's `own`, and else the rest of those with as many digits."""
    found: _Classes = {}
    for members in map(tuple, own):
        found.update(dict.fromkeys(members, members))
    for width in digits:
        rest = tuple(value for value in width if value not in found)
        found.update(dict.fromkeys(rest, rest))
    return {value: found.get(value, (value,)) for value in values}


@lru_cache(maxsize=8)
def _octet_classes(prefix: tuple[int, ...]) -> _Classes:
    own: Iterable[Iterable[int]] = ((value,) for value in sorted(_FIRST)) if not prefix else _SECOND.get(prefix, ())
    return _classes(range(256), _DIGITS, own)


def _plain_octets(prefix: tuple[int, ...]) -> _Classes:
    return _octet_classes(prefix if len(prefix) == 0 or prefix in _SECOND else (-1,))


@lru_cache(maxsize=1)
def _first_groups() -> _Classes:
    return _classes(range(0x10000), _HEX_DIGITS, _FIRST_GROUPS)


class Addresses:
    """The stand-ins of addresses and MACs."""

    def __init__(self, permutations: Permutations) -> None:
        self._permute = permutations.permute
        self._cached = lru_cache(maxsize=1 << 16)(self._packed)

    def packed(self, raw: bytes) -> bytes:
        """The stand-in of the 4 or 16 bytes of an address."""
        return self._cached(raw)

    def text(self, address: str) -> str:
        """The stand-in of an address in its canonical form."""
        return str(ip_address(self.packed(ip_address(address).packed)))

    def literal(self, word: bytes) -> bytes | None:
        """The stand-in of an IP literal, written as that is and as long; None where the word is no literal, or one that
        could not be written so."""
        try:
            value = ip_address(word.decode("ascii"))
        except ValueError:
            return None
        if isinstance(value, IPv4Address):
            return str(IPv4Address(self.packed(value.packed))).encode()
        found = self._spelled(word, self.packed(value.packed))
        return found if len(found) == len(word) else None

    def mac(self, mac: bytes) -> bytes:
        """The stand-in of a MAC: the vendor stays, as do those that belong to an address (RFC 9568 section 7.3)."""
        if len(mac) != 6 or mac.startswith(b"\x00\x00\x5e\x00") or not any(mac) or mac == b"\xff" * 6:
            return mac
        kept = 1 if mac[0] & 3 == 2 else 3
        rest = 6 - kept
        number = self._permute(b"mac " + mac[:kept], int.from_bytes(mac[kept:], "big"), 1 << 8 * rest)
        return mac[:kept] + number.to_bytes(rest, "big")

    def _packed(self, raw: bytes) -> bytes:
        if len(raw) == 4:
            return self._v4(raw)
        if raw.startswith(_MAPPED):
            return _MAPPED + self._v4(raw[12:])
        return self._v6(raw)

    def _v4(self, raw: bytes) -> bytes:
        if raw[0] in (0, 127) or raw == b"\xff" * 4:
            return raw
        out = bytearray()
        for at, octet in enumerate(raw):
            members = _plain_octets(tuple(raw[:at]))[octet]
            out.append(members[self._permute(b"v4 " + raw[:at], members.index(octet), len(members))])
        return bytes(out)

    def _v6(self, raw: bytes) -> bytes:
        if not any(raw[:15]):
            return raw  # :: and ::1
        out = b""
        for at in range(0, 16, 2):
            group = int.from_bytes(raw[at : at + 2], "big")
            out += (self._group(raw[:at], group) if group else 0).to_bytes(2, "big")
        return out

    def _group(self, prefix: bytes, group: int) -> int:
        if not prefix:
            members = _first_groups()[group]
            return members[self._permute(b"v6", members.index(group), len(members))]
        members_range = next(each for each in _HEX_DIGITS if group in each)
        return members_range[self._permute(b"v6 " + prefix, group - members_range.start, len(members_range))]

    def _spelled(self, word: bytes, raw: bytes) -> bytes:
        """These 16 bytes, spelled as the word spells its own: the same groups left out, digits of the same case."""
        found = _V6_FORM.fullmatch(word)
        if found is None:
            return b""
        head, quad = found["groups"], found["quad"]
        tail = str(IPv4Address(raw[12:])).encode() if quad else b""
        groups = [raw[at : at + 2].hex() for at in range(0, 12 if quad else 16, 2)]
        left, gap, right = head.partition(b"::")
        first = [each for each in left.split(b":") if each]
        last = [each for each in right.split(b":") if each]
        upper = head != head.lower()
        told = groups[: len(first)], groups[len(groups) - len(last) :] if last else []
        words = [
            [_digits(group, len(spelled), upper) for group, spelled in zip(*each, strict=True)]
            for each in ((told[0], first), (told[1], last))
        ]
        joined = b":".join(words[0]) + gap + b":".join(words[1])
        return joined + (b":" if quad and head.endswith(b":") and not joined.endswith(b":") else b"") + tail


def _digits(group: str, width: int, upper: bool) -> bytes:
    """A group in hexadecimal, at least as wide."""
    word = f"{int(group, 16):0{width}x}"
    return (word.upper() if upper else word).encode()
