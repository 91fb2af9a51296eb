"""Frames with stand-ins in the bytes themselves, each as long as it was and at its place in its stream.

What is not understood becomes zero: file data, names that are only passed over, other protocols, streams that hold no
RPC. A scan of such frames tells of stand-ins what a redacted scan of the originals does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace

from dissect.nfs4.bounds import NFS_PORTS
from dissect.nfs4.capture.frame import Frame
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.gather import Gather
from dissect.nfs4.link.segment import Segment
from dissect.nfs4.link.unwrap import Unwrapper
from dissect.nfs4.message import Context
from dissect.nfs4.rpc.record import Record
from dissect.nfs4.rpc.resync import MARK_OCTETS, read_mark
from dissect.nfs4.streams import Streams
from dissect.nfs4.tcp.connection import SYN, TcpConnection
from nfsanalyze.errors import UsageError
from nfsanalyze.facts.trace import join
from nfsanalyze.redaction.message import Messages
from nfsanalyze.redaction.packet import Packets, Rewritten
from nfsanalyze.redaction.redactor import Redactor

_HEAD = 64
"""Octets of a record by which its place is looked for."""

Way = tuple[str, int, str, int]


class CannotRedact(UsageError):
    """Frames whose bytes cannot be rewritten where they stand."""


def redacted(frames: Iterable[Frame], redactor: Redactor, *, ports: Collection[int] = ()) -> list[Frame]:
    """Stand-ins of these frames. Raises CannotRedact where TCP is in a tunnel, in IP fragments or in UDP."""
    frames = list(frames)
    heard = _heard(frames, redactor, ports)
    packets = Packets(redactor.addresses)
    written = [packets.rewritten(frame) for frame in frames]
    for number, segment in heard.segments.items():
        _in_reach(number, frames[number], written[number], segment)
    payloads = _payloads(heard, Messages(redactor))
    return [
        replace(frame, data=each.finish(payloads.get(number, bytes(max(each.stop - each.body, 0)))))
        for number, (frame, each) in enumerate(zip(frames, written, strict=True))
    ]


def _in_reach(number: int, frame: Frame, written: Rewritten, segment: Segment) -> None:
    if written.body < 0 or frame.data[written.body : written.stop] != segment.payload:
        raise CannotRedact(
            f"frame {frame.number}: its segment lies in a tunnel, in IP fragments or in UDP, where --redact cannot"
            " replace it; share a redacted report instead"
        )


class _Heard:
    """Segments by place in the list of frames; records by the way they went."""

    def __init__(self) -> None:
        self.segments: dict[int, Segment] = {}
        self.records: dict[Way, list[tuple[Record, Context]]] = defaultdict(list)


def _heard(frames: list[Frame], redactor: Redactor, ports: Collection[int]) -> _Heard:
    """Decode the frames as the exact decoder does, listening."""
    heard = _Heard()

    def listen(connection: TcpConnection, direction: int, record: Record, context: Context) -> None:
        ends = connection.initiator, connection.responder
        way = (*ends[direction], *ends[1 - direction])
        heard.records[way].append((record, context))

    gather, unwrapper = Gather(), Unwrapper()
    streams = Streams(gather, NFS_PORTS | frozenset(ports), listen)
    for number, frame in enumerate(frames):
        streams.advance(number + 1)
        for item in unwrapper.feed(frame, number + 1):
            if isinstance(item, Segment):
                heard.segments[number] = item
                streams.segment(item)
    for event in unwrapper.drain(final=True):
        gather.event(event)
    streams.close()
    batch = gather.flush()
    if batch is not None:
        redactor.know(join([batch]))
    return heard


@dataclass(slots=True, kw_only=True)
class _Run:
    """Octets of one direction without a hole; `start` is the position of the first."""

    start: int
    data: bytearray

    @property
    def end(self) -> int:
        return self.start + len(self.data)


def _payloads(heard: _Heard, messages: Messages) -> dict[int, bytes]:
    """By frame the payload that it is to have."""
    ways: dict[Way, list[tuple[int, Segment]]] = defaultdict(list)
    for number, segment in heard.segments.items():
        ways[segment.source, segment.source_port, segment.destination, segment.destination_port].append(
            (number, segment)
        )
    out: dict[int, bytes] = {}
    for way, mine in ways.items():
        placed = _placed(mine)
        runs = _runs(placed)
        masks = [_masked(run, heard.records.get(way, ()), messages) for run in runs]
        for number, position, payload in placed:
            out[number] = _taken(position, payload, runs, masks)
    return out


def _placed(segments: list[tuple[int, Segment]]) -> list[tuple[int, int, bytes]]:
    """Frame, position and payload: sequence numbers go round, and start anew with each SYN."""
    out: list[tuple[int, int, bytes]] = []
    last = base = origin = 0
    isn: int | None = None
    for number, segment in segments:
        if segment.flags & SYN and segment.seq != isn:
            isn, base = segment.seq, base + (1 << 34)
            last = base
            origin = segment.seq
        elif not out and isn is None:
            isn, origin, last = segment.seq, segment.seq, base
        ahead = (segment.seq - origin - (last - base) + (1 << 31)) % (1 << 32) - (1 << 31)
        position = last + ahead + bool(segment.flags & SYN)
        if segment.payload:
            last = position
        out.append((number, position, segment.payload))
    return out


def _runs(placed: list[tuple[int, int, bytes]]) -> list[_Run]:
    """What was captured of a direction, put together; of two copies of an octet the first counts."""
    runs: list[_Run] = []
    for _, position, payload in sorted(placed, key=lambda each: (each[1], each[0])):
        if not payload:
            continue
        if runs and runs[-1].start <= position <= runs[-1].end:
            runs[-1].data += payload[runs[-1].end - position :]
        else:
            runs.append(_Run(start=position, data=bytearray(payload)))
    return runs


def _masked(run: _Run, records: Iterable[tuple[Record, Context]], messages: Messages) -> bytes:
    """The octets of a run with the stand-ins of the records in it, and zero for all else."""
    data, out = bytes(run.data), bytearray(len(run.data))
    for record, context in records:
        head = record.data[: min(len(record.data), _HEAD)]
        at = data.find(head, MARK_OCTETS)
        while at >= 0:
            spans = _spans(data, at - MARK_OCTETS, record.data)
            if spans is None:
                at = data.find(head, at + 1)
                continue
            stand_in, taken = messages.message(record.data, context), 0
            for start, length in spans:
                out[start - MARK_OCTETS : start] = data[start - MARK_OCTETS : start]
                out[start : start + length] = stand_in[taken : taken + length]
                taken += length
            at = data.find(head, at + 1)
    return bytes(out)


def _spans(data: bytes, at: int, record: bytes) -> list[tuple[int, int]] | None:
    """Where the fragments of a record lie whose first mark is at `at`, None where it does not lie there."""
    spans, taken = [], 0
    while taken < len(record):
        if at + MARK_OCTETS > len(data):
            return None
        length, _ = read_mark(data, at)
        start = at + MARK_OCTETS
        held = min(length, len(data) - start, len(record) - taken)
        if not held or data[start : start + held] != record[taken : taken + held]:
            return None
        spans.append((start, held))
        taken += held
        if held < length and taken < len(record):
            return None
        at = start + length
    return spans


def _taken(position: int, payload: bytes, runs: list[_Run], masks: list[bytes]) -> bytes:
    """What stands in a segment: of the run that it is part of, zero where it differs from that."""
    for run, mask in zip(runs, masks, strict=True):
        at = position - run.start
        if payload and at >= 0 and position + len(payload) <= run.end:
            same = run.data[at : at + len(payload)] == payload
            return mask[at : at + len(payload)] if same else bytes(len(payload))
    return bytes(len(payload))
