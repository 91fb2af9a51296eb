"""What could not be judged, and the capture that would settle it."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from nfsanalyze.reports.addresses import addresses_in
from nfsanalyze.reports.terminal.page import Page, View, counted, listing

_REASONS = 8
_SUBJECTS = 3
_HOSTS = 8
_NFS_PORT = 2049
_COUNT = re.compile(r"and ([\d,]+) more")


def unjudged(page: Page, view: View) -> None:
    """A paragraph a reason with the rules it stops, then a command to capture what is missing."""
    entries = view.report["not_evaluable"]
    if not entries:
        return
    page.heading("Could not be judged")
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in entries:
        groups[entry["reason"]].append(entry)
    by_weight = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    shown, hidden = view.bound(by_weight, _REASONS)
    for reason, group in shown:
        rules = sorted({entry["rule"] for entry in group})
        page.line((reason, "bold"), indent=2)
        page.hanging("rules", listing(rules), indent=4, style="dim")
        page.hanging("about", _subjects(view, group), indent=4, style="dim")
    if hidden:
        page.line(f"... and {counted(hidden, 'more reason')} (--all shows them)", indent=2)
    if all("encrypt" in reason.lower() for reason in groups):
        page.line("No capture settles this while the traffic is encrypted.", indent=2)
        return
    page.line(
        "To settle it, capture again where both directions pass, from before the mount until after the trouble:",
        indent=2,
    )
    page.verbatim("", capture_command(view.report), indent=4)


def _subjects(view: View, group: list[dict[str, Any]]) -> str:
    """The subjects of a reason; those that the engine only counted stay a count, at the end."""
    names = sorted({entry["subject"] for entry in group})
    counts = [match for name in names if (match := _COUNT.fullmatch(name))]
    named = [name for name in names if not _COUNT.fullmatch(name)]
    shown = named if view.show_all else named[:_SUBJECTS]
    # rules count what they leave out each for itself, so the largest count is what is surely missing
    hidden = len(named) - len(shown) + max((int(match[1].replace(",", "")) for match in counts), default=0)
    if not hidden:
        return listing(shown)
    return f"{', '.join(shown)} and {hidden:,} more" if shown else f"{hidden:,} subjects"


def capture_command(report: dict[str, Any]) -> str:
    """The tcpdump command that would settle it: all servers, as a move shows only where both addresses are seen;
    where they are many, those in doubt; where none is known, whoever is named."""
    servers = {server["address"] for server in report["servers"]}
    doubted = {address for entry in report["not_evaluable"] for address in addresses_in(entry["subject"])}
    hosts = sorted(servers if 0 < len(servers) <= _HOSTS else doubted & servers or doubted)
    # a link-local zone means nothing to the filter
    hosts = [address.partition("%")[0] for address in hosts]
    if hosts and len(hosts) <= _HOSTS:
        wanted = " or ".join(f"host {address}" for address in hosts)
    else:
        ports = sorted({server["port"] for server in report["servers"]} or {_NFS_PORT})
        wanted = " or ".join([*(f"port {port}" for port in ports[:_HOSTS]), "arp", "icmp6"])
    return f"tcpdump -i any -s 0 -w nfs.pcap '{wanted}'"
