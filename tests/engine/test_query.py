"""A query: tried before a capture is read, bounded, and the same each time."""

from __future__ import annotations

import pytest
from engine.small import facts

from nfsanalyze.engine.query import QueryError, answer, parse_query
from nfsanalyze.errors import ExitCode
from nfsanalyze.facts.schema import VOLUME

LEASES = facts(
    leases=[
        {"lease": number, "client": number % 2, "clientid": f"0x{number:016x}", "renewals": 9 - number}
        for number in range(1, 6)
    ]
)


@pytest.mark.parametrize(
    ("sql", "line"),
    [
        ("SELECT clint FROM leases", 'query: column 8: no column "clint"; did you mean "client"?'),
        ("SELECT client\nFROM lease", 'query: line 2, column 6: no table "lease"; did you mean "leases"?'),
        ("SELECT client FROM leases WHERE clientid > 5", "query: cannot compare string with numeric type"),
        (
            "SELECT * FROM read_csv('x')",
            "query: column 15: read_csv() is not allowed: only the fact tables can be read",
        ),
        ("DROP TABLE leases", "query: column 1: must be one statement that starts with WITH or SELECT"),
        ("SELECT LENGHT(clientid) FROM leases", "query: column 8: no function LENGHT()"),
        (
            'SELECT frame FROM events WHERE kind = "OPEN"',
            "query: column 39: no column \"OPEN\"; if that is a text, write 'OPEN'",
        ),
        ("SELECT client.hostnames FROM clients", 'query: column 15: no column "hostnames" there: before a dot stands'),
    ],
)
def test_a_fault_is_one_line_before_any_capture(sql: str, line: str) -> None:
    with pytest.raises(QueryError) as raised:
        parse_query(sql)
    assert str(raised.value).startswith(line)
    assert raised.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("sql", "advice"),
    [
        (
            "SELECT lease FROM leases WHERE first > TIMESTAMP '2026-11-22 16:25:24'",
            "; write a time as text, such as '2026-11-22 16:25:24'",
        ),
        ("SELECT lease FROM leases WHERE frames = 7", "; of a list write ARRAY_CONTAINS(column, value)"),
    ],
)
def test_what_helps_is_said(sql: str, advice: str) -> None:
    with pytest.raises(QueryError) as raised:
        answer(parse_query(sql), LEASES, limit=5)
    assert str(raised.value).endswith(advice)


def test_rows_are_bounded_and_more_is_said() -> None:
    asked = parse_query("SELECT lease FROM leases")
    some, all_ = answer(asked, LEASES, limit=3), answer(asked, LEASES, limit=5)
    assert (some.rows["lease"].to_list(), some.more) == ([1, 2, 3], True)
    assert (all_.rows.height, all_.more) == (5, False)


def test_rows_without_an_order_are_sorted() -> None:
    asked = parse_query("SELECT client, COUNT(*) AS n, ARRAY_AGG(lease) AS l FROM leases GROUP BY client")
    for _ in range(5):
        assert answer(asked, LEASES, limit=9).rows.select("client", "n").rows() == [(0, 2), (1, 3)]


def test_an_order_that_is_asked_for_holds() -> None:
    asked = parse_query("SELECT l.lease FROM leases l JOIN leases m ON l.lease = m.lease ORDER BY l.renewals")
    assert answer(asked, LEASES, limit=9).rows["lease"].to_list() == [5, 4, 3, 2, 1]


def test_only_the_tables_of_volume_that_are_named_are_asked_for() -> None:
    assert parse_query("SELECT * FROM leases -- rpc").reads(VOLUME) == ()
    assert parse_query("SELECT renewals FROM leases").reads(VOLUME) == ()
    assert parse_query('SELECT r.xid FROM "rpc" r, ops o WHERE r.frame = o.frame').reads(VOLUME) == ("rpc", "ops")
