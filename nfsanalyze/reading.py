"""What was read of each capture, by which decoder, and what was not: the tables `captures` and `decode_notes`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dissect.nfs4.capture import Capture
    from dissect.nfs4.decoder import Decoding
    from dissect.nfs4.taps import Places
    from nfsanalyze.facts.trace import Trace
    from nfsanalyze.several import Several

ALONE = {"clock_group": 0, "clock_tie": "first", "clock_offset_s": 0.0, "clock_uncertainty_s": 0.0, "copies": 0}
"""A capture that is the whole case: its clock is the case's."""

_UNDERSTOOD = {"arp", "icmp", "icmpv6", "igmp"}
"""Protocols that are read for what they tell of addresses, or have nothing to tell."""

_REASONS = 3


def capture_rows(
    captures: Sequence[Capture], way: Decoding, trace: Trace, together: Several | None
) -> Iterator[dict[str, Any]]:
    """Rows of `captures`."""
    import numpy as np

    from dissect.nfs4.batch import CAPTURE_STRIDE, FRAME_SHIFT, Kind, Marks

    m = trace.messages
    fresh = m["marks"] & int(Marks.RETRANSMITTED) == 0
    of = helped = None
    if together or len(way.frames):
        frames = (m["id"] >> FRAME_SHIFT).astype(np.int64)
        of = together.places.places(frames) // CAPTURE_STRIDE if together else None
        helped = np.isin(frames, np.array(way.frames, np.int64))
    gaps = [_place(gap.frame, together.places if together else None) // CAPTURE_STRIDE for gap in trace.gaps]
    names = _names(captures)
    for number, capture in enumerate(captures):
        mine = np.ones(len(m), np.bool_) if of is None else of == number
        messages, opened = int(mine.sum()), 0 if helped is None else int((mine & helped).sum())
        ours = messages - opened
        yield {
            "capture_no": number,
            "capture": names[number],
            "path": capture.path,
            "format": capture.format,
            "snaplen": capture.snaplen,
            "packets": capture.packets,
            "first": capture.first,
            "last": capture.last,
            "cut_short": capture.cut_short,
            "link_types": list(capture.link_types),
            "snaplen_cut_packets": capture.snaplen_cut_packets,
            "rpc_messages": messages,
            "decoded_fast": ours if way.fast else 0,
            "decoded_exact": 0 if way.fast else ours,
            "decoded_tshark": opened,
            "nfs4_calls": int((mine & fresh & (m["kind"] == int(Kind.COMPOUND_CALL))).sum()),
            "nfs4_replies": int((mine & fresh & (m["kind"] == int(Kind.COMPOUND_REPLY))).sum()),
            "gaps": gaps.count(number),
            **(together.clock(number) if together else ALONE),
        }


def note_rows(
    captures: Sequence[Capture], way: Decoding, trace: Trace, places: Places | None
) -> Iterator[dict[str, Any]]:
    """Rows of `decode_notes`: what was not decoded, and what tshark opened."""
    from dissect.nfs4.tshark.reach import opened

    names = _names(captures)
    for (number, reason), (count, frame) in sorted(_closed(trace, places).items()):
        yield {
            "capture": names[number],
            "decoder": "exact",
            "reason": reason,
            "decoded": False,
            "count": count,
            "first_frame": frame or None,
            "last_frame": None,
        }
    for (number, reason), (count, first, last) in sorted(_opened(way, places).items()):
        yield {
            "capture": names[number],
            "decoder": "tshark",
            "reason": opened(reason),
            "decoded": True,
            "count": count,
            "first_frame": first,
            "last_frame": last,
        }


def left_closed(captures: Sequence[Capture], way: Decoding, trace: Trace, places: Places | None) -> Iterator[str]:
    """A line for each capture of which frames were not analysed though they may hold NFS, with what helps."""
    from dissect.nfs4.tshark.reach import out_of_reach

    closed: dict[int, list[tuple[int, str]]] = {}
    for (number, reason), (count, _) in _closed(trace, places).items():
        if out_of_reach(reason):
            closed.setdefault(number, []).append((-count, reason))
    for number, reasons in sorted(closed.items()):
        ranked = [f"{reason} ({-count})" for count, reason in sorted(reasons)]
        more = [f"{len(ranked) - _REASONS} more reasons"] if len(ranked) > _REASONS else []
        packets = -sum(count for count, _ in reasons)
        what = f"{packets} {'packet' if packets == 1 else 'packets'} not decoded"
        yield f"{captures[number].path}: {what}: {', '.join([*ranked[:_REASONS], *more])}; {_remedy(way)}"
    if way.failure is not None and not closed:
        yield way.failure


def _remedy(way: Decoding) -> str:
    if way.failure is not None:
        return way.failure
    if way.decoder in ("auto", "tshark"):
        return "tshark cannot read them either"
    return "--decoder auto lets tshark open them"


def _closed(trace: Trace, places: Places | None) -> dict[tuple[int, str], tuple[int, int]]:
    """By capture and reason: how many frames or connections were not decoded, and the first frame."""
    from dissect.nfs4.batch import CAPTURE_STRIDE

    told: dict[tuple[int, str], tuple[int, int]] = {}
    for note in trace.notes:
        if note.reason in _UNDERSTOOD:
            continue
        key = _place(note.frame, places) // CAPTURE_STRIDE, note.reason
        count, frame = told.get(key, (0, note.frame or 0))
        told[key] = count + note.count, min(frame, note.frame or frame)
    return told


def _opened(way: Decoding, places: Places | None) -> dict[tuple[int, str], tuple[int, int, int]]:
    """By capture and reason: how many frames tshark opened, the first and the last."""
    from dissect.nfs4.batch import CAPTURE_STRIDE

    told: dict[tuple[int, str], tuple[int, int, int]] = {}
    for reason, frames in way.opened.items():
        for frame in frames:
            key = _place(frame, places) // CAPTURE_STRIDE, reason
            count, first, _ = told.get(key, (0, frame, frame))
            told[key] = count + 1, first, frame
    return told


def _place(frame: int | None, places: Places | None) -> int:
    """Where a frame stands in the files; 0 for none."""
    return places.place(frame or 0) if places is not None else frame or 0


def _names(captures: Sequence[Capture]) -> list[str]:
    """Short names: the file's own where that tells them apart, else the path."""
    from pathlib import PurePath

    short = [PurePath(c.path).name or c.path for c in captures]
    return [s if short.count(s) == 1 else c.path for s, c in zip(short, captures, strict=True)]
