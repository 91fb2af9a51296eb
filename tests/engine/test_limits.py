"""SQL of others ends in time and in bounded memory, or with one line that says so."""

from __future__ import annotations

import subprocess
import sys
from threading import Event

import pytest

from nfsanalyze.engine import limits, sql
from nfsanalyze.engine.limits import LimitError, bounded
from nfsanalyze.engine.loader import load_rules, parse_rule
from nfsanalyze.engine.rule import Rule, RuleError
from nfsanalyze.engine.sql import compile_rule, run_detect, run_detects


def rule(detect: str) -> Rule:
    return parse_rule(
        f"""
id = "NFS901"
name = "endless"
title = "t"
severity = "low"
confidence = "low"
since = "0.1"
needs = ["leases"]
watches = []
references = ["r"]
message = "m"
what = "w"
why = "w"
fix = "f"
false_positives = "f"
detect = '''{detect}'''
""",
        "own.toml",
        examples=False,
    )


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SECONDS", 0.3)


def test_what_work_returns_or_raises() -> None:
    assert bounded(lambda: 7, seconds=1) == 7
    with pytest.raises(ZeroDivisionError):
        bounded(lambda: 1 // 0, seconds=1)


def test_time() -> None:
    with pytest.raises(LimitError, match=r"longer than 0 s"):
        bounded(Event().wait, seconds=0.1)


def test_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MEMORY", 50 << 20)
    done = Event()

    def work() -> None:
        taken = bytearray(b"\1" * (200 << 20))
        done.wait(30)
        del taken

    with pytest.raises(LimitError, match=r"more than 50 MiB"):
        bounded(work, seconds=None)
    done.set()


def test_a_rule_that_does_not_end(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    end = Event()
    monkeypatch.setattr(sql, "lazy", lambda asked, tables: end.wait())
    for what in (compile_rule, lambda each: run_detect(each, {}), lambda each: run_detects([each], {})):
        with pytest.raises(RuleError, match=r"^own\.toml: detect: takes longer than 0 s"):
            what(rule("SELECT 1 AS client"))
    end.set()


PROGRAM = """
import polars as pl
from nfsanalyze.engine import limits, sql
from nfsanalyze.engine.query import answer, parse_query
limits.MEMORY = 200 << 20
many = pl.DataFrame({"frame": pl.Series(range(50_000), dtype=pl.UInt64)})
asked = parse_query("SELECT a.frame FROM many AS a CROSS JOIN many AS b ORDER BY a.frame", {"many": many[:0]})
answer(asked, {"many": many}, limit=1)
"""


def test_a_question_that_needs_all_memory() -> None:
    """In a process of its own, which ends although the question goes on."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "QueryError: query: needs more than 200 MiB; join fewer rows, or ask for less" in done.stderr


def test_own_rules_among_the_shipped_ones_stay_in_their_places() -> None:
    shipped = load_rules(examples=False)[:2]
    own = rule("SELECT 1 AS client, 2 AS frames")
    assert [len(rows) for rows in run_detects([shipped[0], own, shipped[1]], {})] == [0, 1, 0]
