"""Damages captures by seeds and holds what is found in each copy against what is found in the whole.

    python tools/damage.py [FIRST LAST] [--of PART]

One copy a seed of every sample and story, or of those whose name holds PART. A violation is printed with its seed, so
that it can be made again; exit code 1 if there is any.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from soundness.packets import Packets, packets_of, pcap  # noqa: E402
from soundness.stories import STORIES  # noqa: E402
from soundness.verdict import Verdict, verdict_on  # noqa: E402
from soundness.wild import wild  # noqa: E402

from samples.expectations import SAMPLES  # noqa: E402

TWINS, TWIN = "12-02-", "02-v40-ucs-takeover.pcapng"
"""Samples that are themselves damaged copies of one, which tells what is true of them."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=int, nargs="?", default=0)
    parser.add_argument("last", type=int, nargs="?", default=100)
    parser.add_argument("--of", default="", metavar="PART")
    options = parser.parse_args()
    captures = {name: packets for name, packets in _captures().items() if options.of in name or name == TWIN}
    counts: Counter[str] = Counter()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(Path(folder) / "copy.pcap", captures)
        for seed in range(options.first, options.last):
            for name in captures:
                counts["copies"] += 1
                found = trial.violations(name, seed)
                counts["violations"] += bool(found)
                if found:
                    print(f"{name} seed {seed}: {'; '.join(found)}", flush=True)
    seconds = time.monotonic() - began
    print(
        f"{counts['copies']:,} copies of {len(captures)} captures: {counts['violations']} violations, {seconds:.0f} s"
    )
    return bool(counts["violations"])


def _captures() -> dict[str, Packets]:
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
        copy = wild(self._captures[name], seed)
        found = verdict_on(self._desk, pcap(copy.packets))
        whole, here = self._whole(name), self._whole(name, copy.vantage, copy.from_where)
        if found is None or whole is None or here is None:
            return []
        wrong = set(found.new_to(whole))
        if name.startswith(TWINS) and (true := self._whole(TWIN)) is not None:
            wrong &= set(found.new_to(true))
        told = [f"adds {each}" for each in sorted(wrong)]
        if copy.complete:
            told += [f"passes over {each}" for each in found.passed_over(here)]
        return [*told, f"after {', '.join(copy.what) or 'nothing'}"] if told else []

    def _whole(self, name: str, vantage: str = "", packets: Packets = ()) -> Verdict | None:
        if (name, vantage) not in self._wholes:
            self._wholes[name, vantage] = verdict_on(self._desk, pcap(packets or self._captures[name]))
        return self._wholes[name, vantage]


if __name__ == "__main__":
    sys.exit(main())
