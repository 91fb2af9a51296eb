"""Text and bytes of names: word by word, letters for letters, digits for digits, punctuation as it is.

A word is permuted as a whole, so that equal words have equal stand-ins wherever they stand, and no others do. Addresses
in a text are replaced as addresses are elsewhere.
"""

from __future__ import annotations

import re
from functools import lru_cache

from nfsanalyze.redaction.address import Addresses
from nfsanalyze.redaction.permutation import Permutations

_WORD = re.compile(rb"[A-Za-z0-9_-]+|[\x01-\x1f\x7f-\xff]+")
_ADDRESS = re.compile(rb"[0-9A-Fa-f:.]*[0-9A-Fa-f:]")
_QUADS = re.compile(rb"(?<![\d.])\d{1,3}(?:\.\d{1,3})+(?!\.?\d)")
_HEX = re.compile(rb"[0-9A-Fa-f_-]+")
_PREFIXED = re.compile(rb"0x[0-9A-Fa-f]+")
_ODD = bytes([*range(1, 32), *range(127, 256)])
_LETTERS = b"abcdefghijklmnopqrstuvwxyz"
_DIGITS = b"0123456789"

GIVEN = re.compile(
    rb"localhost[0-9]?|none|unknown|unassigned|linux|ubuntu|debian|fedora|centos|rocky|almalinux|rhel|redhat|archlinux"
    rb"|alpine|kali|raspberrypi|raspberry|vagrant|buildkitsandbox|livecd|template|local|localdomain[0-9]?|lan|home"
)
"""Words of host names that installers and images hand out: they stay, for they name no host, and that they do not is
what is to be told of them."""


class Texts:
    """The stand-ins of texts."""

    def __init__(self, permutations: Permutations, addresses: Addresses) -> None:
        self._permute = permutations.permute
        self._addresses = addresses
        self._word = lru_cache(maxsize=1 << 16)(self._stand_in)

    def host(self, data: bytes) -> bytes:
        """Of what may hold host names: words of GIVEN stay."""
        return self._text(data, b"host")

    def name(self, data: bytes) -> bytes:
        """Of names of files and folders: nothing stays."""
        return self._text(data, b"name")

    def octets(self, data: bytes) -> bytes:
        """Of bytes in which nobody reads anything."""
        if not data:
            return data
        tweak = b"octets %d" % len(data)
        number = self._permute(tweak, int.from_bytes(data, "big"), 1 << 8 * len(data))
        return number.to_bytes(len(data), "big")

    def _text(self, data: bytes, domain: bytes) -> bytes:
        out, at = b"", 0
        for found in _ADDRESS.finditer(data):
            for start, end, stand_in in self._addressed(found.group(), found.start()):
                out += self._words(data[at:start], domain) + stand_in
                at = end
        return out + self._words(data[at:], domain)

    def _words(self, data: bytes, domain: bytes) -> bytes:
        return _WORD.sub(lambda found: self._word(found.group(), domain), data)

    def _addressed(self, run: bytes, start: int) -> list[tuple[int, int, bytes]]:
        """Addresses in a run of digits, colons and dots: where, and what stands there instead."""
        if run.count(b":") >= 2:
            whole = self._literal6(run)
            if whole is not None:
                return [(start, start + len(run), whole)]
            for cut in (run.rstrip(b":"), run.lstrip(b":")):
                if cut != run and cut.count(b":") >= 2 and (part := self._literal6(cut)) is not None:
                    at = start + run.index(cut)
                    return [(at, at + len(cut), part)]
        out = []
        for found in _QUADS.finditer(run):
            stand_in = self._dotted(found.group())
            if stand_in is not None:
                out.append((start + found.start(), start + found.end(), stand_in))
        return out

    def _literal6(self, word: bytes) -> bytes | None:
        """An IPv6 literal, or a universal address of one (RFC 5665 section 5.2.3.4), whose port stays."""
        found = self._addresses.literal(word)
        if found is not None:
            return found
        host, *port = word.rsplit(b".", 2)
        if len(port) != 2 or not all(each.isdigit() and int(each) < 256 for each in port):
            return None
        found = self._addresses.literal(host)
        return None if found is None or b":" not in host else b".".join([found, *port])

    def _dotted(self, word: bytes) -> bytes | None:
        """Four octets, or six of which the last two are a port (RFC 5665 section 5.2.3.3)."""
        octets = word.split(b".")
        if len(octets) not in (4, 6):
            return None
        four = b".".join(octets[:4])
        stand_in = self._addresses.literal(four)
        if stand_in is None and len(octets) == 4:
            stand_in = b".".join(map(self._no_octet, octets))
        if stand_in is None:
            return None
        return b".".join([stand_in, *octets[4:]])

    def _no_octet(self, word: bytes) -> bytes:
        """Part of what looks like an address and is none: octets stay octets, and what is none stays none."""
        width = len(word)
        alike = [each for each in (b"%0*d" % (width, n) for n in range(10**width)) if _octet(each) == _octet(word)]
        return alike[self._permute(b"no address", alike.index(word), len(alike))]

    def _stand_in(self, word: bytes, domain: bytes) -> bytes:
        lower = word.lower()
        kind = _kind(lower, domain)
        if kind == "given":
            return word
        if kind == "prefixed":
            return word[:2] + self._walk(word[2:], lower[2:], b"prefixed", hexadecimal=True)
        if kind == "hex":
            return self._walk(word, lower, domain, hexadecimal=True)
        found = self._walk(word, lower, domain, hexadecimal=False)
        while _kind(found.lower(), domain) != kind:
            found = self._walk(found, found.lower(), domain, hexadecimal=False)
        return found

    def _walk(self, word: bytes, lower: bytes, domain: bytes, *, hexadecimal: bool) -> bytes:
        """One step of the permutation of all words of this shape."""
        alphabets = [_alphabet(each, hexadecimal) for each in lower]
        shape = bytes(_CLASS.get(alphabet, each) for alphabet, each in zip(alphabets, lower, strict=True))
        size, number = 1, 0
        for alphabet, each in zip(alphabets, lower, strict=True):
            if alphabet:
                number = number * len(alphabet) + alphabet.index(each)
                size *= len(alphabet)
        if size == 1:
            return word
        number = self._permute(domain + (b" hex " if hexadecimal else b" word ") + shape, number, size)
        out = bytearray(word)
        for at in range(len(word) - 1, -1, -1):
            alphabet = alphabets[at]
            if alphabet:
                number, index = divmod(number, len(alphabet))
                stand_in = alphabet[index]
                out[at] = stand_in - 32 if word[at] != lower[at] else stand_in
        return bytes(out)


_HEX_LETTERS = _LETTERS[:6]
_CLASS = {_LETTERS: ord("a"), _HEX_LETTERS: ord("a"), _DIGITS: ord("0"), _ODD: 0xFF}


def _alphabet(octet: int, hexadecimal: bool) -> bytes:
    if octet in _DIGITS:
        return _DIGITS
    if octet in _LETTERS:
        return _HEX_LETTERS if hexadecimal else _LETTERS
    return _ODD if octet in _ODD else b""


def _kind(lower: bytes, domain: bytes) -> str:
    if domain == b"host" and GIVEN.fullmatch(lower):
        return "given"
    if _HEX.fullmatch(lower):
        return "hex"
    return "prefixed" if _PREFIXED.fullmatch(lower) else "word"


def _octet(word: bytes) -> bool:
    return b"%d" % int(word) == word and int(word) < 256
