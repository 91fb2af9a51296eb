"""Picks rules by the words a user writes: an id, the start of one, a name, or a group; case does not matter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nfsanalyze.engine.nearest import nearest
from nfsanalyze.engine.rule import Rule, RuleError


class NoSuchRule(RuleError):
    """A word that fits no rule; `word` is it."""

    def __init__(self, word: str, hint: str) -> None:
        super().__init__(f'no rule fits "{word}"{hint}')
        self.word = word


def find_rule(rules: Sequence[Rule], word: str) -> Rule:
    """The rule of this id or name. Raises RuleError that names the nearest."""
    wanted = word.strip().lower()
    for rule in rules:
        if wanted in (rule.id.lower(), rule.name):
            return rule
    raise RuleError(f'no rule "{word}"{_hint(rules, wanted)}')


def select_rules(rules: Sequence[Rule], select: Iterable[str] = (), ignore: Iterable[str] = ()) -> tuple[Rule, ...]:
    """The selected rules (all, where nothing is selected) without the ignored ones, in their order.

    Words may be joined by commas. Raises RuleError where a word fits no rule.
    """
    chosen = _matching(rules, select) or {rule.id for rule in rules}
    chosen -= _matching(rules, ignore)
    if rules and not chosen:
        raise RuleError("every selected rule is ignored: nothing is left to check")
    return tuple(rule for rule in rules if rule.id in chosen)


def _matching(rules: Sequence[Rule], words: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for word in (part.strip() for joined in words for part in joined.split(",")):
        if not word:
            continue
        wanted = word.lower()
        fitting = {rule.id for rule in rules if rule.id.lower().startswith(wanted) or wanted in (rule.name, rule.group)}
        if not fitting:
            raise NoSuchRule(word, _hint(rules, wanted))
        found |= fitting
    return found


def _hint(rules: Sequence[Rule], word: str) -> str:
    labels = [label for rule in rules for label in (rule.id, rule.name)]
    inside = [label for label in labels if len(word) > 3 and word in label.lower()]
    return nearest(word, labels) or (f'; did you mean "{inside[0]}"?' if inside else "")
