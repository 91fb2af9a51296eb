"""A rule small enough to read, and tables of a few rows."""

from __future__ import annotations

from typing import Any

import polars as pl

from nfsanalyze.engine.examples import example_tables
from nfsanalyze.engine.loader import parse_rule
from nfsanalyze.engine.rule import Example, Rule

TEXT = '''
id = "NFS900"
name = "silent-client"
title = "A client says nothing"
severity = "medium"
confidence = "high"
since = "0.1"
needs = ["leases"]
watches = ["loss", "replies"]
references = ["RFC 7530 section 9.5"]
message = "{client} said nothing at {servers} for {clientids}"
detect = """
SELECT client, server_address AS servers, clientid AS clientids, frames, first, last_renewal AS last FROM leases
"""
what = "what"
why = "why"
fix = "fix"
false_positives = "none"

[[example]]
name = "fires"
expect = [{ severity = "medium", frames = [7] }]
tables.leases = [{ client = 1, frames = [7] }]

[[example]]
name = "does not"
expect = []
tables.leases = []
'''


def rule(**changes: Any) -> Rule:
    """The small rule, some of its fields replaced."""
    from dataclasses import replace

    return replace(parse_rule(TEXT, "NFS900.toml"), **changes)


def facts(**rows: list[dict[str, Any]]) -> dict[str, pl.DataFrame]:
    """Typed tables; a column left out is null or neutral, a time is in seconds since 1970."""
    tables = {name: tuple(listed) for name, listed in rows.items()}
    return example_tables(rule(), Example(name="facts", expect=(), tables=tables))
