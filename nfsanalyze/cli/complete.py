"""What the shell offers after a tab: rules, formats and tables, by their names and titles.

Nothing here may fail: a fault in a file of rules is told when a command runs, not while it is typed.
"""

from __future__ import annotations

from collections.abc import Iterable

Offer = tuple[str, str]
"""A word, and what the shell shows beside it where it can."""


def rule(incomplete: str) -> list[Offer]:
    """Rules by id or name, for one word."""
    return _starting(_rules(), incomplete)


def rules(incomplete: str) -> list[Offer]:
    """Rules by id, name or group, for the last of several words joined by commas."""
    done, comma, last = incomplete.rpartition(",")
    return [(f"{done}{comma}{word}", told) for word, told in _starting(_choices(), last)]


def report(incomplete: str) -> list[Offer]:
    """FORMAT= of `--report`; the file after it is the shell's own business."""
    from nfsanalyze.cli.output import FORMATS

    return _starting(((f"{name}=", "") for name in FORMATS), incomplete)


def table(incomplete: str) -> list[Offer]:
    """Fact tables by name."""
    from nfsanalyze.facts.schema import TABLES

    return _starting(((table.name, table.doc) for table in TABLES.values()), incomplete)


def _starting(offers: Iterable[Offer], incomplete: str) -> list[Offer]:
    """Those that go on from what was typed, in the case in which it was typed: shells offer nothing else."""
    begun = incomplete.lower()
    return [(incomplete + word[len(begun) :], told) for word, told in offers if word.lower().startswith(begun)]


def _rules() -> list[Offer]:
    from nfsanalyze.config import find_config
    from nfsanalyze.engine.loader import load_rules
    from nfsanalyze.errors import NfsAnalyzeError

    try:
        known = load_rules(own=find_config().rules, examples=False, own_examples=False)
    except NfsAnalyzeError:
        known = load_rules(examples=False)
    return [*((each.id, each.title) for each in known), *((each.name, each.title) for each in known)]


def _choices() -> list[Offer]:
    from nfsanalyze.engine.rule import GROUPS, USER_GROUP

    return [*_rules(), *((group, "all rules of this group") for group in (*GROUPS, USER_GROUP))]
