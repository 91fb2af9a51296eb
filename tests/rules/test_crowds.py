"""Rules that compare rows of one table with each other: a thousand rows of one subject are not a million pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nfsanalyze.engine.examples import example_tables
from nfsanalyze.engine.loader import load_rule
from nfsanalyze.engine.rule import Example
from nfsanalyze.engine.sql import run_detect
from nfsanalyze.state.pairs import BESIDE

FOLDER = Path(__file__).resolve().parents[2] / "rules"
CROWD = 1000
PAIRS = 100 * CROWD
"""All would be half a million, or twice that."""

CLIENTS = [{"client": 1, "implementation": "linux", "addresses": ["10.0.0.11"]}]
THERE = {
    "client": 1,
    "client_address": "10.0.0.11",
    "server_address": "10.0.0.1",
    "owner_complete": True,
    "two_owners": True,
}


def rows(path: str, **tables: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rule = load_rule(FOLDER / path)
    example = Example(name="a crowd", expect=(), tables={name: tuple(each) for name, each in tables.items()})
    return run_detect(rule, example_tables(rule, example)).to_dicts()


def test_owners_of_one_host() -> None:
    owners = [
        {**THERE, "frame": n, "time": n, "owner_text": f"host {n}", "form": "other", "verifier": "0x01"}
        for n in range(1, CROWD + 1)
    ]
    found = rows("identity/NFS113.toml", clients=CLIENTS, client_owners=owners)
    assert CROWD - 1 <= len(found) <= PAIRS
    # Each is followed by the next one, across the bands too.
    assert {(n, n + 1) for n in range(1, CROWD)} <= {(each["first_frame"], each["new_frame"]) for each in found}


def test_owners_of_one_clientid() -> None:
    grants = [
        {
            **THERE,
            "client": n,
            "frame": n,
            "time": n,
            "head": 1,
            "op": "SETCLIENTID",
            "owner_text": f"host {n}",
            "clientid": "0x01",
            "confirmed": n + 0.5,
            "confirmed_frame": n,
            "used": 5000,
            "used_frame": 5000,
        }
        for n in range(1, CROWD + 1)
    ]
    found = rows("identity/NFS112.toml", grants=grants)
    assert CROWD - 1 <= len(found) <= PAIRS
    assert {each["client"] for each in found} == set(range(2, CROWD + 1))


@pytest.mark.parametrize("crowd", [2, 33, CROWD])
def test_leases_of_one_client(crowd: int) -> None:
    leases = [
        {
            "lease": n,
            "client": 1,
            "head": 1,
            "server_address": "10.0.0.1",
            "minor_version": 0,
            "clientid": f"0x{n:016x}",
            "origin_seen": True,
            "first": n,
            "confirmed": n,
            "last_renewal": 5000,
            "frames": [n],
        }
        for n in range(1, crowd + 1)
    ]
    pairs = [
        {"lease": n, "other_lease": m, "client": 1, "head": 1, "first": m, "last": 5000, "origin_seen": True}
        for m in range(2, crowd + 1)
        for n in range(max(m - BESIDE, 1), m)
    ]
    (found,) = rows("lease/NFS201.toml", clients=CLIENTS, leases=leases, lease_pairs=pairs)
    assert found["leases"] == len(found["clientids"]) == crowd
    assert len(found["frames"]) == crowd
