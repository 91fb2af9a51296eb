"""The instance half of a clientid: which four of its eight bytes name the running server, and as what time.

Linux nfsd and FreeBSD put the boot second and a counter into the id as raw memory, Ganesha and nfs4j big-endian,
illumos the other way round. No byte order is assumed: a reading (half, order) is adopted for a server only where
something shows it: a second id that shares the half and differs in the other, or the marks of Linux nfsd
(session id = clientid + counter; confirm verifier = its clock).
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

from dissect.nfs4.dataclass import dataclass

Order = Literal["little", "big"]

EARLIEST = 1_000_000_000
"""2001-09-09: no NFSv4 server booted before (seconds since 1970)."""

CLOCK_TOLERANCE_S = 86_400
"""How far a server's clock may be from the capture's and still be recognised as a clock."""

COUNTER_REACH = 1 << 20
"""Two ids of one Linux nfsd lie this close in its counter, which starts at random: two heads booted in one second do
not."""


REQUEST_S = 5
"""A time within this of the grant may be that of the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Where the instance stands in a clientid: `offset` 0 or 4, and the byte order that makes it a time."""

    offset: int
    order: Order

    def instance(self, clientid: bytes) -> bytes:
        """The four bytes of the instance, as on the wire."""
        return clientid[self.offset : self.offset + 4]

    def seconds(self, clientid: bytes) -> int:
        """The instance as seconds since 1970."""
        return int.from_bytes(self.instance(clientid), self.order)

    def counter(self, clientid: bytes) -> int:
        """The other half as a number."""
        rest = 4 - self.offset
        return int.from_bytes(clientid[rest : rest + 4], self.order)


READINGS: tuple[Reading, ...] = tuple(Reading(offset=o, order=b) for o in (0, 4) for b in ("little", "big"))
LINUX = READINGS[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One clientid seen at an address; `time` in ns. `confirm`: the setclientid_confirm that came with it; `session`: a
    session id made for it."""

    address: str
    clientid: bytes
    time: int
    confirm: bytes | None = None
    session: bytes | None = None
    fresh: bool = True
    "given out at that time; False for an id that was only used then"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layouts:
    """The readings adopted, per address; `clock_skew_s`: server clock minus capture clock, where a server shows its
    clock."""

    reading: dict[str, Reading]
    linux: frozenset[str]
    clock_skew_s: dict[str, float]

    def instance(self, address: str, clientid: bytes | None) -> bytes | None:
        """The instance half of an id seen at an address, None where the layout is not known or the id is no such id."""
        reading = self.reading.get(address)
        if reading is None or clientid is None or len(clientid) < 8:
            return None
        return reading.instance(clientid[:8])

    def instance_time(self, address: str, clientid: bytes) -> int | None:
        """The instance half as ns since 1970, on the capture's clock where the server's is known."""
        reading = self.reading.get(address)
        if reading is None:
            return None
        return int((reading.seconds(clientid) - self.clock_skew_s.get(address, 0.0)) * 1_000_000_000)

    def place(self, address: str, clientid: bytes) -> tuple[bytes, int]:
        """A sort key: ids of one instance lie together, in order of its counter."""
        reading = self.reading.get(address)
        if reading is None:
            return b"", 0
        return reading.instance(clientid), reading.counter(clientid)

    def same_instance(self, address_a: str, id_a: bytes, address_b: str, id_b: bytes) -> bool:
        """Were these two ids given out by one running server? Equal ids are; equal halves are, unless Linux counters
        lie apart."""
        a, b = self.instance(address_a, id_a), self.instance(address_b, id_b)
        if a is None or a != b or self.reading[address_a] != self.reading[address_b]:
            return False
        if address_a in self.linux and address_b in self.linux:
            reading = self.reading[address_a]
            apart = (reading.counter(id_a) - reading.counter(id_b)) % (1 << 32)
            return min(apart, (1 << 32) - apart) < COUNTER_REACH
        return True


def telling(clientid: bytes) -> bool:
    """No bare counter (nor one with a node's number before it): two servers do not give out the same by chance."""
    return sum(1 for byte in clientid if byte) >= 5


def coined(clientid: bytes, time: int) -> bool:
    """A half of it is the second of that time (in ns), in either byte order: what one nfs4j gives out at a moment,
    another may give out, too."""
    halves = clientid[:4], clientid[4:8]
    times = (int.from_bytes(half, order) for half in halves for order in ("little", "big"))
    return any(abs(seconds - time / 1e9) <= REQUEST_S for seconds in times)


def layouts(grants: Sequence[Grant]) -> Layouts:
    """Adopt a reading for every address whose ids (or whose peers' ids) show one.

    Source: reference readings of nfsd `gen_clid`, `gen_confirm`, `gen_sessionid`; Ganesha `new_clientid`; FreeBSD
    `nfsrv_setclient`.
    """
    if not grants:
        return Layouts(reading={}, linux=frozenset(), clock_skew_s={})
    latest = max(g.time for g in grants) // 1_000_000_000 + CLOCK_TOLERANCE_S
    by_address: dict[str, list[Grant]] = defaultdict(list)
    for grant in grants:
        by_address[grant.address].append(grant)
    adopted: dict[str, Reading] = {}
    linux = set()
    skews: dict[str, float] = {}
    for address, mine in by_address.items():
        if any(_is_linux(g) for g in mine):
            linux.add(address)
            adopted[address] = LINUX
            skew = [_clock(g) - g.time / 1e9 for g in mine if _shows_clock(g)]
            if skew:
                skews[address] = sorted(skew)[len(skew) // 2]
    theirs = {g.clientid for address in linux for g in by_address[address] if telling(g.clientid)}
    for address in [a for a, mine in by_address.items() if a not in linux and any(g.clientid in theirs for g in mine)]:
        linux.add(address)  # an id that a Linux server gave out is good there: the same server, seen through less
        adopted[address] = LINUX
    shared = _shared(grants, latest)
    for address, mine in by_address.items():
        if address in adopted:
            continue
        candidates = [r for r in READINGS if r in shared.get(address, ()) and not _tracks_requests(r, mine)]
        plausible = [r for r in candidates if all(EARLIEST <= r.seconds(g.clientid) <= latest for g in mine)]
        if plausible:
            # of several readings the latest time is the boot: the others are old by chance
            adopted[address] = max(plausible, key=lambda r: max(r.seconds(g.clientid) for g in mine))
    return Layouts(reading=adopted, linux=frozenset(linux), clock_skew_s=skews)


def _is_linux(grant: Grant) -> bool:
    if grant.session is not None:
        return grant.session[:8] == grant.clientid and grant.session[12:] == bytes(4) and _recent(grant)
    return _shows_clock(grant) and _recent(grant)


def _recent(grant: Grant) -> bool:
    return EARLIEST <= LINUX.seconds(grant.clientid) <= grant.time // 1_000_000_000 + CLOCK_TOLERANCE_S


def _clock(grant: Grant) -> int:
    assert grant.confirm is not None
    return int(struct.unpack_from("<I", grant.confirm)[0])


def _shows_clock(grant: Grant) -> bool:
    """nfsd `gen_confirm`: the first four bytes of the confirm verifier are the current second, as raw memory."""
    return grant.confirm is not None and abs(_clock(grant) - grant.time / 1e9) <= CLOCK_TOLERANCE_S


def _shared(grants: Iterable[Grant], latest: int) -> dict[str, set[Reading]]:
    """Readings shown by two different ids (at one address or two) that share the half and differ in the other.

    Not where all of them were given out in that very second: nfs4j writes the second of the request.
    """
    # by the number of the reading: to hash a reading takes longer than to read
    seen: dict[tuple[int, bytes], dict[bytes, set[str]]] = defaultdict(lambda: defaultdict(set))
    settled: set[tuple[int, bytes]] = set()
    for grant in grants:
        for number, reading in enumerate(READINGS):
            if EARLIEST <= reading.seconds(grant.clientid) <= latest:
                key = number, reading.instance(grant.clientid)
                seen[key][grant.clientid].add(grant.address)
                if grant.fresh and key not in settled and not _close(reading, grant):
                    settled.add(key)
    found: dict[str, set[Reading]] = defaultdict(set)
    for key, ids in seen.items():
        if len(ids) >= 2 and key in settled:
            for address in set().union(*ids.values()):
                found[address].add(READINGS[key[0]])
    return found


def _tracks_requests(reading: Reading, grants: Sequence[Grant]) -> bool:
    """nfs4j writes the second of the *request* into each id: a time that follows the requests names no instance."""
    return len({reading.seconds(g.clientid) for g in grants if _close(reading, g)}) >= 2


def _close(reading: Reading, grant: Grant) -> bool:
    """Whether the half is the time of the grant, in either byte order: swapped it would be a time long ago."""
    half = reading.instance(grant.clientid)
    times = int.from_bytes(half, "little"), int.from_bytes(half, "big")
    return any(abs(seconds - grant.time / 1e9) <= REQUEST_S for seconds in times)
