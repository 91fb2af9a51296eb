"""Client owners, server owners and implementation ids: what makes them recognised stays, all else is replaced.

An owner of a known format (`nfsanalyze.facts.owners`) is cut at the parts that its pattern names; its own words stay.
Bytes of no known format are searched for addresses: text, sockaddr, and the packed form of every address of the case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from nfsanalyze.facts.owners import FORMS, recognise
from nfsanalyze.redaction.address import Addresses
from nfsanalyze.redaction.text import Texts

_PRINTABLE = re.compile(rb"[\x20-\x7e]*\x00?")
_NFS_PORTS = rb"\x08\x01|\x4e\x51"
_SOCKADDR = re.compile(
    rb"(?P<in>\x02\x00|\x00\x02|\x10\x02)(?P<port>" + _NFS_PORTS + rb")(?P<v4>.{4})?"
    rb"|(?:\x1a\x00|\x00\x1a|\x1c\x1e|\x0a\x00|\x00\x0a)(?P<port6>" + _NFS_PORTS + rb").{4}(?P<v6>.{16})",
    re.DOTALL,
)
_PLACES = (8, 6, 4, 2)
_FAMILIES = (b"\x02\x00", b"\x00\x02", b"\x10\x02", b"\x1a\x00", b"\x00\x1a", b"\x1c\x1e", b"\x0a\x00", b"\x00\x0a")
_HEADS4 = (b"\x02\x00", b"\x00\x02", b"\x10\x02")
_HEADS6 = (b"\x1a\x00", b"\x00\x1a", b"\x1c\x1e")

_OWN_WORDS: dict[str, re.Pattern[bytes]] = {
    "linux": re.compile(rb"^Linux NFSv4\.\d (?:nconnect=\d+ )?| (?:tcp|udp|rdma)6?(?= |$)"),
    "solaris": re.compile(rb"^Solaris: |^, NFSv4 kernel client(?: \+referrals)?\x00"),
    "libnfs": re.compile(rb"^Libnfs pid:"),
    "ganesha-proxy": re.compile(rb" - GANESHA NFSv4 Proxy$"),
    "haiku": re.compile(rb"^HAIKU:kernel:|^.{4}$", re.DOTALL),
    "nfs-rs": re.compile(rb"^nfs-rs-"),
    "pynfs": re.compile(rb"^client[12]_pid|^pynfs(?=\d)"),
}
"""By implementation: the words of its formats, in what stands between the named parts."""

_BEGINNINGS = re.compile(rb"Linux NFSv4\.\d |Solaris: |Libnfs pid:|HAIKU:kernel:|nfs-rs-")

_IMPLEMENTATIONS = frozenset(
    (
        b"",
        b"kernel.org",
        b"nfsv41.ietf.org",
        b"dcache.org",
        b"citi.umich.edu",
        b"freebsd.org",
        b"msnfs41client.org",
        b"nairi.desy.de",
    )
)
_IMPLEMENTATION_WORDS = re.compile(
    rb"(?i)\b(?:linux|freebsd|illumos|nfsv?4(?:\.\d)?|server|client|implementation|chimera|pynfs|dcache|org|java|based"
    rb"|msnfs41client|winnt|hostname|smp|preempt(?:_dynamic|_rt)?|x86_64|i686|aarch64|amd64|arm64|generic|default)\b"
)
_GANESHA = b"_NFS-Ganesha\0"


class Owners:
    """The stand-ins of owners."""

    def __init__(self, texts: Texts, addresses: Addresses) -> None:
        self._texts = texts
        self._addresses = addresses
        self._known: tuple[bytes, ...] = ()
        self._ports: frozenset[bytes] = frozenset((b"\x08\x01", b"\x4e\x51"))
        self._owner = lru_cache(maxsize=1 << 14)(self._stand_in)

    def know(self, packed: Iterable[bytes], ports: Iterable[int] = ()) -> None:
        """Look for these too, from now on, the longer first; `ports` that servers are asked at."""
        self._ports |= {port.to_bytes(2, "big") for port in ports}
        self._known = tuple(sorted((each for each in set(packed) if any(each)), key=lambda each: (-len(each), each)))
        self._owner.cache_clear()

    def owner(self, owner: bytes, impl_domain: bytes | None = None) -> bytes:
        """Of nfs_client_id4.id or co_ownerid."""
        return self._owner(owner, impl_domain)

    def partial(self, owner: bytes) -> bytes:
        """Of the beginning of one."""
        found = _BEGINNINGS.match(owner)
        start = found.end() if found else 0
        return owner[:start] + self.unlisted(owner[start:])

    def server(self, data: bytes) -> bytes:
        """Of so_major_id or eir_server_scope."""
        if data.endswith(_GANESHA):
            return self.unlisted(data[: -len(_GANESHA)]) + _GANESHA
        return self.unlisted(data)

    def implementation(self, name: bytes) -> bytes:
        """Of nii_name: words that are of software stay, but none that is part of another word."""
        return self._keeping(name, _IMPLEMENTATION_WORDS)

    def domain(self, domain: bytes) -> bytes:
        """Of nii_domain: those by which implementations are recognised stay."""
        return domain if domain.lower() in _IMPLEMENTATIONS else self._texts.host(domain)

    def unlisted(self, data: bytes) -> bytes:
        """Of bytes whose format is not known."""
        out, at = b"", 0
        for start, end, stand_in in self._packed(data):
            out += self._texts.host(data[at:start]) + stand_in
            at = end
        return out + self._texts.host(data[at:])

    def _stand_in(self, owner: bytes, impl_domain: bytes | None) -> bytes:
        says = recognise(owner, impl_domain=impl_domain)
        form = next((each for each in FORMS if each.name == says.form), None)
        found = form.pattern.fullmatch(owner) if form else None
        if found is None:
            return self.unlisted(owner)
        words = _OWN_WORDS.get(says.implementation)
        out, at = b"", 0
        spans = sorted((found.span(name), name) for name in found.groupdict() if found[name] is not None)
        for (start, end), name in spans:
            out += self._keeping(owner[at:start], words) + self._part(name)(owner[start:end])
            at = end
        return out + self._keeping(owner[at:], words)

    def _part(self, name: str) -> Callable[[bytes], bytes]:
        return {
            "sa": self._sockaddr,
            "mac": self._addresses.mac,
            "packed": self._addresses.packed,
            "packedclient": self._addresses.packed,
        }.get(name, self._texts.host)

    def _sockaddr(self, data: bytes) -> bytes:
        """A sockaddr, and what else was in its buffer."""
        if data[:2] in _HEADS4 and len(data) >= 8:
            return data[:4] + self._addresses.packed(data[4:8]) + self.unlisted(data[8:])
        if data[:2] in _HEADS6 and len(data) >= 24:
            return data[:8] + self._addresses.packed(data[8:24]) + self.unlisted(data[24:])
        return self.unlisted(data)

    def _keeping(self, data: bytes, words: re.Pattern[bytes] | None) -> bytes:
        if words is None:
            return self.unlisted(data)
        out, at = b"", 0
        for found in words.finditer(data):
            out += self.unlisted(data[at : found.start()]) + found.group()
            at = found.end()
        return out + self.unlisted(data[at:])

    def _packed(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Addresses in binary form, none overlapping: where, and what stands there instead."""
        if _PRINTABLE.fullmatch(data):
            return
        at = 0
        while at < len(data):
            start, end, stand_in = self._next(data, at)
            if end <= at:
                return
            yield start, end, stand_in
            at = end

    def _next(self, data: bytes, at: int) -> tuple[int, int, bytes]:
        """The first of them from `at` on; an empty one at the end where there is none."""
        found = _SOCKADDR.search(data, at)
        best = (len(data), at, b"")
        if found is not None:
            best = (found.start(), found.end(), self._within(found))
        for raw in self._known:
            where = data.find(raw, at)
            if 0 <= where < best[0]:
                before = self._before(data, at, where)
                best = (where - len(before), where + len(raw), before + self._addresses.packed(raw))
        return best

    def _before(self, data: bytes, at: int, where: int) -> bytes:
        """What stands before an address, from the first of a family and a port on by which it is recognised
        (`nfsanalyze.facts.embedded.packed_at`)."""
        pairs = [data[where - back : where - back + 2] for back in _PLACES if where - back >= at]
        told = [
            pair in (self._ports if back in (2, 6) else _FAMILIES)
            for back, pair in zip(_PLACES[-len(pairs) :] if pairs else (), pairs, strict=True)
        ]
        first = told.index(True) if True in told else len(told)
        return b"".join(
            pair if kept else self._texts.host(pair) for pair, kept in zip(pairs[first:], told[first:], strict=True)
        )

    def _within(self, found: re.Match[bytes]) -> bytes:
        raw = found["v4"] or found["v6"]
        return found.group()[: -len(raw)] + self._addresses.packed(raw) if raw else found.group()
