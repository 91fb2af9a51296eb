"""Targets that take bytes of the wire: each ends in a value of which something is known, or in an error of its type."""

from __future__ import annotations

from collections.abc import Iterator

from dissect.nfs4.batch import Marks
from dissect.nfs4.bounds import RECORD_OCTETS, REORDER_FRAMES
from dissect.nfs4.capture import Frame
from dissect.nfs4.compound import Walk, walk_arguments, walk_results
from dissect.nfs4.const import NFS_PROGRAM
from dissect.nfs4.link.layers import LAYERS
from dissect.nfs4.link.segment import Segment
from dissect.nfs4.link.unwrap import Unwrapper
from dissect.nfs4.message import CallHeader, Context, Kind, Message, call_header, decode_message
from dissect.nfs4.ops import CB_OPS, OPS
from dissect.nfs4.rows import select
from dissect.nfs4.rpc.header import peek_call, peek_reply
from dissect.nfs4.rpc.record import Record, Records
from dissect.nfs4.rpc.resync import is_message
from dissect.nfs4.tcp.half import LOSS, SNAPLEN, Half, Hole, Item, Origin, Piece, Start
from dissect.nfs4.xdr import Reader, XdrError

LINKS = (1, *sorted(LAYERS), 147, 239)
"""Link types by the first byte of an input: Ethernet, all that are opened, and some that are not."""

_CUT, _LOST = int(Marks.CUT), int(Marks.LOST)
_MISSING = (0, _CUT, _LOST)


def pieces(data: bytes) -> Iterator[tuple[int, bytes]]:
    """An input as pieces: a byte that means what the target makes of it, two of length, and so many bytes."""
    at = 0
    while at + 3 <= len(data):
        length = int.from_bytes(data[at + 1 : at + 3], "big")
        yield data[at], data[at + 3 : at + 3 + length]
        at += 3 + length


def frames(data: bytes) -> list[Frame]:
    """The first byte is the link type; of each piece the byte says how much more there was on the wire."""
    link_type = LINKS[data[0] % len(LINKS)] if data else 1
    return [
        Frame(number=n, time=n * 10**6, data=body, original_length=len(body) + more, link_type=link_type, interface=0)
        for n, (more, body) in enumerate(pieces(data[1:]), 1)
    ]


def link(data: bytes) -> None:
    """Frames through all layers and tunnels, with fragments."""
    unwrapper = Unwrapper()
    for frame in frames(data):
        for item in unwrapper.feed(frame, frame.number):
            assert item.frame == frame.number
            if isinstance(item, Segment):
                assert len(item.payload) <= item.length
                assert item.mac is None or len(item.mac) == 6
        unwrapper.drain()
    unwrapper.drain(final=True)


def halves(data: bytes) -> None:
    """One direction of a connection: each piece is a segment, whose byte says how far it lies from the one before,
    how long after, and whether it is cut."""
    half = Half()
    seq, frame, end = 0, 0, None
    for step, body in pieces(data):
        frame += REORDER_FRAMES + 2 if step & 0xC0 == 0xC0 else 1
        seq = (seq + ((step & 0x1F) - 12) * max(len(body), 1)) % (1 << 32)
        if step & 0xE0 == 0x80:
            items = half.synchronise(seq, frame, frame)
        else:
            length = len(body) + (step & 0x20 and 40)
            half.saw(seq, frame, frame)
            items = half.feed(seq, body, length, frame, frame)
        end = _in_order(items, end)
        end = _in_order(half.expire(frame), end)
    _in_order(half.close(), end)
    assert half.close() == []


def _in_order(items: list[Item], end: int | None) -> int | None:
    """What a half delivers lies end to end."""
    for item in items:
        if isinstance(item, Start):
            end = item.at
            continue
        assert item.octets > 0 and (end is None or item.at == end)
        if isinstance(item, Piece):
            assert 0 < len(item.data) <= item.octets
            # what was cut of it follows as a hole
            end = item.at + len(item.data)
        else:
            end = item.at + item.octets
    return end


def records(data: bytes) -> None:
    """The records of a stream, with holes of both kinds, from its beginning or not."""
    found = Records()
    out: list[Record | Hole] = found.feed(Start(0, bool(data[:1]) and data[0] & 1 == 0))
    at, before = 0, Origin(0, 0, 0, 0, 0)
    for number, (kind, body) in enumerate(pieces(data[1:]), 1):
        if kind & 7 == 7:
            octets = (kind >> 3) * 16 + 1
            origin = Origin(number, number, at + octets, at + octets, at)
            hole = Hole(at, octets, LOSS if kind & 0x80 else SNAPLEN, before, origin if kind & 0x80 else before)
            out += found.feed(hole)
            at += octets
        elif body:
            before = Origin(number, number, at, at + len(body), at)
            out += found.feed(Piece(at, body, len(body), before))
            at += len(body)
    out += found.close()
    met = [thing for thing in out if isinstance(thing, Record)]
    assert len({record.id for record in met}) == len(met)
    assert all(is_message(record.data) and len(record.data) <= RECORD_OCTETS for record in met)
    assert sum(len(record.data) for record in met) <= len(data)


def header(data: bytes) -> None:
    """RPC headers where one is looked for."""
    for at in range(min(len(data), 8)):
        call, reply = peek_call(data, at), peek_reply(data, at)
        assert call is None or reply is None
        assert call is None or call.body is None or at + 24 <= call.body <= len(data)
        assert reply is None or at + 12 <= reply.body <= len(data)


_CALLS = tuple(
    CallHeader(kind=kind, prog=NFS_PROGRAM, vers=4, proc=1, minor=minor, gss_service=service)
    for kind in (Kind.COMPOUND_CALL, Kind.CB_COMPOUND_CALL, Kind.OTHER_CALL)
    for minor in (0, 1)
    for service in (None, 1, 2, 3)
)


def message(data: bytes) -> None:
    """A whole RPC message. The first byte says what is known of its call, and what is missing of it."""
    if not data:
        return
    call = None if data[0] & 0x20 else _CALLS[(data[0] & 0x1F) % len(_CALLS)]
    missing = _MISSING[(data[0] >> 6) % 3]
    try:
        read = decode_message(data[1:], Context(call=call, missing=missing, cb_programs=frozenset({0x40000001})))
    except XdrError as error:
        assert str(error)
        return
    assert _sound(read)
    rows, details = select(read)
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert all(index < len(read.operations) for index, _ in details)
    call_header(read)


def _sound(read: Message) -> bool:
    return (
        len(read.operations) <= read.numops <= 0xFFFF
        and -1 <= read.minor <= 127
        and (read.status >= -0x80000000)
        and (len(read.operations) == read.numops or read.marks != 0 or read.status < -1)
    )


def arguments(data: bytes) -> None:
    """The operations of a call."""
    _walked(data, walk_arguments(*_compound(data)))


def results(data: bytes) -> None:
    """The operations of a reply."""
    _walked(data, walk_results(*_compound(data)))


def callbacks(data: bytes) -> None:
    """The operations of callbacks, called and answered."""
    reader, count, _, missing = _compound(data)
    at = reader.pos
    _walked(data, walk_arguments(reader, count, CB_OPS, missing))
    reader.pos = at
    _walked(data, walk_results(reader, count, CB_OPS, missing))


def _compound(data: bytes) -> tuple[Reader, int, dict[int, object], int]:
    """The first byte: what is missing, and how many operations are announced."""
    first = data[0] if data else 0
    return Reader(data, min(1, len(data))), (1, 2, 5, 0xFFFFFFFF)[first & 3], OPS, _MISSING[(first >> 2) % 3]  # type: ignore[return-value]


def _walked(data: bytes, walk: Walk) -> None:
    # the shortest operation is its number alone
    assert len(walk.operations) <= len(data) // 4 + 1
