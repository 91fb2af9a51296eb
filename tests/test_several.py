"""Several captures of one incident: what one tap shows is found as well in two, and nothing more."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dissect.nfs4.decoder import Decoder
from nfsanalyze.analysis import Analysis, analyse
from nfsanalyze.errors import UsageError
from nfsanalyze.reports.document import document
from wire.captures import frames, written

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
HEAD = SAMPLES / "02-v40-ucs-takeover.pcapng"
CLIENT = SAMPLES / "02-v40-ucs-takeover-c1.pcap"
MS = 1_000_000
S = 1_000 * MS


def scan(*paths: Path, **options: Any) -> Analysis:
    return analyse([str(path) for path in paths], **options)


def told(analysis: Analysis) -> list[tuple[str, str, str]]:
    """Findings by what they accuse whom of, without frames and times."""
    return sorted((f.rule, f.severity, f.id) for f in analysis.findings)


def calls(analysis: Analysis) -> int:
    return int(analysis.tables["captures"]["nfs4_calls"].sum())


@pytest.mark.parametrize("decoder", ["exact", "fast"])
@pytest.mark.parametrize("name", ["01-v40-nonucs-takeover.pcap", "03-v41-takeover.pcap", "08a-v41-cloned-owner.pcap"])
def test_a_second_tap_changes_nothing(tmp_path: Path, name: str, decoder: Decoder) -> None:
    alone = scan(SAMPLES / name)
    second = written(tmp_path / "tap2.pcap", frames(SAMPLES / name), shift=37 * MS)
    both = scan(SAMPLES / name, second, decoder=decoder)
    assert told(both) == told(alone)
    assert calls(both) == calls(alone), "a packet at two taps counts once"
    assert both.tables["captures"]["clock_offset_s"].to_list() == pytest.approx([0.0, -0.037], abs=1e-3)
    assert [(f.rule, f.frames) for f in both.findings] == [(f.rule, f.frames) for f in alone.findings]


def test_both_frame_numbers_are_kept_as_evidence() -> None:
    both = scan(HEAD, CLIENT)
    assert told(both) == told(scan(HEAD))
    lost = next(f for f in both.findings if f.rule == "NFS208")
    cited = {(e.capture, e.frame, e.note) for e in lost.evidence}
    for capture, frame, note in cited:
        assert any(other != capture and same == note for other, _, same in cited), (capture, frame)
    numbers = {e.capture: [x.frame for x in lost.evidence if x.capture == e.capture] for e in lost.evidence}
    assert numbers[HEAD.name] != numbers[CLIENT.name], "each capture numbers its frames itself"


def test_what_each_tap_lost_the_other_has(tmp_path: Path) -> None:
    every = frames(HEAD)
    rng = random.Random(7)
    half = [rng.random() < 0.5 for _ in every]
    one = written(tmp_path / "one.pcap", [f for f, kept in zip(every, half, strict=True) if kept or rng.random() < 0.3])
    two = written(
        tmp_path / "two.pcap", [f for f, kept in zip(every, half, strict=True) if not kept or rng.random() < 0.3]
    )
    alone = scan(HEAD)
    both = scan(one, two)
    assert told(both) == told(alone)
    assert both.tables["captures"]["gaps"].sum() == 0


def test_the_files_of_a_ring_buffer_are_one_capture(tmp_path: Path) -> None:
    every = frames(HEAD)
    bounds = [0, 70, 150, 230, 245, 300, len(every)]
    ring = [
        written(tmp_path / f"ring{number}.pcap", every[first:last])
        for number, (first, last) in enumerate(pairwise(bounds))
    ]
    rng = random.Random(3)
    rng.shuffle(ring)
    joined = scan(*ring, same_clock=True)
    assert told(joined) == told(scan(HEAD))
    assert joined.tables["captures"]["gaps"].sum() == 0


@pytest.mark.parametrize("name", ["06a-v40-lease-expiry-conflict.pcap", "14-idle-renewals.pcap"])
def test_a_ring_file_that_ends_with_a_keep_alive_probe_is_gone_on_with(tmp_path: Path, name: str) -> None:
    """The probe repeats an octet; the next file begins with the one after."""
    every = frames(SAMPLES / name)
    third = len(every) // 3
    ring = [
        written(tmp_path / f"ring{number}.pcap", every[number * third : (number + 1) * third if number < 2 else None])
        for number in range(3)
    ]
    joined = scan(*ring)
    assert told(joined) == told(scan(SAMPLES / name))
    assert not joined.not_evaluable


def test_one_direction_at_each_tap_is_the_whole_together(tmp_path: Path) -> None:
    asked = SAMPLES / "12-02-oneway-c2s.pcap"
    answered = written(tmp_path / "s2c.pcap", frames(SAMPLES / "12-02-oneway-s2c.pcap"), shift=-2 * S)
    both = scan(asked, answered)
    assert {"NFS208", "NFS301", "NFS302"} <= {f.rule for f in both.findings}
    offset = both.tables["captures"]["clock_offset_s"].to_list()[1]
    assert offset == pytest.approx(2, abs=1e-3)


def test_clocks_that_nothing_ties_prove_no_order(tmp_path: Path) -> None:
    """The two heads' own captures: what needs both is not judged, unless somebody vouches for the clocks."""
    every = frames(HEAD)
    heads = [
        written(tmp_path / f"{name}.pcap", [f for f in every if (f.data[26:30] == a or f.data[30:34] == a)])
        for name, a in (("head1", bytes([10, 0, 0, 1])), ("head2", bytes([10, 0, 0, 2])))
    ]
    apart = scan(*heads)
    assert "NFS301" not in {f.rule for f in apart.findings}
    reasons = [n.reason for n in apart.not_evaluable if n.rule == "NFS301"]
    assert any("head1.pcap and head2.pcap, which share no packets" in reason for reason in reasons), reasons
    vouched = scan(*heads, same_clock=True)
    assert "NFS301" in {f.rule for f in vouched.findings}


def test_a_time_without_a_capture_is_no_silence(tmp_path: Path) -> None:
    every = frames(SAMPLES / "14-idle-renewals.pcap")
    third = len(every) // 3
    early, late = written(tmp_path / "a.pcap", every[:third]), written(tmp_path / "b.pcap", every[2 * third :])
    apart = scan(early, late, same_clock=True)
    whole = scan(SAMPLES / "14-idle-renewals.pcap")
    severe = {f.rule for f in apart.findings if f.severity not in ("note", "low")}
    assert severe <= {f.rule for f in whole.findings}
    assert any("no capture that shows these two hosts" in reason for reason in apart.tables["blind"]["reason"])
    assert "NFS202" in {n.rule for n in apart.not_evaluable}


def test_frames_of_tables_and_reports_are_those_of_the_files() -> None:
    both = scan(HEAD, CLIENT)
    packets = both.tables["captures"]["packets"].to_list()
    for name, table in both.tables.items():
        for column in table.columns:
            if "frame" in column and table[column].dtype.is_integer():
                for frame in table[column].drop_nulls():
                    assert frame % 10**10 <= packets[frame // 10**10], (name, column)
    report = document(both.tables, both.findings, both.not_evaluable)
    assert [c["clock_tie"] for c in report["captures"]] == ["first", "shared packets"]
    assert report["captures"][1]["copies"] == 352


def test_the_order_on_the_command_line_changes_no_finding() -> None:
    assert told(scan(CLIENT, HEAD)) == told(scan(HEAD, CLIENT))


def test_the_same_file_twice_is_one() -> None:
    twice = scan(HEAD, HEAD)
    assert told(twice) == told(scan(HEAD))
    assert calls(twice) == calls(scan(HEAD))


def test_another_link_s_addresses_make_no_takeover(tmp_path: Path) -> None:
    """A tap behind a router shows the router's MAC for every address."""
    source = SAMPLES / "14-idle-renewals.pcap"
    routed = [replace(f, data=f.data[:6] + bytes.fromhex("02fffffff001") + f.data[12:]) for f in frames(source)]
    early = written(tmp_path / "early.pcap", frames(source)[: len(routed) // 2])
    late = written(tmp_path / "late.pcap", routed[len(routed) // 3 :])
    both = scan(early, late)
    assert both.tables["takeovers"].is_empty()
    assert told(both) == told(scan(source))


def test_standard_input_cannot_be_one_of_several() -> None:
    with pytest.raises(UsageError, match="standard input"):
        scan(HEAD, Path("-"))
