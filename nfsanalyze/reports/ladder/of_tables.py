"""The call flow of a case, from its tables: which messages are shown, and what stands at their arrows.

A finding's own frames stand in the report; what came between them, the answers, the silence and the renewals, only in
the tables with a row a message.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from dissect.nfs4.batch import CAPTURE_STRIDE
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.reports.document import Document
from nfsanalyze.reports.ladder.model import Ladder, Manner, Scene, Sight, laid, lasting
from nfsanalyze.reports.ladder.of_document import change_sight, scene
from nfsanalyze.reports.terminal.clock import nanoseconds

if TYPE_CHECKING:
    import polars as pl

Names = Mapping[tuple[int, int], tuple[str, ...]]
"""By frame and part: the operations of a message."""

_REGULAR = ("renewal", "callbacks")
_LEADING = frozenset(
    (
        "SEQUENCE",
        "CB_SEQUENCE",
        "PUTFH",
        "PUTROOTFH",
        "PUTPUBFH",
        "GETFH",
        "GETATTR",
        "SAVEFH",
        "RESTOREFH",
    )
)
"""Operations that lead to others, or follow them."""
_FINDING = frozenset(("LOOKUP", "LOOKUPP", "ACCESS", "VERIFY", "NVERIFY"))
"""Operations that matter where there are none but these and leading ones."""
AROUND = 12
"""Messages before and after a frame."""
CLIENTS = 4
"""Clients drawn side by side where nobody chose one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is to be shown: `everything`; what surrounds a frame of a capture (its place); the frames of one finding;
    or, without any, what matters."""

    everything: bool = False
    around: int | None = None
    finding: dict[str, Any] | None = None
    clients: frozenset[str] = field(default=frozenset())
    "ids; all where empty"
    servers: frozenset[str] = field(default=frozenset())
    "addresses; all where empty"


def chosen(tables: Mapping[str, pl.DataFrame], report: Document, choice: Choice) -> pl.DataFrame:
    """The rows of `rpc` that are to be shown, in order of time."""
    import polars as pl

    rpc = tables["rpc"].filter(pl.col("kind") != "other")
    if choice.clients:
        numbers = [int(name[1:]) for name in choice.clients if name[1:].isdigit()]
        rpc = rpc.filter(pl.col("client").is_in(numbers))
    if choice.servers:
        rpc = rpc.filter(pl.col("server_address").is_in(sorted(choice.servers)))
    rpc = rpc.sort("time", "frame", "part", maintain_order=True)
    if choice.everything:
        return rpc
    if choice.around is not None:
        capture = choice.around // CAPTURE_STRIDE
        here = rpc.filter(pl.col("frame") // CAPTURE_STRIDE == capture)
        rows = here.with_row_index("at").filter(pl.col("frame") >= choice.around)["at"]
        at = int(rows[0]) if len(rows) else here.height
        return here.slice(max(at - AROUND, 0), 2 * AROUND + 1)
    frames = _cited(report, choice.finding)
    if choice.finding is None:
        events = tables["events"].filter(~pl.col("kind").is_in(_REGULAR))
        frames |= set(events["frame"].to_list())
        heard = tables["connections"].filter(pl.col("replies") > 0)["conn"].implode()
        silent = (pl.col("direction") == "call") & pl.col("reply_frame").is_null() & pl.col("conn").is_in(heard)
        again = pl.col("marks").list.contains("RETRANSMITTED")
        frames |= set(rpc.filter((silent | again) & (pl.col("kind") == "COMPOUND"))["frame"].to_list())
    wanted = pl.Series(sorted(frames), dtype=pl.UInt64).implode()
    own = pl.col("frame").is_in(wanted)
    return rpc.filter(own | pl.col("call_frame").is_in(wanted) | pl.col("reply_frame").is_in(wanted))


def case_ladder(
    tables: Mapping[str, pl.DataFrame], report: Document, choice: Choice, rows: pl.DataFrame, names: Names
) -> tuple[Ladder, str]:
    """The flow of the chosen messages, with connections' turns, moves and renewals; and a line on what is left out."""
    import polars as pl

    actors = scene(report)
    events = tables["events"].with_columns(ns=pl.col("time").cast(pl.Int64)).drop("time")
    told = {row["frame"]: row for row in events.iter_rows(named=True)}
    cited = _rules(report)
    messages = list(_messages(rows, told, names, cited, actors, ops=_ops(tables, rows), whole=choice.everything))
    sights, left = _few(messages, report, choice)
    first, last = _span(sights, choice)
    clients = {sight.client for sight in sights} | {None}
    used = {sight.server for sight in sights}.union(*([choice.finding["servers"]] if choice.finding else []))
    others = _others(tables, told, actors, cited, choice)
    sights += [s for s in others if s.client in clients and s.server in used and first <= s.time <= last]
    if not choice.everything and choice.around is None:
        shown = {(s.capture, frame) for s in sights for frame in (s.frame, s.answer_frame)}
        folds = _folds(tables, actors, [s.time for s in sights], shown)
        sights += [f for f in folds if f.client in clients and f.server in used and first <= f.time <= last]
    title = f"{'all NFS messages' if choice.everything else 'what matters'} of {', '.join(actors.captures)}"
    if choice.finding is not None:
        title = f"{choice.finding['rule']}: {choice.finding['title']}"
    elif choice.around is not None:
        title = "frame {1} of {0} and what surrounds it".format(*_where(choice.around, actors))
    return laid(title, sights, actors), left


def _cited(report: Document, finding: dict[str, Any] | None) -> set[int]:
    """Places of the frames that one finding, or all, rest on."""
    numbers = {capture["capture"]: at for at, capture in enumerate(report["captures"])}
    return {
        numbers[entry["capture"]] * CAPTURE_STRIDE + entry["frame"]
        for each in (report["findings"] if finding is None else [finding])
        for entry in each["evidence"]
    }


def _rules(report: Document) -> dict[tuple[str, int], tuple[str, ...]]:
    found: dict[tuple[str, int], dict[str, None]] = defaultdict(dict)
    for finding in report["findings"]:
        for entry in finding["evidence"]:
            found[entry["capture"], entry["frame"]][finding["rule"]] = None
    return {key: tuple(rules) for key, rules in found.items()}


def _messages(
    rows: pl.DataFrame,
    told: Mapping[int, dict[str, Any]],
    names: Names,
    cited: Mapping[tuple[str, int], tuple[str, ...]],
    actors: Scene,
    *,
    ops: Names,
    whole: bool,
) -> Iterator[Sight]:
    import polars as pl

    times = dict(rows.select("frame", pl.col("time").cast(pl.Int64)).iter_rows())
    for row in rows.with_columns(pl.col("time").cast(pl.Int64)).iter_rows(named=True):
        capture, frame = _where(row["frame"], actors)
        reply = row["direction"] == "reply"
        key = row["frame"], row["part"]
        event = told.get(row["frame"]) if row["part"] == 0 else None
        found = names.get(key) or ops.get(key) or _operation(event)
        note = event["note"] if event is not None else ""
        asked = times.get(row["call_frame"]) if reply else None
        yield Sight(
            time=row["time"],
            capture=capture,
            frame=frame,
            client=None if row["client"] is None else f"c{row['client']}",
            server=row["server_address"],
            what=row["direction"],
            sender="server" if reply != row["kind"].startswith("CB_") else "client",
            label=_label(row, found, reply),
            note=note or _note(row, found, reply, whole=whole),
            manner=_manner(row, reply),
            answer_frame=_answer(row, capture, actors),
            elapsed=None if asked is None else row["time"] - asked,
            rules=cited.get((capture, frame), ()),
        )


def _where(place: int, actors: Scene) -> tuple[str, int]:
    number, frame = divmod(place, CAPTURE_STRIDE)
    return (actors.captures[number] if number < len(actors.captures) else ""), frame


def _answer(row: dict[str, Any], capture: str, actors: Scene) -> int | None:
    place = row["call_frame"] or row["reply_frame"]
    if place is None:
        return None
    there, frame = _where(place, actors)
    return frame if there == capture else None


def _label(row: dict[str, Any], found: tuple[str, ...], reply: bool) -> str:
    if reply:
        return row["status_name"] or ("reply" if row["kind"].endswith("COMPOUND") else f"{row['kind']} reply")
    if not row["kind"].endswith("COMPOUND"):
        return str(row["kind"])
    return ", ".join(_main(found)) or str(row["kind"])


def _operation(event: dict[str, Any] | None) -> tuple[str, ...]:
    """What an event names, where that is an operation, which is written in capitals."""
    return (event["kind"],) if event is not None and event["kind"].isupper() else ()


def _main(found: tuple[str, ...]) -> tuple[str, ...]:
    """What a message is about: without what only leads to it, unless there is nothing else."""
    told = tuple(name for name in found if name not in _LEADING)
    return tuple(name for name in told if name not in _FINDING) or told or found[-1:]


def _note(row: dict[str, Any], found: tuple[str, ...], reply: bool, *, whole: bool) -> str:
    marks = [mark for mark in row["marks"] if mark != "RETRANSMITTED"]
    words = [f"to {row['server_address']}" if not reply else f"from {row['server_address']}"]
    if row["kind"].startswith("CB_"):
        words = [f"{'to' if reply else 'from'} {row['server_address']}"]
    if found and (whole or not reply) and len(found) > len(_main(found)):
        words.append("(" + " ".join(found) + ")")
    return " ".join([*words, *(f"[{mark}]" for mark in marks)])


def _manner(row: dict[str, Any], reply: bool) -> Manner:
    if reply:
        return Manner.ERROR if row["status"] else Manner.REPLY
    if row["reply_frame"] is None:
        return Manner.LOST
    return Manner.AGAIN if "RETRANSMITTED" in row["marks"] else Manner.CALL


def _ops(tables: Mapping[str, pl.DataFrame], rows: pl.DataFrame) -> Names:
    import polars as pl

    found: dict[tuple[int, int], list[str]] = defaultdict(list)
    ops = tables["ops"].filter(pl.col("frame").is_in(rows["frame"].implode())).sort("frame", "part", "index")
    for frame, part, op in ops.select("frame", "part", "op").iter_rows():
        found[frame, part].append(op)
    return {key: tuple(names) for key, names in found.items()}


def _few(sights: list[Sight], report: Document, choice: Choice) -> tuple[list[Sight], str]:
    """Where there are many clients and nobody chose, those of the first findings."""
    there = dict.fromkeys(s.client for s in sights if s.client is not None)
    if choice.clients or choice.finding is not None or len(there) <= CLIENTS:
        return sights, ""
    accused = dict.fromkeys(f["client"] for f in report["findings"] if f["client"] in there)
    kept = {*list(dict.fromkeys([*accused, *there]))[:CLIENTS], None}
    left = f"{len(there) - CLIENTS:,} more clients are left out; --client ADDR shows one"
    return [s for s in sights if s.client in kept], left


def _span(sights: list[Sight], choice: Choice) -> tuple[int, int]:
    """From when to when other things than messages are shown: of a finding and what surrounds a frame, their own."""
    times = [s.time for s in sights]
    if choice.finding is not None:
        times += [nanoseconds(choice.finding["first"]), nanoseconds(choice.finding["last"])]
    elif choice.around is None:
        return 0, 1 << 63
    return min(times, default=0), max(times, default=0)


def _others(
    tables: Mapping[str, pl.DataFrame],
    told: Mapping[int, dict[str, Any]],
    actors: Scene,
    cited: Mapping[tuple[str, int], tuple[str, ...]],
    choice: Choice,
) -> list[Sight]:
    """What is no message, each frame once: moves, what events tell of, and how connections begin and end."""
    found: dict[tuple[str, int | None], Sight] = {}
    wanted = {choice.finding["rule"]} if choice.finding else None
    for sight in (*_moves(actors, told, cited), *_events(told, actors, cited), *_turns(tables, actors, cited, choice)):
        if wanted is None or sight.what in (None, "RST") or wanted & set(sight.rules):
            found.setdefault((sight.capture, sight.frame), sight)
    return list(found.values())


def _moves(
    actors: Scene, told: Mapping[int, dict[str, Any]], cited: Mapping[tuple[str, int], tuple[str, ...]]
) -> Iterator[Sight]:
    for change in actors.changes:
        sight = change_sight(change)
        event = told.get(actors.captures.index(change.capture) * CAPTURE_STRIDE + change.frame)
        if event is not None and event["what"] is None:
            sight = replace(sight, note=f"{sight.note}: {event['note']}")
        yield replace(sight, rules=cited.get((change.capture, change.frame), ()))


def _events(
    told: Mapping[int, dict[str, Any]], actors: Scene, cited: Mapping[tuple[str, int], tuple[str, ...]]
) -> Iterator[Sight]:
    """Frames of note that hold no message: announcements, and turns of connections."""
    for place, row in told.items():
        if row["what"] in ("call", "reply"):
            continue
        capture, frame = _where(place, actors)
        yield Sight(
            time=row["ns"],
            capture=capture,
            frame=frame,
            client=None if row["client"] is None else f"c{row['client']}",
            server=row["address"],
            what=row["what"],
            sender=row["sender"],
            label=row["what"] or row["kind"],
            note=row["note"],
            rules=cited.get((capture, frame), ()),
        )


def _turns(
    tables: Mapping[str, pl.DataFrame],
    actors: Scene,
    cited: Mapping[tuple[str, int], tuple[str, ...]],
    choice: Choice,
) -> Iterator[Sight]:
    """How connections begin and end: all of them, or the resets."""
    import polars as pl

    whole = choice.everything or choice.around is not None
    of = dict(tables["rpc"].select("conn", "client").unique().drop_nulls().iter_rows())
    table = tables["connections"].with_columns(pl.col("first", "last").cast(pl.Int64))
    for row in table.iter_rows(named=True):
        opened = "server" if row["callback"] else "client"
        for what, place, time, sender in _ends(row, opened):
            if place is None or time is None or not (whole or what == "RST"):
                continue
            capture, frame = _where(place, actors)
            yield Sight(
                time=time,
                capture=capture,
                frame=frame,
                client=f"c{of[row['conn']]}" if row["conn"] in of else None,
                server=row["server_address"],
                what=what,
                sender=sender,
                label=what,
                note=f"port {row['client_port']} to {row['server_address']} port {row['server_port']}",
                rules=cited.get((capture, frame), ()),
            )


def _ends(row: dict[str, Any], opened: str) -> Iterator[tuple[str, int | None, int | None, str]]:
    begun = row["first"] if row["syn_frame"] == row["first_frame"] else None
    yield "SYN", row["syn_frame"], begun, opened
    over = row["last"] if row["end_frame"] == row["last_frame"] else None
    if row["end"].startswith("rst_"):
        yield "RST", row["end_frame"], over, row["end"].removeprefix("rst_")
    elif row["end"] == "fin":
        yield "FIN", row["end_frame"], over, opened


def _folds(
    tables: Mapping[str, pl.DataFrame], actors: Scene, times: list[int], shown: Collection[tuple[str, int | None]]
) -> Iterator[Sight]:
    """Renewals between the rows that are shown, as one row a client and address."""
    from bisect import bisect_left

    import polars as pl

    marks = sorted(set(times))
    groups: dict[tuple[int, str, int], list[tuple[int, int]]] = defaultdict(list)
    rows = tables["renewals"].select("client", "server_address", pl.col("time").cast(pl.Int64), "frame").unique()
    for client, address, time, place in rows.sort("time", "frame", "client").iter_rows():
        if _where(place, actors) not in shown:
            groups[client, address, bisect_left(marks, time)].append((time, place))
    for (client, address, _), found in groups.items():
        (first, begun), (last, ended) = found[0], found[-1]
        capture, frame = _where(begun, actors)
        count = len(found)
        words = f"1 renewal at {address}"
        if count > 1:
            to = _where(ended, actors)[1]
            words = f"{count} renewals in {lasting(last - first)} at {address}, frames {frame} to {to}"
        yield Sight(
            time=first,
            until=last,
            capture=capture,
            frame=frame if count == 1 else None,
            client=f"c{client}",
            server=address,
            what="call",
            sender="client",
            label="renewal" if count == 1 else f"{count} renewals",
            note=words,
            manner=Manner.FOLD,
        )
