"""Damage may cost findings, never make them; and what it costs is said.

Every damaged copy of a capture is analysed from file to findings and held against the analysis of the whole.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from soundness.damages import DAMAGES, FORMS, SERVERS
from soundness.packets import (
    Change,
    Packets,
    behind_router,
    doubled,
    lost,
    one_way,
    packets_of,
    pcap,
    record_ends,
    shifted,
    up_to_part,
    without_between,
)
from soundness.verdict import Verdict, verdict_on

from samples.expectations import SAMPLES

NAMES = (
    "01-v40-nonucs-takeover.pcap",
    "02-v40-ucs-takeover.pcapng",
    "03-v41-takeover.pcap",
    "04a-v40-nonucs-multihomed.pcap",
    "05b-v41-server-reboot.pcapng",
    "06a-v40-lease-expiry-conflict.pcap",
    "08a-v41-cloned-owner.pcap",
)
TAKEOVERS = NAMES[:3]
DAY = 86400 * 10**9
ROUTER = bytes.fromhex("02000000fe01")

every_sample = pytest.mark.parametrize("name", NAMES)


@cache
def whole(name: str) -> Packets:
    return packets_of(SAMPLES / name)


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the copies are written, one over the other."""
    return tmp_path_factory.mktemp("damaged") / "copy.pcap"


@pytest.fixture(scope="session")
def verdicts(desk: Path) -> dict[str, Verdict]:
    """On the whole captures."""
    found = {name: verdict_on(desk, pcap(whole(name))) for name in NAMES}
    return {name: verdict for name, verdict in found.items() if verdict is not None}


def assert_sound(copy: Verdict | None, of: Verdict, *, complete: bool = True) -> None:
    """`complete`: the copy is of the whole time, so what it does not find it cannot judge."""
    if copy is None:
        return  # no NFSv4 in it, and that is said
    assert copy.new_to(of) == []
    if complete:
        assert copy.passed_over(of) == []


def test_there_is_something_to_lose(verdicts: dict[str, Verdict]) -> None:
    rules = {accusation.rule for verdict in verdicts.values() for accusation in verdict.accusations}
    assert {"NFS101", "NFS103", "NFS201", "NFS202", "NFS208", "NFS209", "NFS301", "NFS406"} <= rules
    assert sorted(verdicts) == sorted(NAMES)


@every_sample
@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_makes_no_finding_and_hides_none(
    name: str, damage: str, desk: Path, verdicts: dict[str, Verdict]
) -> None:
    assert_sound(verdict_on(desk, pcap(DAMAGES[damage](whole(name)))), verdicts[name])


@every_sample
@pytest.mark.parametrize("part", [0.05, 0.2, 0.35, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9])
def test_what_is_said_before_the_end_holds_at_the_end(
    name: str, part: float, desk: Path, verdicts: dict[str, Verdict]
) -> None:
    """A capture that was ended early misses what came later, and cannot know that it does."""
    assert_sound(verdict_on(desk, pcap(up_to_part(part)(whole(name)))), verdicts[name], complete=False)


@every_sample
@pytest.mark.parametrize("part", [0.1, 0.3, 0.5, 0.65, 0.9])
def test_a_file_that_breaks_off_says_so_of_every_rule(
    name: str, part: float, desk: Path, verdicts: dict[str, Verdict]
) -> None:
    data = pcap(whole(name))
    inside = next(end for end in record_ends(whole(name)) if end >= part * len(data)) + 20
    assert_sound(verdict_on(desk, data[:inside]), verdicts[name])


@every_sample
@pytest.mark.parametrize("form", FORMS)
def test_another_form_of_the_same_packets_says_the_same(
    name: str, form: str, desk: Path, verdicts: dict[str, Verdict]
) -> None:
    other = verdict_on(desk, FORMS[form](whole(name)))
    assert other is not None
    assert other.new_to(verdicts[name]) == []
    assert other.lost_from(verdicts[name]) == []


@pytest.mark.parametrize("arp", [False, True], ids=["routed", "proxy ARP"])
@pytest.mark.parametrize("name", TAKEOVERS)
@pytest.mark.parametrize("damage", [damage for damage in DAMAGES if re.search("lost|started", damage)])
def test_damage_behind_a_router(name: str, damage: str, arp: bool, desk: Path, verdicts: dict[str, Verdict]) -> None:
    """One MAC for both heads must not pass for one head when the better signs are lost."""
    routed = behind_router(ROUTER, *SERVERS, arp=arp)(whole(name))
    assert_sound(verdict_on(desk, pcap(DAMAGES[damage](routed))), verdicts[name])


routed = behind_router(ROUTER, *SERVERS, arp=False)
proxied = behind_router(ROUTER, *SERVERS, arp=True)


def without(n: int, remainder: int) -> Change:
    return lambda packets: [packet for number, packet in enumerate(packets) if number % n != remainder]


HARD: dict[str, tuple[str, list[Change]]] = {
    "a clientid of the other head comes up where another was held": (
        "02-v40-ucs-takeover.pcapng",
        [lost(0.5, 3)],
    ),
    "a MAC changes within a stay": ("02-v40-ucs-takeover-c1.pcap", [lost(0.5, 3)]),
    "one head's ids can be read, the other's not": ("02-v40-ucs-takeover.pcapng", [proxied, lost(0.25, 1)]),
    "the ids of the head that takes over can be read, no grant of the other": (
        "02-v40-ucs-takeover.pcapng",
        [proxied, without(2, 0)],
    ),
    "two stays of one address, and a MAC that all share": (
        "02-v40-ucs-takeover-c1.pcap",
        [proxied, without(3, 2)],
    ),
    "no id can be read behind a router": ("02-v40-ucs-takeover.pcapng", [proxied, shifted(-5 * DAY)]),
    "no v4.1 id can be read behind a router": ("03-v41-takeover.pcap", [proxied, shifted(-5 * DAY)]),
    "a restart in the middle of a silence": (
        "05b-v41-server-reboot.pcapng",
        [routed, without(6, 4), without_between(0.47277995, 0.50059139)],
    ),
    "a lost call that only its answer shows": ("05a-v40-server-reboot.pcap", [shifted(9 * DAY), lost(0.05, 867947)]),
    "an outage whose attempts to connect are lost": (
        "05b-v41-server-reboot.pcapng",
        [shifted(5 * DAY), without_between(0.4618, 0.4953)],
    ),
    "every packet twice, of one side only": (
        "02-v40-ucs-takeover-c1.pcap",
        [doubled(300_000), one_way(*SERVERS, heard=False)],
    ),
    "the end, just after the first refusals of a restart": ("05b-v41-server-reboot.pcapng", [up_to_part(220 / 405)]),
}
"""What made false findings, or hid some, once."""


@pytest.mark.parametrize("case", HARD)
def test_hard_cases(case: str, desk: Path) -> None:
    name, changes = HARD[case]
    of = verdict_on(desk, pcap(whole(name)))
    assert of is not None
    packets = whole(name)
    for change in changes:
        packets = change(packets)
    assert_sound(verdict_on(desk, pcap(packets)), of, complete=not case.startswith("the end"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(NAMES),
    seed=st.integers(0, 2**32 - 1),
    rate=st.floats(0, 0.9),
    holes=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.3)), max_size=3),
)
def test_any_packets_missing(
    name: str,
    seed: int,
    rate: float,
    holes: list[tuple[float, float]],
    desk: Path,
    verdicts: dict[str, Verdict],
) -> None:
    packets = whole(name)
    last = packets[-1]
    for start, length in holes:
        first = round(start * len(packets))
        packets = [*packets[:first], *packets[first + round(length * len(packets)) :]]
    left = [*lost(rate, seed)(packets), last]  # the capture lasted as long: only what it holds is less
    assert_sound(verdict_on(desk, pcap(left)), verdicts[name])
