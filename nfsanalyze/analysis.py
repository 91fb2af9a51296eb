"""One case from its captures to its findings: the way of the data in one function."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from nfsanalyze.engine.finding import Finding, NotEvaluable
from nfsanalyze.errors import NothingToAnalyse
from nfsanalyze.stages import Stages

if TYPE_CHECKING:
    import polars as pl

    from dissect.nfs4.batch import Batch, Event
    from dissect.nfs4.capture import Capture, Frame
    from nfsanalyze.facts.trace import Trace

Progress = Callable[[int, int], None]
"""Called now and then with (packets read, bytes of captures read so far or 0)."""

_EVERY = 4096

Decoder = Literal["auto", "exact", "fast"]
"""Both give the same rows; `auto` takes the exact one for small files, because the fast one costs more to start."""

SMALL_OCTETS = 2 << 20
"""Files up to this size are decoded sooner frame by frame than by the chunk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """The fact tables of a case, its findings, what could not be judged, and why anything was left out."""

    tables: dict[str, pl.DataFrame]
    findings: tuple[Finding, ...]
    not_evaluable: tuple[NotEvaluable, ...]
    incomplete: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTables:
    """The fact tables of a case, and why anything was left out."""

    tables: dict[str, pl.DataFrame]
    incomplete: tuple[str, ...]


def analyse(
    paths: Sequence[str],
    *,
    lease_time_s: float | None = None,
    ports: Sequence[int] = (),
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    decoder: Decoder = "auto",
    progress: Progress | None = None,
    stages: Stages | None = None,
) -> Analysis:
    """Analyse captures as one case; `stages` is told which one is on.

    Raises NothingToAnalyse where no path is a capture or none holds NFSv4, RuleError for rules that cannot be loaded.
    """
    stages = stages or Stages()
    # what every run needs is imported before the captures are opened, so that no stage pays for it
    import polars as pl  # noqa: F401

    from nfsanalyze.engine.loader import load_rules
    from nfsanalyze.engine.run import run
    from nfsanalyze.engine.select import select_rules

    rules = select_rules(load_rules(examples=False), select, ignore)
    case = read_tables(paths, lease_time_s=lease_time_s, ports=ports, decoder=decoder, progress=progress, stages=stages)
    stages.enter("rules")
    findings, unjudged = run(rules, case.tables)
    return Analysis(
        tables=case.tables, findings=tuple(findings), not_evaluable=tuple(unjudged), incomplete=case.incomplete
    )


def read_tables(
    paths: Sequence[str],
    *,
    lease_time_s: float | None = None,
    ports: Sequence[int] = (),
    wanted: Collection[str] = (),
    decoder: Decoder = "auto",
    progress: Progress | None = None,
    stages: Stages | None = None,
) -> CaseTables:
    """The fact tables of captures as one case; tables of volume only where they are `wanted`.

    Raises NothingToAnalyse where no path is a capture or none holds NFSv4.
    """
    from nfsanalyze.facts.facts import facts
    from nfsanalyze.facts.trace import join
    from nfsanalyze.state.infer import infer
    from nfsanalyze.state.tables import table, tables

    stages = stages or Stages()
    stages.enter("open")
    captures, unread = _opened(paths)
    fast = [decoder == "fast" or (decoder == "auto" and _large(c)) for c in captures]
    trace = join(stages.turns(_decoded(captures, fast, ports, progress), giving="decode", taking="facts"))
    incomplete = [*unread, *(_cut(c) for c in captures if c.cut_short), *_unknown(captures, trace)]
    read = {
        "captures": table("captures", _captures(captures, fast, trace)),
        "decode_notes": table("decode_notes", _notes(captures, fast, trace)),
    }
    if not _has_nfs(trace):
        raise NothingToAnalyse(_nothing(captures, unread, trace), read)
    found = facts(trace, ports)
    stages.enter("state")
    case = infer(
        found,
        begins=_edge(captures, trace, last=False),
        ends=_edge(captures, trace, last=True),
        cut_short=[c.path for c in captures if c.cut_short],
        lease_time_s=lease_time_s,
    )
    stages.enter("tables")
    return CaseTables(tables={**tables(case, wanted), **read}, incomplete=tuple(incomplete))


def _opened(paths: Iterable[str]) -> tuple[list[Capture], list[str]]:
    """The captures among the paths, and one line for each path that is none."""
    from dissect.nfs4.capture import CaptureError, open_capture

    captures, unread = [], []
    for path in paths:
        try:
            captures.append(open_capture(path))
        except CaptureError as error:
            unread.append(str(error))
    if not captures:
        raise NothingToAnalyse("; ".join(unread))
    return captures, unread


def _large(capture: Capture) -> bool:
    """Worth decoding by the chunk; so is a pipe, which may hold anything."""
    from pathlib import Path

    size = Path(capture.path).stat().st_size if capture.path != "-" else 0
    return size == 0 or size > SMALL_OCTETS


def _decoded(
    captures: Sequence[Capture], fast: Sequence[bool], ports: Sequence[int], progress: Progress | None
) -> Iterator[Batch]:
    """Batches of all captures, one after the other, with connections numbered through."""
    offset = 0
    for number, capture in enumerate(captures):
        highest = -1
        with capture:
            for batch in _batches(capture, number, fast[number], ports, progress):
                highest = max([highest, *(c.conn for c in batch.connections)])
                yield _renumbered(batch, offset) if offset else batch
        offset += highest + 1


def _batches(
    capture: Capture, number: int, fast: bool, ports: Sequence[int], progress: Progress | None
) -> Iterator[Batch]:
    if not fast:
        from dissect.nfs4.exact import exact

        yield from exact(_told(capture, progress), capture_no=number, ports=ports)
        return
    from dissect.nfs4.columnar import columnar

    for batch in columnar(capture, capture_no=number, ports=ports):
        if progress is not None:
            progress(capture.packets, 0)
        yield batch


def _told(capture: Capture, progress: Progress | None) -> Iterator[Frame]:
    for frame in capture:
        if progress is not None and capture.packets % _EVERY == 0:
            progress(capture.packets, 0)
        yield frame


def _renumbered(batch: Batch, offset: int) -> Batch:
    messages = batch.messages.copy()
    messages["conn"] += offset
    return replace(
        batch,
        messages=messages,
        connections=[replace(c, conn=c.conn + offset) for c in batch.connections],
        events=[_moved(e, offset) for e in batch.events],
    )


def _moved(event: Event, offset: int) -> Event:
    from dissect.nfs4.batch import LinkEvent, Note

    if isinstance(event, LinkEvent):
        return event
    if isinstance(event, Note):
        return event if event.conn is None else replace(event, conn=event.conn + offset)
    return replace(event, conn=event.conn + offset)


def _cut(capture: Capture) -> str:
    where = f" at byte {capture.cut_at}" if capture.cut_at is not None else ""
    reason = capture.cut_reason or "the file is cut short"
    return f"{capture.path}: {reason}{where}; {_before(capture.packets)}"


def _before(packets: int) -> str:
    return "the packet before it was analysed" if packets == 1 else f"the {packets} packets before it were analysed"


def _counted(packets: int) -> str:
    return "1 packet" if packets == 1 else f"{packets} packets"


def _unknown(captures: Sequence[Capture], trace: Trace) -> Iterator[str]:
    """Packets of a link type that nothing here reads: bytes that were not analysed."""
    from dissect.nfs4.batch import CAPTURE_STRIDE

    for note in trace.notes:
        if note.reason.startswith("unknown link type"):
            path = captures[(note.frame or 0) // CAPTURE_STRIDE].path
            yield f"{path}: {_counted(note.count)} of {note.reason}, not read"


def _has_nfs(trace: Trace) -> bool:
    from dissect.nfs4.batch import Kind

    return bool(
        (
            (trace.messages["kind"] >= int(Kind.COMPOUND_CALL)) & (trace.messages["kind"] <= int(Kind.COMPOUND_REPLY))
        ).any()
    )


def _nothing(captures: Sequence[Capture], unread: Sequence[str], trace: Trace) -> str:
    """One line that says what the captures hold instead of NFSv4."""
    import numpy as np

    from dissect.nfs4.batch import Kind

    holds = []
    m = trace.messages
    calls = m[m["kind"] == int(Kind.OTHER_CALL)]
    programs, counts = np.unique(calls["prog"], return_counts=True)
    holds += [
        f"RPC program {_program(p)} ({n} {'call' if n == 1 else 'calls'})"
        for p, n in zip(programs.tolist(), counts.tolist(), strict=True)
    ]
    if (m["kind"] == int(Kind.NULL_CALL)).any():
        holds.append("NFSv4 NULL calls only")
    holds += [f"{note.reason} ({note.count})" for note in sorted(trace.notes, key=lambda n: (-n.count, n.reason))[:8]]
    packets = sum(c.packets for c in captures)
    names = ", ".join(c.path for c in captures)
    what = "; it holds " + ", ".join(holds) if holds else ""
    ending = "; ".join(["", *unread, *(_cut(c) for c in captures if c.cut_short)])
    length = ", in full length (-s 0)" if any(c.snaplen_cut_packets for c in captures) else ""
    advice = f"capture the server's NFS port (usually 2049){length}"
    return f"{names}: no NFSv4 found in {_counted(packets)}{what}; {advice}{ending}"


def _program(number: int) -> str:
    names = {
        100000: "portmapper",
        100003: "NFS (version 2 or 3)",
        100005: "mount",
        100021: "NLM",
        100024: "status",
        100227: "NFS ACL",
    }
    return f"{number} {names[number]}" if number in names else str(number)


def _edge(captures: Sequence[Capture], trace: Trace, *, last: bool) -> Any:
    """First or last moment of the case: packets where they have times, else messages."""
    from dissect.nfs4.batch import CAPTURE_STRIDE
    from nfsanalyze.facts.trace import frame_of
    from nfsanalyze.state.census import Moment

    ids, times = trace.messages["id"], trace.messages["time"]
    at = -1 if last else 0
    edges = [t for c in captures if (t := c.last if last else c.first) is not None] or [int(times[at])]
    number, capture = (len(captures) - 1, captures[-1]) if last else (0, captures[0])
    frame = number * CAPTURE_STRIDE + (capture.packets if last else 1)
    return Moment(time=max(edges) if last else min(edges), frame=frame or frame_of(int(ids[at])))


def _captures(captures: Sequence[Capture], fast: Sequence[bool], trace: Trace) -> Iterator[dict[str, Any]]:
    from dissect.nfs4.batch import CAPTURE_STRIDE, FRAME_SHIFT, Kind, Marks

    m = trace.messages
    of = (m["id"] >> FRAME_SHIFT) // CAPTURE_STRIDE
    fresh = (m["marks"] & int(Marks.RETRANSMITTED)) == 0
    names = _names(captures)
    for number, capture in enumerate(captures):
        mine = of == number
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
            "rpc_messages": int(mine.sum()),
            "decoded_fast": int(mine.sum()) if fast[number] else 0,
            "decoded_exact": 0 if fast[number] else int(mine.sum()),
            "decoded_tshark": 0,
            "nfs4_calls": int((mine & fresh & (m["kind"] == int(Kind.COMPOUND_CALL))).sum()),
            "nfs4_replies": int((mine & fresh & (m["kind"] == int(Kind.COMPOUND_REPLY))).sum()),
            "gaps": sum(1 for g in trace.gaps if g.frame // CAPTURE_STRIDE == number),
        }


def _names(captures: Sequence[Capture]) -> list[str]:
    """Short names: the file's own where that tells them apart, else the path."""
    from pathlib import PurePath

    short = [PurePath(c.path).name or c.path for c in captures]
    return [s if short.count(s) == 1 else c.path for s, c in zip(short, captures, strict=True)]


_UNDERSTOOD = {"arp", "icmp", "icmpv6", "igmp"}
"""Protocols that are read for what they tell of addresses, or have nothing to tell."""


def _notes(captures: Sequence[Capture], fast: Sequence[bool], trace: Trace) -> Iterator[dict[str, Any]]:
    from dissect.nfs4.batch import CAPTURE_STRIDE

    names = _names(captures)
    told: dict[tuple[int, str], list[int]] = {}
    for note in trace.notes:
        if note.reason in _UNDERSTOOD:
            continue
        number = (note.frame or 0) // CAPTURE_STRIDE
        entry = told.setdefault((number, note.reason), [0, note.frame or 0])
        entry[0] += note.count
        entry[1] = min(entry[1], note.frame or entry[1])
    for (number, reason), (count, frame) in sorted(told.items()):
        yield {
            "capture": names[number],
            "decoder": "exact",
            "reason": reason,
            "count": count,
            "first_frame": frame or None,
        }
