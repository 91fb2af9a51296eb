"""Examples of rules: how rows are read, and what is said where findings differ."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from engine.small import facts, rule

from nfsanalyze.engine.examples import example_faults
from nfsanalyze.engine.rule import Example, RuleError
from nfsanalyze.facts.schema import TABLES, polars_schema


def faults(*expect: dict[str, Any], **rows: Any) -> list[str]:
    lease = {"client": 1, "server_address": "10.0.0.1", "clientid": "0x01", "frames": [7], **rows}
    return example_faults(rule(), Example(name="e", expect=expect, tables={"leases": (lease,)}))


@pytest.mark.parametrize("name", TABLES)
def test_a_row_may_leave_out_every_column(name: str) -> None:
    table = facts(**{name: [{}]})[name]
    assert dict(table.schema) == polars_schema(name)
    for column in TABLES[name].columns:
        assert (table[column.name].null_count() == 1) == column.nullable


def test_values_are_read_as_authors_write_them() -> None:
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    table = facts(
        client_owners=[{"owner": "text", "so_major_id": "0x00ff", "time": 1.5}, {"owner": "x", "time": moment}],
    )["client_owners"]
    assert table["owner"][0] == b"text"
    assert table["so_major_id"][0] == b"\x00\xff"
    assert table["time"].to_list() == [dt.datetime(1970, 1, 1, 0, 0, 1, 500000, tzinfo=dt.UTC), moment]


@pytest.mark.parametrize(
    "value",
    [
        {"frame": "7"},
        {"frame": -1},
        {"frame": 2**70},
        {"frame": True},
        {"time": "now"},
        {"time": 1e300},
        {"owner": "0xzz"},
        {"owner_complete": 1},
        {"server_address": 5},
        {"minor_version": 1.5},
    ],
)
def test_a_value_of_another_type_is_one_line(value: dict[str, Any]) -> None:
    with pytest.raises(RuleError) as raised:
        facts(client_owners=[value])
    assert str(raised.value).startswith('NFS900.toml: example "facts" client_owners: ')
    assert "\n" not in str(raised.value)


def test_a_list_with_another_inside_is_one_line() -> None:
    with pytest.raises(RuleError, match='example "facts" leases'):
        facts(leases=[{"frames": ["a"]}])


def test_what_agrees_has_no_faults() -> None:
    assert faults({"severity": "medium", "frames": [7], "servers": ["10.0.0.1"], "message": "said nothing"}) == []


def test_what_differs_is_said_field_by_field() -> None:
    assert faults({"severity": "high", "frames": [8]}) == [
        "NFS900 example \"e\" finding 1: severity is 'medium', not 'high'; frames is [7], not [8]"
    ]
    assert faults({}, {}) == ['NFS900 example "e" finding 2: nothing was found']
    assert faults() == [
        'NFS900 example "e": not expected: medium, frames [7]: client 1 said nothing at 10.0.0.1 for 0x01'
    ]
