"""configuration: what the user declared and ignored, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nfsanalyze.reports.document.source import Source

if TYPE_CHECKING:
    from nfsanalyze.engine.ignore import Ignored


def declared_heads(source: Source) -> list[dict[str, Any]]:
    """One entry a pair of server addresses of which something is declared."""
    return [
        {
            "addresses": [row["address_a"], row["address_b"]],
            "one_server": row["one_server"],
            "outcome": row["outcome"],
        }
        for row in source.rows("declared_heads")
    ]


def ignored_entry(each: Ignored) -> dict[str, Any]:
    """What was set aside, for which reason, and how many findings that were."""
    ignore = each.ignore
    return {
        "rule": ignore.rule,
        "reason": ignore.reason,
        "client": ignore.client,
        "server": ignore.server,
        "findings": each.findings,
    }
