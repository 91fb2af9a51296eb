"""The SQL of rules: what is refused, and that each fault is one line a support engineer can use."""

from __future__ import annotations

import re

import pytest
from engine.small import TEXT, facts, rule

from nfsanalyze.engine.loader import parse_rule
from nfsanalyze.engine.rule import RuleError
from nfsanalyze.engine.sql import compile_rule, empty_tables, frame_columns, run_detect
from nfsanalyze.facts.schema import TABLES

FINE = "SELECT client, server_address AS servers, clientid AS clientids, frames FROM leases"


def fault(detect: str, **changes: str) -> str:
    with pytest.raises(RuleError) as raised:
        compile_rule(rule(detect=detect, **changes))
    line = str(raised.value)
    assert "\n" not in line
    assert len(line) < 400
    assert line.startswith("NFS900.toml:")
    return re.sub(r"^NFS900\.toml(:[0-9]+:[0-9]+)?: ", "", line)


def test_a_rule_compiles_without_any_capture() -> None:
    assert set(compile_rule(rule(detect=FINE))) == {"client", "servers", "clientids", "frames"}


@pytest.mark.parametrize(
    ("detect", "line"),
    [
        ("SELECT clint FROM leases", 'detect: no column "clint"; did you mean "client"?'),
        ("SELECT l.clint FROM leases l", 'detect: no column "clint" in l; did you mean "client"?'),
        (
            "SELECT leases.clint FROM leases JOIN clients ON clients.client = leases.client",
            'no column "clint" in leases',
        ),
        ("SELECT client FROM lease", 'detect: no table "lease"; did you mean "leases"?'),
        ("SELECT STRPOZ(clientid, 'a') FROM leases", 'detect: no function STRPOZ(); did you mean "STRPOS"?'),
        ("SELECT client FROM leases WHERE clientid > 5", "detect: cannot compare string with numeric type"),
        (
            "SELECT client FROM leases GROUP GROUP",
            "sql parser error: Expected: end of statement, found: GROUP",
        ),
        ("SELECT ARRAY[client, lease] FROM leases", "detect: Polars SQL does not support this"),
        (
            "SELECT client FROM leases l WHERE EXISTS (SELECT 1 FROM blind b WHERE b.first < l.first OR b.conn > 1)",
            "detect: Polars SQL does not support this",
        ),
        ("", "detect: must be one statement that starts with WITH or SELECT"),
        ("DROP TABLE leases", "detect: must be one statement that starts with WITH or SELECT"),
        ("CREATE TABLE x AS SELECT 1", "detect: must be one statement that starts with WITH or SELECT"),
        ("SELECT client FROM leases; SELECT 1", "detect: must be one statement, and holds a second after ;"),
        ("WITH x AS (SELECT 1 AS y) DELETE FROM leases", "detect: DELETE is not allowed: only SELECT is"),
    ],
)
def test_a_fault_of_the_sql_is_one_line(detect: str, line: str) -> None:
    assert line in fault(detect)


@pytest.mark.parametrize(
    "source",
    [
        "read_csv('/etc/passwd')",
        "READ_PARQUET ('x')",
        "\"read_csv\"('x')",
        "scan_ndjson('x')",
        "read_csv /* here */ ('x')",
        "(SELECT * FROM read_json('x')) AS y",
    ],
)
def test_a_rule_reads_no_files(source: str) -> None:
    assert "() is not allowed: only the fact tables can be read" in fault(f"SELECT * FROM {source}")


@pytest.mark.parametrize(
    ("detect", "place"),
    [
        ("SELECT client,\n       clint FROM leases", "14:8"),
        ("SELECT client\nFROM leases l\nJOIN lease m ON m.client = l.client", "15:6"),
        ("SELECT client FROM leases\nGROUP GROUP", "14:1"),
        ("SELECT client\nFROM read_csv('x')", "14:6"),
    ],
)
def test_a_fault_tells_line_and_column_of_its_file(detect: str, place: str) -> None:
    text = TEXT.replace(TEXT.split('"""')[1], f"\n{detect}\n")
    with pytest.raises(RuleError, match=rf"^x\.toml:{place}: detect: "):
        compile_rule(parse_rule(text, "x.toml"))


def test_words_in_comments_and_texts_are_no_code() -> None:
    assert compile_rule(
        rule(detect=f"-- read_csv(; )\n{FINE} WHERE clientid <> 'scan_csv(;'' DROP' /* ; read_csv() */;")
    )


@pytest.mark.parametrize(
    ("detect", "line"),
    [
        ("SELECT server_address AS servers, frames FROM leases", "detect: returns no column client"),
        (
            "SELECT client, server_address AS server, frames FROM leases",
            'returns no column servers; did you mean "server"?',
        ),
        ("SELECT client, server_address AS servers FROM leases", "detect: returns no frames: name a column frames"),
        (
            "SELECT clientid AS client, clientid AS servers, frames FROM leases",
            "column client is String, not the number",
        ),
        (
            "SELECT client, lease AS servers, frames FROM leases",
            "column servers is UInt32, not text or a list of texts",
        ),
        (
            "SELECT client, clientid AS servers, clientid AS frames FROM leases",
            "column frames is String, not frame numbers",
        ),
        ("SELECT client, clientid AS servers, frames, 5 AS severity FROM leases", "column severity is Int32, not text"),
        (
            "SELECT client, clientid AS servers, frames, lease AS first FROM leases",
            "column first is UInt32, not a time",
        ),
        (
            "SELECT client, clientid AS servers, clientid AS clientid, frames FROM leases",
            'message: {clientids} is no column of detect; did you mean "clientid"?',
        ),
    ],
)
def test_what_a_rule_must_return(detect: str, line: str) -> None:
    assert line in fault(detect)


def test_frames_may_stand_in_several_columns_and_nested() -> None:
    assert frame_columns(["client", "frames", "frame", "live_frame", "turn_frames", "framed", "timeframe"]) == (
        "frames",
        "frame",
        "live_frame",
        "turn_frames",
    )
    detect = """SELECT client, clientid AS servers, clientid AS clientids, lease AS live_frame,
                       ARRAY_AGG(frames) AS told_frames FROM leases GROUP BY client, clientid, lease"""
    assert compile_rule(rule(detect=detect))


def test_tables_that_are_not_given_are_empty() -> None:
    detect = """SELECT l.client FROM leases l LEFT JOIN blind b ON b.server_address = l.server_address
                WHERE b.kind IS NULL"""
    assert run_detect(rule(detect=detect), facts(leases=[{"client": 1, "frames": [7]}])).height == 1


def test_a_rule_sees_nothing_of_another() -> None:
    run_detect(rule(detect="WITH mine AS (SELECT * FROM leases) SELECT * FROM mine"), {})
    assert fault("SELECT * FROM mine").startswith('detect: no table "mine"')


def test_every_table_can_be_empty() -> None:
    tables = empty_tables()
    assert set(tables) == set(TABLES)
    assert all(table.is_empty() for table in tables.values())
