"""Many cases: none harms another, nothing is lost or done twice, wherever it runs."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from batch.cluster import cluster

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
TAKEOVER = "02-v40-ucs-takeover.pcapng"
HEALTHY = "04c-v41-multihomed.pcap"


def batch(*arguments: object, check: int | None = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nfsanalyze", "batch", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert check is None or done.returncode == check, (done.returncode, done.stdout, done.stderr)
    return done


def outcomes(out: Path) -> dict[str, dict[str, Any]]:
    return {path.parent.name: json.loads(path.read_text()) for path in (out / "cases").glob("*/outcome.json")}


def results(out: Path) -> dict[str, bytes]:
    """All files but those that tell times: outcomes and the tables made of them."""
    told = ("outcome.json", "cases.csv", "metrics.prom")
    return {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file() and p.name not in told}


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    samples = {"a": TAKEOVER, "b": HEALTHY, "c": "14-idle-renewals.pcap", "d": "01-v40-nonucs-takeover.pcap"}
    for name, sample in samples.items():
        (folder / name).mkdir(parents=True)
        shutil.copy(SAMPLES / sample, folder / name)
    return folder


def test_a_case_is_each_file_and_its_results_are_those_of_a_scan(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = batch(inputs, "--out", out, "--jobs", 2)
    assert "4 cases: 4 done" in done.stdout
    case = next(each for each in outcomes(out) if TAKEOVER in each)
    report = json.loads((out / "cases" / case / "report.json").read_text())
    scan = subprocess.run(
        [sys.executable, "-m", "nfsanalyze", "scan", "--format", "json", str(inputs / "a" / TAKEOVER)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert report == json.loads(scan.stdout)


def test_tables_over_all_cases(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    batch(inputs, "--out", out, "--group", "folder")
    with (out / "cases.csv").open(newline="") as file:
        rows = {row["case_id"]: row for row in csv.DictReader(file)}
    assert list(rows) == ["a", "b", "c", "d"]
    assert int(rows["a"]["critical"]) >= 1
    assert "NFS301" in rows["a"]["rules"].split()
    found = pl.read_parquet(out / "findings.parquet")
    lines = [json.loads(line) for line in (out / "findings.jsonl").read_text().splitlines()]
    assert [(line["case_id"], line["rule"]) for line in lines] == list(found.select("case_id", "rule").iter_rows())
    facts = pl.read_parquet(out / "facts" / "takeovers" / "**" / "*.parquet", hive_partitioning=True)
    assert set(facts["case_id"]) == {"a", "d"}
    metrics = (out / "metrics.prom").read_text()
    assert 'nfsanalyze_cases{status="done"} 4' in metrics
    assert metrics.endswith("# EOF\n")


def test_all_cases_are_asked_at_once(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    batch(inputs, "--out", out, "--group", "folder")
    sql = "SELECT case_id, COUNT(*) AS n FROM findings WHERE rule = 'NFS302' GROUP BY case_id ORDER BY case_id"
    command = [sys.executable, "-m", "nfsanalyze", "query", "--format", "csv", "--batch"]
    asked = subprocess.run([*command, str(out), sql], cwd=ROOT, capture_output=True, text=True)
    assert asked.stdout.split() == ["case_id,n", "a,1", "d,1"], asked.stderr
    wrong = subprocess.run([*command, str(inputs), sql], cwd=ROOT, capture_output=True, text=True)
    assert wrong.returncode == 2
    assert "holds no batch" in wrong.stderr


def test_one_bad_input_harms_no_other(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (inputs / "empty.pcap").touch()
    (inputs / "other.pcap").write_bytes(b"this is no capture at all\n" * 10)
    (inputs / "cut.pcap").write_bytes((SAMPLES / HEALTHY).read_bytes()[:30000])
    os.mkfifo(tmp_path / "pipe.pcap")
    (inputs / "unreadable.pcap").symlink_to(tmp_path / "gone.pcap")
    done = batch(inputs, tmp_path / "pipe.pcap", "--out", out, check=4)
    told = {name: outcome["status"] for name, outcome in outcomes(out).items()}
    kinds = ("empty", "other", "cut", "pipe")
    by_kind = {kind: status for name, status in told.items() for kind in kinds if kind in name}
    assert by_kind == {"empty": "nothing", "other": "nothing", "cut": "incomplete", "pipe": "failed"}
    assert sum(status == "done" for status in told.values()) == 4
    assert "no regular file" in done.stdout


def test_names_of_files_that_are_no_text(tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    shutil.copy(SAMPLES / TAKEOVER, folder / os.fsdecode(b"\xe9t\xe9.pcapng"))
    shutil.copy(SAMPLES / "06a-v40-lease-expiry-conflict.pcap", folder / "summer.pcap")
    assert "2 cases: 2 done" in batch(folder, "--out", out, "--jobs", 1).stdout
    paths = pl.concat([pl.read_parquet(each) for each in (out / "facts" / "captures").rglob("*.parquet")])["path"]
    assert sorted(path.rpartition("/")[2] for path in paths) == ["\\xe9t\\xe9.pcapng", "summer.pcap"]
    assert "2 cases: 2 done" in batch(folder, "--out", out, "--jobs", 1).stdout


def test_the_name_of_the_results_is_no_pattern_and_is_shown_inert(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "o[\x1b[2J*"
    told = batch(inputs / "a", "--out", out, "--jobs", 1).stdout
    assert "\x1b" not in told
    assert "o[\\x1b[2J*: cases.csv" in told
    sql = "SELECT DISTINCT rule FROM findings WHERE rule = 'NFS302'"
    command = [sys.executable, "-m", "nfsanalyze", "query", "--format", "csv", "--batch", str(out), sql]
    asked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert asked.stdout.split() == ["rule", "NFS302"], asked.stderr


def test_a_case_that_takes_too_long_or_too_much_is_ended(inputs: Path, tmp_path: Path) -> None:
    from nfsanalyze.batch import guard
    from nfsanalyze.batch.work import Limits, Options, Work

    def work(case: str, **limits: Any) -> Work:
        paths = (str(inputs / "a" / TAKEOVER),)
        return Work(case=case, paths=paths, out=str(tmp_path), options=Options(), limits=Limits(**limits))

    guard.begin()
    try:
        late = guard.run(work("late", seconds=0.01, megabytes=1024))
        assert late.status == "timeout"
        small = guard.run(work("small", seconds=60, megabytes=64))
        assert small.status == "memory"
        fine = guard.run(work("fine", seconds=60, megabytes=2048))
        assert (fine.status, fine.error) == ("done", "")
        assert fine.peak_mb > 10
    finally:
        guard.stop_all()


def test_a_second_run_does_nothing(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    batch(inputs, "--out", out)
    stamps = {path: path.stat().st_mtime_ns for path in (out / "cases").rglob("*.json")}
    again = batch(inputs, "--out", out)
    assert "4 of them done before" in again.stdout
    assert {path: path.stat().st_mtime_ns for path in (out / "cases").rglob("*.json")} == stamps


def test_what_changed_is_done_again(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    batch(inputs, "--out", out, "--group", "folder")
    shutil.copy(SAMPLES / HEALTHY, inputs / "a" / TAKEOVER)
    changed = batch(inputs, "--out", out, "--group", "folder")
    assert "3 of them done before" in changed.stdout
    assert outcomes(out)["a"]["takeovers"] == 0
    assert not (out / "facts" / "takeovers" / "case_id=a" / "facts.parquet").exists()
    optioned = batch(inputs, "--out", out, "--group", "folder", "--ignore", "NFS3")
    assert "done before" not in optioned.stdout
    touched = inputs / "b" / HEALTHY
    touched.touch()
    before = outcomes(out)["b"]["seconds"]
    batch(inputs, "--out", out, "--group", "folder", "--ignore", "NFS3")
    assert outcomes(out)["b"]["seconds"] == before, "known by its content"


def test_shards_share_the_cases(inputs: Path, tmp_path: Path) -> None:
    parts = []
    for number in (1, 2, 3):
        out = tmp_path / f"out{number}"
        batch(inputs, "--out", out, "--shard", f"{number}/3")
        parts.append(set(outcomes(out)))
    assert sum(map(len, parts)) == 4
    assert len(set.union(*parts)) == 4
    batch(inputs, "--out", tmp_path / "x", "--shard", "4/3", check=2)


def test_cases_from_a_csv(inputs: Path, tmp_path: Path) -> None:
    table = inputs / "cases.csv"
    table.write_text(f"case,path\nincident 7,a/{TAKEOVER}\nincident 7,b/{HEALTHY}\nother,c/14-idle-renewals.pcap\n")
    out = tmp_path / "out"
    batch("--cases", table, "--out", out, "--same-clock")
    named = {name.split("-")[0]: len(outcome["paths"]) for name, outcome in outcomes(out).items()}
    assert named == {"incident_7": 2, "other": 1}
    table.write_text("name,file\n")
    assert "there is no case and path" in batch("--cases", table, "--out", out, check=2).stderr


def test_exit_codes(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert batch(inputs, "--out", out, "--fail-on", "critical", check=1).stdout
    assert "no such file" in batch(tmp_path / "none", "--out", out, check=2).stderr
    (tmp_path / "text.pcap").write_text("nothing")
    batch(tmp_path / "text.pcap", "--out", tmp_path / "o2", check=3)


def test_a_run_that_is_ended_is_taken_up(inputs: Path, tmp_path: Path) -> None:
    for number in range(10):
        shutil.copy(SAMPLES / HEALTHY, inputs / "b" / f"{number}.pcap")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "nfsanalyze", "batch", str(inputs), "--out", str(out), "--jobs", "1"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and len(list(out.glob("cases/*/outcome.json"))) < 3:
        time.sleep(0.02)
    process.kill()
    process.wait()
    before = len(outcomes(out))
    assert 3 <= before < 14
    rest = batch(inputs, "--out", out)
    assert "14 cases: 14 done" in rest.stdout
    kept = int(rest.stdout.split("; ")[1].split()[0])
    assert kept >= before


def test_a_cluster_gives_the_same_and_survives_the_loss_of_a_worker(inputs: Path, tmp_path: Path) -> None:
    for number in range(8):
        shutil.copy(SAMPLES / HEALTHY, inputs / "b" / f"{number}.pcap")
    here, there = tmp_path / "here", tmp_path / "there"
    batch(inputs, "--out", here)
    with cluster(tmp_path) as running:
        command = [sys.executable, "-m", "nfsanalyze", "batch", str(inputs), "--out", str(there)]
        process = subprocess.Popen(
            [*command, "--scheduler", running.address],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while process.poll() is None and len(list(there.glob("cases/*/outcome.json"))) < 3:
            time.sleep(0.02)
        running.kill(0)
        stdout, stderr = process.communicate(timeout=240)
    assert process.returncode == 0, stderr
    assert "12 cases: 12 done" in stdout
    assert results(there) == results(here)
    assert [o["case"] for o in outcomes(there).values()].count("b_0.pcap") <= 1
    unreachable = batch(inputs, "--out", tmp_path / "x", "--scheduler", "tcp://127.0.0.1:1", check=2)
    assert "cannot be reached" in unreachable.stderr


def test_objects_of_a_store(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    batch(f"file://{inputs}/a", "--out", out)
    (outcome,) = outcomes(out).values()
    assert outcome["status"] == "done"
    assert outcome["paths"][0].startswith("file://")
    report = json.loads(next(out.glob("cases/*/report.json")).read_text())
    assert report["captures"][0]["path"].startswith("file://")
