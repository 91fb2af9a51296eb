"""Tables of heads and of what moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from nfsanalyze.state.infer import Case
from nfsanalyze.state.stays import begins
from nfsanalyze.state.takeovers import Change

Row = dict[str, Any]


def heads(case: Case) -> Iterator[Row]:
    """heads."""
    for stay in case.heads.stays:
        yield {
            "head": stay.head,
            "address": stay.address,
            "first_frame": stay.first_frame,
            "last_frame": stay.last_frame,
            "first": stay.first,
            "last": stay.last,
            "instance": stay.instance.hex() if stay.instance else None,
            "instance_time": stay.instance_time,
        }


def same_head(case: Case) -> Iterator[Row]:
    """same_head: proofs, and the claim of equal server owner and scope."""
    for s in case.heads.same:
        yield {
            "address_a": s.address_a,
            "address_b": s.address_b,
            "first": s.first,
            "last": s.last,
            "proof": s.proof,
            "proven": s.proven,
            "frames": list(s.frames),
        }
    told: dict[tuple[str, str], Row] = {}
    identified = [o for o in case.owners if o.so_major_id is not None and o.reply_frame is not None]
    first: dict[tuple[str, bytes | None, bytes | None], tuple[int, int]] = {}
    for o in identified:
        first.setdefault(
            (o.link.server_address, o.so_major_id, o.eir_server_scope), (o.reply_time or o.time, o.reply_frame or 0)
        )
    named: dict[tuple[bytes | None, bytes | None], list[tuple[str, int, int]]] = defaultdict(list)
    for (address, major, scope), (time, frame) in first.items():
        named[major, scope].append((address, time, frame))
    for (address, major, scope), (time, frame) in first.items():
        for other, other_time, other_frame in named[major, scope]:
            if address < other:
                told[address, other] = {
                    "address_a": address,
                    "address_b": other,
                    "first": max(time, other_time),
                    "last": case.ends.time,
                    "proof": "identity",
                    "proven": False,
                    "frames": sorted({frame, other_frame}),
                }
    yield from told.values()


def declared_heads(case: Case) -> Iterator[Row]:
    """declared_heads."""
    for d in case.heads.declared:
        yield {"address_a": d.address_a, "address_b": d.address_b, "one_server": d.one, "outcome": d.outcome}


def _numbered(case: Case) -> Iterator[tuple[int, Change]]:
    yield from enumerate(case.changes, 1)


def number_of(case: Case, change: Change | None) -> int | None:
    """The number of a change in the takeovers table."""
    return next((n for n, c in _numbered(case) if c is change), None)


def takeovers(case: Case) -> Iterator[Row]:
    """takeovers."""
    for number, c in _numbered(case):
        start = begins(c)
        before, after = _head_before(case, c), case.heads.at(c.address, start.time)
        other = c.to_address
        if other is None and c.kind in ("takeover", "failback"):
            other = next((s.address for s in case.heads.stays if s.head == after and s.address != c.address), None)
        yield {
            "takeover": number,
            "address": c.address,
            "kind": c.kind,
            "from_head": before,
            "to_head": after,
            "to_address": other,
            "time": start.time,
            "first_frame": start.frame,
            "outage_s": c.outage_s,
            "score": c.score,
        }


def _head_before(case: Case, c: Change) -> int | None:
    if c.before is not None:  # of a head restarted while its address was away: the head that had this instance
        known = [s for s in case.heads.stays if s.instance == c.before and s.address == c.address]
        if known:
            return known[-1].head
    stays = [s for s in case.heads.stays if s.address == c.address and s.first < begins(c).time]
    return stays[-1].head if stays else None


def signals(case: Case) -> Iterator[Row]:
    """signals."""
    for number, c in _numbered(case):
        for s in c.signals:
            yield {
                "takeover": number,
                "address": c.address,
                "other_address": s.other_address,
                "other_frame": s.other_frame,
                "signal": s.signal,
                "weight": s.weight,
                "frame": s.frame,
                "time": s.time,
                "note": s.note,
            }
