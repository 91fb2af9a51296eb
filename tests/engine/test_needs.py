"""What a rule needs: read strictly, and looked up in the tables."""

from __future__ import annotations

from typing import Any

import pytest
from engine.small import facts

from nfsanalyze.engine.loader import parse_rule
from nfsanalyze.engine.needs import Need, NeedError, alternatives, are_met, needed
from nfsanalyze.engine.run import run
from nfsanalyze.engine.sql import volume_read
from nfsanalyze.facts.schema import TABLES


def test_what_an_entry_names() -> None:
    assert alternatives("leases") == (Need(table="leases", column=None, values=()),)
    assert alternatives("leases.frames") == (Need(table="leases", column="frames", values=()),)
    assert alternatives("leases.end=open|stale") == (Need(table="leases", column="end", values=("open", "stale")),)
    assert alternatives("confirms.status=0|10022")[0].values == (0, 10022)
    assert alternatives("leases.origin_seen=true|false")[0].values == (True, False)
    assert [need.table for need in alternatives("leases or  sessions.followed or blind.kind=loss")] == [
        "leases",
        "sessions",
        "blind",
    ]
    assert [need.table for need in needed(["leases or blind", "clients"])] == ["leases", "blind", "clients"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("lease", '"lease" is unknown; did you mean "leases"?'),
        ("lease.end", '"lease" is unknown; did you mean "leases"?'),
        ("", '"" is unknown'),
        ("leases or", '"leases or" is unknown; did you mean "leases"?'),
        ("leases or lease", '"lease" is unknown; did you mean "leases"?'),
        ("leases.ennd", '"leases.ennd": leases has no column "ennd"; did you mean "end"?'),
        ("leases.", '"leases.": leases has no column ""'),
        ("leases.end.x", '"leases.end.x": leases has no column "end.x"; did you mean "end"?'),
        ("leases=open", '"leases=open" names no column: write table.column=value'),
        ("leases.end=", '"leases.end=": "" is not a text'),
        ("leases.end=open|", '"leases.end=open|": "" is not a text'),
        ("leases.head=one", '"leases.head=one": "one" is not a number that fits the column'),
        ("leases.head=-1", '"leases.head=-1": "-1" is not a number that fits the column'),
        ("leases.head=4294967296", '"leases.head=4294967296": "4294967296" is not a number that fits the column'),
        ("leases.origin_seen=yes", '"leases.origin_seen=yes": "yes" is not true or false'),
        (
            "leases.frames=1",
            '"leases.frames=1": a column of type list[u64] has no values to name; leave out "=" and what follows',
        ),
    ],
)
def test_a_wrong_entry_is_one_line(entry: str, words: str) -> None:
    with pytest.raises(NeedError) as raised:
        alternatives(entry)
    assert str(raised.value) == words


LEASE = {"lease": 1, "client": 1, "end": "open", "origin_seen": True, "frames": [7], "last_renewal": 5, "head": 0}
NONE: dict[str, Any] = {"lease": 2, "client": 1}


@pytest.mark.parametrize(
    ("entry", "one", "bare"),
    [
        ("leases", True, True),
        ("sessions", False, False),
        ("leases.end", True, False),
        ("leases.origin_seen", True, False),
        ("leases.frames", True, False),
        ("leases.last_renewal", True, False),
        ("leases.head", True, False),
        ("leases.held_state", False, False),
        ("leases.end=open", True, False),
        ("leases.end=silent|open", True, False),
        ("leases.end=ope", False, False),
        ("leases.origin_seen=true", True, False),
        ("leases.origin_seen=false", False, True),
        ("leases.held_state=false", False, False),
        ("leases.head=0", True, False),
        ("leases.head=1|0", True, False),
        ("leases.head=1", False, False),
        ("sessions or leases.end=open", True, False),
        ("sessions or leases.end=silent", False, False),
    ],
)
def test_whether_it_holds(entry: str, one: bool, bare: bool) -> None:
    assert are_met([entry], facts(leases=[LEASE])) is one
    assert are_met([entry], facts(leases=[NONE])) is bare
    assert are_met([entry], facts(leases=[NONE, LEASE, NONE])) is (one or bare)
    assert are_met([entry], facts(leases=[])) is False
    assert are_met([entry], {}) is False


def test_every_entry_must_hold() -> None:
    tables = facts(leases=[LEASE], clients=[{"client": 1}])
    assert are_met(["leases", "clients"], tables)
    assert not are_met(["leases", "sessions"], tables)
    assert are_met([], tables)


def test_every_column_of_every_table_can_be_needed() -> None:
    tables = facts(**{name: [{}] for name in TABLES})
    for name, table in TABLES.items():
        for column in table.columns:
            assert are_met([f"{name}.{column.name}"], tables) in (True, False)


def test_a_rule_runs_only_where_its_needs_hold() -> None:
    from engine.small import TEXT

    tables = facts(clients=[{"client": 1}], leases=[{"client": 1, "frames": [7], "end": "open"}])
    for needs, findings in (("leases.end=open", 1), ("leases.end=stale", 0), ("sessions or leases.frames", 1)):
        rule = parse_rule(TEXT.replace('needs = ["leases"]', f'needs = ["{needs}"]'), "x.toml")
        assert len(run([rule], tables)[0]) == findings


def test_what_was_not_run_is_not_evaluable_all_the_same() -> None:
    from engine.small import TEXT

    blind = [{"client_address": "10.0.0.11", "server_address": "10.0.0.1", "kind": "loss", "reason": "a hole"}]
    tables = facts(leases=[{"client": 2}], blind=blind)
    for needs in ("leases.end=stale", "sessions"):
        rule = parse_rule(TEXT.replace('needs = ["leases"]', f'needs = ["{needs}"]'), "x.toml")
        found, unjudged = run([rule], tables)
        assert not found
        assert [(each.rule, each.reason) for each in unjudged] == [("NFS900", "a hole")]


def test_tables_of_volume_are_built_for_what_needs_their_columns() -> None:
    from engine.small import rule

    assert volume_read([rule(id="NFS101", needs=("leases or ops.status=0",))]) == ("ops",)
