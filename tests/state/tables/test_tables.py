"""The tables keep the contract of their schema: every column, its type, its order, no null where none may be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nfsanalyze.analysis import Analysis
from nfsanalyze.facts.schema import TABLES, VOLUME, polars_schema
from scenarios.cluster import A1, Cluster
from scenarios.hosts import Host, linux_verifier
from scenarios.judged import judged, rows
from scenarios.server import Head
from scenarios.stories import emptied, given_back, one_server, pair, take_turns, taken_over


def clones() -> Analysis:
    cluster = Cluster({A1: Head()})
    one = Host(cluster=cluster, name="clone").mount(A1, minor=1)
    two = Host(cluster=cluster, name="clone", address="10.0.0.12", verifier=linux_verifier(ns=1)).mount(A1, minor=1)
    take_turns(cluster, one, two)
    return judged(cluster)


def failback() -> Analysis:
    p = pair()
    taken_over(p)
    given_back(p, emptied(p.head_2))
    return judged(p.cluster)


STORIES: dict[str, Callable[[], Analysis]] = {
    "two servers": lambda: judged(pair().cluster),
    "one server, v4.1": lambda: judged(one_server(minor=1).cluster),
    "failback": failback,
    "clones": clones,
    "cut": lambda: judged(pair().cluster, snaplen=120),
}


@pytest.fixture(scope="module", params=STORIES)
def done(request: pytest.FixtureRequest) -> Analysis:
    return STORIES[request.param]()


def test_every_table_has_the_columns_of_its_schema(done: Analysis) -> None:
    assert set(done.tables) == set(TABLES) - set(VOLUME)
    for name, frame in done.tables.items():
        assert dict(frame.schema) == polars_schema(name), name


def test_no_column_is_null_that_may_not_be(done: Analysis) -> None:
    for name, frame in done.tables.items():
        for column in TABLES[name].columns:
            if not column.nullable:
                assert frame[column.name].null_count() == 0, (name, column.name)


def test_rows_are_in_the_order_the_schema_promises(done: Analysis) -> None:
    for name, frame in done.tables.items():
        order = list(TABLES[name].sort)
        assert frame.equals(frame.sort(order, nulls_last=True, maintain_order=True)), name


def test_numbers_refer_to_rows_that_exist(done: Analysis) -> None:
    clients = {row["client"] for row in rows(done, "clients")}
    leases = {row["lease"] for row in rows(done, "leases")}
    heads = {row["head"] for row in rows(done, "heads")}
    conns = {row["conn"] for row in rows(done, "connections")}
    for table in ("client_owners", "confirms", "leases", "recoveries", "lease_gaps", "trunking"):
        assert {row["client"] for row in rows(done, table)} <= clients | {None}, table
    for table in ("renewal_runs", "lease_gaps"):
        assert {row["lease"] for row in rows(done, table)} <= leases
    for table in ("leases", "client_owners"):
        assert {row["head"] for row in rows(done, table)} <= heads | {None}
    for table in ("client_owners", "confirms", "renewal_runs", "state_errors"):
        assert {row["conn"] for row in rows(done, table)} <= conns
    takeovers = {row["takeover"] for row in rows(done, "takeovers")}
    assert {row["takeover"] for row in rows(done, "signals")} == takeovers


def test_two_runs_are_identical() -> None:
    p = pair(minor=1)
    taken_over(p)
    one, two = judged(p.cluster), judged(p.cluster)
    for name, frame in one.tables.items():
        if name != "captures":
            assert frame.equals(two.tables[name]), name
    assert [f.id for f in one.findings] == [f.id for f in two.findings]
