"""Every message of every sample is read as tshark reads it; where not, differences.toml says why."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from differential import decoded, tshark
from differential.spoken import Spoken, differences

from dissect.nfs4.batch import FRAME_SHIFT, Kind
from samples.expectations import SAMPLES, cases

PASSES = {"in order": False, "out of order": True}
"""tshark's reassembly with and without waiting for segments that come late: each reads what the other cannot."""

LISTED: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("differences.toml").read_text())["difference"]
KEYS = {"sample", "pass", "frames", "what", "cause"}
NFS_PORTS = (2049, 20049)
CUT_SHORT = {"12-02-cutfile.pcap"}
NAMES = sorted(cases())


@pytest.fixture(autouse=True)
def _tshark() -> None:
    try:
        tshark.executable()
    except FileNotFoundError as missing:
        pytest.fail(str(missing))


@cache
def ours(name: str) -> dict[int, Spoken]:
    return decoded.read(SAMPLES / name)


@cache
def theirs(name: str, way: str) -> dict[int, Spoken]:
    return tshark.read(
        SAMPLES / name, ports=NFS_PORTS, reassemble_out_of_order=PASSES[way], cut_short=name in CUT_SHORT
    )


def listed(name: str, way: str) -> set[tuple[int, str]]:
    return {
        (frame, entry["what"])
        for entry in LISTED
        if entry["sample"] == name and entry.get("pass", way) == way
        for frame in entry["frames"]
    }


@pytest.mark.parametrize("way", PASSES)
@pytest.mark.parametrize("name", NAMES)
def test_messages_are_what_tshark_reads(name: str, way: str) -> None:
    here, there, silence = ours(name), theirs(name, way), Spoken()
    found = {
        (frame, what)
        for frame in here.keys() | there.keys()
        for what in differences(here.get(frame, silence), there.get(frame, silence))
    }
    known = listed(name, way)
    assert sorted(found - known) == [], "differences that differences.toml does not list"
    assert sorted(known - found) == [], "differences of differences.toml that are there no more"


@pytest.mark.parametrize("name", NAMES)
def test_the_batches_hold_these_messages_and_no_others(name: str) -> None:
    rows = decoded.batch(SAMPLES / name).messages
    counted: dict[int, list[tuple[int, bool]]] = {}
    for row in rows:
        counted.setdefault(int(row["id"]) >> FRAME_SHIFT, []).append((int(row["xid"]), bool(row["kind"] & 1)))
    assert counted == {frame: spoken.messages for frame, spoken in ours(name).items()}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {entry["sample"] for entry in LISTED}])
def test_where_nothing_is_listed_even_the_counts_are_the_same(name: str) -> None:
    rows = decoded.batch(SAMPLES / name).messages
    there = theirs(name, "in order").values()
    assert int((rows["kind"] % 2 == 0).sum()) == sum(not reply for each in there for _, reply in each.messages)
    assert int((rows["kind"] % 2 == 1).sum()) == sum(reply for each in there for _, reply in each.messages)
    compounds = (rows["kind"] == int(Kind.COMPOUND_CALL)) | (rows["kind"] == int(Kind.COMPOUND_REPLY))
    assert int(compounds.sum()) == sum(len(each.announced) for each in there)


def test_each_listed_difference_is_of_a_sample_and_says_why() -> None:
    for entry in LISTED:
        assert entry.keys() >= KEYS - {"pass"} and entry.keys() <= KEYS
        assert entry["sample"] in cases()
        assert entry.get("pass", "in order") in PASSES
        assert entry["frames"] == sorted(set(entry["frames"])) != []
        assert len(entry["cause"]) > 20


def test_without_tshark_it_is_said_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FileNotFoundError, match="tshark is not installed"):
        tshark.executable()
