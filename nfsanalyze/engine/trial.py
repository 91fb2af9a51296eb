"""Puts rule files to the test, each for itself: one bad file hides nothing of the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.engine.examples import example_faults
from nfsanalyze.engine.loader import load_rule, refuse_foreign, refuse_twins, rule_files, shipped_folder
from nfsanalyze.engine.rule import Rule, RuleError
from nfsanalyze.engine.sql import compile_rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of one file; `rule` is None where the file is no rule."""

    source: str
    rule: Rule | None
    faults: tuple[str, ...]


def trials(roots: Iterable[Path], shipped: Sequence[Rule]) -> tuple[Trial, ...]:
    """One trial a file of these folders or files, in their order. Raises RuleError where there is no file."""
    home = shipped_folder().resolve()
    done: list[Trial] = []
    known = list(shipped)
    for path in dict.fromkeys(path for root in roots for path in rule_files(root)):
        ours = path.resolve().is_relative_to(home)
        trial = _trial(path, [] if ours else known, ours=ours)
        if trial.rule is not None and not trial.faults:
            known.append(trial.rule)
        done.append(trial)
    return tuple(done)


def _trial(path: Path, known: Sequence[Rule], *, ours: bool) -> Trial:
    try:
        rule = load_rule(path)
    except RuleError as error:
        return Trial(source=str(path), rule=None, faults=(str(error),))
    faults: list[str] = []
    try:
        if not ours:
            refuse_foreign(rule)
            refuse_twins([*known, rule])
        compile_rule(rule)
    except RuleError as error:
        return Trial(source=str(path), rule=rule, faults=(str(error),))
    for example in rule.examples:
        try:
            faults += [f"{path}: {fault}" for fault in example_faults(rule, example)]
        except RuleError as error:
            faults.append(str(error))
    return Trial(source=str(path), rule=rule, faults=tuple(faults))
