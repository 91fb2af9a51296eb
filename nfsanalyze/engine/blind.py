"""What could not be judged: where the capture is blind, a rule neither accuses nor acquits."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.engine.finding import NotEvaluable
from nfsanalyze.engine.rule import Rule

if TYPE_CHECKING:
    import polars as pl

SUBJECTS = 10
"""Subjects listed for each rule before the rest is only counted."""

_REASONS = 2
_COUNTED = re.compile(r"(.*) \(([0-9]+)\)")

Pair = tuple[str | None, str | None]
"""Client address and server address; None stands for any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blind:
    """A stretch the capture cannot show; times in ns since 1970 UTC."""

    client: str | None
    server: str | None
    kind: str
    first: int
    last: int
    reason: str


class Blindness:
    """The blind stretches of a capture, found by whom they concern."""

    def __init__(self, blind: pl.DataFrame) -> None:
        import polars as pl

        columns = blind.select(
            "client_address",
            "server_address",
            "kind",
            pl.col("first", "last").cast(pl.Int64),
            pl.col("reason").fill_null(""),
        )
        self._by_pair: dict[Pair, list[Blind]] = defaultdict(list)
        # in the order of the table: a set would have another order in each run
        self._servers: dict[str | None, dict[str | None, None]] = defaultdict(dict)
        for client, server, kind, first, last, reason in columns.iter_rows():
            row = Blind(
                client=client, server=server, kind=kind, first=first or 0, last=last or 0, reason=reason or kind
            )
            self._by_pair[client, server].append(row)
            self._servers[client][server] = None

    def touching(
        self, kinds: Collection[str], clients: Collection[str], servers: Collection[str], first: int, last: int
    ) -> list[Blind]:
        """Stretches of these kinds that overlap [first, last] for any of the clients and servers (none named = any)."""
        found: list[Blind] = []
        if not kinds or not self._by_pair:
            return found
        for client in [*clients, None] if clients else list(self._servers):
            for server in self._servers.get(client, ()):
                if servers and server is not None and server not in servers:
                    continue
                found += [
                    row
                    for row in self._by_pair[client, server]
                    if row.kind in kinds and row.first <= last and first <= row.last
                ]
        return found

    def reasons(self) -> dict[Pair, dict[str, str]]:
        """For each pair, in the order they are shown, the reason of each kind of blindness."""
        return {
            pair: {kind: _joined(_summed(rows, kind)) for kind in sorted({row.kind for row in rows})}
            for pair, rows in sorted(self._by_pair.items(), key=lambda item: _order(item[0]))
        }


def reason_of(rows: Iterable[Blind]) -> str:
    """The reasons of some stretches in one clause."""
    return _joined(row.reason for row in rows)


def unjudged(
    rules: Sequence[Rule], blindness: Blindness, fired: Mapping[str, set[Pair]], withheld: Sequence[NotEvaluable]
) -> list[NotEvaluable]:
    """What each rule could have missed or had to withhold, sorted; subjects beyond `SUBJECTS` a rule are counted only.

    `fired` holds for each rule the pairs it accused: for these nothing was missed.
    """
    views: dict[tuple[str, ...], list[tuple[Pair, str, str, tuple[str, ...]]]] = {}
    found: list[NotEvaluable] = []
    for rule in sorted(rules, key=lambda rule: rule.id):
        if rule.misses not in views:
            views[rule.misses] = _view(blindness, rule.misses)
        entries = {entry.subject: entry for entry in withheld if entry.rule == rule.id}
        accused = fired.get(rule.id, set())
        for pair, subject, reason, kinds in views[rule.misses]:
            if subject not in entries and not _is_accused(pair, accused):
                entries[subject] = NotEvaluable(rule=rule.id, subject=subject, reason=reason, kinds=kinds)
        found += _shortened(rule.id, list(entries.values()))
    return found


def _view(blindness: Blindness, watches: Sequence[str]) -> list[tuple[Pair, str, str, tuple[str, ...]]]:
    """The pairs for which a rule that watches these kinds could have missed something: subject, reason and kinds."""
    seen = []
    for pair, by_kind in blindness.reasons().items():
        kinds = [kind for kind in by_kind if kind in watches]
        if kinds:
            reason = _joined((by_kind[kind] for kind in kinds), len(kinds))
            seen.append((pair, _subject(pair), reason, tuple(kinds)))
    return seen


def _shortened(rule: str, entries: list[NotEvaluable]) -> list[NotEvaluable]:
    if len(entries) <= SUBJECTS + 1:
        return entries
    rest = entries[SUBJECTS:]
    reason = _joined(entry.reason for entry in rest)
    kinds = tuple(sorted({kind for entry in rest for kind in entry.kinds}))
    return [*entries[:SUBJECTS], NotEvaluable(rule=rule, subject=f"and {len(rest):,} more", reason=reason, kinds=kinds)]


def _is_accused(pair: Pair, accused: set[Pair]) -> bool:
    client, server = pair
    return bool(accused) and any(key in accused for key in (pair, (None, server), (client, None), (None, None)))


def _subject(pair: Pair) -> str:
    client, server = pair
    if client is None and server is None:
        return "capture"
    return f"{client or 'any client'} → {server or 'any server'}"


def _order(pair: Pair) -> tuple[str, str]:
    return pair[0] or "", pair[1] or ""


def _summed(rows: Iterable[Blind], kind: str) -> Iterable[str]:
    """The reasons of one kind; where they differ in a closing `(number)` only, the numbers are added."""
    counts: dict[str, int] = defaultdict(int)
    for row in rows:
        if row.kind == kind:
            words = _COUNTED.fullmatch(row.reason)
            counts[words[1] if words else row.reason] += int(words[2]) if words else 0
    return (f"{reason} ({count:,})" if count else reason for reason, count in counts.items())


def _joined(reasons: Iterable[str], shown: int = _REASONS) -> str:
    distinct = list(dict.fromkeys(reason for reason in reasons if reason))
    text = "; ".join(distinct[:shown])
    return f"{text}; and {len(distinct) - shown:,} more" if len(distinct) > shown else text
