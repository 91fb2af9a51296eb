"""`--format parquet`: the tables and findings of a case in a folder, for whatever reads Parquet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from decoded import SAMPLES

from nfsanalyze.cli.app import run
from nfsanalyze.facts.schema import TABLES, VOLUME, polars_schema

SAMPLE = SAMPLES / "01-v40-nonucs-takeover.pcap"
Said = tuple[int, str, str]


@pytest.fixture
def scan(capsys: pytest.CaptureFixture[str]) -> Any:
    def scanned(*arguments: object) -> Said:
        code = run(["scan", *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return scanned


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_a_file_a_table_with_the_types_that_are_documented(scan: Any, tmp_path: Path) -> None:
    folder = tmp_path / "case_id=7"
    assert scan(SAMPLE, "--format", "parquet", "-o", folder) == (0, "", "")
    names = [name for name in TABLES if name not in VOLUME]
    assert set(contents(folder)) == {f"{name}.parquet" for name in (*names, "findings", "not_evaluable")}
    for name in names:
        rows = pl.read_parquet(folder / f"{name}.parquet", hive_partitioning=False)
        assert rows.schema == pl.Schema(polars_schema(name)), name
        assert rows.equals(rows.sort(TABLES[name].sort, maintain_order=True)), name
    assert pl.read_parquet(folder / "leases.parquet").height > 0
    cases = pl.read_parquet(tmp_path / "*" / "leases.parquet", hive_partitioning=True)
    assert cases["case_id"].unique().to_list() == [7]  # a folder may name its case


def test_findings_are_those_of_the_report(scan: Any, tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    _, out, _ = scan(SAMPLE, "--format", "json", "--report", f"parquet={folder}")
    report = json.loads(out)
    rows = pl.read_parquet(folder / "findings.parquet")
    for name in ("id", "rule", "severity", "message", "client", "servers", "frames", "caused_by"):
        assert rows[name].to_list() == [finding[name] for finding in report["findings"]], name
    unjudged = pl.read_parquet(folder / "not_evaluable.parquet")
    assert unjudged["subject"].to_list() == [entry["subject"] for entry in report["not_evaluable"]]


def test_equal_runs_give_equal_bytes(scan: Any, tmp_path: Path) -> None:
    once, again = tmp_path / "once", tmp_path / "again"
    again.mkdir()
    for folder in (once, again, once):  # the third replaces the first
        scan(SAMPLE, "--format", "parquet", "-o", folder)
    assert contents(once) == contents(again)


def test_a_capture_without_nfs_leaves_tables_too(scan: Any, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pcap"
    empty.write_bytes(SAMPLE.read_bytes()[:24])
    code, _, _ = scan(empty, "--format", "parquet", "-o", tmp_path / "tables")
    assert code == 3
    assert pl.read_parquet(tmp_path / "tables" / "captures.parquet")["packets"].to_list() == [0]
    assert pl.read_parquet(tmp_path / "tables" / "findings.parquet").height == 0


def test_where_it_cannot_go(scan: Any, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for arguments, words in (
        ((), "--format parquet: a folder of tables; say where with -o DIR"),
        (("-o", "-"), "say where with -o DIR"),
        (("-o", file), f"{file}: is a file"),
        (("-o", tmp_path / "a" / "b"), "does not exist; create it first"),
    ):
        code, out, err = scan(SAMPLE, "--format", "parquet", *arguments)
        assert (code, out) == (2, "") and words in err
