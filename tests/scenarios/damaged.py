"""Stories of which the capture missed a part: some of the ways of tests/soundness, the same for every scenario."""

from __future__ import annotations

from pathlib import Path

from soundness.damages import DAMAGES
from soundness.packets import Packets, packets_of, pcap
from soundness.verdict import Verdict, verdict_of

from nfsanalyze.analysis import analyse
from nfsanalyze.errors import NothingToAnalyse
from scenarios.scenario import Scenario, Story
from wire.dialogue import Wire

HARMS = (
    "10% lost (0)",
    "every 7th lost",
    "a fifth lost from 60% on",
    "started at 70%",
    "only what was sent to servers",
    "only what servers sent",
    "cut to 96 octets",
)


def faults_of_harm(case: Scenario, harm: str, folder: Path) -> list[str]:
    """What the harmed capture says that the whole one does not, or hides without saying that it could not judge."""
    whole, of = _whole(case, folder)
    try:
        copy = _verdict(case, DAMAGES[harm](whole), folder)
    except NothingToAnalyse:
        return []
    return [f"new: {each}" for each in copy.new_to(of)] + [f"hidden: {each}" for each in copy.passed_over(of)]


_KNOWN: dict[int, tuple[Scenario, Packets, Verdict]] = {}
"""By identity; the scenario is held, so that no other comes to have its id."""


def _whole(case: Scenario, folder: Path) -> tuple[Packets, Verdict]:
    """The story's packets and what they say, told once for all harms."""
    if id(case) not in _KNOWN:
        packets = packets_of(_wire(case.tell()).write(folder / "whole.pcap"))
        _KNOWN[id(case)] = case, packets, _verdict(case, packets, folder)
    return _KNOWN[id(case)][1:]


def _verdict(case: Scenario, packets: Packets, folder: Path) -> Verdict:
    path = folder / "copy.pcap"
    path.write_bytes(pcap(packets))
    return verdict_of(analyse([str(path)], **case.options))


def _wire(story: Story) -> Wire:
    return story if isinstance(story, Wire) else story.wire
