"""Damaged copies of all samples and stories, held against the whole."""

from __future__ import annotations

from pathlib import Path

from soundness.packets import Packets, packets_of, pcap
from soundness.stories import STORIES
from soundness.together import together
from soundness.verdict import Verdict, verdict_on
from soundness.wild import wild

from samples.expectations import SAMPLES

TWINS, TWIN = "12-02-", "02-v40-ucs-takeover.pcapng"
"""Samples that are themselves damaged copies of one, which tells what is true of them."""


def captures() -> dict[str, Packets]:
    """By name."""
    found: dict[str, Packets] = {}
    for path in sorted(SAMPLES.iterdir()):
        if path.name.endswith((".pcap", ".pcapng", ".gz", ".snoop")):
            found[path.name] = packets_of(path)
    return found | {name: tell() for name, tell in STORIES.items()}


class Trial:
    """Holds copies against the whole, and what a copy does not say against the whole as seen from the same place."""

    def __init__(self, desk: Path, captures: dict[str, Packets]) -> None:
        self._desk = desk
        self._captures = captures
        self._wholes: dict[tuple[str, str], Verdict | None] = {}

    def violations(self, name: str, seed: int) -> list[str]:
        """What the copy of this seed says that the whole does not, or passes over; then what was done to it."""
        copy = wild(self._captures[name], seed)
        found, whole = verdict_on(self._desk, pcap(copy.packets)), self._whole(name)
        if found is None or whole is None:
            return []
        wrong = set(found.new_to(whole))
        if name.startswith(TWINS) and (true := self._whole(TWIN)) is not None:
            wrong &= set(found.new_to(true))
        told = [f"adds {each}" for each in sorted(wrong)]
        if copy.complete and (here := self._whole(name, copy.vantage, copy.from_where)) is not None:
            told += [f"passes over {each}" for each in found.passed_over(here)]
        return [*told, f"after {', '.join(copy.what) or 'nothing'}"] if told else []

    def violations_together(self, name: str, seed: int) -> list[str]:
        """What several captures of it say, given as one case, that the whole does not."""
        what, parts = together(self._captures[name], seed)
        found, whole = verdict_on(self._desk, *map(pcap, parts)), self._whole(name)
        if found is None or whole is None:
            return []
        wrong = set(found.new_to(whole))
        if name.startswith(TWINS) and (true := self._whole(TWIN)) is not None:
            wrong &= set(found.new_to(true))
        return [*(f"adds {each}" for each in sorted(wrong)), f"from {', '.join(what)}"] if wrong else []

    def _whole(self, name: str, vantage: str = "", packets: Packets = ()) -> Verdict | None:
        if (name, vantage) not in self._wholes:
            self._wholes[name, vantage] = verdict_on(self._desk, pcap(packets or self._captures[name]))
        return self._wholes[name, vantage]
