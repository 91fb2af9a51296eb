"""What the capture cannot show: the stretches for which silence proves nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dissect.nfs4.batch import Gap, Kind, Marks
from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.sets import distinct
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.rows import grouped
from nfsanalyze.facts.trace import Trace
from nfsanalyze.state.census import Moment
from nfsanalyze.state.leases import Lease
from nfsanalyze.state.takeovers import Judged

if TYPE_CHECKING:
    from dissect.nfs4.taps import Stretch

PAUSE_NS = 10_000_000_000
"""A time without a single message, beside a hole, that counts as a pause of the capture."""

MANY_GAPS = 32
"""More holes than this on one connection are said as one stretch."""


Missing = Callable[[str, str], Sequence["Stretch"]]
"""The stretches of the case in which no capture that shows two addresses was running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blind:
    """One stretch; addresses None mean any."""

    client_address: str | None
    server_address: str | None
    conn: int | None
    kind: str
    first: Moment
    last: Moment
    reason: str


def damage(trace: Trace, links: dict[int, Link], missing: Missing | None = None) -> tuple[Blind, ...]:
    """The stretches that messages and connections show by themselves, whatever is inferred from them."""
    successors = tuple(_successors(links))
    return (
        *_one_sided(links),
        *_losses([*trace.gaps, *_orphans(trace, links)], links),
        *_pauses(trace, links, successors),
        *successors,
        *_marked(trace, links),
        *_notes(trace, links),
        *(_uncovered(links, missing) if missing is not None else ()),
    )


def blind(
    links: dict[int, Link],
    damaged: Iterable[Blind],
    leases: Sequence[Lease],
    judged: Judged,
    begins: Moment,
    ends: Moment,
    cut_short: Sequence[str],
) -> list[Blind]:
    """All stretches; `damaged` are those of `damage`, `begins` and `ends` the first and last packet, `cut_short` the
    captures whose file breaks off."""
    out = [*_origins(links, leases, begins), *damaged, *_ambiguous(judged)]
    for path in cut_short:
        out.append(
            Blind(
                client_address=None,
                server_address=None,
                conn=None,
                kind="end",
                first=ends,
                last=ends,
                reason=f"the file {path} breaks off inside a packet",
            )
        )
    return sorted(out, key=lambda b: (b.first.frame, b.kind, b.conn or 0))


def _row(link: Link, kind: str, first: Moment, last: Moment, reason: str) -> Blind:
    return Blind(
        client_address=link.client_address,
        server_address=link.server_address,
        conn=link.conn,
        kind=kind,
        first=first,
        last=last,
        reason=reason,
    )


def _span(link: Link) -> tuple[Moment, Moment]:
    return Moment(time=link.first, frame=link.first_frame), Moment(time=link.last, frame=link.last_frame)


def _origins(links: dict[int, Link], leases: Sequence[Lease], begins: Moment) -> Iterable[Blind]:
    """Connections and leases older than the capture."""
    told = set()
    for link in links.values():
        pair = (link.client_address, link.server_address)
        seen = link.calls or link.replies or (link.client_segments and link.server_segments)
        if link.syn_frame is None and not link.callback and pair not in told and seen:
            told.add(pair)
            yield _row(
                link,
                "origin",
                begins,
                Moment(time=link.first, frame=link.first_frame),
                "the connection was open before its first captured packet",
            )
    for lease in leases:
        if lease.origin_seen or not lease.runs:
            continue
        link = links[lease.runs[0].conn]
        pair = (link.client_address, link.server_address)
        if pair not in told:
            told.add(pair)
            yield _row(
                link,
                "origin",
                begins,
                lease.first,
                f"clientid 0x{lease.clientid.hex()} was established where the capture does not show it",
            )


def _uncovered(links: dict[int, Link], missing: Missing) -> Iterable[Blind]:
    """Pairs of addresses that some captures of the case show, in the times when none of these was running."""
    told = set()
    for link in links.values():
        pair = (link.client_address, link.server_address)
        if not link.callback and pair not in told:
            told.add(pair)
            for each in missing(*pair):
                first = Moment(time=each.first, frame=each.first_frame)
                last = Moment(time=each.last, frame=each.last_frame)
                yield _row(link, "loss", first, last, "no capture that shows these two hosts was running for a while")


def _one_sided(links: dict[int, Link]) -> Iterable[Blind]:
    """Pairs of addresses of which only one side was captured, and single connections, whose other side may have taken
    another way."""
    pairs: dict[tuple[str, str], list[Link]] = defaultdict(list)
    for link in links.values():
        if not link.callback:
            pairs[link.client_address, link.server_address].append(link)
    for group in pairs.values():
        found = list(_sides(group))
        if not found and len(group) > 1:
            found = [row for link in group for row in _sides([link])]
        yield from found


def _sides(group: Sequence[Link]) -> Iterable[Blind]:
    """A server that is down answers nothing either, but then the client repeats itself: connections count as one-sided
    only if it goes on talking as if it were answered, or must have been, for nobody sends a call before his SYN is
    answered."""
    calls, replies = sum(link.calls for link in group), sum(link.replies for link in group)
    heard = sum(link.server_segments for link in group)
    spoke = sum(link.client_segments for link in group)
    repeated = sum(link.client_retransmissions for link in group)
    greeted = any(link.syn_frame is not None and link.calls for link in group)
    if heard == 0 and replies == 0 and (greeted or (calls >= 2 and repeated < calls)):
        kind, reason = "replies", "only the client's side was captured: no answer can be seen"
    elif replies and spoke == 0 and calls == 0:
        kind, reason = "calls", "only the server's side was captured: what was asked cannot be seen"
    else:
        return
    first, last = min(group, key=lambda link: link.first_frame), max(group, key=lambda link: link.last_frame)
    yield _row(first, kind, _span(first)[0], _span(last)[1], reason)


def _losses(gaps: Sequence[Gap], links: dict[int, Link]) -> Iterable[Blind]:
    by_conn: dict[tuple[int, str], list[Gap]] = defaultdict(list)
    for gap in gaps:
        if gap.conn in links:
            by_conn[gap.conn, gap.reason].append(gap)
    for (conn, reason), found in by_conn.items():
        kind = "snaplen" if reason == "snaplen" else "loss"
        why = (
            "frames were cut by the snaplen"
            if kind == "snaplen"
            else "packets of this connection are missing from the capture"
        )
        stretches = [found] if len(found) > MANY_GAPS or kind == "snaplen" else [[g] for g in found]
        for stretch in stretches:
            first = min(stretch, key=lambda g: (g.last, g.last_frame))
            last = max(stretch, key=lambda g: (g.time, g.frame))
            yield _row(
                links[conn],
                kind,
                Moment(time=first.last, frame=first.last_frame),
                Moment(time=last.time, frame=last.frame),
                why,
            )


def _orphans(trace: Trace, links: dict[int, Link]) -> Iterable[Gap]:
    """The holes that only an answer shows: its call was not captured, and nothing followed in that direction to show
    the hole in the stream. Answers to calls from before the capture are none."""
    m = trace.messages
    answer = (m["kind"] & 1) == 1
    orphan = answer & (m["answer"] < 0)
    if not orphan.any():
        return
    conns = distinct(m["conn"][orphan])
    rows_of = np.flatnonzero(np.isin(m["conn"], conns))
    holes: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for gap in trace.gaps:
        holes[gap.conn].append((gap.last, gap.time))
    for number, part in grouped(conns.searchsorted(m["conn"][rows_of]), len(conns)):
        conn = int(conns[number])
        link = links.get(conn)
        if link is None or not link.calls:
            continue
        rows = rows_of[part]
        rows = rows[np.argsort(m["time"][rows], kind="stable")]
        alone = np.flatnonzero(orphan[rows])
        if link.syn_frame is None:
            alone = alone[alone > np.argmin(answer[rows])]
        known = sorted(holes[conn])
        starts, ends = np.array([k[0] for k in known]), np.maximum.accumulate(np.array([k[1] for k in known]))
        for at in alone.tolist():
            row, before = int(rows[at]), int(rows[max(at - 1, 0)])
            time = trace.time(row)
            hole = int(np.searchsorted(starts, time, "right")) - 1
            if hole < 0 or ends[hole] < time:
                yield Gap(
                    conn=conn,
                    direction=1 - int(m["direction"][row]),
                    frame=trace.frame(row),
                    time=time,
                    last_frame=trace.frame(before),
                    last=trace.time(before),
                    octets=0,
                    reason="loss",
                )


def _pauses(trace: Trace, links: dict[int, Link], successors: Iterable[Blind]) -> Iterable[Blind]:
    """Where packets of one connection are missing and nothing of any other was captured for a while, the capture itself
    may have paused: then the others miss packets too, though their streams show no hole."""
    missing = [
        (g.conn, Moment(time=g.last, frame=g.last_frame), Moment(time=g.time, frame=g.frame))
        for g in trace.gaps
        if g.reason != "snaplen" and g.conn in links
    ]
    missing += [(b.conn, b.first, b.last) for b in successors if b.conn is not None]
    if not missing:
        return
    times = np.sort(trace.messages["time"])
    quiet = np.flatnonzero(np.diff(times) >= PAUSE_NS)
    begin, end = times[quiet], times[quiet + 1]
    first: dict[tuple[str, str], Link] = {}
    for link in links.values():
        if not link.callback:
            first.setdefault((link.client_address, link.server_address), link)
    untold: dict[int, dict[tuple[str, str], Link]] = {}
    for conn, last, first_after in missing:
        own = links[conn].client_address, links[conn].server_address
        for at in range(int(np.searchsorted(end, last.time, "right")), int(np.searchsorted(begin, first_after.time))):
            left = untold.setdefault(at, first)
            untold[at] = {own: left[own]} if own in left else {}
            for pair, link in left.items():
                if pair != own:
                    yield _row(
                        link,
                        "loss",
                        Moment(time=int(begin[at]), frame=last.frame),
                        Moment(time=int(end[at]), frame=first_after.frame),
                        "nothing at all was captured for a while, and another connection misses packets of that time",
                    )


def _successors(links: dict[int, Link]) -> Iterable[Blind]:
    """A connection that goes on where the one before of the same pair stopped, but was not seen to open: what was sent
    between them is missing, though neither stream shows a hole."""
    pairs: dict[tuple[str, str], list[Link]] = defaultdict(list)
    for link in sorted(links.values(), key=lambda link: (link.first, link.first_frame)):
        if not link.callback and (link.calls or link.replies):
            pairs[link.client_address, link.server_address].append(link)
    for group in pairs.values():
        before: Link | None = None
        for link in group:
            if before is not None and link.syn_frame is None and before.last < link.first:
                last, first = _span(before)[1], _span(link)[0]
                yield _row(link, "loss", last, first, "packets between two connections are missing from the capture")
            before = link if before is None or link.last > before.last else before


_MARKED = (
    (Marks.CUT, "snaplen", "messages were cut by the snaplen"),
    (Marks.LOST, "loss", "parts of messages are missing from the capture"),
    (Marks.ENCRYPTED, "encrypted", "RPCSEC_GSS privacy hides the operations"),
    (Marks.UNKNOWN_OP, "undecoded", "operations of unknown numbers end the decoding of their COMPOUND"),
    (Marks.MALFORMED, "undecoded", "messages contradict the XDR"),
)


def _marked(trace: Trace, links: dict[int, Link]) -> Iterable[Blind]:
    m = trace.messages
    nfs = (m["kind"] != int(Kind.OTHER_CALL)) & (m["kind"] != int(Kind.OTHER_REPLY))
    for mark, kind, reason in _MARKED:
        rows = np.flatnonzero(nfs & (m["marks"] & int(mark) != 0))
        conns, numbers = np.unique(m["conn"][rows], return_inverse=True)
        for number, part in grouped(numbers, len(conns)):
            link = links.get(int(conns[number]))
            if link is not None:
                mine = rows[part]
                times = m["time"][mine]
                yield _row(
                    link,
                    kind,
                    Moment(time=int(times.min()), frame=trace.frame(int(mine[0]))),
                    Moment(time=int(times.max()), frame=trace.frame(int(mine[-1]))),
                    f"{reason} ({len(mine)})",
                )


def _notes(trace: Trace, links: dict[int, Link]) -> Iterable[Blind]:
    for note in trace.notes:
        if note.conn is None or note.conn not in links:
            continue
        link = links[note.conn]
        kind = "encrypted" if note.reason.startswith("TLS") else "undecoded"
        yield _row(link, kind, *_span(link), note.reason)


def _ambiguous(judged: Judged) -> Iterable[Blind]:
    """Changes of an address that the capture shows, but not what they were."""
    for doubt in judged.doubts:
        yield _unclear(doubt.address, doubt.first, doubt.last, doubt.note)
    for change in judged.changes:
        if change.kind == "undetermined":
            sign = Moment(time=change.episode.time, frame=change.episode.frame)
            note = f"the instance behind {change.address} changed, and nothing tells whether it moved or restarted"
            yield _unclear(change.address, change.outage_from or sign, sign, note)


def _unclear(address: str, first: Moment, last: Moment, reason: str) -> Blind:
    return Blind(
        client_address=None,
        server_address=address,
        conn=None,
        kind="ambiguous",
        first=min(first, last, key=lambda m: m.time),
        last=last,
        reason=reason,
    )
