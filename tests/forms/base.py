"""One conversation, as segments that can be given any form, and what of it a form still holds.

It is three samples, one after the other: a takeover by NFSv4.0, one by NFSv4.1, and a delegation recalled. What is in
it is read here on its own, by record marks and headers, so that what is found can be held against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dissect.nfs4.capture import open_capture
from dissect.nfs4.link import Segment, Unwrapper

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
NAMES = ("01-v40-nonucs-takeover.pcap", "03-v41-takeover.pcap", "10c-v40-delegation-recall.pcap")
PAUSE_NS = 600 * 10**9
SYN = 2
MARK, CALL_HEADER, REPLY_HEADER = 4, 24, 12
_NFS4_COMPOUND = bytes.fromhex("000186a3 00000004 00000001")
_SETCLIENTID, _EXCHANGE_ID = 35, 42

Way = tuple[int, int]
"""Connection, and 0 from its client or 1 from its server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seg:
    """A segment; `at` counts the octets of its direction from 0, and `kept` those of the payload that are captured."""

    way: Way
    time: int
    at: int
    payload: bytes
    flags: int
    acked: int
    kept: int | None = None

    @property
    def end(self) -> int:
        return self.at + len(self.payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An RPC message: `start` is where its mark stands."""

    way: Way
    start: int
    octets: bytes
    compound: bool
    owner: bytes | None

    @property
    def end(self) -> int:
        return self.start + MARK + len(self.octets)

    @property
    def reply(self) -> bool:
        return self.octets[4:8] == b"\0\0\0\1"

    @property
    def header(self) -> int:
        """Octets from the mark on that tell what it is."""
        return MARK + (REPLY_HEADER if self.reply else CALL_HEADER)

    @property
    def owner_end(self) -> int:
        assert self.owner is not None
        return self.start + MARK + self.octets.index(self.owner) + len(self.owner)


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """All of it. `ends`: client and server of each connection, `starts`: their initial sequence numbers."""

    segs: tuple[Seg, ...]
    records: tuple[Record, ...]
    ends: tuple[tuple[tuple[str, int], tuple[str, int]], ...]
    starts: tuple[tuple[int, int], ...]


@cache
def talk() -> Talk:
    """The conversation, its segments in the order in which they were captured."""
    segs: list[Seg] = []
    ends: list[tuple[tuple[str, int], tuple[str, int]]] = []
    starts: list[list[int]] = []
    for name in NAMES:
        open_now: dict[frozenset[tuple[str, int]], int] = {}
        begins = segs[-1].time + PAUSE_NS if segs else None
        later = 0
        for segment in _segments(SAMPLES / name):
            here = segment.source, segment.source_port
            there = segment.destination, segment.destination_port
            pair = frozenset((here, there))
            if segment.flags & 0x12 == SYN and (pair not in open_now or starts[open_now[pair]][0] != segment.seq):
                open_now[pair] = len(ends)
                ends.append((here, there))
                starts.append([segment.seq, 0])
            conn = open_now[pair]
            side = int(here != ends[conn][0])
            if segment.flags & SYN:
                starts[conn][side] = segment.seq
            if begins is not None:
                begins, later = None, begins - segment.time
            segs.append(
                Seg(
                    way=(conn, side),
                    time=segment.time + later,
                    at=(segment.seq - starts[conn][side] - (not segment.flags & SYN)) & 0xFFFFFFFF,
                    payload=segment.payload,
                    flags=segment.flags,
                    acked=segment.ack,
                )
            )
    found = tuple(record for way in sorted({seg.way for seg in segs}) for record in _records(way, segs))
    return Talk(segs=tuple(segs), records=found, ends=tuple(ends), starts=tuple((a, b) for a, b in starts))


def _segments(path: Path) -> Iterable[Segment]:
    unwrapper = Unwrapper()
    with open_capture(path) as capture:
        for frame in capture:
            for item in unwrapper.feed(frame, frame.number):
                if isinstance(item, Segment):
                    assert len(item.payload) == item.length
                    yield item


def _records(way: Way, segs: Sequence[Seg]) -> Iterable[Record]:
    stream = bytearray()
    for seg in sorted((seg for seg in segs if seg.way == way and seg.payload), key=lambda seg: seg.at):
        assert seg.at <= len(stream), "the samples lack nothing"
        stream[seg.at : seg.end] = seg.payload
    at = 0
    called = _called(way, segs) if way[1] else frozenset()
    while at < len(stream):
        mark = int.from_bytes(stream[at : at + MARK], "big")
        assert mark >> 31, "the samples have no fragments"
        octets = bytes(stream[at + MARK : at + MARK + (mark & 0x7FFFFFFF)])
        reply = octets[4:8] == b"\0\0\0\1"
        compound = octets[:4] in called if reply else octets[12:24] == _NFS4_COMPOUND
        owner = None if reply or not compound else _owner(octets)
        yield Record(way=way, start=at, octets=octets, compound=compound, owner=owner)
        at += MARK + len(octets)


def _called(way: Way, segs: Sequence[Seg]) -> frozenset[bytes]:
    """The xids of the COMPOUNDs that the client sent."""
    return frozenset(record.octets[:4] for record in _records((way[0], 0), segs) if record.compound)


def _owner(call: bytes) -> bytes | None:
    """The client owner of a SETCLIENTID or EXCHANGE_ID that comes first in its COMPOUND."""

    def opaque(at: int) -> int:
        """Behind the variable-length octets that begin here."""
        return at + 4 + (int.from_bytes(call[at : at + 4], "big") + 3 & ~3)

    at = opaque(opaque(CALL_HEADER + 4) + 4)  # past credential and verifier
    at = opaque(at) + 8  # past tag, minorversion and numops
    if int.from_bytes(call[at : at + 4], "big") not in (_SETCLIENTID, _EXCHANGE_ID):
        return None
    length = int.from_bytes(call[at + 12 : at + 16], "big")
    return call[at + 16 : at + 16 + length]


def held(records: Iterable[Record], segs: Iterable[Seg]) -> list[Record]:
    """The COMPOUNDs of which the segments hold at least the header; a reply counts where its call does too."""
    there = _covered(segs)
    seen = [r for r in records if r.compound and _has(there, r.way, r.start, r.start + r.header)]
    calls = {(r.way[0], r.octets[:4]) for r in seen if not r.reply}
    return [r for r in seen if not r.reply or (r.way[0], r.octets[:4]) in calls]


def owners(records: Iterable[Record], segs: Iterable[Seg]) -> list[bytes]:
    """The client owners that the segments hold whole, in calls that they hold up to there; one a call."""
    there = _covered(segs)
    return sorted(r.owner for r in records if r.owner is not None and _has(there, r.way, r.start, r.owner_end))


def _covered(segs: Iterable[Seg]) -> dict[Way, set[int]]:
    there: dict[Way, set[int]] = {}
    for seg in segs:
        kept = len(seg.payload) if seg.kept is None else seg.kept
        there.setdefault(seg.way, set()).update(range(seg.at, seg.at + kept))
    return there


def _has(there: dict[Way, set[int]], way: Way, start: int, stop: int) -> bool:
    return there.get(way, set()).issuperset(range(start, stop))
