"""The first lines: how many findings, and what happened in a few sentences."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from nfsanalyze.reports.terminal.page import SEVERITY_STYLES, Page, View, counted, listing, lost_name, text
from nfsanalyze.reports.terminal.takeovers import what_happened

_MOVES = 3
_FILES = 3
_OTHERS = 3
_TOLD = frozenset({"NFS208", "NFS209", "NFS301", "NFS302", "NFS303"})
"""Rules whose story the sentences on moves, recoveries and losses tell already."""


def verdict(page: Page, view: View) -> None:
    """Counts, story, and what is missing from the answer."""
    report = view.report
    if report["findings"]:
        page.line((f"{counted(len(report['findings']), 'finding')} ({_by_severity(report)})", "bold"))
    else:
        page.line(("No findings.", "bold"), f" Checked: {_checked(report)}.")
    told = story(view)
    if told:
        page.line(told)
    missing = report["summary"]["not_evaluable"]
    if missing:
        rules = len({entry["rule"] for entry in report["not_evaluable"]})
        page.line(f"{counted(rules, 'rule')} could not be judged in every place: see the end.")
    for line in hidden(report):
        page.line((line, "dim"))
    if not report["summary"]["complete"]:
        page.line(("Incomplete: ", "bold yellow"), "; ".join(report["summary"]["incomplete"]))
    if report["findings"]:
        _index(page, view)


def hidden(report: dict[str, Any]) -> Iterator[str]:
    """What the user asked not to be told again."""
    taken = [each for each in report["configuration"]["ignored"] if each["findings"]]
    if taken:
        reasons = [f"{each['rule']} ({each['findings']:,}): {each['reason']}" for each in taken]
        yield f"{counted(report['summary']['ignored'], 'finding')} ignored: {'; '.join(reasons)}."
    baseline = report["baseline"]
    if baseline is not None:
        gone = f"; {baseline['gone']:,} of its findings are gone" if baseline["gone"] else ""
        known, all_ = report["summary"]["known"], counted(len(report["findings"]), "finding")
        yield f"Known from the baseline {baseline['file']}: {known:,} of {all_}{gone}."


def story(view: View) -> str:
    """What happened, in a few sentences."""
    report = view.report
    parts = [*_moves(report), *_undetected(view), *_losses(report), *_others(report)] or list(_quiet(report))
    return " ".join(map(_sentence, parts))


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "."


def _by_severity(report: dict[str, Any]) -> str:
    counts = report["summary"]["findings"].items()
    return ", ".join(counted(n, name, "notes" if name == "note" else name) for name, n in counts if n)


def _checked(report: dict[str, Any]) -> str:
    captures = report["captures"]
    return listing(
        [
            counted(sum(c["packets"] for c in captures), "packet"),
            counted(sum(c["nfs4_calls"] for c in captures), "COMPOUND call"),
            counted(len(report["clients"]), "client"),
            counted(len(report["leases"]), "lease"),
            counted(len(report["servers"]), "server address", "server addresses"),
        ]
    )


def _moves(report: dict[str, Any]) -> Iterator[str]:
    entries = report["takeovers"]
    yield from map(what_happened, entries[:_MOVES])
    if len(entries) > _MOVES:
        yield f"{counted(len(entries) - _MOVES, 'more change')} of a server instance follow below"


def _undetected(view: View) -> Iterator[str]:
    """Recoveries answered with a clientid that is live elsewhere, and no look for trunking."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    accused = {
        (f["client"], server) for f in view.report["findings"] if f["rule"] == "NFS301" for server in f["servers"]
    }
    for entry in view.report["recoveries"]:
        if entry["live_at"] is not None and (entry["client"], entry["address"]) in accused:
            groups[entry["address"], entry["live_at"]].append(entry)
    for (address, live_at), entries in sorted(groups.items()):
        clients = {entry["client"] for entry in entries}
        if len(clients) == 1:
            who = f"client {view.who(entries[0]['client'])} was"
            what = f"clientid {entries[0]['new_clientid']}, which it already holds"
        else:
            who = f"{counted(len(clients), 'client')} were"
            what = "clientids that they already hold"
        yield f"{who} answered at {address} with {what} at {live_at}, and went on without trunking detection"


def _losses(report: dict[str, Any]) -> Iterator[str]:
    lost = report["lost_state"]
    names = list(dict.fromkeys(map(lost_name, lost)))
    if names:
        yield f"lost: {listing(names, _FILES)}"


def _others(report: dict[str, Any]) -> Iterator[str]:
    """What else is serious, a sentence a rule."""
    told = _TOLD if report["takeovers"] or report["recoveries"] or report["lost_state"] else frozenset[str]()
    known = {f["id"] for f in report["findings"] if f["rule"] in told}
    serious = [
        f
        for f in report["findings"]
        if f["severity"] in ("critical", "high") and f["rule"] not in told and not known & set(f["caused_by"])
    ]
    totals = Counter(finding["rule"] for finding in serious)
    first = {finding["rule"]: finding for finding in reversed(serious)}
    for rule in list(totals)[:_OTHERS]:
        more = f" ({totals[rule] - 1:,} more like it)" if totals[rule] > 1 else ""
        yield first[rule]["message"].rstrip(". ") + more
    if len(totals) > _OTHERS:
        yield f"{counted(len(totals) - _OTHERS, 'more serious rule')} fired"


def _quiet(report: dict[str, Any]) -> Iterator[str]:
    """Nothing happened, or nothing that half a conversation could tell."""
    calls, replies = (sum(c[side] for c in report["captures"]) for side in ("nfs4_calls", "nfs4_replies"))
    if calls and not replies:
        yield "only what the clients sent was captured: whether anything was refused or lost cannot be told"
    elif replies and not calls:
        yield "only what the servers sent was captured: what was asked, and of whom, cannot be told"
    elif not (report["takeovers"] or report["recoveries"] or report["lost_state"]):
        if report["not_evaluable"]:
            yield "what the capture shows is no move or restart of a server address, no recovery and no lost state"
        else:
            yield "no server address moved or restarted, no client had to recover, no state was lost"


def _index(page: Page, view: View) -> None:
    """One line a rule that fired."""
    totals = Counter((f["severity"], f["rule"], f["title"]) for f in view.report["findings"])
    # of thousands by one rule the first tells the chain
    firsts = {(f["severity"], f["rule"]): f for f in reversed(view.report["findings"])}
    chains = {key: _chain(view.report, first) for key, first in firsts.items()}
    page.blank()
    page.columns(
        (
            [
                text((severity, SEVERITY_STYLES[severity])),
                text(rule),
                text(title + (f" ({number:,} times)" if number > 1 else ""), (chains[severity, rule], "dim")),
            ]
            for (severity, rule, title), number in totals.items()
        ),
        whole=(0, 1),
        indent=2,
    )


def _chain(report: dict[str, Any], finding: dict[str, Any]) -> str:
    """What led to a finding, the nearest first, by the rules' ids."""
    by_id = {each["id"]: each for each in report["findings"]}
    rules: list[str] = []
    causes = finding["caused_by"]
    while causes and (cause := by_id.get(causes[0])) is not None and cause["rule"] not in (finding["rule"], *rules):
        rules.append(cause["rule"])
        causes = cause["caused_by"]
    return "".join(f" <- {rule}" for rule in rules)
