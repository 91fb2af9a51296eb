"""A batch from its cases to the tables over all of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.batch import key, layout
from nfsanalyze.batch.collect import collect
from nfsanalyze.batch.executors import Executor
from nfsanalyze.batch.names import is_url
from nfsanalyze.batch.work import ANALYSED, Limits, Options, Outcome, Work
from nfsanalyze.errors import OutputError

Told = Callable[[int, int, Outcome | None], None]
"""Called with cases done, cases in all, and the outcome that came last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a run did: `outcomes` of its own cases by name, those that were `kept` from earlier runs among them."""

    outcomes: tuple[Outcome, ...]
    kept: int


def run_batch(
    cases: Mapping[str, tuple[str, ...]],
    out: Path,
    *,
    options: Options,
    limits: Limits,
    executor: Callable[[], Executor],
    again: bool = False,
    told: Told = lambda done, of, last: None,
) -> Batch:
    """Analyse what is not done yet and write the tables over all cases in `out`; `again`: all of it.

    Raises OutputError where the folder cannot be written, RuleError where no rules are found.
    """
    found: dict[str, Outcome] = {}
    units = []
    for case, paths in sorted(cases.items()):
        work = Work(case=case, paths=paths, out=str(out.resolve()), options=options, limits=limits)
        before = None if again else _before(work, out)
        if before is not None:
            found[case] = before
        else:
            units.append(work)
    kept = len(found)
    try:
        out.mkdir(parents=True, exist_ok=True)
        told(kept, len(cases), None)
        if units:
            if again:
                _forget(out, units)
            for outcome in executor()(units):
                found[outcome.case] = outcome
                told(len(found), len(cases), outcome)
        collect(out)
    except OSError as error:
        raise OutputError(
            f"{out}: cannot be written: {error.strerror or error}; choose another folder with --out"
        ) from error
    return Batch(outcomes=tuple(found[case] for case in sorted(found)), kept=kept)


def _before(work: Work, out: Path) -> Outcome | None:
    """The outcome of an earlier run that still holds; None where anything may have changed.

    Only the outside of the captures is looked at here; one that seems changed is read by the unit of work, which knows
    it by its content.
    """
    before = layout.read_outcome(out, work.case)
    if before is None or before.status not in (*ANALYSED, "nothing") or before.paths != work.paths:
        return None
    if any(is_url(path) for path in work.paths):
        return None
    with contextlib.suppress(OSError):
        if tuple(
            key.signature(Path(path)) for path in work.paths
        ) == before.signatures and before.made_with == key.made_with(work.options, work.formats):
            return before
    return None


def _forget(out: Path, units: list[Work]) -> None:
    for work in units:
        (layout.case_folder(out, work.case) / "outcome.json").unlink(missing_ok=True)
