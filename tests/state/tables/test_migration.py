"""Filesystems that move: what was told, what was asked, where the client went, what it took along."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from nfsanalyze.analysis import Analysis
from scenarios.cluster import A1, A2
from scenarios.judged import judged, rows
from scenarios.trunking_scenarios import TRUNKING


@cache
def told(name: str) -> Analysis:
    return judged(TRUNKING[name].tell())


def only(name: str, table: str, **where: Any) -> dict[str, Any]:
    (row,) = rows(told(name), table, **where)
    return row


class TestMigrations:
    def test_what_is_said_again_and_again_is_one_move(self) -> None:
        move = only("a filesystem moved, nobody asks", "migrations")
        assert (move["server_address"], move["kind"], move["referral"], move["count"]) == (A1, "moved", False, 4)
        assert (move["asked_frame"], move["listed"], move["followed_frame"], move["elsewhere"]) == (
            None,
            [],
            None,
            True,
        )

    def test_asked_and_followed(self) -> None:
        move = only("a filesystem moved and followed", "migrations")
        assert move["first_frame"] < move["asked_frame"] < move["followed_frame"]
        assert (move["listed"], move["followed_address"]) == ([A2], A2)

    def test_a_name_may_be_any_other_server(self) -> None:
        move = only("a filesystem moved and followed to a name", "migrations")
        assert (move["listed"], move["followed_address"]) == (["nas2.example"], A2)

    def test_a_referral_is_met_on_the_way_to_a_file(self) -> None:
        assert only("a referral that nobody enters", "migrations")["referral"] is True

    @pytest.mark.parametrize("version", ["v4.0", "v4.1"])
    def test_a_lease_that_moved(self, version: str) -> None:
        move = only(f"a lease moved, ignored, {version}", "migrations")
        assert (move["kind"], move["count"], move["asked_frame"]) == ("lease-moved", 5, None)
        assert (move["last"] - move["first"]).total_seconds() > move["lease_time_s"] == 90

    def test_a_lease_that_moved_and_was_looked_for(self) -> None:
        both = rows(told("a lease moved and looked for"), "migrations")
        assert {(m["kind"], m["followed_address"]) for m in both} == {("lease-moved", A2), ("moved", A2)}

    def test_no_move_no_row(self) -> None:
        assert rows(told("two heads at rest, v4.0"), "migrations") == []


class TestLocations:
    def test_each_server_that_is_listed(self) -> None:
        found = rows(told("a listed address that nobody answers at"), "fs_locations")
        assert [(r["server"], r["address"], r["rootpath"]) for r in found] == [
            (A1, A1, "/export"),
            ("10.0.0.9", "10.0.0.9", "/export"),
        ]
        assert (found[1]["tries"], found[1]["connected"], len(found[1]["try_frames"])) == (2, 0, 2)

    @pytest.mark.parametrize(
        ("name", "tries", "connected"),
        [
            ("a listed address that refuses", 1, 0),
            ("a listed address that answers at the second try", 2, 1),
            ("a listed address that nobody tries", 0, 0),
            ("a listed address whose answers are not captured", 1, 1),
        ],
    )
    def test_what_came_of_it(self, name: str, tries: int, connected: int) -> None:
        row = only(name, "fs_locations", server="10.0.0.9")
        assert (row["tries"], row["connected"]) == (tries, connected)

    def test_a_name_is_no_address(self) -> None:
        row = only("a filesystem moved and followed to a name", "fs_locations")
        assert (row["server"], row["address"]) == ("nas2.example", None)


class TestCarriedState:
    @pytest.mark.parametrize(
        ("name", "status"),
        [
            ("state carried along and refused", "NFS4ERR_STALE_STATEID"),
            ("state carried along and refused, v4.1", "NFS4ERR_BAD_STATEID"),
        ],
    )
    def test_where_it_came_from_and_who_refused_it(self, name: str, status: str) -> None:
        row = only(name, "migrated_state")
        assert (row["from_address"], row["address"], row["kind"], row["status_name"]) == (A1, A2, "lock", status)
        assert row["moved_frame"] < row["asked_frame"] < row["frame"]

    def test_without_a_move_a_refusal_is_none(self) -> None:
        assert rows(told("a takeover, an owner for each address"), "migrated_state") == []
