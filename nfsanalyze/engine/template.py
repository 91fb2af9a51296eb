"""A new rule file for a user: whole, working, and to be changed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from nfsanalyze.engine.rule import Rule, RuleError

_TEMPLATE = Path(__file__).with_name("rule_template.toml")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FREE = range(900, 1000)


def new_rule(name: str, taken: Iterable[Rule]) -> tuple[str, str]:
    """The id (the lowest of NFS900 to NFS999 that no rule has) and the text of a new rule of this name.

    Raises RuleError for a name that is none or taken, and where no id is free.
    """
    rules = list(taken)
    if not _NAME.fullmatch(name):
        raise RuleError(f'"{name}" is no name for a rule: give words in lower case joined by -')
    twin = next((rule for rule in rules if rule.name == name), None)
    if twin is not None:
        raise RuleError(f"{name} is the name of {twin.id} ({twin.source}); choose another")
    ids = {rule.id for rule in rules}
    number = next((number for number in _FREE if f"NFS{number}" not in ids), None)
    if number is None:
        raise RuleError("NFS900 to NFS999 are all taken")
    text = _TEMPLATE.read_text(encoding="utf-8").replace('"NAME"', f'"{name}"')
    return f"NFS{number}", text.replace("NFS900", f"NFS{number}", 1).replace('"NFS900"', f'"NFS{number}"')
