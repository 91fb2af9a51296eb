"""One finding of a report, by what a person calls it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from nfsanalyze.errors import UsageError

_WORD = re.compile(r"(?P<rule>[A-Za-z][\w-]*)(?:#(?P<at>\d+))?|(?P<number>\d+)")
_LISTED = 40


def picked(findings: Sequence[dict[str, Any]], word: str) -> dict[str, Any]:
    """The finding of a number (as the report counts from 1), of a rule's id or name (its first), or of both as in
    `NFS301#2` (the second of that rule). Raises UsageError, which lists those there are."""
    found = _WORD.fullmatch(word)
    if found is None:
        raise UsageError(f'"{word}" names no finding; give a rule (NFS301), one of several (NFS301#2) or a number (3)')
    rule = found["rule"]
    wanted = rule.upper() if rule else ""
    those = [f for f in findings if not rule or f["rule"] == wanted or f["name"] == rule.lower()]
    at = int(found["at"] or found["number"] or 1)
    if not 1 <= at <= len(those):
        raise UsageError(f'no finding "{word}" in this report; {_there_are(findings)}')
    return those[at - 1]


def _there_are(findings: Sequence[dict[str, Any]]) -> str:
    if not findings:
        return "it has none"
    shown = [f"{number} {f['rule']} ({f['name']})" for number, f in enumerate(findings[:_LISTED], 1)]
    more = f" and {len(findings) - _LISTED:,} more" if len(findings) > _LISTED else ""
    return f"there {'is' if len(findings) == 1 else 'are'} {', '.join(shown)}{more}"
