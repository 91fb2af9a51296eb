"""Lines of a call flow."""

from __future__ import annotations

from typing import Any

import pytest
from reports.example import START, at

from nfsanalyze.reports.ladder.model import Ladder, Manner, Scene, Sight, Stay, laid
from nfsanalyze.reports.ladder.text import cells_of, folded, render_text

SCENE = Scene(
    clients={"c1": ("client1", ("10.0.0.11",))},
    stays=(
        Stay(address="10.0.0.1", head=1, first=at(0), last=at(60)),
        Stay(address="10.0.0.2", head=2, first=at(0), last=at(60)),
    ),
    changes=(),
    start=START,
)


def sight(seconds: float, **values: Any) -> Sight:
    given: dict[str, Any] = {
        "capture": "a.pcap",
        "frame": 7,
        "client": "c1",
        "server": "10.0.0.2",
        "what": "call",
        "sender": "client",
    }
    return Sight(time=at(seconds), **(given | values))


def flow(*sights: Sight) -> Ladder:
    return laid("x", [sight(1, server="10.0.0.1", label="RENEW", note="to 10.0.0.1"), *sights], SCENE)


def last(*sights: Sight, **options: Any) -> str:
    """The line of the last arrow, without its ends."""
    lines = [line for line in render_text(flow(*sights), **options).splitlines() if "#" in line]
    return lines[-1]


def test_an_arrow_crosses_the_columns_between() -> None:
    line = last(sight(2), width=70)
    assert line.count("┼") == 1
    assert line.rstrip().endswith(">│")


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ({"manner": Manner.LOST}, "─X│"),
        ({"manner": Manner.AGAIN}, "┄>│"),
        ({"what": "SYN"}, "·>│"),
        ({"what": "reply", "sender": "server"}, "│<╌"),
        ({"what": "RST", "sender": "server"}, "│<═"),
        ({"manner": Manner.FOLD}, "┈>│"),
        ({"what": None, "client": None, "sender": None}, "●"),
    ],
)
def test_each_manner_is_drawn_in_its_own_way(values: dict[str, Any], drawn: str) -> None:
    assert drawn in last(sight(2, **values), width=70)


def test_a_lost_reply_is_said() -> None:
    assert "no reply in the capture" in render_text(flow(sight(2, manner=Manner.LOST)))


def test_ascii_is_ascii() -> None:
    picture = render_text(flow(sight(9, label="RENEW", manner=Manner.LOST), sight(10, what="RST")), ascii=True)
    assert picture.isascii()
    assert "... 8.0 s ..." in picture


def test_colour_only_where_it_is_wanted() -> None:
    ladder = flow(sight(2, manner=Manner.LOST))
    assert "\x1b[" not in render_text(ladder)
    assert "\x1b[" in render_text(ladder, color=True)


def test_wide_letters_keep_the_lines_in_the_page() -> None:
    note = "owner " + "漢字" * 40
    lines = render_text(flow(sight(2, label="SETCLIENTID", note=note)), width=80).splitlines()
    assert max(cells_of(line) for line in lines) <= 80
    assert "".join(lines).count("漢字") >= 30


def test_more_columns_than_fit_make_longer_lines() -> None:
    clients = {f"c{n}": (f"host{n}", (f"10.0.1.{n}",)) for n in range(1, 13)}
    scene = Scene(clients=clients, stays=SCENE.stays, changes=(), start=START)
    ladder = laid("x", [sight(n, client=f"c{n}", label="RENEW") for n in range(1, 13)], scene)
    picture = render_text(ladder, width=80)
    assert all(f"host{n}" in picture for n in range(1, 13))


def test_nothing_is_said_to_be_nothing() -> None:
    assert "nothing to show" in render_text(laid("x", [], SCENE))


def test_the_zone_is_that_which_was_asked_for() -> None:
    assert "2026-11-22 16:25:21.074568 UTC" in render_text(flow())


@pytest.mark.parametrize(
    ("words", "lines"),
    [("a bb ccc", ["a bb", "ccc"]), ("abcdefg", ["abcde", "fg"]), ("漢字漢", ["漢字", "漢"]), ("", [])],
)
def test_folding(words: str, lines: list[str]) -> None:
    assert folded(words, 5) == lines
