"""A client that throws its state away, and what it hits."""

from __future__ import annotations

from scenarios.cluster import A1, A2
from scenarios.judged import judged, rows
from scenarios.trunking_scenarios import TRUNKING


def test_after_a_takeover_it_is_told_with_what_it_did_to_the_other_mount() -> None:
    done = judged(TRUNKING["a purge after a takeover"].tell())
    (purge,) = rows(done, "purges")
    assert (purge["address"], purge["live_at"], purge["moved"]) == (A2, A1, True)
    assert purge["live_frame"] < purge["answer_frame"] < purge["frame"] < purge["harmed_frame"]
    (harm,) = rows(done, "state_errors", frame=purge["harmed_frame"])
    assert (harm["server_address"], harm["status_name"]) == (A1, "NFS4ERR_BADSESSION")


def test_without_an_answer_that_lives_elsewhere_it_is_no_matter() -> None:
    assert rows(judged(TRUNKING["a purge at rest"].tell()), "purges") == []
    assert rows(judged(TRUNKING["a takeover, v4.1"].tell()), "purges") == []
