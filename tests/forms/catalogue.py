"""Every form that the conversation is given: the file, and what it still holds."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from forms import shapes
from forms.base import Record, Seg, Talk, talk
from forms.carriers import HERE, LINKS, PACKETS, PLAIN, PORTS, THERE, TUNNELS, Carrier
from forms.files import FILES, File, ends, plain
from soundness.packets import Packet

from wire import rdma
from wire.frames import ethernet, ip_packet

TAP_NS = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A capture file, the records of the conversation, and the segments that are in it."""

    octets: bytes
    records: Sequence[Record]
    segs: Sequence[Seg]
    apart: Literal["connections", "ends", "addresses"] = "connections"
    "what tells connections apart: a new SYN, or only ports and addresses"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """`helped`: only tshark can open it."""

    group: str
    name: str
    make: Callable[[], Made]
    helped: bool = False


def frames_of(told: Talk, segs: Iterable[Seg], carrier: Carrier) -> Iterator[tuple[Packet, Seg | None]]:
    """Each frame with the segment that it completes."""
    for seg in segs:
        frames = list(carrier.frames(told, seg))
        for number, data in enumerate(frames, 1):
            yield (
                Packet(time=seg.time, data=data, length=len(data), link=carrier.link_type),
                seg if number == len(frames) else None,
            )


def made_of(
    shape: shapes.Shape = shapes.whole,
    carrier: Carrier = PLAIN,
    file: File = plain,
) -> Made:
    segs = shape(talk().segs)
    frames = [frame for frame, _ in frames_of(talk(), segs, carrier)]
    return Made(octets=file(frames), records=talk().records, segs=segs)


def _clients_from_the_middle(segs: shapes.Segs) -> shapes.Segs:
    return shapes.one_way(0)(shapes.from_part(0.4)(segs))


def _fragmented(octets: int) -> Made:
    segs, records = shapes.fragmented(octets)(talk().segs, talk().records)
    frames = [frame for frame, _ in frames_of(talk(), segs, PLAIN)]
    return Made(octets=plain(frames), records=records, segs=segs)


def _snaplen(octets: int) -> Made:
    frames, segs = [], []
    for frame, seg in frames_of(talk(), talk().segs, PLAIN):
        assert seg is not None
        around = frame.length - len(seg.payload)
        frames.append(replace(frame, data=frame.data[:octets]))
        segs.append(replace(seg, kept=max(0, min(octets - around, len(seg.payload)))))
    return Made(octets=plain(frames), records=talk().records, segs=segs)


def cut(octets: int) -> Made:
    """The file ends behind so many octets; of a frame that is not whole nothing is left."""
    pairs = list(frames_of(talk(), talk().segs, PLAIN))
    frames = [frame for frame, _ in pairs]
    left = sum(end <= octets for end in ends(frames)[1:])
    segs = [seg for _, seg in pairs[:left] if seg is not None]
    return Made(octets=plain(frames)[:octets], records=talk().records, segs=segs)


def size() -> int:
    """Octets of the plain file."""
    return len(made_of().octets)


def _part(part: float) -> Made:
    return cut(round(part * size()) + 7)


def _two_taps() -> Made:
    """The second is behind a router: other MACs, a shorter time to live, a little later."""
    frames = []
    for frame, _ in frames_of(talk(), talk().segs, PLAIN):
        data = frame.data
        behind = data[6:12] + data[:6] + data[12:22] + bytes((data[22] - 1,)) + data[23:]
        frames += [frame, replace(frame, data=behind, time=frame.time + TAP_NS)]
    return Made(octets=plain(frames), records=talk().records, segs=talk().segs)


def _messages() -> Iterator[tuple[Record, Seg, tuple[str, int], tuple[str, int]]]:
    """Each record, the segment that ends it, its sender and its receiver."""
    starts = {(record.way, record.start): record for record in talk().records}
    for seg in talk().segs:
        record = starts.get((seg.way, seg.at))
        if record is not None and seg.payload:
            pair = talk().ends[seg.way[0]]
            yield record, seg, pair[seg.way[1]], pair[1 - seg.way[1]]


def _datagrams(step: int | None = None) -> Made:
    frames = []
    for ident, (record, seg, source, target) in enumerate(_messages(), 1):
        octets = record.octets
        body = struct.pack(">HHHH", source[1], target[1], 8 + len(octets), 0) + octets
        size = step or len(body)
        for at in range(0, len(body), size):
            kind, packet = ip_packet(source[0], target[0], 17, body[at : at + size], ident)
            word = (0x2000 if at + size < len(body) else 0) | at // 8
            data = ethernet(HERE, THERE, kind, packet[:6] + struct.pack(">H", word) + packet[8:])
            frames.append(Packet(time=seg.time, data=data, length=len(data)))
    return Made(octets=plain(frames), records=talk().records, segs=talk().segs, apart="ends")


def _roce(mtu: int) -> Made:
    """Of the calls to port 2049 and their replies: callbacks of NFSv4.0 have connections of their own over TCP."""
    frames, number = [], 0
    kept = []
    for record, seg, source, target in _messages():
        if 2049 not in (source[1], target[1]):
            continue
        kept.append(record)
        for packet in rdma.sends(rdma.header(record.octets) + record.octets, 7 + seg.way[1], number, mtu):
            number += 1
            data = rdma.roce(source[0], target[0], packet)
            frames.append(Packet(time=seg.time, data=data, length=len(data)))
    return Made(octets=plain(frames), records=kept, segs=talk().segs, apart="addresses")


def _of(group: str, made: dict[str, Callable[[], Made]], helped: frozenset[str] = frozenset()) -> list[Form]:
    return [Form(group=group, name=name, make=make, helped=name in helped) for name, make in made.items()]


FORMS: list[Form] = [
    *_of("file", {name: partial(made_of, file=file) for name, file in FILES.items()}),
    *_of("file", {f"cut after {part:.0%}": partial(_part, part) for part in (0.25, 0.6)}),
    *_of("snaplen", {f"{octets} octets": partial(_snaplen, octets) for octets in (96, 128, 200, 232)}),
    *_of(
        "beginning",
        {
            "in mid-stream": partial(made_of, shapes.from_part(0.4)),
            "in mid-record": partial(made_of, shapes.from_within),
            "in mid-stream, clients only": partial(
                made_of, lambda segs: shapes.one_way(0)(shapes.from_part(0.4)(segs))
            ),
        },
    ),
    *_of(
        "segments",
        {
            **{f"cut at {at}": partial(made_of, shapes.cut_at(at)) for at in (2, 64, 100)},
            "in pieces of 2": partial(made_of, shapes.pieces_of(2)),
            "in pieces of 64": partial(made_of, shapes.pieces_of(64)),
            "in thirds": partial(made_of, shapes.thirds),
            "in thirds, out of order": partial(made_of, shapes.out_of_order),
            "neighbours swapped": partial(made_of, shapes.swapped),
            "retransmitted": partial(made_of, shapes.retransmitted),
            "overlapping": partial(made_of, shapes.overlapping),
            "two records in one": partial(made_of, shapes.joined),
            "RPC fragments of 40": partial(_fragmented, 40),
            "two taps": _two_taps,
        },
    ),
    *_of(
        "loss",
        {
            "of 5% of the segments": partial(made_of, shapes.lost(0.05)),
            "of 20% of the segments": partial(made_of, shapes.lost(0.2)),
            "inside of records": partial(made_of, shapes.lost_inside),
            "of a stretch": partial(made_of, shapes.lost_between),
            "of all that servers said": partial(made_of, shapes.one_way(0)),
        },
    ),
    *_of("ports", {name: partial(made_of, carrier=carrier) for name, carrier in PORTS.items()}),
    *_of("packets", {name: partial(made_of, carrier=carrier) for name, carrier in PACKETS.items()}),
    *_of("link", {n: partial(made_of, carrier=c) for n, c in LINKS.items()}, frozenset(("NFLOG", "ERF"))),
    *_of("tunnel", {n: partial(made_of, carrier=c) for n, c in TUNNELS.items()}, frozenset(("GTP-U",))),
    *_of("transport", {"UDP": _datagrams, "UDP, fragmented": partial(_datagrams, 96)}),
    *_of(
        "transport",
        {"RoCEv2": partial(_roce, 1024), "RoCEv2, small packets": partial(_roce, 128)},
        frozenset(("RoCEv2", "RoCEv2, small packets")),
    ),
]
