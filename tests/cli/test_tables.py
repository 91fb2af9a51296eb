"""`nfsanalyze tables` and `nfsanalyze query`."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import polars as pl
import pytest

from nfsanalyze.cli.app import run
from nfsanalyze.facts.schema import TABLES

SAMPLE = str(Path(__file__).resolve().parents[2] / "samples" / "02-v40-ucs-takeover.pcapng")
OWNERS = "SELECT frame, op, server_address FROM client_owners WHERE frame < 30"


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_all_tables_and_all_columns_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "tables")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines() if line[:1].strip()][: len(TABLES)] == list(TABLES)
    for name, table in TABLES.items():
        _, out, _ = call(capsys, "tables", name)
        assert [column.name for column in table.columns if f"  {column.name} " not in out] == []


def test_tables_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = call(capsys, "tables", "--format", "json")
    told = {table["table"]: table for table in json.loads(out)}
    assert list(told) == list(TABLES)
    assert (told["rpc"]["volume"], told["leases"]["volume"]) == (True, False)
    _, out, _ = call(capsys, "tables", "leases", "--format", "json")
    (leases,) = json.loads(out)
    assert leases["columns"][0] == {
        "column": "lease",
        "type": "u32",
        "nullable": False,
        "doc": "number, by first frame",
    }


def test_a_misspelt_table_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "tables", "leses") == (2, "", 'nfsanalyze: error: no table "leses"; did you mean "leases"?\n')
    assert "run nfsanalyze tables for all of them" in call(capsys, "tables", "zzz")[2]


def test_a_query_answers_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "query", SAMPLE, OWNERS)
    assert (code, err) == (0, "")
    assert out == ("frame  op           server_address\n   10  SETCLIENTID  10.0.0.1\n   28  SETCLIENTID  10.0.0.1\n")


def test_a_query_answers_programs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    _, out, _ = call(capsys, "query", SAMPLE, OWNERS, "--format", "json")
    assert [row["frame"] for row in json.loads(out)] == [10, 28]
    _, out, _ = call(capsys, "query", SAMPLE, OWNERS, "--format", "csv")
    assert [row["op"] for row in csv.DictReader(io.StringIO(out))] == ["SETCLIENTID"] * 2
    _, out, _ = call(capsys, "query", SAMPLE, "SELECT COUNT(*) AS n FROM rpc", "--format", "jsonl")
    assert json.loads(out) == {"n": 195}
    target = tmp_path / "rows.parquet"
    assert call(capsys, "query", SAMPLE, OWNERS, "--format", "parquet", "-o", str(target)) == (0, "", "")
    assert pl.read_parquet(target)["frame"].to_list() == [10, 28]


def test_a_long_answer_is_cut_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "query", SAMPLE, "SELECT frame FROM ops", "--limit", "5")
    assert code == 0
    assert len(out.splitlines()) == 6
    assert err == "nfsanalyze: only the first 5 rows are shown; --limit N shows more\n"


def test_what_is_wrong_is_said_before_the_capture_is_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.pcap")
    for arguments, line in (
        ((gone, "SELECT clint FROM leases"), 'error: query: column 8: no column "clint"; did you mean "client"?'),
        ((gone, "SELECT * FROM read_csv('/etc/passwd')"), "error: query: column 15: read_csv() is not allowed"),
        ((OWNERS,), "error: query: give the captures first and the SELECT last"),
        ((SAMPLE, gone), "error: query: column 1: must be one statement that starts with WITH or SELECT"),
        ((gone, OWNERS), "gone.pcap: no such file"),
        ((SAMPLE, OWNERS, "--format", "parquet"), "error: --format parquet: is not for a terminal; add -o FILE"),
        ((SAMPLE, OWNERS, "-o", SAMPLE), "is one of the captures"),
    ):
        code, out, err = call(capsys, "query", *arguments)
        assert (code, out) == (2, "")
        assert line in err
        assert len(err.splitlines()) == 1


def test_a_missing_capture_among_good_ones_is_4(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, err = call(capsys, "query", SAMPLE, str(tmp_path / "gone.pcap"), OWNERS)
    assert code == 4
    assert "SETCLIENTID" in out
    assert err.startswith("nfsanalyze: incomplete: ")
