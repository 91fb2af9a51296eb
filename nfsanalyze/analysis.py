"""One case from its captures to its findings: the way of the data in one function."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.engine.finding import Finding, NotEvaluable
from nfsanalyze.errors import NothingToAnalyse, UsageError
from nfsanalyze.facts.printable import readable
from nfsanalyze.stages import Stages
from nfsanalyze.state.declared import NOTHING, Declared

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from dissect.nfs4.capture import Capture
    from dissect.nfs4.decoder import Decoder
    from dissect.nfs4.taps import Places
    from nfsanalyze.engine.ignore import Ignore, Ignored
    from nfsanalyze.engine.rule import Rule
    from nfsanalyze.facts.trace import Trace
    from nfsanalyze.redaction.redactor import Redactor
    from nfsanalyze.several import Several

Missing = Callable[[str, str], Any]
"""Of two addresses: when no capture that shows both was running."""

Progress = Callable[[int, int], None]
"""Called now and then with (packets read, bytes of captures read so far or 0)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """The fact tables of a case, its findings, what could not be judged, and why anything was left out; `rules` are
    those that were asked."""

    tables: dict[str, pl.DataFrame]
    findings: tuple[Finding, ...]
    not_evaluable: tuple[NotEvaluable, ...]
    incomplete: tuple[str, ...]
    ignored: tuple[Ignored, ...] = ()
    rules: tuple[Rule, ...] = ()


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
    ignore: Sequence[Ignore] = (),
    own: Sequence[Path] = (),
    wanted: Collection[str] = (),
    declared: Declared = NOTHING,
    decoder: Decoder = "auto",
    same_clock: bool = False,
    redactor: Redactor | None = None,
    progress: Progress | None = None,
    stages: Stages | None = None,
) -> Analysis:
    """Analyse captures as one case, by the shipped rules and those of the files or folders in `own`; `stages` is told
    which one is on. `same_clock`: the captures are vouched to share a clock where their packets do not prove it;
    `declared`: what is vouched of server addresses; `wanted`: tables of volume besides those that the rules read. What
    is to be ignored is found all the same, and counted. Under a `redactor` nothing of the result names an original;
    what is given names originals.

    Raises NothingToAnalyse where no path is a capture or none holds NFSv4, RuleError for rules that cannot be loaded,
    UsageError for standard input beside others, because several captures are read twice, and where tshark is to decode
    and cannot.
    """
    stages = stages or Stages()
    # what every run needs is imported before the captures are opened, so that no stage pays for it
    import polars as pl  # noqa: F401

    from nfsanalyze.engine.ignore import set_aside
    from nfsanalyze.engine.loader import load_rules
    from nfsanalyze.engine.run import run
    from nfsanalyze.engine.select import select_rules
    from nfsanalyze.engine.sql import volume_read

    if redactor is not None:
        from nfsanalyze.wishes import redacted_ignores

        ignore = redacted_ignores(ignore, redactor)
    everywhere = [each.rule for each in ignore if each.client is None and each.server is None]
    known = load_rules(own=own, examples=False)
    select_rules(known, select, everywhere)
    rules = select_rules(known, select)
    case, places = _read(
        paths,
        lease_time_s=lease_time_s,
        ports=ports,
        wanted={*volume_read(rules), *wanted},
        decoder=decoder,
        same_clock=same_clock,
        declared=declared,
        redactor=redactor,
        progress=progress,
        stages=stages,
    )
    stages.enter("rules")
    findings, unjudged = run(rules, case.tables, places)
    addresses = {f"c{row[0]}": row[1] for row in case.tables["clients"].select("client", "addresses").iter_rows()}
    findings, unjudged, ignored = set_aside(findings, unjudged, ignore, known, addresses)
    return Analysis(
        tables=_restored(case.tables, places),
        findings=tuple(findings),
        not_evaluable=tuple(unjudged),
        incomplete=case.incomplete,
        ignored=tuple(ignored),
        rules=tuple(rules),
    )


def read_tables(
    paths: Sequence[str],
    *,
    lease_time_s: float | None = None,
    ports: Sequence[int] = (),
    wanted: Collection[str] = (),
    decoder: Decoder = "auto",
    same_clock: bool = False,
    declared: Declared = NOTHING,
    progress: Progress | None = None,
    stages: Stages | None = None,
) -> CaseTables:
    """The fact tables of captures as one case; tables of volume only where they are `wanted`. Raises as `analyse`."""
    case, places = _read(
        paths,
        lease_time_s=lease_time_s,
        ports=ports,
        wanted=wanted,
        decoder=decoder,
        same_clock=same_clock,
        declared=declared,
        progress=progress,
        stages=stages or Stages(),
    )
    return CaseTables(tables=_restored(case.tables, places), incomplete=case.incomplete)


def _restored(tables: dict[str, pl.DataFrame], places: Places | None) -> dict[str, pl.DataFrame]:
    if places is None:
        return tables
    from nfsanalyze.several import restored

    return restored(tables, places)


def _read(
    paths: Sequence[str],
    *,
    lease_time_s: float | None,
    ports: Sequence[int],
    wanted: Collection[str] = (),
    decoder: Decoder,
    same_clock: bool,
    declared: Declared,
    redactor: Redactor | None = None,
    progress: Progress | None,
    stages: Stages,
) -> tuple[CaseTables, Places | None]:
    """Tables whose frames are numbered in the order of the case, so that rules may compare them, and the way back to
    the numbers of the files where there are several."""
    from dissect.nfs4.capture import CaptureError
    from dissect.nfs4.decoder import decode, decoding
    from dissect.nfs4.tshark.errors import TsharkError
    from nfsanalyze.facts.facts import facts
    from nfsanalyze.facts.trace import join
    from nfsanalyze.reading import capture_rows, left_closed, note_rows
    from nfsanalyze.state.infer import infer
    from nfsanalyze.state.tables import table, tables

    stages.enter("open")
    if len(paths) > 1 and "-" in paths:
        raise UsageError("- (standard input) can be read only once: store it in a file to analyse it beside others")
    captures, unread = _opened(paths, decoder, redactor)
    together = None
    if len(captures) > 1:
        from nfsanalyze.several import several

        together = several(captures, same_clock=same_clock)
    way = decoding(captures, decoder)
    told = None if progress is None else lambda packets: progress(packets, 0)
    again = together.merged if together else captures[0].again
    batches = decode(together.merged() if together else captures[0], way, again, ports=ports, progress=told)
    try:
        trace = join(stages.turns(batches, giving="decode", taking="facts"), whole="rpc" in wanted)
    except (TsharkError, CaptureError) as error:
        raise UsageError(f"--decoder tshark: {error}") from error
    missing: Missing | None = together.cover.missing if together else None
    if redactor is not None:
        from nfsanalyze.wishes import redacted_cover, redacted_declarations

        trace = redactor.trace(trace)
        declared = redacted_declarations(declared, redactor)
        missing = redacted_cover(missing, redactor)
    places = together.places if together else None
    if redactor is not None and way.failure is not None:
        way.failure = redactor.line(way.failure, paths)
    incomplete = [*unread, *(_cut(c) for c in captures if c.cut_short), *left_closed(captures, way, trace, places)]
    read = {
        "captures": table("captures", capture_rows(captures, way, trace, together)),
        "decode_notes": table("decode_notes", note_rows(captures, way, trace, places)),
    }
    if not _has_nfs(trace):
        raise NothingToAnalyse(_nothing(captures, unread, trace), read)
    found = facts(trace, ports)
    stages.enter("state")
    case = infer(
        found,
        begins=_edge(captures, trace, together, last=False),
        ends=_edge(captures, trace, together, last=True),
        missing=missing,
        cut_short=[c.path for c in captures if c.cut_short],
        lease_time_s=lease_time_s,
        declared=declared,
    )
    stages.enter("tables")
    return CaseTables(tables={**tables(case, wanted), **read}, incomplete=tuple(incomplete)), places


def _opened(paths: Sequence[str], decoder: Decoder, redactor: Redactor | None) -> tuple[list[Capture], list[str]]:
    """The captures among the paths, and one line for each path that is none."""
    from dissect.nfs4.capture import CaptureError
    from dissect.nfs4.decoder import opened

    captures, unread = [], []
    for path in paths:
        try:
            captures.append(opened(path, decoder))
        except CaptureError as error:
            unread.append(str(error))
    if redactor is not None:
        unread = [redactor.line(line, paths) for line in unread]
    for capture in captures:
        capture.path = readable(capture.path) if redactor is None else redactor.path(capture.path)
    if not captures:
        raise NothingToAnalyse("; ".join(unread))
    return captures, unread


def _cut(capture: Capture) -> str:
    reason = capture.cut_reason or "the file is cut short"
    where = f" at byte {capture.cut_at}"
    if capture.cut_at is None or reason.endswith(where[4:]):
        where = ""
    return f"{capture.path}: {reason}{where}; {_before(capture.packets)}"


def _before(packets: int) -> str:
    return "the packet before it was analysed" if packets == 1 else f"the {packets} packets before it were analysed"


def _counted(packets: int) -> str:
    return "1 packet" if packets == 1 else f"{packets} packets"


def _has_nfs(trace: Trace) -> bool:
    from dissect.nfs4.batch import Kind

    kinds = trace.messages["kind"]
    return bool(((kinds == int(Kind.COMPOUND_CALL)) | (kinds == int(Kind.COMPOUND_REPLY))).any())


def _nothing(captures: Sequence[Capture], unread: Sequence[str], trace: Trace) -> str:
    """One line that says what the captures hold instead of NFSv4."""
    from dissect.nfs4.batch import Kind

    holds = [
        f"RPC program {_program(p)} ({n} {'call' if n == 1 else 'calls'})" for p, n in sorted(trace.programs.items())
    ]
    if (trace.messages["kind"] == int(Kind.NULL_CALL)).any():
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


def _edge(captures: Sequence[Capture], trace: Trace, together: Several | None, *, last: bool) -> Any:
    """First or last moment of the case: packets where they have times, else messages."""
    from nfsanalyze.state.census import Moment

    if together is not None and len(together.plan.moments):
        moments = together.plan.moments
        return Moment(time=int(moments[-1 if last else 0]), frame=len(moments) if last else 1)
    at = len(trace.messages) - 1 if last else 0
    edge = captures[0].last if last else captures[0].first
    frame = captures[0].packets if last else 1
    return Moment(time=trace.time(at) if edge is None else edge, frame=frame or trace.frame(at))
