"""Damages captures by seeds and holds what is found in each copy against what is found in the whole.

    python tools/damage.py [FIRST LAST] [--of PART] [--share N] [--together]

One copy a seed of every sample and story, or of those whose name holds PART; with --share of every N-th of them, other
ones for the next seed. Seeds from 10000 on strike one connection, operation, address or clock. A violation is printed
with its seed, so that it can be made again; exit code 1 if there is any. With --together several captures are made of
each one, and analysed as one case.
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

from soundness.trial import TWIN, Trial, captures  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=int, nargs="?", default=0)
    parser.add_argument("last", type=int, nargs="?", default=100)
    parser.add_argument("--of", default="", metavar="PART")
    parser.add_argument("--share", type=int, default=1, metavar="N")
    parser.add_argument("--together", action="store_true")
    options = parser.parse_args()
    chosen = {name: packets for name, packets in captures().items() if options.of in name or name == TWIN}
    counts: Counter[str] = Counter()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(Path(folder) / "copy.pcap", chosen)
        for seed in range(options.first, options.last):
            for name in list(chosen)[seed % options.share :: options.share]:
                counts["copies"] += 1
                found = trial.violations_together(name, seed) if options.together else trial.violations(name, seed)
                counts["violations"] += bool(found)
                if found:
                    print(f"{name} seed {seed}: {'; '.join(found)}", flush=True)
    seconds = time.monotonic() - began
    print(f"{counts['copies']:,} copies of {len(chosen)} captures: {counts['violations']} violations, {seconds:.0f} s")
    return bool(counts["violations"])


if __name__ == "__main__":
    sys.exit(main())
