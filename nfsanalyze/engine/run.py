"""Runs rules over fact tables: rows become findings, and what the capture cannot show is said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dissect.nfs4.batch import CAPTURE_STRIDE
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.engine.blind import Blind, Blindness, Pair, reason_of, unjudged
from nfsanalyze.engine.causes import linked
from nfsanalyze.engine.evidence import Captures, Story, shortened, stories
from nfsanalyze.engine.finding import SEVERITIES, Finding, NotEvaluable
from nfsanalyze.engine.message import listed, render
from nfsanalyze.engine.needs import are_met
from nfsanalyze.engine.rule import CONFIDENCES, Rule, RuleError
from nfsanalyze.engine.sql import LABELS, TIMES, frame_columns, run_detects
from nfsanalyze.engine.subject import Client, fingerprint, label, read_clients
from nfsanalyze.facts.schema import polars_schema

if TYPE_CHECKING:
    import polars as pl

    from dissect.nfs4.taps import Places


_UNTIED = "it compares times of {}, which share no packets, so that the order of theirs is not proven (--same-clock)"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """One result row; `frames` on the number line of all captures, times in ns or None."""

    rule: Rule
    id: str
    severity: str
    confidence: str
    message: str
    number: int | None
    client: Client | None
    others: tuple[int, ...]
    servers: tuple[str, ...]
    clientids: tuple[str, ...]
    frames: tuple[int, ...]
    first: int | None
    last: int | None


def run(
    rules: Sequence[Rule], tables: Mapping[str, pl.DataFrame], places: Places | None = None
) -> tuple[list[Finding], list[NotEvaluable]]:
    """Findings (most serious first, then by rule and first frame), and what could not be judged.

    Tables that are missing count as empty; a rule runs only where the tables hold what it needs. Rows of one rule about
    one subject are one finding. `places` leads from the frames of merged captures to those of the files. Raises
    RuleError where a rule fails or returns what no finding can hold.
    """
    clients = read_clients(_table(tables, "clients"))
    captures = Captures(_table(tables, "captures"), places)
    blindness = Blindness(_table(tables, "blind"))
    drafts: list[_Draft] = []
    withheld: list[NotEvaluable] = []
    asked = [rule for rule in rules if are_met(rule.needs, tables)]
    for rule, result in zip(asked, run_detects(asked, tables), strict=True):
        for draft in _drafts(rule, result, clients):
            if draft.frames:
                drafts.append(draft)
            else:
                withheld.append(_withheld(draft, clients, "the facts it rests on name no frame"))
    told = stories({frame for draft in drafts for frame in draft.frames}, tables)
    kept: dict[str, list[_Draft]] = defaultdict(list)
    fired: dict[str, set[Pair]] = defaultdict(set)
    for draft in drafts:
        first, last = _window(draft, told, captures)
        addresses = _addresses(draft, clients)
        hiding = blindness.touching(draft.rule.withhold, addresses, draft.servers, first, last)
        if hiding:
            withheld.append(_withheld(draft, clients, f"a finding is withheld: {reason_of(hiding)}", hiding))
            continue
        apart = [] if draft.rule.unordered else captures.clocks(draft.frames)
        if apart:
            withheld.append(_withheld(draft, clients, f"a finding is withheld: {_UNTIED.format(' and '.join(apart))}"))
            continue
        kept[draft.id].append(draft)
        fired[draft.rule.id] |= {
            (address, server) for address in addresses or (None,) for server in draft.servers or (None,)
        }
    found = [_finding(same, told, captures) for same in kept.values()]
    found.sort(key=lambda item: (-SEVERITIES.index(item[0].severity), item[0].rule, item[1], item[0].id))
    return linked([finding for finding, _ in found]), unjudged(rules, blindness, fired, withheld)


def _drafts(rule: Rule, result: pl.DataFrame, clients: Mapping[int, Client]) -> list[_Draft]:
    import polars as pl

    if result.is_empty():
        return []
    times = {name: result[name].cast(pl.Int64).to_list() for name in TIMES if name in result.columns}
    frames = frame_columns(result.columns)
    drafts = []
    for index, row in enumerate(result.iter_rows(named=True)):
        number = row["client"]
        client = clients.get(number) if number is not None else None
        labels = {name: _labels(row.get(name)) for name in LABELS}
        severity = _one_of(rule, "severity", row.get("severity"), rule.severity, SEVERITIES)
        confidence = _one_of(rule, "confidence", row.get("confidence"), rule.confidence, CONFIDENCES)
        draft = _Draft(
            rule=rule,
            id=fingerprint(rule.id, client, **labels),
            severity=severity,
            confidence=confidence,
            message=render(rule.message, {**row, **labels, "client": label(clients, number)}),
            number=number,
            client=client,
            others=_others(number, row.get("others")),
            **labels,
            frames=shortened(_numbers(row, frames)),
            first=times["first"][index] if "first" in times else None,
            last=times["last"][index] if "last" in times else None,
        )
        drafts.append(draft)
    # Polars returns rows in no order of its own.
    drafts.sort(key=lambda draft: (draft.frames, draft.id, draft.message))
    return drafts


def _finding(same: Sequence[_Draft], told: Mapping[int, Story], captures: Captures) -> tuple[Finding, int]:
    """One finding of the rows about one subject, told by the most serious of them, and its first frame."""
    draft = max(same, key=lambda draft: SEVERITIES.index(draft.severity))
    frames = shortened({frame for each in same for frame in each.frames})
    main = captures.main(frames)
    local = captures.within(frames, main)
    windows = [_window(each, told, captures) for each in same]
    finding = Finding(
        id=draft.id,
        rule=draft.rule.id,
        name=draft.rule.name,
        severity=draft.severity,
        confidence=draft.confidence,
        title=draft.rule.title,
        message=draft.message + (f" ({len(same) - 1:,} more like it)" if len(same) > 1 else ""),
        client=None if draft.number is None else f"c{draft.number}",
        other_clients=tuple(f"c{number}" for number in sorted(_all(same) - {draft.number or 0})),
        servers=draft.servers,
        clientids=draft.clientids,
        capture=captures.name(main),
        frames=local,
        evidence=captures.evidence(frames, told),
        first=min(first for first, _ in windows),
        last=max(last for _, last in windows),
        filter=f"frame.number in {{{', '.join(map(str, local))}}}",
        fix=draft.rule.fix,
        references=draft.rule.references,
    )
    return finding, min(frames)


def _window(draft: _Draft, told: Mapping[int, Story], captures: Captures) -> tuple[int, int]:
    """From when to when: as the rule says, else as its frames do, else the start of the capture."""
    times = [told[frame][0] for frame in draft.frames if frame in told]
    start = captures.first(captures.main(draft.frames))
    first = draft.first if draft.first is not None else min(times, default=start)
    last = draft.last if draft.last is not None else max(times, default=first)
    return min([first, *times]), max([first, last, *times])


def _withheld(draft: _Draft, clients: Mapping[int, Client], reason: str, hiding: Sequence[Blind] = ()) -> NotEvaluable:
    servers = listed(draft.servers) or "any server"
    who = label(clients, draft.number) if draft.number is not None else "any client"
    kinds = tuple(sorted({row.kind for row in hiding}))
    return NotEvaluable(rule=draft.rule.id, subject=f"{who} → {servers}", reason=reason, kinds=kinds)


def _numbers(row: Mapping[str, Any], names: Sequence[str]) -> set[int]:
    """The frames of all frame columns; the number 0 within a capture stands for no frame."""
    found: set[int] = set()
    left = [row[name] for name in names]
    while left:
        value = left.pop()
        if isinstance(value, list):
            left += value
        elif value is not None and value % CAPTURE_STRIDE > 0:
            found.add(value)
    return found


def _others(number: int | None, value: Any) -> tuple[int, ...]:
    """The further clients of a row."""
    return tuple(sorted({other for other in value or () if other is not None and other != number}))


def _all(same: Iterable[_Draft]) -> set[int]:
    """The numbers of all clients that some rows are about."""
    return {number for each in same for number in (each.number, *each.others) if number is not None}


def _addresses(draft: _Draft, clients: Mapping[int, Client]) -> tuple[str, ...]:
    """Of all clients that a row is about."""
    named = [draft.client, *(clients.get(number) for number in draft.others)] if draft.client else []
    return tuple(dict.fromkeys(address for each in named if each for address in each.addresses))


def _labels(value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, list) else (value,)
    return tuple(dict.fromkeys(item for item in items if item is not None))


def _one_of(rule: Rule, field: str, value: str | None, default: str, allowed: Sequence[str]) -> str:
    if value is None:
        return default
    if value not in allowed:
        raise RuleError(f'{rule.source}: detect: {field} "{value}" is none of {", ".join(allowed)}')
    return value


def _table(tables: Mapping[str, pl.DataFrame], name: str) -> pl.DataFrame:
    import polars as pl

    return tables[name] if name in tables else pl.DataFrame(schema=polars_schema(name))
