"""The output folder: where everything lies, and how it is written so that no reader meets half of it.

OUT/cases/<case>/report.json …          the reports of a case
OUT/cases/<case>/outcome.json           written last: with it the case is done
OUT/facts/<table>/case_id=<case>/facts.parquet
OUT/cases.csv, findings.jsonl, findings.parquet, metrics.prom      over all cases
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from nfsanalyze.batch.work import Outcome, outcome_from, outcome_to
from nfsanalyze.whole import write_whole

PARTITION = "case_id"
"""Name of the partition column: `case` is a word of SQL."""


def case_folder(out: Path, case: str) -> Path:
    """Where the reports of a case lie."""
    return out / "cases" / case


def facts_file(out: Path, table: str, case: str) -> Path:
    """Where the rows of a fact table of a case lie, in the manner of Hive partitions."""
    return out / "facts" / table / f"{PARTITION}={case}" / "facts.parquet"


def write(path: Path, content: bytes) -> None:
    """The content in a file, whole or not at all, and the folders it lies in. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)


def write_outcome(out: Path, outcome: Outcome) -> None:
    """With this file a case is done. Raises OSError."""
    text = json.dumps(outcome_to(outcome), indent=1, sort_keys=True)
    write(case_folder(out, outcome.case) / "outcome.json", text.encode() + b"\n")


def read_outcome(out: Path, case: str) -> Outcome | None:
    """What became of a case in an earlier run; None where it has none, or one that cannot be read."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return outcome_from(json.loads((case_folder(out, case) / "outcome.json").read_bytes()))
    return None


def outcomes(out: Path) -> Iterator[Outcome]:
    """Of all cases in the folder, by name."""
    for path in sorted((out / "cases").glob("*/outcome.json")):
        found = read_outcome(out, path.parent.name)
        if found is not None:
            yield found
