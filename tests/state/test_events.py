"""One line for each frame of interest."""

from __future__ import annotations

import pytest

from scenarios.cluster import A2
from scenarios.judged import judged, rows
from scenarios.stories import pair, taken_over


@pytest.mark.parametrize("minor", [0, 1])
def test_every_frame_of_every_finding_has_its_line(minor: int) -> None:
    p = pair(minor=minor)
    taken_over(p)
    done = judged(p.cluster)
    noted = {row["frame"]: row["note"] for row in rows(done, "events")}
    for finding in done.findings:
        for evidence in finding.evidence:
            assert noted.get(evidence.frame), (finding.rule, evidence.frame)


def test_a_frame_has_one_line() -> None:
    p = pair(minor=1)
    taken_over(p)
    frames = [row["frame"] for row in rows(judged(p.cluster), "events")]
    assert frames == sorted(set(frames))


def test_lines_say_what_was_asked_and_answered() -> None:
    p = pair(minor=1)
    announced = taken_over(p)
    asked = p.second.asked
    assert asked is not None
    noted = {row["frame"]: row for row in rows(judged(p.cluster), "events")}
    assert "Linux NFSv4.1 client1" in noted[asked.frame]["note"]
    assert "CONFIRMED_R" in noted[asked.answer]["note"]
    assert p.second.clientid.hex() in noted[asked.answer]["note"]
    assert noted[asked.answer]["address"] == A2
    assert "MAC" in noted[announced]["note"]


def test_control_codes_from_the_wire_are_escaped() -> None:
    p = pair(name="web\x1b[31m01")
    notes = " ".join(row["note"] for row in rows(judged(p.cluster), "events"))
    assert "\x1b" not in notes
    assert "\\x1b[31m01" in notes


def test_it_is_told_who_sent_a_frame_and_which_answers() -> None:
    p = pair(minor=0)
    taken_over(p)
    asked = p.second.asked
    assert asked is not None
    done = judged(p.cluster)
    told = {row["frame"]: row for row in rows(done, "events")}
    call, reply = told[asked.frame], told[asked.answer]
    assert (call["what"], call["sender"], call["answer_frame"]) == ("call", "client", asked.answer)
    assert (reply["what"], reply["sender"], reply["answer_frame"]) == ("reply", "server", asked.frame)
    assert call["conn"] == reply["conn"]
    resets = [row for row in told.values() if row["what"] == "RST"]
    assert [row["sender"] for row in resets] == ["server"]
    entry = next(e for finding in done.findings for e in finding.evidence if e.kind == "SETCLIENTID")
    row = told[entry.frame]
    assert (entry.what, entry.client, entry.server) == (row["what"], "c1", row["address"])
    assert (entry.sender, entry.answer_frame) == (row["sender"], row["answer_frame"])
