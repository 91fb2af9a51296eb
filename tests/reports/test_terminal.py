"""The terminal report: verdict first, evidence to look up, nothing wider than the page, nothing hidden in silence."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reports.example import HELD, at, capture, doubt, finding, request, table, takeover_tables, trunking_gap

from nfsanalyze.engine.finding import Evidence
from nfsanalyze.reports.document import document
from nfsanalyze.reports.terminal import render_text

HOSTILE = "\x1b[2J\x1b]0;owned\x07[red]evil[/red] [/nfs] \u202etxt.exe\u202c \x9b31m :smile:"


def case(**tables: pl.DataFrame) -> dict[str, Any]:
    moved = finding("NFS302", "note", client=None, name="takeover-detected", title="An address moved to another head")
    return document({**takeover_tables(), **tables}, [finding(), trunking_gap(), moved], [doubt(), doubt("NFS115")])


def wide(text: str, width: int) -> list[str]:
    """Lines wider than the page, but for commands and filters, which are there to be copied."""
    return [line for line in text.splitlines() if len(line) > width and "tcpdump" not in line and "filter:" not in line]


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_verdict_comes_first_and_tells_the_story() -> None:
    first, *rest = render_text(case()).splitlines()
    assert first == "3 findings (1 critical, 1 high, 1 note)"
    story = squeezed(" ".join(rest[:4]))
    assert "10.0.0.2 moved to the head that serves 10.0.0.1." in story
    assert f"Client 10.0.0.11 (client1) was answered at 10.0.0.2 with clientid {HELD}, which" in story
    assert "which it already holds at 10.0.0.1, and went on without trunking detection." in story
    assert 'Lost: lock on "locked.txt".' in story


def test_a_serious_finding_that_no_story_tells_is_in_the_verdict() -> None:
    found = [finding("NFS103", message="one owner comes from two hosts"), finding("NFS103", id="x", message="another")]
    text = render_text(document({"captures": table("captures", capture())}, found, []))
    assert "One owner comes from two hosts (1 more like it)." in text.split("capture dir")[0]


def test_a_finding_shows_rule_frames_times_help_and_filter() -> None:
    text = render_text(case())
    block = text[text.index("critical[NFS208]") : text.index("high[NFS301]")]
    assert block.startswith("critical[NFS208]: A reclaim was refused (reclaim-failed)\n")
    assert "client 10.0.0.11 (client1) -> server 10.0.0.2" in block
    assert re.search(r"\n +259  16:26:10\.274568  \+49\.200s  NFS4ERR_NO_GRACE\n", block)
    assert '  lost: lock on "locked.txt"\n' in block
    assert "  help: Give the moved address a grace period.\n" in block
    assert "  filter: frame.number in {248, 259}\n" in block
    assert "nfsanalyze explain NFS208" in block


def test_a_finding_names_all_clients_that_it_is_about() -> None:
    shared = finding("NFS103", client="c1", other_clients=("c2",), servers=("10.0.0.1",))
    text = render_text(document(takeover_tables(), [shared], ()), width=100)
    assert "client 10.0.0.11 (client1) and 10.0.0.12 (client2) -> server 10.0.0.1" in text
    assert "without findings of their own" not in text


def test_most_serious_first() -> None:
    text = render_text(case())
    assert text.index("critical[NFS208]") < text.index("high[NFS301]") < text.index("note[NFS302]")


def test_frames_without_a_note_are_still_named() -> None:
    assert "also frame 241, 242 and 243" in render_text(case())


def test_takeover_shows_each_sign_with_weight_and_frame() -> None:
    text = render_text(case())
    assert re.search(r"S9 +\+6 +242 +\+46\.200s  clientid instance half 4117036b is that of", text)
    assert re.search(r"S20 +-1 +237 ", text)


def test_client_shows_long_forms_short_forms_and_leases() -> None:
    text = render_text(case())
    assert re.search(rf'10\.0\.0\.1  v4\.0 "Linux NFSv4\.0 client1" +{HELD}\n', text)
    assert re.search(rf"{HELD} 16:25:21 16:26:21 +11 +10\.5/15s open", text)
    assert "moved in" in text


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_line_is_wider_than_the_page(width: int) -> None:
    assert wide(render_text(case(), width=width), width) == []


def test_no_colour_means_no_escape_sequence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in render_text(case())
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in render_text(case(), color=True)


def test_zone_of_the_times() -> None:
    text = render_text(case(), zone=ZoneInfo("Asia/Tokyo"))
    assert "2026-11-23 01:25:21.074568 JST" in squeezed(text)
    assert re.search(r"\n +259  01:26:10\.274568  \+49\.200s", text)


def test_frames_of_several_days_carry_their_date() -> None:
    late = Evidence(capture="case.pcapng", frame=900, time=at(86_400), note="RENEW")
    text = render_text(document(takeover_tables(), [finding(evidence=(*finding().evidence, late))], []))
    assert re.search(r"\n +248  2026-11-22  16:26:09\.574568 +\+48\.500s", text)
    assert re.search(r"\n +900  2026-11-23  16:25:21\.074568 +\+86400\.000s  RENEW", text)


def test_no_findings_says_what_was_checked_and_what_was_not() -> None:
    text = render_text(document(takeover_tables(), [], [doubt()]))
    assert text.startswith("No findings. Checked: 360 packets, 91 COMPOUND calls, 2 clients, 2 leases")
    assert "1 rule could not be judged" in squeezed(text)
    assert "the capture begins after the mount" in text


def test_incomplete_is_said_at_the_top() -> None:
    text = render_text(document(takeover_tables(), [finding()], [], incomplete=["b.pcap: cut short"]))
    assert "Incomplete: b.pcap: cut short" in text.split("capture dir")[0]


def test_doubts_stand_by_reason_with_a_command_that_settles_them() -> None:
    doubts = [doubt(), doubt("NFS115"), doubt("NFS202", "and 12 more", "packets are missing")]
    text = squeezed(render_text(document(takeover_tables(), [], doubts)))
    assert "the capture begins after the mount rules NFS103 and NFS115 about 10.0.0.11 → 10.0.0.2" in text
    assert "packets are missing rules NFS202 about 12 subjects" in text
    assert "tcpdump -i any -w nfs.pcap 'host 10.0.0.1 or host 10.0.0.2'" in text


@pytest.mark.parametrize(("clientids", "replies", "told"), [([], 0, "reply not captured"), ([], 1, "none granted")])
def test_an_owner_without_a_short_form(clientids: list[str], replies: int, told: str) -> None:
    report = document(takeover_tables(), [], [])
    owner = report["clients"][0]["owners"][0]
    owner.update(clientids=clientids, replies=replies)
    assert told in squeezed(render_text(report))


@pytest.mark.parametrize(("live_at", "told"), [(None, False), ("10.0.0.1", True)])
def test_trunking_detection_is_missed_only_where_there_is_something_to_detect(live_at: str | None, told: bool) -> None:
    report = document(takeover_tables(), [], [])
    (recovery,) = report["recoveries"]
    recovery.update(detection="none", live_at=live_at)
    about = render_text(report).split("recovery at", 1)[1]
    assert ("no trunking detection" in squeezed(about)) is told


def quiet(calls: int, replies: int, doubts: int = 0) -> str:
    """What the first lines say of a capture in which nothing happened."""
    tables = {name: t for name, t in takeover_tables().items() if name in ("captures", "clients", "client_owners")}
    report = document(tables, [], [doubt()] * doubts)
    report["captures"][0].update(nfs4_calls=calls, nfs4_replies=replies, packets=1)
    return squeezed(render_text(report))


def test_a_quiet_capture_says_so() -> None:
    text = quiet(9, 9)
    assert "No server address moved or restarted, no client had to recover, no state was lost." in text
    assert "Checked: 1 packet, 9 COMPOUND calls" in text


def test_half_a_conversation_is_no_quiet_one() -> None:
    assert "Only what the clients sent was captured" in quiet(9, 0)
    assert "Only what the servers sent was captured" in quiet(0, 9)


def test_what_could_not_be_judged_is_not_called_quiet() -> None:
    assert "no state was lost" not in quiet(9, 9, doubts=1)


def crowd(number: int) -> dict[str, Any]:
    """Very many clients, all of them accused of the same."""
    ids = range(1, number + 1)
    tables = takeover_tables()
    tables["clients"] = table(
        "clients",
        *({"client": n, "addresses": [f"10.0.{n >> 8}.{n & 255}"], "implementation": "linux"} for n in ids),
    )
    found = [finding("NFS101", "high", id=str(n), client=f"c{n}", servers=("10.0.0.1",)) for n in ids if n % 2]
    return document(tables, found, [])


def test_five_thousand_clients_stay_readable() -> None:
    text = render_text(crowd(5000))
    assert len(text.splitlines()) < 250
    assert "high[NFS101]: ... and 2,495 more of these (--all shows them" in squeezed(text)
    assert "... and 2,492 more clients with findings (--all or --client ADDR shows them)" in text
    assert "... and 2,490 more clients without findings" in text


def test_all_shows_everything() -> None:
    text = render_text(crowd(60), show_all=True)
    assert text.count("high[NFS101]") == 30
    assert "... and" not in text


def test_hostile_text_is_inert() -> None:
    tables = takeover_tables()
    owners = table("client_owners", request(10, "10.0.0.1", HELD, owner=b"x", owner_text=HOSTILE))
    clients = tables["clients"].with_columns(hostnames=pl.lit([HOSTILE]))
    lost = tables["lost_state"].with_columns(name=pl.lit(HOSTILE))
    captures = table("captures", capture(path=HOSTILE))
    text = render_text(case(client_owners=owners, clients=clients, lost_state=lost, captures=captures))
    assert not set(text) & {"\x1b", "\x07", "\x9b", "\u202e", "\u202c"}
    # brackets and colons are text, not markup or emoji
    assert text.count("[red]evil[/red] [/nfs]") >= 2
    assert ":smile:" in text
    assert wide(text, 80) == []


@settings(max_examples=60, deadline=None)
@given(name=st.text(min_size=1, max_size=400), width=st.sampled_from([60, 80, 120]))
def test_a_name_of_any_shape_breaks_no_page(name: str, width: int) -> None:
    tables = takeover_tables()
    tables["clients"] = tables["clients"].with_columns(hostnames=pl.lit([name.encode("utf-8", "replace").decode()]))
    text = render_text(document(tables, [finding()], []), width=width)
    assert all(line.isprintable() for line in text.split("\n"))


def test_a_long_owner_is_shown_whole() -> None:
    words = [f"w{n:03d}" for n in range(250)]
    owners = table("client_owners", request(10, "10.0.0.1", HELD, owner_text=" ".join(words)))
    text = render_text(case(client_owners=owners))
    assert wide(text, 80) == []
    assert [word for word in words if word not in text] == []


def test_what_led_to_a_rule_is_looked_up_once_however_often_it_fired(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []

    def chain(_: object, found: dict[str, Any]) -> str:
        looks.append(found["rule"])
        return ""

    monkeypatch.setattr("nfsanalyze.reports.terminal.verdict._chain", chain)
    report = case()
    report["findings"] = [each for each in report["findings"] for _ in range(20)]
    render_text(report)
    assert len(looks) == len(set(looks)) == 3
