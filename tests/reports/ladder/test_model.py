"""Columns, arrows and pauses of a call flow."""

from __future__ import annotations

from typing import Any

from reports.example import START, at

from nfsanalyze.reports.ladder.model import Arrow, Change, Ladder, Manner, Pause, Scene, Sight, Stay, laid

A1, A2 = "10.0.0.1", "10.0.0.2"
SCENE = Scene(
    clients={"c1": ("client1", ("10.0.0.11",)), "c2": ("client2", ("10.0.0.12",))},
    stays=(
        Stay(address=A1, head=1, first=at(0), last=at(60)),
        Stay(address=A2, head=2, first=at(0), last=at(30)),
        Stay(address=A2, head=1, first=at(30), last=at(60)),
    ),
    changes=(
        Change(address=A2, kind="takeover", from_head=2, to_head=1, capture="a.pcap", frame=30, time=at(30)),
        Change(address=A1, kind="restart", from_head=1, to_head=1, capture="a.pcap", frame=50, time=at(50)),
    ),
    start=START,
)


def sight(seconds: float, **values: Any) -> Sight:
    given: dict[str, Any] = {"capture": "a.pcap", "frame": round(seconds), "client": "c1", "server": A2}
    return Sight(time=at(seconds), **(given | {"what": "call", "sender": "client"} | values))


def ends(ladder: Ladder) -> list[tuple[str, str, Manner]]:
    names = [actor.title for actor in ladder.actors]
    return [(names[row.source], names[row.target], row.manner) for row in ladder.arrows]


def test_arrows_follow_an_address_to_its_next_head() -> None:
    ladder = laid("x", [sight(10), sight(40)], SCENE)
    assert ends(ladder) == [("client1", "head 2", Manner.CALL), ("client1", "head 1", Manner.CALL)]
    assert [actor.title for actor in ladder.actors] == ["client1", "head 1", "head 2"]
    assert ladder.actors[1].lines == (A1, f"{A2} from +30.000s")
    assert ladder.actors[2].lines == (f"{A2} until +30.000s",)


def test_an_address_with_two_heads_at_one_moment_belongs_to_the_later() -> None:
    assert ends(laid("x", [sight(30, frame=31)], SCENE))[0][1] == "head 1"


def test_what_the_server_sends_points_at_the_client() -> None:
    ladder = laid("x", [sight(10, what="reply", sender="server")], SCENE)
    assert ends(ladder) == [("head 2", "client1", Manner.REPLY)]


def test_a_move_goes_from_head_to_head_and_a_restart_marks_one() -> None:
    told = {"client": None, "what": None, "sender": None}
    ladder = laid("x", [sight(30, **told), sight(50, server=A1, **told), sight(51, frame=52, **told)], SCENE)
    assert ends(ladder) == [
        ("head 2", "head 1", Manner.MOVE),
        ("head 1", "head 1", Manner.MARK),
        ("head 1", "head 1", Manner.MARK),
    ]


def test_a_reset_without_a_client_meets_the_only_one_there_is() -> None:
    reset = sight(31, client=None, what="RST", sender="server")
    assert ends(laid("x", [sight(10), reset], SCENE))[1] == ("head 1", "client1", Manner.RESET)
    others = laid("x", [sight(10), sight(11, client="c2"), reset], SCENE)
    assert ends(others)[2] == ("head 1", "a client", Manner.RESET)


def test_a_silence_is_a_row_and_a_fold_covers_its_own() -> None:
    fold = sight(2, until=at(20), frame=None, manner=Manner.FOLD)
    ladder = laid("x", [sight(1), sight(1.5), fold, sight(20.5), sight(22.5)], SCENE)
    kinds = [type(row) for row in ladder.rows]
    assert kinds == [Arrow, Arrow, Arrow, Arrow, Pause, Arrow]
    assert ladder.rows[4] == Pause(length=2 * 10**9)


def test_an_address_without_a_head_has_a_column_of_its_own() -> None:
    assert ends(laid("x", [sight(1, server="10.0.0.9")], SCENE))[0][1] == "10.0.0.9"


def test_order_is_that_of_time() -> None:
    ladder = laid("x", [sight(40), sight(10), sight(20)], SCENE)
    assert [row.sight.frame for row in ladder.arrows] == [10, 20, 40]
