"""Scenarios under bad weather: damage to a capture may cost findings, and must not make any."""

from __future__ import annotations

from collections.abc import Callable

from nfsanalyze.analysis import Analysis
from nfsanalyze.engine.finding import SEVERITIES
from nfsanalyze.errors import NothingToAnalyse
from scenarios.case import Case
from scenarios.cluster import Cluster
from scenarios.judged import fired, judged
from wire.dialogue import Wire

Frames = list[tuple[int, bytes]]


def _from_server(frame: bytes) -> bool:
    """IPv4 over Ethernet, sent by one of the servers of the stories (10.0.0.1 to 10.0.0.3)."""
    return frame[12:14] == b"\x08\x00" and frame[26:29] == b"\x0a\x00\x00" and frame[29] < 4


CUTTING, CUT = "cut to 128 octets", 128

WEATHER: dict[str, Callable[[Frames], Frames]] = {
    "every seventh lost": lambda frames: [f for n, f in enumerate(frames) if n % 7 != 3],
    "a fifth lost in the middle": lambda frames: frames[: len(frames) * 2 // 5] + frames[len(frames) * 3 // 5 :],
    "only what clients sent": lambda frames: [f for f in frames if not _from_server(f[1])],
    "only what servers sent": lambda frames: [f for f in frames if _from_server(f[1])],
    "started late": lambda frames: frames[len(frames) // 3 :],
    "ended early": lambda frames: frames[: len(frames) * 2 // 3],
    CUTTING: lambda frames: frames,
}


def faults(case: Case) -> list[str]:
    """Where a scenario's findings are not what it says."""
    done = judged(case.story(), **case.options)
    rules, unjudged = fired(done), {each.rule for each in done.not_evaluable}
    return [
        *(f"{rule} does not fire" for rule in sorted(case.fires - rules)),
        *(f"{rule} fires" for rule in sorted(case.silent & rules)),
        *(f"{rule} is not said to be unjudged" for rule in sorted(case.unjudged - unjudged)),
        *(f"{f.rule} without frames" for f in done.findings if not f.frames or not f.message),
        *(f"{f.rule}: frame without a note" for f in done.findings if not f.evidence),
    ]


def invented(case: Case, group: str) -> list[str]:
    """Serious findings, of rules of this group, that some weather makes and the undamaged capture does not give."""
    story = case.story()
    whole = story.wire if isinstance(story, Cluster) else story
    known = _serious(judged(whole, select=[group], **case.options))
    found = []
    for name, change in WEATHER.items():
        damaged = Wire()
        damaged.frames = change(whole.frames)
        try:
            done = judged(damaged, snaplen=CUT if name == CUTTING else 262144, select=[group], **case.options)
        except NothingToAnalyse:
            continue
        found += [f"{name}: {rule} {servers}" for rule, servers in sorted(_serious(done) - known)]
    return found


def _serious(done: Analysis) -> set[tuple[str, tuple[str, ...]]]:
    return {(f.rule, f.servers) for f in done.findings if SEVERITIES.index(f.severity) >= SEVERITIES.index("medium")}
