"""The picture: what it may hold, and that it holds it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from nfsanalyze.reports.document import document
from nfsanalyze.reports.ladder import Ladder, Manner, finding_ladder, render_svg
from scenarios.judged import judged
from scenarios.stories import pair, taken_over

NAME = "{http://www.w3.org/2000/svg}"


def ladder_of(rule: str, **pair_options: object) -> Ladder:
    p = pair(**pair_options)  # type: ignore[arg-type]
    taken_over(p)
    done = judged(p.cluster)
    report = document(done.tables, done.findings, done.not_evaluable)
    return finding_ladder(report, next(f for f in report["findings"] if f["rule"] == rule))


@pytest.mark.parametrize("minor", [0, 1])
def test_every_row_is_drawn(minor: int) -> None:
    ladder = ladder_of("NFS302", minor=minor)
    root = ElementTree.fromstring(render_svg(ladder))
    drawn = [g.get("data-frame") for g in root.iter(f"{NAME}g") if "ladder-row" in (g.get("class") or "")]
    assert drawn == [str(row.sight.frame) for row in ladder.arrows]
    assert {row.manner for row in ladder.arrows} >= {Manner.MOVE, Manner.RESET}


def test_a_finding_shows_the_move_between_its_frames() -> None:
    ladder = ladder_of("NFS301", minor=1)
    assert Manner.MOVE in {row.manner for row in ladder.arrows}
    assert ladder.actors[0].is_client


def test_a_strict_page_can_hold_it() -> None:
    picture = render_svg(ladder_of("NFS101", minor=0))
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|href|url\(|<foreignObject", picture)


def test_hostile_names_are_inert() -> None:
    picture = render_svg(ladder_of("NFS101", minor=0, name='"><script>alert(1)</script>\x1b[31m\u202e'))
    assert "<script" not in picture
    assert "\x1b" not in picture
    assert "\u202e" not in picture
    text = "".join(ElementTree.fromstring(picture).itertext())
    assert "alert(1)" in text


def test_equal_ladders_give_equal_bytes() -> None:
    ladder = ladder_of("NFS101", minor=0)
    assert render_svg(ladder) == render_svg(ladder)
